//! The snapshot stream.

use std::collections::BTreeMap;

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase, field};
use atelier_telemetry::frame::{FRAME_VERSION, Frame, FrameKind, TaskFrame};
use atelier_telemetry::{
    DEFAULT_ERROR_MESSAGE_BYTES, DEFAULT_FRAME_SPANS, DEFAULT_FULL_FRAME_EVERY, DEFAULT_STACK_BYTES,
    Telemetry,
};

use crate::support::*;

/// A reader that applies what comes, as the panel does.
#[derive(Default)]
struct Reader(BTreeMap<String, TaskFrame>);

impl Reader {
    fn apply(&mut self, frame: &Frame) {
        if frame.kind == FrameKind::Full {
            self.0.clear();
        }
        for id in &frame.removed {
            self.0.remove(id);
        }
        for task in &frame.tasks {
            self.0.insert(task.task_id.clone(), task.clone());
        }
    }

    fn tasks(&self) -> Vec<&TaskFrame> {
        self.0.values().collect()
    }
}

fn ids(frame: &Frame) -> Vec<&str> {
    frame.tasks.iter().map(|task| task.task_id.as_str()).collect()
}

#[test]
fn a_stream_begins_full_and_goes_on_with_what_changed() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    listening(&telemetry, || {
        define(1, "resize");
        define(2, "encode");
        let first = frames.next(1_000.5, vec![task_frame("resize", 0), task_frame("encode", 0)]);
        assert_eq!(
            (first.version, first.seq, first.ts, first.kind),
            (FRAME_VERSION, 0, 1_000.5, FrameKind::Full)
        );
        assert_eq!(ids(&first), ["resize", "encode"]);

        let same = frames.next(1.0, vec![task_frame("resize", 0), task_frame("encode", 0)]);
        assert_eq!((same.seq, same.kind, same.tasks.len(), same.lost), (1, FrameKind::Delta, 0, 0));

        let state = frames.next(2.0, vec![task_frame("resize", 0), task_frame("encode", 3)]);
        assert_eq!(ids(&state), ["encode"]);

        measure(Metric::TaskPhase, 0.004, of(1).method("a").phase(Phase::Run));
        let measured = frames.next(3.0, vec![task_frame("resize", 0), task_frame("encode", 3)]);
        assert_eq!(ids(&measured), ["resize"]);
        assert_eq!((measured.tasks[0].run.count, measured.tasks[0].run.max), (1, 4.0));

        let gone = frames.next(4.0, vec![task_frame("encode", 3)]);
        assert_eq!((gone.removed.as_slice(), gone.tasks.len()), (&["resize".to_owned()][..], 0));
        assert!(frames.next(5.0, vec![task_frame("encode", 3)]).removed.is_empty());
    });
}

#[test]
fn a_reader_that_applies_deltas_has_what_a_fresh_full_frame_has() {
    for seed in 1..=10 {
        let telemetry = Telemetry::new();
        let mut random = Random::seeded(seed);
        let mut frames = telemetry.frames(RUNTIME, "panel");
        let mut reader = Reader::default();
        let mut present: BTreeMap<u64, u32> = BTreeMap::new();
        let mut deltas = 0;
        listening(&telemetry, || {
            for step in 0..400 {
                let task = random.below(6);
                match random.below(5) {
                    0 if !present.contains_key(&task) => {
                        define(task, &format!("task{task}"));
                        present.insert(task, 0);
                    }
                    1 if random.below(4) == 0 => {
                        dispose(task);
                        present.remove(&task);
                    }
                    2 => {
                        present.entry(task).and_modify(|in_flight| *in_flight += 1);
                    }
                    _ => measure(
                        Metric::TaskDuration,
                        random.unit(),
                        of(task).method("a").outcome(Outcome::Ok),
                    ),
                }
                if random.below(3) == 0 {
                    let tasks: Vec<TaskFrame> = present
                        .iter()
                        .map(|(task, &in_flight)| task_frame(&format!("task{task}"), in_flight))
                        .collect();
                    if random.below(10) == 0 {
                        frames.skipped(2);
                    }
                    let frame = frames.next(step as f64, tasks.clone());
                    deltas += usize::from(frame.kind == FrameKind::Delta);
                    reader.apply(&frame);
                    let fresh = telemetry.frames(RUNTIME, "fresh").next(step as f64, tasks);
                    assert_eq!(
                        reader.tasks(),
                        fresh.tasks.iter().collect::<Vec<_>>(),
                        "seed {seed}, step {step}"
                    );
                }
            }
        });
        assert!(deltas > 50, "seed {seed}: {deltas} deltas prove little");
    }
}

