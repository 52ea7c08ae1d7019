//! Exemplars: calls that a histogram remembers, so that a percentile leads to one.

use crate::distribution::micros;
use crate::frame::{Distribution, ExemplarFrame};
use crate::metrics::HistogramValue;

/// How many exemplars a histogram keeps at most: one for each power of two, in microseconds, up to an hour. A new one
/// takes the place of the one in its range.
pub const DEFAULT_EXEMPLARS: usize = 32;

/// A sampled call whose duration a histogram counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The duration, in seconds.
    pub value: f64,
    /// 16-byte trace id of the call.
    pub trace_id: u128,
    /// 8-byte span id of the call.
    pub span_id: u64,
    /// When it was measured, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
}

impl Exemplar {
    fn range(&self) -> u32 {
        range(self.value)
    }
}

/// The range a duration belongs to, below [`DEFAULT_EXEMPLARS`].
fn range(seconds: f64) -> u32 {
    micros(seconds).max(1).ilog2().min(DEFAULT_EXEMPLARS as u32 - 1)
}

impl HistogramValue {
    /// Remembers a call, unless a more recent one of the same range is known.
    pub(crate) fn remember(&mut self, exemplar: Exemplar) {
        let exemplars = &mut self.exemplars;
        match exemplars.binary_search_by_key(&exemplar.range(), Exemplar::range) {
            Ok(place) if exemplars[place].time_unix_nano <= exemplar.time_unix_nano => {
                exemplars[place] = exemplar;
            }
            Ok(_) => {}
            Err(place) => exemplars.insert(place, exemplar),
        }
    }

    /// The remembered call whose range is the nearest to that of a duration in seconds; the slower one of two.
    pub fn exemplar_near(&self, seconds: f64) -> Option<&Exemplar> {
        let wanted = range(seconds.max(0.0));
        self.exemplars.iter().rev().min_by_key(|exemplar| exemplar.range().abs_diff(wanted))
    }

    /// The calls that a distribution's most looked at numbers lead to. Empty when no call was sampled.
    pub(crate) fn exemplars_of(&self, shown: &Distribution) -> Vec<ExemplarFrame> {
        let numbers = [
            ("p50", shown.p50),
            ("p90", shown.p90),
            ("p95", shown.p95),
            ("p99", shown.p99),
            ("max", shown.max),
        ];
        let lead = |(at, millis): (&str, f64)| {
            self.exemplar_near(millis / 1e3).map(|exemplar| ExemplarFrame {
                at: at.to_owned(),
                value: exemplar.value * 1e3,
                trace_id: format!("{:032x}", exemplar.trace_id),
                span_id: format!("{:016x}", exemplar.span_id),
                ts: exemplar.time_unix_nano as f64 / 1e6,
            })
        };
        numbers.into_iter().filter_map(lead).collect()
    }
}
