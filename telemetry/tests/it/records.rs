//! What `tracing` events and spans become.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::support::*;
use atelier_core::names::{Metric, Phase};
use atelier_core::{ErrorKind, Outcome};
use atelier_telemetry::{MetricRecord, Record, Signal, SpanStatus, SubscribeOptions, Telemetry};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

fn metrics(records: Vec<Record>) -> Vec<MetricRecord> {
    records
        .into_iter()
        .map(|record| match record {
            Record::Metric(metric) => metric,
            other => panic!("not a metric: {other:?}"),
        })
        .collect()
}

#[test]
fn a_metric_event_becomes_a_record_with_its_task() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define_in(RUNTIME, 1, "resize", Some("Resize"));
        count(
            Metric::TaskCompleted,
            1,
            Of { error_type: Some("TypeError"), ..of(1).method("run").outcome(Outcome::Error) },
        );
        measure(Metric::TaskDuration, 0.25, of(1).method("run").outcome(Outcome::Error));
        measure(Metric::TaskPhase, 0.125, of(1).method("run").phase(Phase::Delivery));
        count(Metric::WorkerSpawned, 1, of(1).worker(3));
        count(Metric::QueuePending, 17, of(1));
    });

    let records = metrics(listener.drain(100));
    let names: Vec<_> = records.iter().map(|it| (it.listener_name(), it.listener_value())).collect();
    assert_eq!(
        names,
        [
            ("task.failure.total", 1.0),
            ("task.duration_ms", 250.0),
            ("task.phase_ms", 125.0),
            ("worker.spawn.total", 1.0),
            ("queue.pending", 17.0)
        ]
    );
    let failed = &records[0];
    assert_eq!(&*failed.task.id, "resize");
    assert_eq!(failed.task.name.as_deref(), Some("Resize"));
    assert_eq!((&*failed.task.kind, &*failed.task.queue_policy), ("parallel", "block"));
    assert_eq!(
        (failed.task.max_in_flight, failed.task.max_queue_depth, failed.task.pool_size),
        (4, u64::MAX, 2)
    );
    assert_eq!((failed.method.as_deref(), failed.error_type.as_deref()), (Some("run"), Some("TypeError")));
    assert_eq!((failed.outcome, failed.time_unix_nano), (Some(Outcome::Error), START));
    assert_eq!(records[2].phase, Some(Phase::Delivery));
    assert_eq!(records[3].worker_index, Some(3));
}

#[test]
fn a_call_becomes_a_record_when_its_span_closes() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        let span = open_call_in(1, 5, Some(0x77), Some("import"));
        assert!(listener.is_empty());
        end_call(span, 5);
    });

    let records = listener.drain(100);
    let [Record::Span(call)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((call.trace_id, call.span_id, call.parent_span_id), (5u128 << 64 | 0xabc, 6, Some(0x77)));
    assert_eq!((call.in_trace, call.trace_name.as_deref()), (true, Some("import")));
    assert_eq!((call.call_id, &*call.task.id, &*call.method), (5, "resize", "resize"));
    assert_eq!((call.worker_index, call.attempt, call.outcome), (Some(1), 1, Outcome::Ok));
    assert_eq!((call.start_unix_nano, call.end_unix_nano), (START + 5_000_000, START + 8_000_000));
    assert_eq!((call.queue_wait, call.queue_wait_last), (Some(0.001), Some(0.001)));
    assert_eq!(call.phases.0, [Some(0.0), Some(0.001), Some(0.0002), Some(0.0015), Some(0.0003)]);
    assert_eq!((call.status(), call.duration()), (SpanStatus::Ok, 0.003));
    assert_eq!((call.error_kind, call.error_type.clone(), call.error_message.clone()), (None, None, None));
}

#[test]
fn a_failed_call_says_why_and_a_call_without_a_trace_is_in_none() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        fail_call(open_call(1, 5), 5, "x is not a function");
    });

    let records = listener.drain(100);
    let [Record::Span(call)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((call.in_trace, call.parent_span_id, call.attempt), (false, None, 2));
    assert_eq!((call.outcome, call.error_kind), (Outcome::Error, Some(ErrorKind::Exception)));
    assert_eq!(call.error_type.as_deref(), Some("TypeError"));
    assert_eq!(call.error_message.as_deref(), Some("x is not a function"));
    assert_eq!(call.phases.0, [None; 5]);
}

#[test]
fn a_call_under_a_trace_without_a_name_is_in_it() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        end_call(open_call_in(1, 5, Some(0x77), None), 5);
    });
    let records = listener.drain(100);
    let [Record::Span(call)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((call.in_trace, call.parent_span_id, call.trace_name.clone()), (true, Some(0x77), None));
}

#[test]
fn a_trace_becomes_a_record() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        end_trace(open_trace(9, Some("import")), "canceled");
    });

    let records = listener.drain(100);
    let [Record::Trace(trace)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((trace.runtime, trace.trace_id, trace.span_id), (RUNTIME, 0xfeed, 9));
    assert_eq!((trace.name.as_deref(), trace.status), (Some("import"), SpanStatus::Canceled));
    assert_eq!((trace.start_unix_nano, trace.end_unix_nano), (START, START + 5_000_000));
}

#[test]
fn a_span_without_an_end_is_counted_as_dropped() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        drop(open_call(1, 5));
        drop(open_trace(9, None));
        call(1, 6);
        call(99, 7);
    });

    assert_eq!(listener.drain(100).len(), 1);
    let ledger = listener.ledger();
    let spans = row(&ledger, "listener:1", "spans");
    assert_eq!((spans.emitted, spans.pending), (4, 1));
    assert_eq!(spans.dropped, [("unfinished".to_owned(), 2), ("unknown_task".to_owned(), 1)]);
}

