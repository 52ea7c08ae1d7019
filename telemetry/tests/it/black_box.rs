//! Black boxes: the last facts of workers that die.

use atelier_core::Outcome;
use atelier_core::names::{Metric, WorkerFact};
use atelier_telemetry::{
    BlackBox, DEFAULT_BLACK_BOX_FACTS, DEFAULT_BLACK_BOXES_KEPT, DEFAULT_DISPOSED_TASKS_KEPT, GRACE, Record,
    SubscribeOptions, Telemetry,
};

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

/// Facts and calls, as a reader sees them.
fn told(of: &BlackBox) -> Vec<(&'static str, Option<u64>)> {
    of.facts.iter().map(|it| (it.fact.name(), it.call_id)).collect()
}

fn of_crash(telemetry: &Telemetry) -> Option<Vec<(&'static str, Option<u64>)>> {
    telemetry.crash_box(RUNTIME, 1).map(|it| told(&it))
}

#[test]
fn a_crash_leaves_the_last_facts_of_its_worker() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        for index in 0..2 {
            count(Metric::WorkerSpawned, 1, worker(index).at(10));
            life(WorkerFact::Ready, worker(index).at(20));
            started(1 + index, worker(index).at(30));
        }
        settled(1, Outcome::Ok, worker(0).at(40));
        started(3, worker(0).at(50));
        life(WorkerFact::CancelSent, worker(0).method("resize").call(3).at(60));
        settled(3, Outcome::Canceled, worker(0).at(60));
        started(4, worker(0).at(70));
        settled(4, Outcome::Error, worker(0).at(80));
        assert_eq!(of_crash(&telemetry), None);
        crash("error", worker(0).at(90));
        // Its calls fail of it, and that is no fact of the worker that comes next.
        settled(9, Outcome::Error, worker(0).at(90));
        let living: Vec<_> = telemetry.open_black_boxes(RUNTIME).iter().map(|it| it.worker_index).collect();
        assert_eq!(living, [1]);
        let report = telemetry.crash_box(RUNTIME, 1).unwrap();
        assert_eq!(
            told(&report),
            [
                ("spawned", None),
                ("ready", None),
                ("started", Some(1)),
                ("settled", Some(1)),
                ("started", Some(3)),
                ("cancel-sent", Some(3)),
                ("started", Some(4)),
                ("failed", Some(4)),
                ("crashed", None),
            ]
        );
        let times: Vec<u64> = report.facts.iter().map(|it| it.time_unix_nano).collect();
        assert_eq!(times, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
        assert_eq!(report.facts[2].method.as_deref(), Some("resize"));
        assert_eq!((report.number, report.worker_index, report.cause.as_deref()), (1, 0, Some("error")));

        count(Metric::WorkerSpawned, 1, worker(0));
        crash("load", worker(0));
        assert_eq!(
            of_crash(&telemetry).unwrap(),
            [("spawned", None), ("crashed", None)],
            "of the new one alone"
        );
        let closed = telemetry.closed_black_boxes(RUNTIME, 1);
        assert_eq!(closed.iter().map(|it| it.number).collect::<Vec<_>>(), [2]);
    });
}

#[test]
fn hangs_and_graces_leave_a_box_too() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        started(1, worker(0));
        life(WorkerFact::Ping, worker(0));
        life(WorkerFact::Alive, worker(0));
        life(WorkerFact::Ping, worker(0));
        crash("hang", worker(0));
        let names: Vec<_> = of_crash(&telemetry).unwrap().into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["started", "ping", "alive", "ping", "crashed"]);

        started(2, worker(1));
        life(WorkerFact::CancelSent, worker(1).method("resize").call(2));
        life(WorkerFact::GraceOver, worker(1));
        count(Metric::WorkerTerminated, 1, worker(1));
    });
    let closed = telemetry.closed_black_boxes(RUNTIME, 0);
    let causes: Vec<_> = closed.iter().map(|it| (it.worker_index, it.cause.as_deref())).collect();
    assert_eq!(causes, [(0, Some("hang")), (1, Some(GRACE))]);
    assert_eq!(told(&closed[1]).last(), Some(&("grace-over", None)));
    assert_eq!(telemetry.crash_box(RUNTIME, 1), Some(closed[0].clone()), "a grace is no crash");
}

