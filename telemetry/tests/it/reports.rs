//! Log records that the telemetry makes by itself: of workers that die, of findings, of calls that threw, of a page left.

use atelier_core::Outcome;
use atelier_core::names::{Clue, Metric, TARGET, WORKER_CRASH, WorkerFact, field};
use atelier_telemetry::lint::DEFAULT_MAX_ABORTED_KEYS;
use atelier_telemetry::{
    DEFAULT_EXCEPTIONS_PER_SECOND, DEFAULT_LEFT_WORKERS, LogRecord, LogSeverity, LogValue, Signal, Telemetry,
};
use serde_json::{Value, json};
use tracing::{Level, event};

use crate::logs::{drain, reader};
use crate::support::*;

/// A worker of task 1.
fn worker(index: u64) -> Of<'static> {
    of(1).worker(index)
}

fn started(call: u64, of: Of<'_>) {
    measure(Metric::QueueWait, 0.001, of.method("resize").call(call));
}

fn settled(call: u64, outcome: Outcome, of: Of<'_>) {
    count(Metric::TaskCompleted, 1, of.method("resize").call(call).outcome(outcome));
}

fn crash_event(kind: &str, name: Option<&str>, stack: Option<&str>) {
    event!(
        name: WORKER_CRASH, target: TARGET, Level::WARN,
        { field::TIME } = START,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::WORKER_INDEX } = 0_u64,
        { field::ERROR_TYPE } = kind,
        { field::EXCEPTION_TYPE } = name,
        { field::EXCEPTION_MESSAGE } = "unreachable",
        { field::EXCEPTION_STACKTRACE } = stack,
    );
}

fn text<'a>(record: &'a LogRecord, name: &str) -> Option<&'a str> {
    match record.attribute(name)? {
        LogValue::Text(text) => Some(text),
        other => panic!("{name}: {other:?}"),
    }
}

fn facts(record: &LogRecord) -> Value {
    serde_json::from_str(text(record, field::BLACK_BOX).expect("a black box")).expect("JSON")
}

#[test]
fn a_crash_is_an_error_with_its_exception_and_its_black_box() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        count(Metric::WorkerSpawned, 1, worker(0).at(1_000_000));
        started(9, worker(0).at(2_500_000));
        count(Metric::WorkerCrashed, 1, worker(0).at(3_000_000));
        crash_event("error", Some("RuntimeError"), Some("at resize (app.js:1:2)"));
        crash_event("hang", None, None);
    });
    let [crash, hang] = &drain(&reader)[..] else { panic!("two records") };
    assert_eq!(
        (crash.severity, crash.event_name.as_deref()),
        (LogSeverity::ERROR, Some("atelier.worker.crash"))
    );
    assert_eq!(&*crash.body, "worker 0 of task 'resize' ended (error): unreachable");
    assert_eq!((crash.time_unix_nano, crash.worker_index), (START, Some(0)));
    assert_eq!(crash.task.as_ref().map(|task| &*task.id), Some("resize"));
    let values =
        [field::ERROR_TYPE, field::EXCEPTION_TYPE, field::EXCEPTION_MESSAGE, field::EXCEPTION_STACKTRACE]
            .map(|name| text(crash, name));
    assert_eq!(
        values,
        [Some("error"), Some("RuntimeError"), Some("unreachable"), Some("at resize (app.js:1:2)")]
    );
    assert_eq!(
        facts(crash),
        json!([
            { "ts": 1.0, "fact": "spawned" },
            { "ts": 2.5, "fact": "started", "callId": "9", "method": "resize" },
            { "ts": 3.0, "fact": "crashed" },
        ])
    );
    assert_eq!(text(hang, field::EXCEPTION_TYPE), Some("hang"), "an error without a name");
    assert_eq!(text(hang, field::BLACK_BOX), None, "nothing was written since");
}

#[test]
fn a_worker_replaced_after_a_grace_is_told_like_a_crash() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        started(9, worker(1));
        life(WorkerFact::GraceOver, worker(1).call(9));
    });
    let [replaced] = &drain(&reader)[..] else { panic!("one record") };
    assert_eq!(
        (replaced.severity, replaced.event_name.as_deref()),
        (LogSeverity::ERROR, Some("atelier.worker.replaced"))
    );
    assert_eq!(replaced.worker_index, Some(1));
    assert_eq!(facts(replaced)[1]["fact"], "grace-over");
}

fn aborted_keys(count: u64, second: u64) {
    event!(
        target: TARGET, Level::TRACE,
        { Clue::KeysAborted.field() } = count,
        { field::TIME } = START + second * 1_000_000_000,
        { field::RUNTIME } = RUNTIME,
    );
}

