//! Too many names, names that are too long, consumers that come late, and clocks that are set.

use atelier_core::names::{CLOCK_MOVED, HANDLER_SPAN, Metric, TARGET, field};
use atelier_core::{AbortReason, Outcome};
use atelier_telemetry::{
    DEFAULT_MAX_ERROR_SERIES_PER_METRIC, DEFAULT_MAX_TEXT_BYTES, OTHER_ERROR_TYPE, Record, Selection, Series,
    SubscribeOptions, Telemetry,
};
use tracing::{Level, Span, event, span};

use crate::support::{
    Of, RUNTIME, START, count, define, define_in, dispose, end_call, end_trace, listening, measure, of,
    open_call, open_trace,
};

fn handler_span(call: &Span, name: &str, attributes: Option<&str>) {
    drop(span!(
        target: TARGET, parent: call, Level::INFO, HANDLER_SPAN,
        { field::OTEL_NAME } = name,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1u64,
        { field::CALL_ID } = 1u64,
        { field::TRACE_ID } = 7u128,
        { field::SPAN_ID } = 8u64,
        { field::PARENT_SPAN_ID } = 9u64,
        { field::TIME } = START,
        { field::END_TIME } = START + 1,
        { field::ATTRIBUTES } = attributes,
    ));
}

fn completed<'a>(method: &'a str, error: Option<&'a str>) -> Of<'a> {
    let outcome = if error.is_some() { Outcome::Error } else { Outcome::Ok };
    Of { error_type: error, ..of(1).method(method).outcome(outcome) }
}

#[test]
fn a_flood_of_errors_and_of_spans_leaves_methods_their_series() {
    let telemetry = Telemetry::new();
    let _spans = telemetry.subscribe(RUNTIME, "spans", SubscribeOptions::default());
    const MANY: u64 = 12_000;
    listening(&telemetry, || {
        define(1, "resize");
        let call = open_call(1, 1);
        for number in 0..MANY {
            handler_span(&call, &format!("span{number}"), None);
            count(Metric::TaskCompleted, 1, completed("first", Some(&format!("Error{number}"))));
        }
        for method in ["second", "third"] {
            count(Metric::TaskDispatched, 1, of(1).method(method));
            count(Metric::TaskCompleted, 1, completed(method, None));
            count(Metric::TaskCompleted, 1, completed(method, Some("Error11999")));
            measure(Metric::TaskDuration, 0.5, completed(method, Some("Error11999")));
        }
    });
    let snapshot = telemetry.metrics(RUNTIME, START);
    assert!(snapshot.overflow.is_empty(), "{:?}", snapshot.overflow);
    let total = |metric, method: &str, error: Option<&str>| {
        let same = snapshot.series.iter().filter(|(key, _)| {
            key.metric == metric
                && key.method.as_deref() == Some(method)
                && key.error_type.as_deref() == error
        });
        let totals = same.map(|(_, series)| match series {
            Series::Counter(total) => *total,
            Series::Histogram(durations) => durations.histogram.len(),
            Series::Gauge(_) => 0,
        });
        totals.sum::<u64>()
    };
    for method in ["second", "third"] {
        assert_eq!(total(Metric::TaskDispatched, method, None), 1);
        assert_eq!(total(Metric::TaskCompleted, method, None), 1);
        assert_eq!(total(Metric::TaskCompleted, method, Some(OTHER_ERROR_TYPE)), 1, "one of the many");
        assert_eq!(total(Metric::TaskDuration, method, None), 1);
    }
    assert_eq!(total(Metric::TaskCompleted, "first", Some("Error0")), 1);
    let others = total(Metric::TaskCompleted, "first", Some(OTHER_ERROR_TYPE));
    assert_eq!(others, MANY - DEFAULT_MAX_ERROR_SERIES_PER_METRIC as u64);
}

