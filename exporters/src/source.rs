//! Where a pipeline takes its telemetry from, and whom it tells what became of it.

use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::{MetricsSnapshot, Record};

use crate::signal::Signal;

/// What became of something for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// The collector took it.
    Delivered,
    /// The collector refused it.
    Rejected,
    /// It was given up, for this reason.
    Dropped(&'a str),
}

/// One runtime's telemetry as a [`Pipeline`](crate::Pipeline) takes it, and the ledger that the pipeline keeps up to
/// date: whatever was drained or announced as emitted is settled exactly once.
pub trait Source {
    /// The oldest calls, traces and log records not taken yet, at most `max`. They are pending until settled.
    fn drain(&self, max: usize) -> Vec<Record>;

    /// Whether there is nothing to drain. Called often.
    fn is_empty(&self) -> bool;

    /// Every series as it is now.
    fn metrics(&self, now_unix_nano: u64) -> MetricsSnapshot;

    /// Counts `n` items that came from [`Source::metrics`] as emitted, hence pending. Drained records are counted by
    /// the source itself.
    fn emitted(&self, signal: Signal, n: u64);

    /// Counts `n` pending items as settled.
    fn settle(&self, signal: Signal, fate: Fate<'_>, n: u64);

    /// What became of a signal's items so far, for what an exporter says about itself; `None` where nobody keeps count.
    fn account(&self, signal: Signal) -> Option<LedgerRow> {
        let _ = signal;
        None
    }

    /// Keeps the last thing that went wrong, for people to read.
    fn set_last_error(&self, message: String);

    /// Keeps why something of a signal was refused last, for people to read.
    fn set_last_rejection(&self, signal: Signal, why: &str) {
        let _ = (signal, why);
    }

    /// Keeps when what waits of a signal is sent again after a failure, in milliseconds since the Unix epoch, for people to
    /// read; `None` when it has not to wait for that.
    fn set_next_retry(&self, signal: Signal, at_unix_ms: Option<f64>) {
        let _ = (signal, at_unix_ms);
    }

    /// The page is hidden or left. A source may have something to tell of that, which is to be drained. The driver says it
    /// before [`Pipeline::handle_leaving`](crate::Pipeline::handle_leaving), once each time.
    fn leaving(&self, now_unix_nano: u64) {
        let _ = now_unix_nano;
    }

    /// Nothing is taken any more: everything that was is settled.
    fn close(&self);
}