#[test]
fn a_finding_is_told_once_each_time_it_appears() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    let many = DEFAULT_MAX_ABORTED_KEYS;
    listening(&telemetry, || {
        define(1, "resize");
        for second in 0..20 {
            aborted_keys(many, second);
        }
    });
    let [finding] = &drain(&reader)[..] else { panic!("one record") };
    assert_eq!(
        (finding.severity, finding.event_name.as_deref()),
        (LogSeverity::WARN, Some("atelier.finding"))
    );
    assert_eq!(text(finding, field::FINDING_ID), Some("keys-unbounded"));
    let shown = telemetry.findings(RUNTIME, START + 20_000_000_000);
    assert_eq!(
        (&*finding.body, text(finding, field::FINDING_FIX)),
        (&*shown[0].message, Some(&*shown[0].fix))
    );
    for (name, value) in &shown[0].evidence {
        let attribute = finding.attribute(&format!("atelier.finding.evidence.{name}"));
        assert_eq!(attribute, Some(&LogValue::Double(*value)));
    }
    assert!(finding.task.is_none(), "it is about the page");
    listening(&telemetry, || {
        (30..40).for_each(|second| aborted_keys(0, second));
        assert!(drain(&reader).is_empty(), "nothing tells that it is gone");
        (40..50).for_each(|second| aborted_keys(many, second));
    });
    assert_eq!(drain(&reader).len(), 1, "it is there again");
}

#[test]
fn a_reading_of_the_metrics_looks_for_findings_too() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    let metrics = telemetry.metrics_reader(RUNTIME);
    listening(&telemetry, || {
        define(1, "resize");
        aborted_keys(0, 0);
        // Within the second: not judged when it is told.
        event!(
            target: TARGET, Level::TRACE,
            { Clue::KeysAborted.field() } = DEFAULT_MAX_ABORTED_KEYS,
            { field::TIME } = START + 1_000_000,
            { field::RUNTIME } = RUNTIME,
        );
    });
    assert!(drain(&reader).is_empty());
    let _ = metrics.read(START + 60_000_000_000);
    assert_eq!(drain(&reader).len(), 1);
}

#[test]
fn a_call_that_threw_is_told_under_its_span() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        call(1, 1);
        fail_call(open_call(1, 2), 2, "no pixels");
    });
    let [threw] = &drain(&reader)[..] else { panic!("one record") };
    assert_eq!(
        (threw.severity, threw.event_name.as_deref()),
        (LogSeverity::ERROR, Some("atelier.call.exception"))
    );
    assert_eq!(&*threw.body, "resize of task 'resize' threw TypeError: no pixels");
    assert_eq!((threw.trace_id, threw.span_id), (Some(2 << 64 | 0xabc), Some(3)));
    assert_eq!((threw.call_id, threw.worker_index), (Some(2), Some(1)));
    let values =
        [field::EXCEPTION_TYPE, field::EXCEPTION_MESSAGE, field::METHOD].map(|name| text(threw, name));
    assert_eq!(values, [Some("TypeError"), Some("no pixels"), Some("resize")]);
}

#[test]
fn a_storm_of_exceptions_is_told_in_part_and_counted_in_full() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    let calls = DEFAULT_EXCEPTIONS_PER_SECOND + 20;
    listening(&telemetry, || {
        define(1, "resize");
        // All within one second, since calls begin a millisecond apart.
        (0..calls).for_each(|call| fail_call(open_call(1, call), call, "no"));
    });
    assert_eq!(drain(&reader).len() as u64, DEFAULT_EXCEPTIONS_PER_SECOND);
    reader.delivered(Signal::Logs, DEFAULT_EXCEPTIONS_PER_SECOND);
    let ledger = telemetry.ledger(RUNTIME);
    let logs = row(&ledger, "otlp:1", "logs");
    assert_eq!((logs.emitted, logs.delivered), (calls, DEFAULT_EXCEPTIONS_PER_SECOND));
    assert_eq!(logs.dropped, [("too_many".to_owned(), 20)]);
    assert!(balances(logs));
}

#[test]
fn a_page_that_is_left_tells_what_its_busy_workers_were_at() {
    let telemetry = Telemetry::new();
    let one = reader(&telemetry);
    let other = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        for index in 0..3 {
            count(Metric::WorkerSpawned, 1, worker(index));
        }
        started(1, worker(0));
        started(2, worker(0));
        settled(1, Outcome::Ok, worker(0));
        started(3, worker(1));
        settled(3, Outcome::Error, worker(1));
        // Given up by its caller, and of no use any more.
        started(4, worker(2));
        settled(4, Outcome::Canceled, worker(2));
    });
    one.page_left(START + 5);
    let [left] = &drain(&one)[..] else { panic!("one record") };
    assert_eq!((left.severity, left.event_name.as_deref()), (LogSeverity::INFO, Some("atelier.page.left")));
    assert_eq!((left.time_unix_nano, left.worker_index), (START + 5, Some(0)));
    assert_eq!(left.attribute(field::IN_FLIGHT), Some(&LogValue::Int(1)));
    assert_eq!(facts(left).as_array().map(Vec::len), Some(4));
    assert!(drain(&other).is_empty(), "it is told to the one that asked");
    listening(&telemetry, || settled(2, Outcome::Ok, worker(0)));
    one.page_left(START + 6);
    assert!(drain(&one).is_empty(), "nothing is in flight");
}

#[test]
fn a_page_with_very_many_workers_tells_of_some() {
    let telemetry = Telemetry::new();
    let reader = reader(&telemetry);
    listening(&telemetry, || {
        define(1, "resize");
        (0..2 * DEFAULT_LEFT_WORKERS as u64).for_each(|index| started(index, worker(index)));
    });
    reader.page_left(START);
    assert_eq!(drain(&reader).len(), DEFAULT_LEFT_WORKERS);
}
