//! How a pool fits its load, and workers that come and go.

use atelier_core::Outcome;
use atelier_core::names::Metric;
use atelier_telemetry::lint::FindingKind;

use super::page::*;

const AT_REST: Gauges = Gauges { in_flight: 0, pending: 0, waiting: 0, workers: 4 };
const FULL: Gauges = Gauges { in_flight: 4, pending: 8, waiting: 3, workers: 4 };

fn rests(page: &Page) {
    page.gauges(AT_REST);
}

#[test]
fn a_queue_that_stays_full_is_saturated() {
    provokes(FindingKind::QueueSaturated, POOL, |page| page.gauges(FULL), rests, SOON);
}

#[test]
fn a_full_queue_is_known_from_two_events_only() {
    provokes(
        FindingKind::QueueSaturated,
        POOL,
        |page| {
            if page.steps == 0 {
                page.gauges(FULL);
            }
        },
        rests,
        SOON,
    );
}

#[test]
fn calls_that_are_refused_are_a_saturated_queue() {
    let task = Define { policy: "reject", ..POOL };
    let refuses = |page: &Page| {
        page.gauges(Gauges { waiting: 0, ..FULL });
        if page.every(0.5) {
            page.end(Outcome::Rejected);
        }
    };
    provokes(FindingKind::QueueSaturated, task, refuses, rests, SOON);
    provokes(FindingKind::QueueSaturated, Define { depth: 0, ..task }, refuses, rests, SOON);
}

#[test]
fn a_queue_that_finds_room_is_not_saturated() {
    let kind = FindingKind::QueueSaturated;
    // Bursts: two seconds full, one second not.
    provokes_nothing(kind, POOL, |page| page.gauges(if page.steps % 30 < 20 { FULL } else { AT_REST }));
    // Full to the last place, and nobody is turned away.
    provokes_nothing(kind, POOL, |page| page.gauges(Gauges { waiting: 0, ..FULL }));
    // Stopped: what waits was told to.
    provokes_nothing(kind, POOL, |page| page.gauges(Gauges { in_flight: 0, workers: 0, ..FULL }));
    // No end to the queue.
    provokes_nothing(kind, Define { depth: u64::MAX, ..POOL }, |page| {
        page.gauges(Gauges { pending: 1_000, waiting: 0, ..FULL });
    });
}

const BACKLOG: Gauges = Gauges { in_flight: 2, pending: 2, waiting: 0, workers: 2 };
const SMALL: Define = Define { max_in_flight: 2, pool: 2, ..POOL };

#[test]
fn a_backlog_before_a_pool_smaller_than_the_machine_is_a_small_pool() {
    let kind = FindingKind::PoolTooSmall;
    provokes(kind, SMALL, |page| page.gauges(BACKLOG), rests, SOON);
    let singleton = Define { kind: "singleton", max_in_flight: 1, pool: 1, ..POOL };
    provokes(
        kind,
        singleton,
        |page| page.gauges(Gauges { in_flight: 1, workers: 1, ..BACKLOG }),
        rests,
        SOON,
    );
}

#[test]
fn a_pool_as_large_as_the_machine_is_not_too_small() {
    let kind = FindingKind::PoolTooSmall;
    provokes_nothing(kind, Define { cores: 2, ..SMALL }, |page| page.gauges(BACKLOG));
    // Busy, and nobody waits for long.
    provokes_nothing(kind, SMALL, |page| page.gauges(Gauges { pending: 0, ..BACKLOG }));
    provokes_nothing(kind, SMALL, |page| {
        page.gauges(Gauges { pending: u64::from(page.steps.is_multiple_of(2)), ..BACKLOG });
    });
    // Always one that waits, and not for long.
    let four = Define { max_in_flight: 4, ..POOL };
    provokes_nothing(kind, four, |page| page.gauges(Gauges { pending: 1, waiting: 0, ..FULL }));
    // Two seconds of work at a time.
    provokes_nothing(kind, SMALL, |page| page.gauges(if page.steps % 30 < 20 { BACKLOG } else { AT_REST }));
}

fn one_at_a_time(page: &Page) {
    page.start();
    page.gauges(Gauges { in_flight: 1, ..AT_REST });
    page.gauges(AT_REST);
}

#[test]
fn a_pool_that_never_needs_half_of_its_workers_is_idle() {
    provokes(FindingKind::PoolIdle, POOL, one_at_a_time, rests, SOON);
}