#[test]
fn a_reader_that_was_too_slow_learns_it_and_gets_everything() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    let mut next = || frames.next(0.0, vec![task_frame("resize", 0)]);
    assert_eq!(next().kind, FrameKind::Full);
    assert_eq!(next().kind, FrameKind::Delta);
    frames.skipped(0);
    frames.skipped(2);
    frames.skipped(1);
    let mut next = || frames.next(0.0, vec![task_frame("resize", 0)]);
    let late = next();
    assert_eq!((late.seq, late.lost, late.kind, late.tasks.len()), (2, 3, FrameKind::Full, 1));
    let after = next();
    assert_eq!((after.seq, after.lost, after.kind), (3, 0, FrameKind::Delta));
}

#[test]
fn a_full_frame_comes_again_now_and_then() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    let full: Vec<u64> = (0..3 * DEFAULT_FULL_FRAME_EVERY)
        .map(|_| frames.next(0.0, vec![task_frame("resize", 0)]))
        .filter(|frame| frame.kind == FrameKind::Full && frame.tasks.len() == 1)
        .map(|frame| frame.seq)
        .collect();
    assert_eq!(full, [0, DEFAULT_FULL_FRAME_EVERY, 2 * DEFAULT_FULL_FRAME_EVERY]);
}

#[test]
fn calls_come_once_in_order_and_bounded() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    let surplus = 88;
    listening(&telemetry, || {
        define(1, "resize");
        call(1, 1);
        fail_call(open_call_in(1, 2, Some(0x77), Some("import")), 2, "broken");
        end_trace(open_trace(9, Some("import")), "ok");
        let frame = frames.next(0.0, Vec::new());
        assert_eq!((frame.spans.len(), frame.spans_dropped), (2, 0));
        let [trace] = frame.traces.as_slice() else { panic!("{:?}", frame.traces) };
        assert_eq!(
            (trace.span_id.as_str(), trace.name.as_deref(), trace.status.as_str(), trace.duration_ms),
            ("0000000000000009", Some("import"), "ok", 5.0)
        );
        let fine = &frame.spans[0];
        assert_eq!(
            (fine.trace_id.as_str(), fine.span_id.as_str()),
            ("00000000000000010000000000000abc", "0000000000000002")
        );
        assert_eq!(
            (fine.call_id.as_str(), fine.task_id.as_str(), fine.outcome.as_str()),
            ("1", "resize", "ok")
        );
        assert_eq!((fine.worker_index, fine.attempt, fine.duration_ms), (Some(1), 1, 3.0));
        assert!((fine.start - (START as f64 / 1e6 + 1.0)).abs() < 0.01);
        assert_eq!(fine.phases, [Some(0.0), Some(1.0), Some(0.2), Some(1.5), Some(0.3)]);
        let broken = &frame.spans[1];
        assert_eq!((broken.error.as_deref(), broken.phases), (Some("broken"), [None; 5]));
        assert_eq!(broken.parent_span_id.as_deref(), Some("0000000000000077"));
        assert_eq!(broken.trace_name.as_deref(), Some("import"));

        for number in 0..(DEFAULT_FRAME_SPANS + surplus) as u64 {
            call(1, number);
        }
        let frame = frames.next(0.0, Vec::new());
        assert_eq!((frame.spans.len(), frame.spans_dropped), (DEFAULT_FRAME_SPANS, surplus as u64));
        assert_eq!(frame.spans[0].call_id, surplus.to_string());
        let frame = frames.next(0.0, Vec::new());
        assert_eq!((frame.spans.len(), frame.spans_dropped), (0, 0));

        let panel = row(&frame.ledger, "panel", "spans");
        assert_eq!(
            (panel.emitted, panel.delivered),
            (3 + (DEFAULT_FRAME_SPANS + surplus) as u64, 3 + DEFAULT_FRAME_SPANS as u64)
        );
        assert!(balances(panel));
    });
}

