//! Rules about how a pool fits its load: `queue-saturated`, `pool-too-small`, `pool-idle`, `calls-too-short`.

use super::advice::{Advice, count, ms};
use super::kinds::FindingKind;
use super::view::View;
use crate::frame::Finding;

/// For which share of the last seconds a queue must be full, or calls wait behind a busy pool, for that to be a finding.
/// A queue that finds room now and then does what it is for.
pub const DEFAULT_LASTING_SHARE: f64 = 0.8;

/// So many workers of a pool must have had no work at any moment, and be half of it at least, for it to be called idle.
pub const DEFAULT_IDLE_POOL_WORKERS: u64 = 2;

/// Calls whose handler takes longer than this on average, in seconds, gain nothing from sharing messages.
pub const DEFAULT_SHORT_RUN_SECONDS: f64 = 0.000_5;

/// Calls are short when they run for no more than this share of the time that they and their answers travel.
pub const DEFAULT_SHORT_SHARE: f64 = 0.25;

/// Fewer calls than this in the last seconds are not worth a finding about their cost.
pub const DEFAULT_SHORT_CALLS: u64 = 200;

/// With so many calls in flight for each worker, messages are shared well enough.
pub const DEFAULT_SHARED_MESSAGES: u64 = 16;

pub(super) fn queue_saturated(view: &View<'_>) -> Option<Finding> {
    let (lately, watch) = (&view.lately, view.watch);
    let somebody_minds = lately.waiting > 0.0 || lately.refused > 0;
    if lately.full < DEFAULT_LASTING_SHARE * view.seconds || !somebody_minds {
        return None;
    }
    let (full, waiting, refused) = (lately.full, watch.gauges.waiting, lately.refused);
    let policy = &*watch.meta.queue_policy;
    let (suffers, instead) = match policy {
        "block" => (format!("waiting callers: {waiting}"), "make fewer calls at once (parallelLimit)"),
        _ => (format!("calls turned away ('{policy}'): {refused}"), "make fewer calls"),
    };
    let fix = format!(
        "Raise poolSize or maxInFlight if the machine has room, or {instead}; a larger maxQueueDepth only helps with bursts."
    );
    Some(
        Advice {
            kind: FindingKind::QueueSaturated,
            message: format!(
                "The queue of '{}' has been full for {:.1} of the last {:.1} s; {suffers}.",
                view.name(),
                full,
                view.seconds
            ),
            evidence: &[
                ("fullMs", ms(full)),
                ("windowMs", ms(view.seconds)),
                ("waitingCalls", waiting as f64),
                ("refusedCalls", refused as f64),
                ("pendingCalls", watch.gauges.pending as f64),
                ("maxQueueDepthCalls", watch.meta.max_queue_depth as f64),
            ],
            fix,
        }
        .about(view),
    )
}

/// Whether calls wait for a pool that has no room for the time being.
fn is_crowded(view: &View<'_>) -> bool {
    view.lately.crowded >= DEFAULT_LASTING_SHARE * view.seconds
}

/// Whether calls are over before they were worth their message.
fn is_short(view: &View<'_>) -> bool {
    let lately = &view.lately;
    lately.ran >= DEFAULT_SHORT_CALLS
        && lately.run <= DEFAULT_SHORT_RUN_SECONDS * lately.ran as f64
        && lately.run <= DEFAULT_SHORT_SHARE * lately.travel
}

pub(super) fn pool_too_small(view: &View<'_>) -> Option<Finding> {
    let (watch, meta) = (view.watch, &view.watch.meta);
    let backlog = view.lately.backlog / view.seconds;
    // By Little's law they wait at least half as long as they run.
    let waits_long = backlog >= 0.5 * meta.max_in_flight as f64;
    let has_room = watch.settings.cores.is_some_and(|cores| meta.pool_size < cores);
    if !is_crowded(view) || !waits_long || !has_room || is_short(view) {
        return None;
    }
    let cores = watch.settings.cores.unwrap_or_default();
    let fix = if &*meta.kind == "singleton" {
        "Make it a task of type 'parallel' if its calls do not depend on each other."
    } else if meta.max_in_flight < meta.pool_size {
        "Raise maxInFlight: it leaves workers of the pool without work."
    } else {
        "Raise poolSize (navigator.hardwareConcurrency is a good start), or maxInFlight if its handlers mostly wait for something."
    };
    Some(
        Advice {
            kind: FindingKind::PoolTooSmall,
            message: format!(
                "'{}' runs {} at once on {} and {backlog:.1} wait on average; the machine has {}.",
                view.name(),
                count(meta.max_in_flight, "call"),
                count(meta.pool_size, "worker"),
                count(cores, "processor"),
            ),
            evidence: &[
                ("busyMs", ms(view.lately.crowded)),
                ("windowMs", ms(view.seconds)),
                ("meanBacklogCalls", (backlog * 10.0).round() / 10.0),
                ("maxInFlightCalls", meta.max_in_flight as f64),
                ("poolSizeWorkers", meta.pool_size as f64),
                ("processors", cores as f64),
            ],
            fix: fix.to_owned(),
        }
        .about(view),
    )
}

pub(super) fn pool_idle(view: &View<'_>) -> Option<Finding> {
    // A page that makes no calls for the time being is no reason to take its workers away.
    if !view.each_whole_second().all(|second| second.started > 0) {
        return None;
    }
    let workers = view.each_whole_second().filter_map(|second| second.fewest_workers).min()?;
    let busy = view.lately.most_in_flight;
    let idle = workers.saturating_sub(busy);
    if idle < DEFAULT_IDLE_POOL_WORKERS || idle * 2 < workers {
        return None;
    }
    Some(
        Advice {
            kind: FindingKind::PoolIdle,
            message: format!(
                "'{}' keeps {workers} workers, and its last {} never needed more than {busy} at once.",
                view.name(),
                count(view.lately.started, "call"),
            ),
            evidence: &[
                ("workers", workers as f64),
                ("mostBusyWorkers", busy as f64),
                ("startedCalls", view.lately.started as f64),
                ("windowMs", ms(view.seconds)),
            ],
            fix: format!("Set poolSize to {} (each worker holds memory), or an idleTimeoutMs.", busy.max(1)),
        }
        .about(view),
    )
}

pub(super) fn calls_too_short(view: &View<'_>) -> Option<Finding> {
    let (lately, meta) = (&view.lately, &view.watch.meta);
    let enough = meta.pool_size.saturating_mul(DEFAULT_SHARED_MESSAGES);
    if !is_short(view) || !is_crowded(view) || meta.max_in_flight >= enough {
        return None;
    }
    let (run, travel) = (lately.run / lately.ran as f64, lately.travel / lately.ran as f64);
    Some(
        Advice {
            kind: FindingKind::CallsTooShort,
            message: format!(
                "{} of '{}' ran for {} ms on average and travelled for {} ms, no more than {} at a time.",
                count(lately.ran, "call"),
                view.name(),
                ms(run),
                ms(travel),
                meta.max_in_flight,
            ),
            evidence: &[
                ("calls", lately.ran as f64),
                ("meanRunMs", ms(run)),
                ("meanTravelMs", ms(travel)),
                ("maxInFlightCalls", meta.max_in_flight as f64),
                ("windowMs", ms(view.seconds)),
            ],
            fix: format!(
                "Raise maxInFlight to {enough}, so that calls share messages, or do more in each call."
            ),
        }
        .about(view),
    )
}
