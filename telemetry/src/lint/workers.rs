//! Rules about workers that come and go: `worker-churn`, `retry-storm`.

use super::advice::{Advice, count, ms};
use super::kinds::FindingKind;
use super::view::View;
use super::window::DEFAULT_EVIDENCE_SECONDS;
use crate::frame::Finding;

/// So many workers that were stopped for having no work, and started again soon after, are too many for the seconds kept.
pub const DEFAULT_RESTARTS: u64 = 3;

/// So many crashes make a storm, if calls were requeued for them.
pub const DEFAULT_STORM_CRASHES: u64 = 3;

/// So many requeued calls make a storm, if workers crashed.
pub const DEFAULT_REQUEUES: u64 = 3;

const KEPT_MS: f64 = DEFAULT_EVIDENCE_SECONDS as f64 * 1e3;

pub(super) fn worker_churn(view: &View<'_>) -> Option<Finding> {
    let restarted = view.all.restarted;
    let idle_timeout = view.watch.settings.idle_timeout?;
    if restarted < DEFAULT_RESTARTS {
        return None;
    }
    Some(
        Advice {
            kind: FindingKind::WorkerChurn,
            message: format!(
                "In the last {DEFAULT_EVIDENCE_SECONDS} s, '{}' stopped {} after {} ms without work and started it again.",
                view.name(),
                count(restarted, "worker"),
                ms(idle_timeout),
            ),
            evidence: &[
                ("restartedWorkers", restarted as f64),
                ("idleTimeoutMs", ms(idle_timeout)),
                ("windowMs", KEPT_MS),
            ],
            fix: "Raise idleTimeoutMs above the usual pause between calls, or leave it out.".to_owned(),
        }
        .about(view),
    )
}

pub(super) fn retry_storm(view: &View<'_>) -> Option<Finding> {
    let (crashed, requeued) = (view.all.crashed, view.all.requeued);
    if crashed < DEFAULT_STORM_CRASHES || requeued < DEFAULT_REQUEUES {
        return None;
    }
    Some(
        Advice {
            kind: FindingKind::RetryStorm,
            message: format!(
                "In the last {DEFAULT_EVIDENCE_SECONDS} s, {} of '{}' crashed, and {} given to another worker.",
                count(crashed, "worker"),
                view.name(),
                if requeued == 1 { "1 call was".to_owned() } else { format!("{requeued} calls were") },
            ),
            evidence: &[
                ("crashedWorkers", crashed as f64),
                ("requeuedCalls", requeued as f64),
                ("windowMs", KEPT_MS),
            ],
            fix: "Look at lastCrash; if a call is the cause, use crashPolicy 'restart-fail-in-flight' or a smaller crashMaxRetries, so that it does not kill the next worker too.".to_owned(),
        }
        .about(view),
    )
}
