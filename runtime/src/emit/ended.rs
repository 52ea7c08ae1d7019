//! The end of a call and where its time went.

use atelier_core::names::Phase;
use atelier_core::{End, Instant, Timing};

/// The end of a call, as telemetry sees it.
pub(crate) struct Ended<'a> {
    pub(crate) end: End,
    pub(crate) timing: Timing,
    /// When the handler began and ended, on the page's clock: between the post and the settlement.
    pub(crate) handler: Option<(Instant, Instant)>,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) error_message: &'a str,
    pub(crate) error_stack: Option<&'a str>,
    /// Spans of its handler that are missing.
    pub(crate) spans_lost: u64,
    /// Log records of its handler that are missing.
    pub(crate) logs_lost: u64,
    /// When the call was made, nanoseconds since the Unix epoch.
    pub(crate) dispatched_at: u64,
}

impl Ended<'_> {
    /// Why it was cancelled, if it was.
    pub(super) fn cancel_reason(&self) -> Option<&'static str> {
        match self.end {
            End::Aborted(reason) => Some(reason.name()),
            _ => None,
        }
    }

    /// The phases the call entered, in seconds; they add up to its duration.
    pub(super) fn phases(&self) -> impl Iterator<Item = (Phase, f64)> {
        let Timing { dispatched, admitted, posted, settled, .. } = self.timing;
        let handler = self.handler;
        let ends = [
            Some(admitted.unwrap_or(settled)),
            admitted.map(|_| posted.unwrap_or(settled)),
            posted.map(|_| handler.map_or(settled, |(started, _)| started)),
            handler.map(|(_, ended)| ended),
            handler.map(|_| settled),
        ];
        let mut from = dispatched;
        Phase::ALL.into_iter().zip(ends).filter_map(move |(phase, end)| {
            let end = end?;
            let seconds = end.since(from).as_secs_f64();
            from = end;
            Some((phase, seconds))
        })
    }
}
