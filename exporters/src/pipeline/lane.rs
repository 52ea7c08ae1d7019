//! One signal's way out: at most one request at a time, sent again as long as that may help.

use super::backoff::{self, DEFAULT_MAX_ATTEMPTS};
use super::{RequestId, Verdict};
use crate::durable::Batch;

/// What became of the batch that was out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// So many of it were taken, so many refused, so long after the first attempt.
    Done { batch: Batch, delivered: u64, rejected: u64, took_ms: u64 },
    /// It was sent too often to be sent again now.
    Exhausted { batch: Batch, took_ms: u64 },
    /// It stays, to be sent again.
    Kept,
}

#[derive(Debug)]
enum State {
    /// Nothing to send.
    Idle,
    /// A batch waits for its first or next attempt.
    Ready(Batch),
    /// A batch is out.
    Sent { id: RequestId, batch: Batch, deadline: u64 },
}

/// One signal's way out.
#[derive(Debug)]
pub(super) struct Lane {
    state: State,
    /// Failures in a row, over batches: a collector that is down is not asked more often because a batch was given up.
    failures: u32,
    /// Nothing is sent before this.
    hold_until: u64,
    /// Whether the collector asked for that, so that not even a flush may override it.
    hold_asked: bool,
    /// Batches that failed once and may be sent again, ever: how a flush sees that it has come far enough.
    failed_ever: u64,
    /// Nothing is sent, since it is known to fail: the browser is offline, or the page has been put aside.
    is_closed: bool,
}

impl Lane {
    pub(super) fn new() -> Lane {
        Lane {
            state: State::Idle,
            failures: 0,
            hold_until: 0,
            hold_asked: false,
            failed_ever: 0,
            is_closed: false,
        }
    }

    // Getters.

    /// Whether it can take a new batch.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// When it can take a new batch, unless it has to hear first of the one it has, or is closed.
    pub(super) fn is_free_at(&self) -> Option<u64> {
        (self.is_idle() && !self.is_closed).then_some(self.hold_until)
    }

    /// Whether it is not known when something can leave again.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.is_closed || self.failures > 0
    }

    /// Whether the collector asked for patience that is not over.
    pub(super) fn must_wait(&self, now_ms: u64) -> bool {
        self.hold_asked && now_ms < self.hold_until
    }

    /// Whether nothing can leave, nobody knows for how long, and no answer is to be heard.
    pub(super) fn is_shut(&self) -> bool {
        self.is_closed && !matches!(self.state, State::Sent { .. })
    }

    pub(super) fn failed_ever(&self) -> u64 {
        self.failed_ever
    }

    /// The batch it has.
    pub(super) fn batch(&self) -> Option<&Batch> {
        match &self.state {
            State::Idle => None,
            State::Ready(batch) | State::Sent { batch, .. } => Some(batch),
        }
    }

    /// The batch it has.
    pub(super) fn batch_mut(&mut self) -> Option<&mut Batch> {
        match &mut self.state {
            State::Idle => None,
            State::Ready(batch) | State::Sent { batch, .. } => Some(batch),
        }
    }

    /// The request that is out, if it is over its time.
    pub(super) fn overdue(&self, now_ms: u64) -> Option<RequestId> {
        match self.state {
            State::Sent { id, deadline, .. } if now_ms >= deadline => Some(id),
            _ => None,
        }
    }

    /// When something may leave again after a failure; `None` while nothing has to wait for that, or nobody knows.
    pub(super) fn retry_at(&self) -> Option<u64> {
        let is_out = matches!(self.state, State::Sent { .. });
        (self.failures > 0 && !is_out && !self.is_closed).then_some(self.hold_until)
    }

    /// When to come back for what it has.
    pub(super) fn next_wake(&self) -> Option<u64> {
        match self.state {
            State::Idle => None,
            State::Ready(_) => (!self.is_closed).then_some(self.hold_until),
            State::Sent { deadline, .. } => Some(deadline),
        }
    }

    // Commands.

    /// Forgets its own backoff (not what the collector asked for).
    pub(super) fn hurry(&mut self, now_ms: u64) {
        if !self.hold_asked {
            self.hold_until = self.hold_until.min(now_ms);
        }
    }

    /// Lets nothing leave, or things leave again. What is out is out.
    pub(super) fn set_closed(&mut self, is_closed: bool) {
        self.is_closed = is_closed;
    }

    /// Takes a new batch. Only when idle.
    pub(super) fn load(&mut self, batch: Batch) {
        self.state = State::Ready(batch);
    }

    /// Sends the batch it has, if it has one that may leave now.
    pub(super) fn send(&mut self, id: RequestId, now_ms: u64, timeout_ms: u64) -> Option<&Batch> {
        if now_ms < self.hold_until || self.is_closed {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Ready(mut batch) => {
                if batch.attempts == 0 {
                    batch.began_ms = now_ms;
                }
                batch.attempts += 1;
                self.state = State::Sent { id, batch, deadline: now_ms + timeout_ms };
                self.batch()
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Gives up what it has: the batch, and the request that was out.
    pub(super) fn abandon(&mut self) -> (Option<Batch>, Option<RequestId>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => (None, None),
            State::Ready(batch) => (Some(batch), None),
            State::Sent { id, batch, .. } => (Some(batch), Some(id)),
        }
    }

    // Inputs.

    /// Whether this request is the one that is out.
    pub(super) fn awaits(&self, id: RequestId) -> bool {
        matches!(self.state, State::Sent { id: out, .. } if out == id)
    }

    /// The request that is out ended so.
    pub(super) fn handle_verdict(&mut self, verdict: &Verdict, now_ms: u64, random: f64) -> Settled {
        let batch = match std::mem::replace(&mut self.state, State::Idle) {
            State::Sent { batch, .. } => batch,
            other => {
                self.state = other;
                return Settled::Kept;
            }
        };
        let took_ms = now_ms.saturating_sub(batch.began_ms);
        let after_ms = match verdict {
            Verdict::Accepted { rejected, .. } => {
                self.recover();
                let rejected = (*rejected).min(batch.items);
                return Settled::Done { delivered: batch.items - rejected, rejected, batch, took_ms };
            }
            Verdict::Refused { .. } => {
                self.recover();
                return Settled::Done { delivered: 0, rejected: batch.items, batch, took_ms };
            }
            Verdict::Retry { after_ms, .. } => *after_ms,
        };
        self.failures = self.failures.saturating_add(1);
        self.failed_ever += 1;
        // "At once" from a collector that has just failed would make a loop without a pause.
        self.hold_asked = after_ms.is_some_and(|wait| wait > 0);
        let wait = after_ms.filter(|&wait| wait > 0);
        self.hold_until = now_ms + wait.unwrap_or_else(|| backoff::wait_ms(self.failures, random));
        if batch.attempts >= DEFAULT_MAX_ATTEMPTS {
            return Settled::Exhausted { batch, took_ms };
        }
        self.state = State::Ready(batch);
        Settled::Kept
    }

    /// The collector answers again.
    fn recover(&mut self) {
        self.failures = 0;
        self.hold_until = 0;
        self.hold_asked = false;
    }
}
