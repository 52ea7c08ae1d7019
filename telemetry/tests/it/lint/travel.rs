//! What travels between page and workers.

use atelier_telemetry::lint::{DEFAULT_LATE_REPLY_SECONDS, FindingKind};

use super::page::*;

const MIB: f64 = 1024.0 * 1024.0;

#[test]
fn buffers_copied_again_and_again_could_be_moved() {
    let copies = |page: &Page| {
        if page.every(1.0) {
            page.copied(2.0 * MIB);
        }
    };
    provokes(FindingKind::PayloadCloned, POOL, copies, |_| {}, SOON);
}

#[test]
fn a_single_copy_or_a_little_one_is_fine() {
    let kind = FindingKind::PayloadCloned;
    provokes_nothing(kind, POOL, |page| {
        if page.every(6.0) {
            page.copied(64.0 * MIB);
        }
    });
    provokes_nothing(kind, POOL, |page| {
        if page.every(1.0) {
            page.copied(0.1 * MIB);
        }
    });
}

#[test]
fn answers_that_lie_unread_show_a_busy_main_thread() {
    let blocked = |page: &Page| page.answer(0.0, 0.01, if page.every(1.0) { 0.15 } else { 0.001 });
    provokes(FindingKind::MainThreadBlocked, POOL, blocked, |page| page.answer(0.0, 0.01, 0.001), SOON);
    // In small pieces, and all the time.
    let busy = |page: &Page| page.answer(0.0, 0.01, if page.steps.is_multiple_of(2) { 0.06 } else { 0.02 });
    provokes(FindingKind::MainThreadBlocked, POOL, busy, |page| page.answer(0.0, 0.01, 0.001), SOON);
}

#[test]
fn a_single_pause_of_the_main_thread_is_no_finding() {
    let kind = FindingKind::MainThreadBlocked;
    // All that came in the pause is late.
    provokes_nothing(kind, POOL, |page| {
        if page.every(6.0) {
            (0..50).for_each(|at| page.answer(0.0, 0.01, 0.02 * f64::from(at)));
        }
    });
    provokes_nothing(kind, POOL, |page| page.answer(0.3, 0.3, DEFAULT_LATE_REPLY_SECONDS * 0.9));
    // A machine that has other things to do as well.
    provokes_nothing(kind, POOL, |page| {
        page.answer(0.0, 0.01, if page.every(2.0) { 0.18 } else { 0.001 });
    });
    // Late, and hardly so.
    provokes_nothing(kind, POOL, |page| {
        page.answer(0.0, 0.01, if page.every(2.0) { DEFAULT_LATE_REPLY_SECONDS * 1.2 } else { 0.001 });
    });
}