#[test]
fn a_call_that_outlives_its_task_still_knows_it() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        let span = open_call(1, 5);
        dispose(1);
        for task in 2..500 {
            define(task, &format!("task{task}"));
            dispose(task);
        }
        end_call(span, 5);
        count(Metric::WorkerTerminated, 1, of(1));
        count(Metric::WorkerTerminated, 1, of(499));
    });

    let records = listener.drain(100);
    assert!(matches!(&records[0], Record::Span(call) if &*call.task.id == "resize"));
    assert!(matches!(&records[1], Record::Metric(metric) if &*metric.task.id == "task499"));
    let ledger = telemetry.ledger(RUNTIME);
    assert_eq!(row(&ledger, "listener:1", "events").dropped, [("unknown_task".to_owned(), 1)]);
    assert_eq!(row(&ledger, "aggregation", "metrics").dropped, [("unknown_task".to_owned(), 1)]);
}

#[test]
fn runtimes_do_not_hear_each_other() {
    let telemetry = Telemetry::new();
    let one = telemetry.subscribe(1, "listener:1", SubscribeOptions::default());
    let two = telemetry.subscribe(2, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define_in(1, 1, "a", None);
        define_in(2, 1, "b", None);
        count(Metric::TaskDispatched, 1, Of { runtime: 2, ..of(1) });
    });
    assert!(one.is_empty());
    assert_eq!(&*metrics(two.drain(9))[0].task.id, "b");
}

#[test]
fn a_subscription_takes_what_it_asked_for() {
    let telemetry = Telemetry::new();
    let only = |metrics, spans| SubscribeOptions { metrics, spans, ..SubscribeOptions::default() };
    let events = telemetry.subscribe(RUNTIME, "events", only(true, false));
    let spans = telemetry.subscribe(RUNTIME, "spans", only(false, true));
    listening(&telemetry, || {
        define(1, "resize");
        count(Metric::TaskDispatched, 1, of(1));
        call(1, 1);
    });
    assert!(matches!(events.drain(9).as_slice(), [Record::Metric(_)]));
    assert!(matches!(spans.drain(9).as_slice(), [Record::Span(_)]));
    let rows: Vec<_> = telemetry.ledger(RUNTIME).into_iter().map(|row| (row.consumer, row.signal)).collect();
    assert_eq!(rows, [("events".into(), "events".into()), ("spans".into(), "spans".into())]);
}

#[test]
fn nothing_is_kept_when_nobody_watches() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        telemetry.set_aggregating(RUNTIME, false);
        count(Metric::TaskDispatched, 1, of(1));
        call(1, 1);
        assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, 0);
        assert!(telemetry.metrics(RUNTIME, START).series.is_empty());

        let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
        count(Metric::TaskDispatched, 1, of(1));
        assert_eq!(listener.drain(9).len(), 1);
        assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, 0);
        drop(listener);

        telemetry.set_aggregating(RUNTIME, true);
        count(Metric::TaskDispatched, 1, of(1));
        assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, 1);
    });
}

#[test]
fn a_forgotten_runtime_is_gone() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        let span = open_call(1, 1);
        count(Metric::TaskDispatched, 1, of(1));
        telemetry.forget(RUNTIME);
        end_call(span, 1);
        count(Metric::TaskDispatched, 1, of(1));
    });
    listener.delivered(Signal::Events, 1);
    assert!(listener.is_empty() && listener.drain(9).is_empty() && listener.ledger().is_empty());
    assert!(telemetry.ledger(RUNTIME).is_empty());
    assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, 0);
}

#[test]
fn what_was_open_in_a_forgotten_runtime_does_not_reach_its_successor() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        let span = open_call(1, 1);
        telemetry.forget(RUNTIME);
        let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
        end_call(span, 1);
        assert!(listener.is_empty());
    });
}

/// Writes down every event, fields formatted, like a layer that prints.
#[derive(Clone, Default)]
struct Printer(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Printer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = event.metadata().target().to_owned();
        event.record(&mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
            text += &format!(" {field}={value:?}");
        });
        self.0.lock().unwrap().push(text);
    }
}

#[test]
fn other_layers_see_what_they_would_see_without_ours() {
    for ours_first in [true, false] {
        let telemetry = Telemetry::new();
        let printer = Printer::default();
        let emit = || {
            tracing::info!(target: "someone_else", "hello");
            define(1, "resize");
        };
        if ours_first {
            let registry = tracing_subscriber::registry().with(telemetry.layer()).with(printer.clone());
            tracing::subscriber::with_default(registry, emit);
        } else {
            let registry = tracing_subscriber::registry().with(printer.clone()).with(telemetry.layer());
            tracing::subscriber::with_default(registry, emit);
        }
        let seen = printer.0.lock().unwrap();
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(seen[0].starts_with("someone_else"), "{seen:?}");
    }
}

#[test]
fn two_registries_may_feed_one_telemetry() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        let outer = open_call(1, 1);
        // The inner registry numbers its spans from the beginning, as the outer one did.
        listening(&telemetry, || call(1, 2));
        end_call(outer, 1);
    });
    let records = listener.drain(9);
    let [Record::Span(inner), Record::Span(outer)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((inner.call_id, outer.call_id), (2, 1));
}
