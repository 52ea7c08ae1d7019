//! Log records: who tells what, and that nothing is told that nobody takes.

use std::sync::Arc;

use atelier_core::names::{LOG, TARGET, field};
use atelier_telemetry::{
    LogRecord, LogSeverity, LogValue, Record, SubscribeOptions, Subscription, Telemetry,
};
use tracing::{Level, event};

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
