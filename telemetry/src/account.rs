//! Bookkeeping of what became of what was emitted to one consumer.

use std::borrow::Cow;

use crate::frame::LedgerRow;

/// A kind of thing that consumers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Counters, gauges and durations, one by one as they happen.
    Events,
    /// Calls and traces that ended.
    Spans,
    /// Points of metrics, read as a whole by an exporter.
    Metrics,
    /// Log records.
    Logs,
}

impl Signal {
    /// All of them.
    pub const ALL: [Signal; 4] = [Signal::Events, Signal::Spans, Signal::Metrics, Signal::Logs];

    /// The signal's name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Events => "events",
            Signal::Spans => "spans",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }
}

/// One consumer's account of one signal. Every change keeps `emitted = delivered + rejected + dropped + pending`.
#[derive(Debug, Default)]
pub(crate) struct Account {
    emitted: u64,
    delivered: u64,
    rejected: u64,
    dropped: Vec<(Cow<'static, str>, u64)>,
    /// In the consumer's queue.
    queued: u64,
    /// Drained by the consumer and not settled by it.
    in_hand: u64,
    /// Why something was refused last.
    pub(crate) last_rejection: Option<String>,
    /// When what waits is sent again after a failure, milliseconds since the Unix epoch.
    pub(crate) next_retry: Option<f64>,
}

impl Account {
    /// Something new came into the queue.
    pub(crate) fn queue(&mut self) {
        self.emitted += 1;
        self.queued += 1;
    }

    /// Something new was lost before it came into the queue.
    pub(crate) fn lose(&mut self, reason: &'static str) {
        self.emitted += 1;
        self.count_dropped(Cow::Borrowed(reason), 1);
    }

    /// Something in the queue had to make room.
    pub(crate) fn evict(&mut self, reason: &'static str) {
        self.queued = self.queued.saturating_sub(1);
        self.count_dropped(Cow::Borrowed(reason), 1);
    }

    /// Something in the queue went to the consumer.
    pub(crate) fn hand_over(&mut self) {
        self.queued = self.queued.saturating_sub(1);
        self.in_hand += 1;
    }

    /// The consumer made `n` things of its own.
    pub(crate) fn emit(&mut self, n: u64) {
        self.emitted += n;
        self.in_hand += n;
    }

    pub(crate) fn settle_delivered(&mut self, n: u64) {
        self.take_from_hand(n);
        self.delivered += n;
    }

    pub(crate) fn settle_rejected(&mut self, n: u64) {
        self.take_from_hand(n);
        self.rejected += n;
    }

    pub(crate) fn settle_dropped(&mut self, n: u64, reason: &str) {
        self.take_from_hand(n);
        match self.dropped.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += n,
            None if n > 0 => self.dropped.push((Cow::Owned(reason.to_owned()), n)),
            None => {}
        }
    }

    /// What a consumer settles beyond what it has in hand is its own (points of metrics, for one) and counts as
    /// emitted now.
    fn take_from_hand(&mut self, n: u64) {
        let from_hand = n.min(self.in_hand);
        self.in_hand -= from_hand;
        self.emitted += n - from_hand;
    }

    fn count_dropped(&mut self, reason: Cow<'static, str>, n: u64) {
        match self.dropped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += n,
            None => self.dropped.push((reason, n)),
        }
    }

    /// How many were dropped, for whatever reason.
    pub(crate) fn total_dropped(&self) -> u64 {
        self.dropped.iter().map(|(_, n)| n).sum()
    }

    /// Whether anything ever happened here.
    pub(crate) fn is_used(&self) -> bool {
        self.emitted > 0
    }

    /// The account as it is shown.
    pub(crate) fn row(&self, consumer: &str, signal: Signal, last_error: Option<String>) -> LedgerRow {
        LedgerRow {
            consumer: consumer.to_owned(),
            signal: signal.name().to_owned(),
            emitted: self.emitted,
            delivered: self.delivered,
            rejected: self.rejected,
            dropped: self.dropped.iter().map(|(reason, n)| (reason.to_string(), *n)).collect(),
            pending: self.queued + self.in_hand,
            last_error,
            last_rejection: self.last_rejection.clone(),
            next_retry: self.next_retry,
        }
    }
}