#[test]
fn a_pool_that_is_needed_now_and_then_is_not_idle() {
    let kind = FindingKind::PoolIdle;
    provokes_nothing(kind, POOL, rests);
    provokes_nothing(kind, POOL, |page| {
        one_at_a_time(page);
        if page.every(2.0) {
            page.gauges(Gauges { in_flight: 3, ..AT_REST });
        }
    });
    // More than half of it.
    provokes_nothing(kind, POOL, |page| {
        page.start();
        page.gauges(Gauges { in_flight: 5, workers: 8, ..AT_REST });
    });
    // A call now and then.
    provokes_nothing(kind, POOL, |page| {
        if page.every(3.0) {
            one_at_a_time(page);
        }
    });
    provokes_nothing(kind, POOL, |page| {
        page.start();
        page.gauges(Gauges { in_flight: 1, workers: 2, ..AT_REST });
    });
}

const ONE: Define = Define { max_in_flight: 1, pool: 1, cores: 1, ..POOL };
const CROWDED: Gauges = Gauges { in_flight: 1, pending: 8, waiting: 90, workers: 1 };

fn answers(page: &Page, gauges: Gauges, run: f64) {
    page.gauges(gauges);
    for _ in 0..20 {
        page.answer(0.000_08, run, 0.000_06);
    }
}

#[test]
fn many_short_calls_one_by_one_are_too_short() {
    let kind = FindingKind::CallsTooShort;
    provokes(kind, ONE, |page| answers(page, CROWDED, 0.000_005), rests, SOON);
    let roomy = Define { cores: 8, ..ONE };
    provokes_nothing(FindingKind::PoolTooSmall, roomy, |page| answers(page, CROWDED, 0.000_005));
}

#[test]
fn short_calls_that_share_messages_or_come_alone_are_fine() {
    let kind = FindingKind::CallsTooShort;
    let shared = Define { max_in_flight: 16, ..ONE };
    provokes_nothing(kind, shared, |page| answers(page, Gauges { in_flight: 16, ..CROWDED }, 0.000_005));
    let alone = Gauges { in_flight: 1, pending: 0, waiting: 0, workers: 1 };
    provokes_nothing(kind, ONE, |page| answers(page, alone, 0.000_005));
    provokes_nothing(kind, ONE, |page| answers(page, CROWDED, 0.000_9));
    provokes_nothing(kind, ONE, |page| {
        page.gauges(CROWDED);
        page.answer(0.000_08, 0.000_005, 0.000_06);
    });
}

const STOPS_SOON: Define = Define { idle_timeout: Some(0.1), ..POOL };

fn restarts(page: &Page) {
    if page.every(1.0) {
        page.worker(Metric::WorkerSpawned, 0);
    } else if page.every(0.5) {
        page.worker(Metric::WorkerTerminated, 0);
    }
}

#[test]
fn workers_that_stop_and_start_again_churn() {
    provokes(FindingKind::WorkerChurn, STOPS_SOON, restarts, rests, 11.0);
}

#[test]
fn workers_that_start_or_stop_for_good_do_not_churn() {
    let kind = FindingKind::WorkerChurn;
    provokes_nothing(kind, STOPS_SOON, |page| match page.steps {
        0..8 => page.worker(Metric::WorkerSpawned, page.steps),
        20..28 => page.worker(Metric::WorkerTerminated, page.steps - 20),
        _ => {}
    });
    // By hand.
    provokes_nothing(kind, POOL, restarts);
    // Long after.
    provokes_nothing(kind, STOPS_SOON, |page| {
        rests(page);
        if page.every(12.0) {
            (0..4).for_each(|index| page.worker(Metric::WorkerSpawned, index));
        } else if page.steps % 120 == 10 {
            (0..4).for_each(|index| page.worker(Metric::WorkerTerminated, index));
        }
    });
}

#[test]
fn calls_that_outlive_worker_after_worker_are_a_storm() {
    let storm = |page: &Page| {
        if page.every(1.0) {
            page.worker(Metric::WorkerCrashed, 0);
            page.requeue();
        }
    };
    provokes(FindingKind::RetryStorm, POOL, storm, rests, 11.0);
}

#[test]
fn a_crash_or_a_stop_is_no_storm() {
    let kind = FindingKind::RetryStorm;
    provokes_nothing(kind, POOL, |page| {
        if page.every(6.0) {
            page.worker(Metric::WorkerCrashed, 0);
            (0..10).for_each(|_| page.requeue());
        }
    });
    provokes_nothing(kind, POOL, |page| page.requeue());
    provokes_nothing(kind, POOL, |page| page.worker(Metric::WorkerCrashed, 0));
}
