//! What a pipeline knows of its own work, for the metrics that an exporter sends about itself.

use atelier_telemetry::HistogramValue;
use atelier_telemetry::frame::LedgerRow;

use super::reason;
use crate::signal::Signal;

/// What a pipeline knows of its own work at one moment.
#[derive(Clone, Debug, Default)]
pub struct SelfReport {
    /// When the pipeline began, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// The signals it sends, as far as its source keeps accounts of them.
    pub signals: Vec<SignalReport>,
}

/// One signal of a [`SelfReport`].
#[derive(Clone, Debug)]
pub struct SignalReport {
    /// The signal.
    pub signal: Signal,
    /// Its row in the ledger.
    pub account: LedgerRow,
    /// How many records wait and how many may; `None` for a signal that is read as a whole.
    pub queue: Option<(u64, u64)>,
    /// How long batches took, in seconds, from their first attempt to the end of their last.
    pub operations: Operations,
}

impl SignalReport {
    fn waiting(&self) -> u64 {
        self.queue.map_or(0, |(size, _)| size)
    }

    /// Items that were encoded and are not settled: out, or to be sent again.
    pub fn in_flight(&self) -> u64 {
        self.account.pending.saturating_sub(self.waiting())
    }

    /// Items that were encoded, whatever became of them.
    pub fn encoded(&self) -> u64 {
        let lost: u64 = self.lost_before().map(|(_, n)| n).sum();
        self.account.emitted.saturating_sub(lost).saturating_sub(self.waiting())
    }

    /// Items that were lost before they were encoded, by why.
    pub fn lost_before(&self) -> impl Iterator<Item = (&str, u64)> {
        self.lost(true)
    }

    /// Items that were encoded and then refused or lost, by why.
    pub fn failed(&self) -> impl Iterator<Item = (&str, u64)> {
        let rejected = self.account.rejected;
        (rejected > 0).then_some((REJECTED, rejected)).into_iter().chain(self.lost(false))
    }

    fn lost(&self, before: bool) -> impl Iterator<Item = (&str, u64)> {
        let dropped = self.account.dropped.iter().map(|(reason, n)| (reason.as_str(), *n));
        dropped.filter(move |(why, _)| reason::AFTER_ENCODING.contains(why) != before)
    }
}

/// What `error.type` says of what the collector refused, as the semantic conventions want it.
pub(super) const REJECTED: &str = "rejected";

/// How long batches took to be exported, by why they failed; `None` for those that were taken whole.
#[derive(Clone, Debug, Default)]
pub struct Operations(pub Vec<(Option<&'static str>, HistogramValue)>);

impl Operations {
    /// A batch ended after so many seconds.
    pub(super) fn record(&mut self, error: Option<&'static str>, seconds: f64) {
        let known = self.0.iter().any(|(known, _)| *known == error);
        if !known {
            self.0.extend(HistogramValue::empty().map(|empty| (error, empty)));
        }
        if let Some((_, value)) = self.0.iter_mut().find(|(known, _)| *known == error) {
            value.record(seconds);
        }
    }
}