#[test]
fn boxes_are_bounded() {
    let telemetry = Telemetry::new();
    let mut random = Random::seeded(3);
    listening(&telemetry, || {
        define(1, "resize");
        for crashes in 0..2 * DEFAULT_BLACK_BOXES_KEPT as u64 {
            count(Metric::WorkerSpawned, 1, worker(0));
            let mut expected = vec![("spawned", None)];
            for call in 0..random.below(200) {
                started(call, worker(0));
                expected.push(("started", Some(call)));
            }
            crash("error", worker(0));
            expected.push(("crashed", None));
            let surplus = expected.len().saturating_sub(DEFAULT_BLACK_BOX_FACTS);
            assert_eq!(of_crash(&telemetry).unwrap(), expected[surplus..], "crash {crashes}");
        }
    });
    let numbers: Vec<u64> = telemetry.closed_black_boxes(RUNTIME, 0).iter().map(|it| it.number).collect();
    let kept = DEFAULT_BLACK_BOXES_KEPT as u64;
    assert_eq!(numbers, (kept + 1..=2 * kept).collect::<Vec<_>>());
}

#[test]
fn nothing_is_kept_over_a_time_in_which_nobody_watched() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        started(1, worker(0));
        crash("error", worker(0));
        assert!(of_crash(&telemetry).is_some());
        count(Metric::WorkerSpawned, 1, worker(0));
        started(2, worker(0));
        stop_metrics();
        assert!(telemetry.open_black_boxes(RUNTIME).is_empty());
        crash_unwatched("error", worker(0));
        assert_eq!(of_crash(&telemetry), None, "the box of an older crash says nothing of this one");
    });
}

#[test]
fn the_boxes_of_the_living_are_there_for_a_page_that_is_left() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        define(2, "encode");
        started(1, worker(1));
        started(2, of(2).worker(0));
        started(3, worker(0));
        count(Metric::WorkerTerminated, 1, worker(0));
    });
    let open = telemetry.open_black_boxes(RUNTIME);
    let told: Vec<_> =
        open.iter().map(|it| (&*it.task.id, it.worker_index, it.cause.clone(), told(it))).collect();
    let one = |call| vec![("started", Some(call))];
    assert_eq!(told, [("resize", 1, None, one(1)), ("encode", 0, None, one(2))]);
    assert_eq!(telemetry.open_black_boxes(RUNTIME), open, "looking takes nothing away");
}

#[test]
fn a_task_that_is_gone_has_no_boxes() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        for task in 0..=DEFAULT_DISPOSED_TASKS_KEPT as u64 {
            define(task, &format!("task{task}"));
            started(1, of(task).worker(0));
            dispose(task);
        }
    });
    assert_eq!(telemetry.open_black_boxes(RUNTIME).len(), DEFAULT_DISPOSED_TASKS_KEPT);
    telemetry.forget(RUNTIME);
    assert!(telemetry.open_black_boxes(RUNTIME).is_empty());
    assert!(telemetry.closed_black_boxes(RUNTIME, 0).is_empty());
}

#[test]
fn listeners_are_not_told_the_workers_that_boxes_need() {
    let telemetry = Telemetry::new();
    let listener = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        started(1, worker(0));
        settled(1, Outcome::Ok, worker(0));
        life(WorkerFact::Ready, worker(0));
        count(Metric::WorkerSpawned, 1, worker(0));
    });
    let workers: Vec<Option<u32>> = listener
        .drain(usize::MAX)
        .into_iter()
        .filter_map(|record| match record {
            Record::Metric(metric) => Some(metric.worker_index),
            _ => None,
        })
        .collect();
    assert_eq!(workers, [None, None, Some(0)]);
}
