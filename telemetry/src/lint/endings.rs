//! Rules about how calls end: `always-times-out`, `cancel-ignored`, `keys-unbounded`.

use super::advice::{Advice, count, ms};
use super::kinds::FindingKind;
use super::view::View;
use super::window::DEFAULT_LASTING_SECONDS;
use crate::frame::Finding;

/// After so many timeouts with no answer between them, nor in the last seconds, a task is said to always time out.
pub const DEFAULT_TIMEOUTS_IN_A_ROW: u64 = 3;

/// A handler that goes on for longer than this after its call was cancelled, in seconds, is said to ignore it.
pub const DEFAULT_CANCEL_PATIENCE_SECONDS: f64 = 1.0;

/// With so many aborted keys it is assumed that nobody clears them.
pub const DEFAULT_MAX_ABORTED_KEYS: u64 = 1_000;

pub(super) fn always_times_out(view: &View<'_>) -> Option<Finding> {
    let watch = view.watch;
    let timeout = watch.settings.timeout.unwrap_or_default();
    // Where calls take long to time out, there is nothing new for that long.
    let fresh = (DEFAULT_LASTING_SECONDS as f64 + 1.0).max(2.0 * timeout);
    let answered =
        watch.last_answer.is_some_and(|answer| view.since(answer) < DEFAULT_LASTING_SECONDS as f64);
    if watch.timeouts < DEFAULT_TIMEOUTS_IN_A_ROW || answered || view.since(watch.last_timeout) > fresh {
        return None;
    }
    Some(
        Advice {
            kind: FindingKind::AlwaysTimesOut,
            message: format!(
                "The last {} of '{}' all timed out (after {} ms), and none was answered.",
                count(watch.timeouts, "call"),
                view.name(),
                ms(timeout)
            ),
            evidence: &[
                ("timedOutCalls", watch.timeouts as f64),
                ("timeoutMs", ms(timeout)),
                ("sinceLastTimeoutMs", ms(view.since(watch.last_timeout))),
            ],
            fix: "Raise timeoutMs, which counts the time in the queue too, or find out what its handlers wait for.".to_owned(),
        }
        .about(view),
    )
}

pub(super) fn cancel_ignored(view: &View<'_>) -> Option<Finding> {
    let (lately, watch) = (&view.lately, view.watch);
    let going_on: Vec<_> = (watch.abandoned.values())
        .map(|call| (view.since(call.since), call.method.as_ref()))
        .filter(|&(time, _)| time >= DEFAULT_CANCEL_PATIENCE_SECONDS)
        .collect();
    if going_on.is_empty() && lately.overruns == 0 {
        return None;
    }
    let ended = (lately.longest_overrun, watch.deaf_method.as_ref());
    let (longest, method) = going_on.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or(ended);
    let longest = longest.max(lately.longest_overrun);
    let (running, ended) = (going_on.len() as u64, lately.overruns);
    Some(
        Advice {
            kind: FindingKind::CancelIgnored,
            message: format!(
                "{} of '{}' went on after the cancellation, for up to {:.1} s; still running: {running}.",
                count(running + ended, "call"),
                view.name_with(method),
                longest
            ),
            evidence: &[
                ("runningCalls", running as f64),
                ("endedCalls", ended as f64),
                ("longestMs", ms(longest)),
            ],
            fix: "Have the handler look at ctx.signal (or ctx.throwIfAborted()) between its steps, or call it with({ cancel: { graceMs } }) so that its worker is replaced.".to_owned(),
        }
        .about(view),
    )
}

pub(super) fn keys_unbounded(aborted: u64) -> Option<Finding> {
    (aborted >= DEFAULT_MAX_ABORTED_KEYS).then(|| {
        Advice {
            kind: FindingKind::KeysUnbounded,
            message: format!("{aborted} keys are aborted and were never cleared; every one of them is kept."),
            evidence: &[("abortedKeys", aborted as f64)],
            fix: "Call abortTaskController.clear(key) when a key has done its work, or clearAll(); or cancel single calls with({ signal }).".to_owned(),
        }
        .about_the_page()
    })
}
