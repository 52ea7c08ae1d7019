//! Log records: who tells what, and that nothing is told that nobody takes.

use std::fmt;
use std::sync::Arc;

use atelier_core::names::{LOG, TARGET, field};
use atelier_telemetry::{
    DEFAULT_MAX_LOG_TEXT_BYTES, LogRecord, LogSeverity, LogValue, Record, SubscribeOptions, Subscription,
    Telemetry,
};
use tracing::{Level, event};
use tracing_subscriber::layer::SubscriberExt;

use crate::support::*;

/// A consumer of log records and nothing else.
pub(crate) fn reader(telemetry: &Telemetry) -> Subscription {
    let options = SubscribeOptions { metrics: false, spans: false, logs: true, ..Default::default() };
    telemetry.subscribe(RUNTIME, "otlp:1", options)
}

/// What waits for it, oldest first.
pub(crate) fn drain(reader: &Subscription) -> Vec<Arc<LogRecord>> {
    let records = reader.drain(usize::MAX);
    records
        .into_iter()
        .map(|record| match record {
            Record::Log(log) => log,
            other => panic!("no log record: {other:?}"),
        })
        .collect()
}

/// A handler tells something while its call runs.
fn told(body: &str, severity: u64, attributes: Option<&str>) {
    event!(
        name: LOG, target: TARGET, Level::INFO,
        { field::TIME } = START,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::CALL_ID } = 5_u64,
        { field::WORKER_INDEX } = 1_u64,
        { field::TRACE_ID } = 0xabc_u128,
        { field::SPAN_ID } = 6_u64,
        { field::SEVERITY } = severity,
        { field::LOG_TARGET } = "app::images",
        { field::BODY } = body,
        { field::ATTRIBUTES } = attributes,
    );
}

#[test]
fn what_a_handler_tells_is_a_log_record() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        told("too large", 13, Some(r#"{"pixels":12,"ratio":0.5,"ok":false,"name":"a","odd":[1]}"#));
        told("over", 9, None);
    });
    let records = drain(&reader);
    assert_eq!(records.len(), 2);
    let first = &records[0];
    assert_eq!((&*first.body, first.severity, first.time_unix_nano), ("too large", LogSeverity::WARN, START));
    assert_eq!(first.task.as_ref().map(|task| &*task.id), Some("resize"));
    assert_eq!((first.call_id, first.worker_index), (Some(5), Some(1)));
    assert_eq!((first.trace_id, first.span_id), (Some(0xabc), Some(6)));
    let values =
        ["pixels", "ratio", "ok", "name", "odd", field::LOG_TARGET].map(|name| first.attribute(name));
    assert_eq!(
        values,
        [
            Some(&LogValue::Int(12)),
            Some(&LogValue::Double(0.5)),
            Some(&LogValue::Bool(false)),
            Some(&LogValue::from("a")),
            None,
            Some(&LogValue::from("app::images")),
        ]
    );
    assert_eq!((&*records[1].body, records[1].severity), ("over", LogSeverity::INFO));
}

#[test]
fn who_did_not_ask_for_log_records_gets_none() {
    let telemetry = Telemetry::new();
    let all = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    let mut frames = telemetry.frames(RUNTIME, "panel");
    listening(&telemetry, || {
        define(1, "resize");
        told("a", 9, None);
    });
    assert!(all.is_empty());
    let ledger = frames.next(1.0, Vec::new()).ledger;
    assert!(ledger.iter().all(|row| row.signal != "logs"), "{ledger:?}");
}

#[test]
fn log_records_are_accounted_for_like_everything_else() {
    let telemetry = Telemetry::new();
    let options =
        SubscribeOptions { metrics: false, spans: false, logs: true, capacity: 3, ..Default::default() };
    let reader = telemetry.subscribe(RUNTIME, "otlp:1", options);
    assert_eq!(row(&reader.ledger(), "otlp:1", "logs").emitted, 0, "a row from the beginning");
    listening(&telemetry, || {
        define(1, "resize");
        (0..5).for_each(|number| told(&number.to_string(), 9, None));
    });
    let bodies: Vec<_> = drain(&reader).iter().map(|record| record.body.to_string()).collect();
    assert_eq!(bodies, ["2", "3", "4"]);
    let ledger = telemetry.ledger(RUNTIME);
    let logs = row(&ledger, "otlp:1", "logs");
    assert_eq!((logs.emitted, logs.pending), (5, 3));
    assert_eq!(logs.dropped, [("queue_full".to_owned(), 2)]);
    assert!(balances(logs));
}

/// Is long, and fails who wants all of it.
struct Long;

impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..DEFAULT_MAX_LOG_TEXT_BYTES {
            f.write_str("long")?;
        }
        panic!("nobody takes so much of it");
    }
}

#[test]
fn the_programs_own_events_become_log_records_where_that_is_asked_for() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    let layers =
        tracing_subscriber::registry().with(telemetry.layer()).with(telemetry.log_layer(RUNTIME, || START));
    tracing::subscriber::with_default(layers, || {
        tracing::error!(target: "app::images", pixels = 12, ratio = 0.5, ok = false, name = "a", big = u64::MAX, "no {}", "room");
        tracing::trace!("fine");
        tracing::warn!(long = ?Long, "outer");
        tracing::info!(target: TARGET, "ours");
    });
    let records = drain(&reader);
    let bodies: Vec<_> = records.iter().map(|record| (&*record.body, record.severity.text())).collect();
    assert_eq!(bodies, [("no room", "ERROR"), ("fine", "TRACE"), ("outer", "WARN")]);
    let values =
        ["pixels", "ratio", "ok", "name", "big", field::LOG_TARGET].map(|name| records[0].attribute(name));
    assert_eq!(
        values,
        [
            Some(&LogValue::Int(12)),
            Some(&LogValue::Double(0.5)),
            Some(&LogValue::Bool(false)),
            Some(&LogValue::from("a")),
            Some(&LogValue::from("18446744073709551615")),
            Some(&LogValue::from("app::images")),
        ]
    );
    assert_eq!(records[0].time_unix_nano, START);
    let Some(LogValue::Text(long)) = records[2].attribute("long") else { panic!("a text") };
    assert_eq!(long.len(), DEFAULT_MAX_LOG_TEXT_BYTES);
}

#[test]
fn the_programs_own_events_cost_nothing_while_nobody_takes_log_records() {
    struct Untouchable;
    impl fmt::Debug for Untouchable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("it is formatted");
        }
    }
    let telemetry = Telemetry::new();
    let all = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    let layers =
        tracing_subscriber::registry().with(telemetry.log_layer(RUNTIME, || panic!("the time is asked for")));
    tracing::subscriber::with_default(layers, || {
        tracing::error!(value = ?Untouchable, "a");
        let gone = reader(&telemetry);
        drop(gone);
        tracing::error!(value = ?Untouchable, "b");
    });
    assert!(all.is_empty());
}
