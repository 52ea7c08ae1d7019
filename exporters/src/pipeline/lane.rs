//! One signal's way out: at most one request at a time, sent again as long as that may help.

use std::collections::VecDeque;

use super::backoff::{self, DEFAULT_MAX_ATTEMPTS};
use super::{RequestId, Verdict};
use crate::durable::Batch;

/// What became of the batch that was out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// So many of it were taken, so many refused, so long after the first attempt.
    Done { batch: Batch, delivered: u64, rejected: u64, took_ms: u64 },
    /// It is larger than the collector takes.
    TooLarge { batch: Batch, took_ms: u64 },
    /// It was sent too often to be sent again now.
    Exhausted { batch: Batch, took_ms: u64 },
    /// It stays, to be sent again.
    Kept,
}

/// The request that is out.
#[derive(Clone, Copy, Debug)]
struct Sent {
    id: RequestId,
    deadline: u64,
}

/// One signal's way out.
#[derive(Debug)]
pub(super) struct Lane {
    /// The first one is out, or the next to be sent; the others are parts of what was too large, and follow it.
    batches: VecDeque<Batch>,
    /// The request with the first one, if it is out.
    sent: Option<Sent>,
    /// Failures in a row, over batches: a collector that is down is not asked more often because a batch was given up.
    failures: u32,
    /// Nothing is sent before this.
    hold_until: u64,
    /// Whether the collector asked for that, so that not even a flush may override it.
    hold_asked: bool,
    /// Batches that failed once and may be sent again, ever: how a flush sees that it has come far enough.
    failed_ever: u64,
    /// Nothing is sent: the page has been put aside.
    is_closed: bool,
    /// The browser says that it is offline, which it may be wrong about: what fails is tried again seldom.
    is_seldom: bool,
}

impl Lane {
    pub(super) fn new() -> Lane {
        Lane {
            batches: VecDeque::new(),
            sent: None,
            failures: 0,
            hold_until: 0,
            hold_asked: false,
            failed_ever: 0,
            is_closed: false,
            is_seldom: false,
        }
    }

    // Getters.

    /// Whether it can take a new batch.
    pub(super) fn is_idle(&self) -> bool {
        self.batches.is_empty()
    }

    /// When it can take a new batch, unless it has to hear first of the one it has, or is closed.
    pub(super) fn is_free_at(&self) -> Option<u64> {
        (self.is_idle() && !self.is_closed).then_some(self.hold_until)
    }

    /// Whether it is not known when something can leave again.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.is_closed || self.is_seldom || self.failures > 0
    }

    /// Whether the collector asked for patience that is not over.
    pub(super) fn must_wait(&self, now_ms: u64) -> bool {
        self.hold_asked && now_ms < self.hold_until
    }

    /// Whether nothing can leave, nobody knows for how long, and no answer is to be heard.
    pub(super) fn is_shut(&self) -> bool {
        self.is_closed && self.sent.is_none()
    }

    pub(super) fn failed_ever(&self) -> u64 {
        self.failed_ever
    }

    /// The batches it has.
    pub(super) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter()
    }

    /// The batches it has.
    pub(super) fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch> {
        self.batches.iter_mut()
    }

    /// The request that is out, if it is over its time.
    pub(super) fn overdue(&self, now_ms: u64) -> Option<RequestId> {
        self.sent.filter(|sent| now_ms >= sent.deadline).map(|sent| sent.id)
    }

    /// When something may leave again after a failure; `None` while nothing has to wait for that, or nobody knows.
    pub(super) fn retry_at(&self) -> Option<u64> {
        (self.failures > 0 && self.sent.is_none() && !self.is_closed).then_some(self.hold_until)
    }

    /// When to come back for what it has.
    pub(super) fn next_wake(&self) -> Option<u64> {
        match self.sent {
            Some(sent) => Some(sent.deadline),
            None => (!self.is_idle() && !self.is_closed).then_some(self.hold_until),
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

    /// Has what fails tried again seldom, or as usual.
    pub(super) fn set_seldom(&mut self, is_seldom: bool) {
        self.is_seldom = is_seldom;
    }

    /// Takes batches, which are the next to be sent. Not while a request is out.
    pub(super) fn load(&mut self, batches: Vec<Batch>) {
        batches.into_iter().rev().for_each(|batch| self.batches.push_front(batch));
    }

    /// Sends the next batch it has, if it has one that may leave now.
    pub(super) fn send(&mut self, id: RequestId, now_ms: u64, timeout_ms: u64) -> Option<&Batch> {
        if now_ms < self.hold_until || self.is_closed || self.sent.is_some() {
            return None;
        }
        let batch = self.batches.front_mut()?;
        if batch.attempts == 0 {
            batch.began_ms = now_ms;
        }
        batch.attempts += 1;
        self.sent = Some(Sent { id, deadline: now_ms + timeout_ms });
        Some(batch)
    }

    /// Gives up those batches that are so, and the request that was out if it is one of theirs.
    pub(super) fn abandon(&mut self, is_so: impl Fn(&Batch) -> bool) -> (Vec<Batch>, Option<RequestId>) {
        let out = self.sent.take_if(|_| self.batches.front().is_some_and(&is_so));
        let (given_up, left): (VecDeque<Batch>, VecDeque<Batch>) =
            std::mem::take(&mut self.batches).into_iter().partition(is_so);
        self.batches = left;
        (given_up.into(), out.map(|sent| sent.id))
    }

    // Inputs.

    /// Whether this request is the one that is out.
    pub(super) fn awaits(&self, id: RequestId) -> bool {
        self.sent.is_some_and(|sent| sent.id == id)
    }

    /// The request that is out ended so.
    pub(super) fn handle_verdict(&mut self, verdict: &Verdict, now_ms: u64, random: f64) -> Settled {
        let Some((_, batch)) = self.sent.take().zip(self.batches.pop_front()) else { return Settled::Kept };
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
            Verdict::TooLarge { .. } => {
                self.recover();
                return Settled::TooLarge { batch, took_ms };
            }
            Verdict::Retry { after_ms, .. } => *after_ms,
        };
        self.failures = self.failures.saturating_add(1);
        self.failed_ever += 1;
        // "At once" from a collector that has just failed would make a loop without a pause.
        self.hold_asked = after_ms.is_some_and(|wait| wait > 0);
        let wait = after_ms.filter(|&wait| wait > 0);
        let failures = if self.is_seldom { u32::MAX } else { self.failures };
        self.hold_until = now_ms + wait.unwrap_or_else(|| backoff::wait_ms(failures, random));
        if batch.attempts >= DEFAULT_MAX_ATTEMPTS {
            return Settled::Exhausted { batch, took_ms };
        }
        self.batches.push_front(batch);
        Settled::Kept
    }

    /// The collector answers: whatever was said of the network is not so.
    fn recover(&mut self) {
        self.is_seldom = false;
        self.failures = 0;
        self.hold_until = 0;
        self.hold_asked = false;
    }
}