#[test]
fn names_and_values_that_are_too_long_are_cut_and_their_neighbours_arrive() {
    let telemetry = Telemetry::new();
    let spans = telemetry.subscribe(RUNTIME, "spans", SubscribeOptions::default());
    let long = "語".repeat(400_000);
    listening(&telemetry, || {
        define_in(RUNTIME, 1, "resize", Some(&long));
        let call = open_call(1, 1);
        let attributes = format!(r#"{{"text":"{long}","count":3}}"#);
        handler_span(&call, &long, Some(&attributes));
        end_call(call, 1);
        end_trace(open_trace(2, Some(&long)), "ok");
        count(Metric::TaskDispatched, 1, of(1).method(&long));
    });
    let is_cut = |text: &str| text.len() <= DEFAULT_MAX_TEXT_BYTES && text.ends_with("語…");
    let records = spans.drain(10);
    assert_eq!(records.len(), 4);
    for record in records {
        match record {
            Record::Span(call) => assert!(call.task.name.as_deref().is_some_and(is_cut)),
            Record::Trace(trace) => assert!(trace.name.as_deref().is_some_and(is_cut)),
            Record::Metric(metric) => assert!(metric.method.as_deref().is_some_and(is_cut)),
            Record::Handler(span) => {
                assert!(is_cut(&span.name));
                let json: serde_json::Value =
                    serde_json::from_str(span.attributes.as_deref().unwrap()).unwrap();
                assert!(json["text"].as_str().is_some_and(is_cut) && json["count"] == 3);
            }
            Record::Log(log) => panic!("{log:?}"),
        }
    }
}

#[test]
fn a_late_consumer_is_given_every_gauge_that_it_takes_and_nobody_else_is() {
    let telemetry = Telemetry::new();
    let early = telemetry.subscribe(RUNTIME, "early", SubscribeOptions::default());
    let gauges = [(Metric::QueueInFlight, 2), (Metric::QueuePending, 5), (Metric::WorkersActive, 1)];
    listening(&telemetry, || {
        for task in [2, 1, 3] {
            define(task, &format!("task{task}"));
            for (metric, value) in gauges {
                count(metric, value + 1, of(task));
                count(metric, value, of(task));
            }
        }
        dispose(3);
    });
    let before = early.len();
    let given = |options| {
        let late = telemetry.subscribe(RUNTIME, "late", options);
        late.give_gauges(START + 9);
        let records = late.drain(100).into_iter().map(|record| match record {
            Record::Metric(gauge) => {
                (gauge.task.handle, gauge.metric, gauge.value as u64, gauge.time_unix_nano)
            }
            other => panic!("{other:?}"),
        });
        records.collect::<Vec<_>>()
    };
    let of_task = |task| gauges.map(|(metric, value)| (task, metric, value, START + 9));
    assert_eq!(given(SubscribeOptions::default()), [of_task(1), of_task(2)].concat());
    let only = Selection { tasks: Some(vec!["task2".to_owned()]), ..Selection::default() };
    assert_eq!(given(SubscribeOptions { only, ..SubscribeOptions::default() }), of_task(2));
    let only = Selection { instruments: Some(Vec::new()), ..Selection::default() };
    assert_eq!(given(SubscribeOptions { only, ..SubscribeOptions::default() }), []);
    assert_eq!(given(SubscribeOptions { metrics: false, ..SubscribeOptions::default() }), []);
    assert_eq!(early.len(), before);
}

#[test]
fn after_a_clock_was_set_back_nothing_began_or_was_measured_later_than_now() {
    const HOUR: u64 = 3_600_000_000_000;
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        measure(Metric::TaskDuration, 0.5, of(1).method("m").at(START + HOUR).span(7, 8));
        event!(
            name: CLOCK_MOVED, target: TARGET, Level::DEBUG,
            { field::RUNTIME } = RUNTIME,
            { field::TIME } = START + 9,
            { field::TIME_ORIGIN } = START - HOUR,
            { field::TIME_MOVED } = -(HOUR as i64)
        );
    });
    let snapshot = telemetry.metrics(RUNTIME, START + 10);
    assert_eq!((snapshot.start_unix_nano, snapshot.time_unix_nano), (START, START + 10));
    let [(_, Series::Histogram(durations))] = snapshot.series.as_slice() else { panic!("{snapshot:?}") };
    assert_eq!(durations.exemplars[0].time_unix_nano, START);
}

#[test]
fn a_cancelled_call_says_what_cancelled_it() {
    let telemetry = Telemetry::new();
    let spans = telemetry.subscribe(RUNTIME, "spans", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        let call = span!(
            target: TARGET, Level::INFO, atelier_core::names::CALL_SPAN,
            { field::RUNTIME } = RUNTIME,
            { field::TASK } = 1u64,
            { field::METHOD } = "m",
            { field::TRACE_ID } = 7u128,
            { field::SPAN_ID } = 8u64,
            { field::TIME } = START,
            { field::END_TIME } = START + 1,
            { field::OUTCOME } = Outcome::Canceled.name(),
            { field::CANCEL_REASON } = AbortReason::Key.name(),
        );
        drop(call);
    });
    let records = spans.drain(10);
    let [Record::Span(call)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(call.cancel_reason, Some(AbortReason::Key));
}