#[test]
fn a_frame_survives_json() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    let frame = listening(&telemetry, || {
        define(1, "resize");
        call(1, 1);
        measure(Metric::QueueWait, 0.1, of(1).method("a"));
        frames.next(12.5, vec![task_frame("resize", 1)])
    });
    let json = serde_json::to_value(&frame).unwrap();
    assert_eq!((&json["kind"], &json["spansDropped"]), (&"full".into(), &0.into()));
    assert_eq!(json["tasks"][0]["wait"]["max"], 100.0);
    assert_eq!(json["tasks"][0]["type"], "parallel");
    assert_eq!(serde_json::from_value::<Frame>(json).unwrap(), frame);
}

#[test]
fn the_black_boxes_of_workers_that_died_come_once() {
    let telemetry = Telemetry::new();
    let mut early = telemetry.frames(RUNTIME, "panel");
    listening(&telemetry, || {
        define(1, "resize");
        assert_eq!(early.next(0.0, vec![task_frame("resize", 0)]).black_boxes, []);
        let worker = of(1).worker(0);
        count(Metric::WorkerSpawned, 1, worker.at(1_000_000));
        measure(Metric::QueueWait, 0.001, worker.method("fit").call(7).at(2_000_000));
        crash("error", worker.at(3_000_000));
        let told = early.next(1.0, vec![task_frame("resize", 0)]).black_boxes;
        let facts: Vec<_> =
            told[0].facts.iter().map(|it| (it.ts, it.fact.as_str(), it.call_id.as_deref())).collect();
        assert_eq!(facts, [(1.0, "spawned", None), (2.0, "started", Some("7")), (3.0, "crashed", None)]);
        assert_eq!(
            (told[0].task_id.as_str(), told[0].worker_index, told[0].cause.as_str()),
            ("resize", 0, "error")
        );
        assert_eq!(early.next(2.0, vec![task_frame("resize", 0)]).black_boxes, []);
        let mut late = telemetry.frames(RUNTIME, "panel:2");
        assert_eq!(late.next(3.0, vec![task_frame("resize", 0)]).black_boxes, told);
    });
}

#[test]
fn a_call_that_failed_has_the_beginning_of_its_stack() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    listening(&telemetry, || {
        define(1, "resize");
        let long = "é".repeat(DEFAULT_STACK_BYTES);
        for (number, stack) in [(1, "Error: no\n    at fit (w.js:1)"), (2, long.as_str())] {
            let span = open_call(1, number);
            span.record(field::EXCEPTION_STACKTRACE, stack);
            end_call(span, number);
        }
    });
    let stacks = frames.next(0.0, vec![]).spans.into_iter().filter_map(|call| call.error_stack);
    let stacks: Vec<String> = stacks.collect();
    assert_eq!(stacks[0], "Error: no\n    at fit (w.js:1)");
    assert!(stacks[1].starts_with("éé") && stacks[1].ends_with("é…\n(4096 more bytes were cut)"));
    assert!(stacks[1].len() < DEFAULT_STACK_BYTES + 40);
}

#[test]
fn a_call_that_failed_has_the_beginning_of_its_message() {
    let telemetry = Telemetry::new();
    let mut frames = telemetry.frames(RUNTIME, "panel");
    listening(&telemetry, || {
        define(1, "resize");
        let span = open_call(1, 1);
        span.record(field::OTEL_STATUS_DESCRIPTION, "é".repeat(DEFAULT_ERROR_MESSAGE_BYTES).as_str());
        end_call(span, 1);
    });
    let error = frames.next(0.0, vec![]).spans.remove(0).error.unwrap();
    assert!(
        error.ends_with("é…\n(16384 more bytes were cut)") && error.len() < DEFAULT_ERROR_MESSAGE_BYTES + 40
    );
}
