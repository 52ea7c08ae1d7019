//! Distributions as base-2 exponential histograms (OpenTelemetry data model, "ExponentialHistogram").
//!
//! Bucket `i` of scale `s` holds what lies in `(base^i, base^(i+1)]`, with `base = 2^(2^-s)`. The finest scale is
//! taken at which everything recorded fits into [`MAX_SIZE`] buckets, and which the recorded digits carry ([`MAX_SCALE`]).
//!
//! What that guarantees: whole microseconds up to 255 are kept apart, and so each of them is in the bucket that holds it,
//! as are the least and the greatest value. Any other value is there or, where a bound of buckets goes through the step in
//! which it was recorded, in the bucket next to it. Values beyond the recorded range (an hour) count at its end.

use atelier_telemetry::HistogramValue;

/// The most buckets a distribution has; with more, neighbours are merged two by two.
pub(super) const MAX_SIZE: i32 = 160;
/// The finest scale. Its buckets are 1.09 % wide; the widest step in which durations from 128 microseconds on are recorded
/// (two digits) is 0.79 %. So at most one bound goes through a step; one scale further, buckets would be narrower than steps.
pub(super) const MAX_SCALE: i32 = 6;
/// The scale at which values find their bucket: those of coarser scales are its own, merged.
const INDEX_SCALE: i32 = 20;
/// What counts as zero, in seconds: durations are recorded in whole microseconds, rounded.
pub(super) const ZERO_THRESHOLD: f64 = 5e-7;

const MICROS_PER_SECOND: f64 = 1e6;

/// A distribution in buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Buckets {
    /// How fine they are.
    pub(super) scale: i32,
    /// How many values were zero.
    pub(super) zero_count: u64,
    /// The index of the first bucket.
    pub(super) offset: i32,
    /// How many values are in each, from `offset` on.
    pub(super) counts: Vec<u64>,
}

/// The buckets of a histogram kept in microseconds; theirs are in seconds.
pub(super) fn buckets(value: &HistogramValue) -> Buckets {
    let (seconds, zero_count) = seconds(value);
    let indices: Vec<(i32, u64)> =
        seconds.into_iter().map(|(seconds, count)| (index(seconds), count)).collect();
    let (Some(&(first, _)), Some(&(last, _))) = (indices.first(), indices.last()) else {
        return Buckets { scale: MAX_SCALE, zero_count, ..Buckets::default() };
    };
    // Each step down merges pairs, so an index is halved, rounding down.
    let mut shift = INDEX_SCALE - MAX_SCALE;
    while (last >> shift) - (first >> shift) >= MAX_SIZE {
        shift += 1;
    }
    let offset = first >> shift;
    let mut counts = Vec::new();
    for (index, count) in indices {
        let place = ((index >> shift) - offset).unsigned_abs() as usize;
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        counts[place] += count;
    }
    Buckets { scale: INDEX_SCALE - shift, zero_count, offset, counts }
}

/// What was recorded, rising, each with how often, and how many zeros.
///
/// The histogram knows its values to a few digits, but the least and the greatest exactly: one value is exactly each
/// of these, so that no bucket contradicts them.
fn seconds(value: &HistogramValue) -> (Vec<(f64, u64)>, u64) {
    let mut zero_count = 0;
    let mut seconds = Vec::new();
    for recorded in value.histogram.iter_recorded() {
        let (count, micros) = (recorded.count_at_value(), recorded.value_iterated_to());
        let least = value.histogram.lowest_equivalent(micros) as f64;
        let greatest = value.histogram.highest_equivalent(micros) as f64;
        // The middle of the step, or what the sum says where there is only this one.
        let about = if count == value.histogram.len() && value.sum.is_finite() {
            (value.sum / count as f64 * MICROS_PER_SECOND).clamp(least - 0.5, greatest + 0.5)
        } else {
            (least + greatest) / 2.0
        };
        // `max` and `min` take the number where the other one is NaN, which is how "not known" is said.
        let about = (about / MICROS_PER_SECOND).max(value.min).min(value.max);
        if micros > 0 && about > 0.0 {
            seconds.push((about, count));
        } else {
            zero_count += count;
        }
    }
    if zero_count == 0 && value.min > 0.0 && take_one(seconds.first_mut()) {
        seconds.insert(0, (value.min, 1));
        seconds.retain(|&(_, count)| count > 0);
    }
    if value.max > 0.0 && take_one(seconds.last_mut()) {
        seconds.push((value.max, 1));
        seconds.retain(|&(_, count)| count > 0);
    }
    (seconds, zero_count)
}

/// Takes one of these values away, if there are any.
fn take_one(values: Option<&mut (f64, u64)>) -> bool {
    values.is_some_and(|(_, count)| {
        *count -= 1;
        true
    })
}

/// The bucket of a positive normal number at [`INDEX_SCALE`].
fn index(value: f64) -> i32 {
    const STEPS: f64 = (1_u32 << INDEX_SCALE) as f64;
    // value = mantissa · 2^exponent, with the mantissa from 1 up to 2, read from the number's bits: a power of two has
    // mantissa 1 and is its bucket's upper bound, exactly.
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let mut step = (mantissa.log2() * STEPS).ceil();
    // The logarithm may be off in its last place: the bounds decide.
    if mantissa > (step / STEPS).exp2() {
        step += 1.0;
    } else if mantissa <= ((step - 1.0) / STEPS).exp2() {
        step -= 1.0;
    }
    exponent * (1 << INDEX_SCALE) + step as i32 - 1
}

#[cfg(test)]
#[path = "exponential_tests.rs"]
mod tests;
