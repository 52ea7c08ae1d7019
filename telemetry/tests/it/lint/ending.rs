//! How calls end.

use atelier_core::{AbortReason, Outcome};
use atelier_telemetry::lint::{DEFAULT_MAX_ABORTED_KEYS, FindingKind};

use super::page::*;

const TIMED: Define = Define { timeout: Some(0.05), ..POOL };

fn times_out(page: &Page) {
    if page.every(0.5) {
        page.cancel(AbortReason::Timeout);
    }
}

#[test]
fn a_task_whose_calls_all_time_out_always_does() {
    let kind = FindingKind::AlwaysTimesOut;
    provokes(kind, TIMED, times_out, |page| page.end(Outcome::Ok), 2.0);
    provokes(kind, TIMED, times_out, |_| {}, 6.0);
}

#[test]
fn a_task_answers_for_the_last_time_and_then_times_out() {
    let fails_at_first =
        |page: &Page| if page.steps == 0 { page.end(Outcome::Error) } else { times_out(page) };
    provokes(FindingKind::AlwaysTimesOut, TIMED, fails_at_first, |page| page.end(Outcome::Ok), 2.0);
}

#[test]
fn long_timeouts_are_remembered_for_as_long_as_they_take() {
    let slow = Define { timeout: Some(8.0), ..POOL };
    let at_once = |page: &Page| {
        if page.every(8.0) {
            (0..3).for_each(|_| page.cancel(AbortReason::Timeout));
        }
    };
    provokes(FindingKind::AlwaysTimesOut, slow, at_once, |_| {}, 17.0);
}

#[test]
fn a_task_that_answers_in_between_does_not_always_time_out() {
    let kind = FindingKind::AlwaysTimesOut;
    provokes_nothing(kind, TIMED, |page| {
        page.cancel(AbortReason::Timeout);
        if page.every(2.0) {
            page.end(Outcome::Ok);
        }
    });
    provokes_nothing(kind, TIMED, |page| page.cancel(AbortReason::Key));
    provokes_nothing(kind, TIMED, |page| page.cancel(AbortReason::Signal));
    provokes_nothing(kind, TIMED, |page| {
        if page.steps < 2 {
            page.cancel(AbortReason::Timeout);
        }
    });
}

#[test]
fn a_handler_that_runs_on_ignores_its_cancellation() {
    let begins = |page: &Page| {
        if page.steps == 0 {
            page.abandoned(7);
        }
    };
    provokes(FindingKind::CancelIgnored, POOL, begins, |page| page.released(7, 0.5), 2.0);
}

#[test]
fn handlers_that_ended_late_have_ignored_their_cancellation() {
    let late = |page: &Page| {
        if page.every(1.5) {
            if page.steps > 0 {
                page.released(page.steps / 15, 1.4);
            }
            page.abandoned(page.steps / 15 + 1);
        }
    };
    provokes(FindingKind::CancelIgnored, POOL, late, |page| page.released(page.steps / 15, 0.1), 30.0);
}

#[test]
fn a_handler_that_stops_soon_has_heard_it() {
    provokes_nothing(FindingKind::CancelIgnored, POOL, |page| {
        if page.every(1.0) {
            page.abandoned(page.steps);
        } else if page.steps % 10 == 8 {
            page.released(page.steps - 8, 0.8);
        }
    });
}

#[test]
fn very_many_aborted_keys_have_no_bound() {
    let many = |page: &Page| page.keys_aborted(DEFAULT_MAX_ABORTED_KEYS);
    let fewer = |page: &Page| page.keys_aborted(DEFAULT_MAX_ABORTED_KEYS - 1);
    provokes(FindingKind::KeysUnbounded, POOL, many, fewer, 2.0);
    provokes_nothing(FindingKind::KeysUnbounded, POOL, fewer);
}
