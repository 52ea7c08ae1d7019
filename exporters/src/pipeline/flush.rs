//! What a flush waits for.

use crate::signal::Signal;

/// The longest a flush or a shutdown takes, in milliseconds. When it is reached it is over: what it waited for stays
/// pending after a flush and is dropped (`shutdown`) by a shutdown.
pub const DEFAULT_FLUSH_TIMEOUT_MS: u64 = 30_000;

/// How long a shutdown waits after that for storage to take what could not leave, in milliseconds.
pub const DEFAULT_STORE_TIMEOUT_MS: u64 = 2_000;

/// Names a flush or a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlushId(pub(crate) u64);

/// How far a signal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Records, or readings, settled since the beginning, in order.
    pub(super) settled: u64,
    /// Batches that failed and may be sent again, since the beginning.
    pub(super) failed: u64,
    /// The collector asked for patience, or there is no way to it: nothing can be sent now.
    pub(super) must_wait: bool,
}

/// A flush or a shutdown that is not over.
#[derive(Debug)]
pub(super) struct Flush {
    pub(super) id: FlushId,
    pub(super) deadline: u64,
    goals: Vec<Goal>,
}

/// How far one signal has to come.
#[derive(Clone, Copy, Debug)]
struct Goal {
    signal: Signal,
    settled: u64,
    failed: u64,
}

impl Flush {
    pub(super) fn new(id: FlushId, now_ms: u64) -> Flush {
        Flush { id, deadline: now_ms + DEFAULT_FLUSH_TIMEOUT_MS, goals: Vec::new() }
    }

    /// Waits until `settled` items of this signal are settled, or a batch fails after the `failed` that did so far.
    pub(super) fn wait_for(&mut self, signal: Signal, settled: u64, failed: u64) {
        self.goals.push(Goal { signal, settled, failed });
    }

    /// Whether it waits for something of this signal that has not left its feed.
    pub(super) fn wants(&self, signal: Signal, left: u64) -> bool {
        self.goals.iter().any(|goal| goal.signal == signal && left < goal.settled)
    }

    /// Lets go of the goals that are reached, or cannot be for now.
    pub(super) fn update(&mut self, progress: impl Fn(Signal) -> Option<Progress>) {
        self.goals.retain(|goal| {
            progress(goal.signal)
                .is_some_and(|now| now.settled < goal.settled && now.failed == goal.failed && !now.must_wait)
        });
    }

    /// Waits for nothing of what it waited for; but its owner may make it wait until then.
    pub(super) fn give_up_goals(&mut self, deadline: u64) {
        self.goals.clear();
        self.deadline = deadline;
    }

    pub(super) fn is_over(&self, now_ms: u64) -> bool {
        self.goals.is_empty() || now_ms >= self.deadline
    }
}
