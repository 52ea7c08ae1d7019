//! What the core waits for, and until when.

use std::collections::{BTreeMap, HashMap};

use crate::handle::{CallId, TaskId, WorkerId};
use crate::time::Instant;
use crate::work;

/// A reason to wake up. Each is set at most once at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// When a call has taken longer than its timeout.
    CallTimeout(CallId),
    /// When a worker has been without work for its idle timeout.
    WorkerIdle(WorkerId),
    /// When a new worker should have said that it is ready.
    WorkerStart(WorkerId),
    /// When a cancelled call's handler should have ended.
    Grace(CallId),
    /// When a worker with work is to be asked for a sign of life, or should have answered.
    Liveness(WorkerId),
    /// When a crashed worker's place may be filled again.
    Restart(TaskId, u32),
}

/// Timers by time, in the order they were set where the times are equal.
#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    by_time: BTreeMap<(Instant, u64), Timer>,
    by_timer: HashMap<Timer, (Instant, u64)>,
    next: u64,
}

impl TimerQueue {
    /// Sets a timer, or moves it when it is set already.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        let place = (at, self.next);
        self.next += 1;
        work::search(self.by_time.len());
        self.by_time.insert(place, timer);
        self.by_timer.insert(timer, place);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(place) = self.by_timer.remove(&timer) {
            work::search(self.by_time.len());
            self.by_time.remove(&place);
        }
    }

    pub(crate) fn next(&self) -> Option<(Instant, Timer)> {
        work::search(self.by_time.len());
        self.by_time.first_key_value().map(|(&(at, _), &timer)| (at, timer))
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        let (at, timer) = self.next()?;
        if at > now {
            return None;
        }
        self.clear(timer);
        Some((at, timer))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_time.len()
    }
}
