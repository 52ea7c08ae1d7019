//! Distributions of durations: recorded in `hdrhistogram`, shown as percentiles in milliseconds.

use hdrhistogram::Histogram;

use crate::frame::{Distribution, TaskExemplars};
use crate::metrics::HistogramValue;

/// Percentiles are right to this many significant decimal digits (1 %). Three would take seven times the memory.
pub const HISTOGRAM_DIGITS: u8 = 2;

/// The longest duration told apart, in microseconds: an hour. Longer ones count as an hour in percentiles; sum, least
/// and greatest stay exact.
pub const DEFAULT_MAX_DURATION_MICROS: u64 = 3_600_000_000;

const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// The distributions of a task's calls, over all of its methods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskDistributions {
    /// From the call until a worker got it, in milliseconds.
    pub wait: Distribution,
    /// In the handler, in milliseconds.
    pub run: Distribution,
    /// From the call to its settlement, in milliseconds.
    pub duration: Distribution,
    /// The calls that their percentiles lead to.
    pub exemplars: TaskExemplars,
}

/// The nearest whole number of microseconds. Rounded to even, which is an instruction of wasm where `round` is none.
pub(crate) fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round_ties_even() as u64
}

impl HistogramValue {
    /// An empty one, small until long durations come. `None` only if `hdrhistogram` refuses [`HISTOGRAM_DIGITS`].
    pub fn empty() -> Option<HistogramValue> {
        let histogram = Histogram::new(HISTOGRAM_DIGITS).ok()?;
        Some(HistogramValue { histogram, sum: 0.0, min: f64::INFINITY, max: 0.0, exemplars: Vec::new() })
    }

    /// Counts a duration, in seconds. Below zero counts as zero: clocks that were corrected may say so.
    pub fn record(&mut self, seconds: f64) {
        let seconds = seconds.max(0.0);
        let micros = micros(seconds).min(DEFAULT_MAX_DURATION_MICROS);
        // It resizes by itself up to the limit just applied, so that there is always room.
        if self.histogram.record(micros).is_ok() {
            self.sum += seconds;
            self.min = self.min.min(seconds);
            self.max = self.max.max(seconds);
        }
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &HistogramValue) {
        // Both resize by themselves, so that there is always room.
        if self.histogram.add(&other.histogram).is_ok() {
            self.sum += other.sum;
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
            for exemplar in &other.exemplars {
                self.remember(exemplar.clone());
            }
        }
    }

    /// Count, sum, extremes and percentiles in milliseconds; all zero when nothing was counted. Percentiles lie
    /// between the exact extremes.
    pub fn distribution(&self) -> Distribution {
        let count = self.histogram.len();
        if count == 0 {
            return Distribution::default();
        }
        let (min, max) = (self.min * 1e3, self.max * 1e3);
        let mut percentiles = [0.0; QUANTILES.len()];
        for (place, micros) in percentiles.iter_mut().zip(self.histogram.value_at_quantiles(QUANTILES)) {
            *place = (micros as f64 / 1e3).max(min).min(max);
        }
        let [p50, p90, p95, p99, p999] = percentiles;
        let sum = self.sum * 1e3;
        Distribution { count, sum, min, max, mean: sum / count as f64, p50, p90, p95, p99, p999 }
    }
}
