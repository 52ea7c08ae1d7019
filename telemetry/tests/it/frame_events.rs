//! Events in frames: for who asks, what listeners get, in bounds, and every one accounted for.

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase};
use atelier_telemetry::frame::Frame;
use atelier_telemetry::{
    DEFAULT_FRAME_EVENTS, ListenerEvent, Selection, SubscribeOptions, Subscription, Telemetry,
};

use crate::support::*;

/// What a listener of `subscribeEvents` asks for.
fn listener(telemetry: &Telemetry) -> Subscription {
    let only = Selection { no_handler_spans: true, ..Selection::default() };
    telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions { only, ..SubscribeOptions::default() })
}

fn events(frame: &Frame) -> &[ListenerEvent] {
    frame.events.as_deref().unwrap()
}

#[test]
fn a_reader_that_asked_gets_what_listeners_get() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    frames.take_events(true);
    let listener = listener(&telemetry);
    listening(&telemetry, || {
        define_in(RUNTIME, 1, "resize", Some("Resize"));
        count(Metric::TaskDispatched, 1, of(1).method("a"));
        count(Metric::QueuePending, 3, of(1));
        count(Metric::TaskCompleted, 1, of(1).method("a").outcome(Outcome::Rejected));
        measure(Metric::TaskPhase, 0.25, of(1).method("a").phase(Phase::Run));
        count(Metric::WorkerSpawned, 1, of(1).worker(2));
        call(1, 4);
        fail_call(open_call_in(1, 2, Some(0x77), Some("import")), 2, "broken");
        end_trace(open_trace(9, Some("import")), "error");
        let frame = frames.next(0.0, Vec::new());
        let heard: Vec<_> = listener.drain(100).iter().filter_map(ListenerEvent::of).collect();
        assert_eq!((events(&frame), frame.events_dropped), (heard.as_slice(), 0));
        assert_eq!(frame.spans.len(), 2, "calls come as they did");
        let json = |place: usize| serde_json::to_value(&events(&frame)[place]).unwrap();
        assert_eq!(
            json(0),
            serde_json::json!({
                "kind": "counter", "name": "task.dispatch.total", "value": 1.0, "ts": START as f64 / 1e6,
                "attrs": { "task.id": "resize", "task.name": "Resize", "task.type": "parallel" },
            })
        );
        assert_eq!(json(1)["kind"], "gauge");
        assert_eq!(
            (&json(2)["name"], &json(2)["attrs"]["queue.policy"], &json(2)["attrs"]["queue.max_in_flight"]),
            (&"task.rejected.total".into(), &"block".into(), &4.0.into())
        );
        assert_eq!((&json(3)["value"], &json(3)["attrs"]["phase"]), (&250.0.into(), &"run".into()));
        assert_eq!(json(4)["attrs"]["worker.index"], 2);
        assert_eq!(
            (&json(5)["kind"], &json(5)["callId"], &json(5)["phases"]["queue"], &json(5)["workerIndex"]),
            (&"span".into(), &"4".into(), &1.0.into(), &0.into())
        );
        assert_eq!((&json(6)["status"], &json(6)["error"]), (&"error".into(), &"broken".into()));
        assert_eq!((&json(7)["kind"], &json(7)["traceName"]), (&"trace".into(), &"import".into()));
        // Without a limit of the queue, which no JSON can say.
        assert!(
            matches!(&events(&frame)[1], ListenerEvent::Gauge(gauge) if gauge.attrs.max_depth == Some(f64::INFINITY))
        );
        let told: Vec<_> = events(&frame).iter().filter(|event| !is_of_queue(event)).cloned().collect();
        let back: Vec<ListenerEvent> = serde_json::from_value(serde_json::to_value(&told).unwrap()).unwrap();
        assert_eq!(back, told);
    });
}

fn is_of_queue(event: &ListenerEvent) -> bool {
    match event {
        ListenerEvent::Counter(it) | ListenerEvent::Gauge(it) | ListenerEvent::Histogram(it) => {
            it.attrs.max_depth.is_some()
        }
        ListenerEvent::Span(_) | ListenerEvent::Trace(_) => false,
    }
}

#[test]
fn nobody_pays_for_events_that_nobody_asked_for() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    let consumers = |telemetry: &Telemetry| telemetry.ledger(RUNTIME).len();
    listening(&telemetry, || {
        define(1, "resize");
        count(Metric::TaskDispatched, 1, of(1).method("a"));
        assert_eq!((frames.next(0.0, Vec::new()).events, consumers(&telemetry)), (None, 1));
        frames.take_events(true);
        frames.take_events(true);
        assert_eq!(consumers(&telemetry), 3, "one more that takes events and spans");
        count(Metric::TaskDispatched, 1, of(1).method("a"));
        assert_eq!(events(&frames.next(0.0, Vec::new())).len(), 1, "only what came since");
        assert_eq!(events(&frames.next(0.0, Vec::new())).len(), 0);
        count(Metric::TaskDispatched, 1, of(1).method("a"));
        frames.take_events(false);
        assert_eq!((frames.next(0.0, Vec::new()).events, consumers(&telemetry)), (None, 1));
    });
}

#[test]
fn what_does_not_fit_a_frame_is_counted() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    frames.take_events(true);
    let surplus = 30;
    listening(&telemetry, || {
        define(1, "resize");
        for number in 0..(DEFAULT_FRAME_EVENTS + surplus) as u64 {
            if number % 2 == 0 {
                call(1, number);
            } else {
                count(Metric::QueuePending, number, of(1));
            }
        }
        let frame = frames.next(0.0, Vec::new());
        assert_eq!((events(&frame).len(), frame.events_dropped), (DEFAULT_FRAME_EVENTS, surplus as u64));
        let ListenerEvent::Span(first) = &events(&frame)[0] else { panic!("{:?}", events(&frame)[0]) };
        assert_eq!(first.call_id, surplus.to_string(), "the oldest went");
        let calls = (DEFAULT_FRAME_EVENTS + surplus) as u64 / 2;
        let (metrics, spans) =
            (row(&frame.ledger, "panel:events", "events"), row(&frame.ledger, "panel:events", "spans"));
        assert!(balances(metrics) && balances(spans));
        assert_eq!((metrics.emitted, spans.emitted, spans.pending), (calls, calls, 0));
        assert_eq!(spans.dropped, [("queue_full".to_owned(), surplus as u64 / 2)]);
        assert_eq!(frame.spans.len() as u64, calls, "no call was lost to them");
        count(Metric::QueuePending, 1, of(1));
        let frame = frames.next(0.0, Vec::new());
        assert_eq!((events(&frame).len(), frame.events_dropped), (1, 0));
    });
}
