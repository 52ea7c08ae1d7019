//! W3C Trace Context and the sampling decision, both pure.

use std::fmt;

/// Bit 0 of the flags: the caller may have recorded the trace (W3C Trace Context, "sampled flag").
const FLAG_SAMPLED: u8 = 0x01;
/// Bit 1 of the flags: the trace id's low 56 bits are random (W3C Trace Context level 2, "random trace id flag").
const FLAG_RANDOM: u8 = 0x02;

/// Where a span stands in its trace, as `traceparent` carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// 16-byte trace id, never zero.
    pub trace_id: u128,
    /// 8-byte span id, never zero.
    pub span_id: u64,
    /// Whether the trace is recorded.
    pub sampled: bool,
    /// Whether the trace id is known to be random.
    pub random: bool,
}

impl SpanContext {
    /// Reads a `traceparent`. Anything malformed is `None`: a new trace begins then (W3C Trace Context, 3.2.2
    /// "traceparent header field values"). A later version is read as far as version 00 reaches.
    pub fn parse(traceparent: &str) -> Option<SpanContext> {
        let bytes = traceparent.as_bytes();
        let version = hex(bytes.get(0..2)?)? as u8;
        let extended = bytes.len() > 55;
        if version == 0xff || (version == 0 && extended) || (extended && bytes[55] != b'-') {
            return None;
        }
        if [2, 35, 52].into_iter().any(|at| bytes.get(at) != Some(&b'-')) {
            return None;
        }
        let trace_id = hex(bytes.get(3..35)?)?;
        let span_id = hex(bytes.get(36..52)?)? as u64;
        let flags = hex(bytes.get(53..55)?)? as u8;
        (trace_id != 0 && span_id != 0).then_some(SpanContext {
            trace_id,
            span_id,
            sampled: flags & FLAG_SAMPLED != 0,
            random: flags & FLAG_RANDOM != 0,
        })
    }

    /// The trace flags (W3C Trace Context, "trace-flags").
    pub fn flags(self) -> u8 {
        (if self.sampled { FLAG_SAMPLED } else { 0 }) | if self.random { FLAG_RANDOM } else { 0 }
    }
}

impl fmt::Display for SpanContext {
    /// Writes a `traceparent` of version 00.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags())
    }
}

/// Lowercase hexadecimal digits only, as the specification demands.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0u128, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

/// Whether a trace is sampled at this rate: by the low 56 bits of its id, so that every participant that knows the rate
/// decides alike (OpenTelemetry specification, "TraceState: Probability Sampling").
pub fn sampled(trace_id: u128, rate: f64) -> bool {
    const RANDOMNESS: u64 = 1 << 56;
    if rate.is_nan() || rate >= 1.0 {
        return true;
    }
    let threshold = ((1.0 - rate.max(0.0)) * RANDOMNESS as f64) as u64;
    (trace_id as u64) % RANDOMNESS >= threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_survives_the_round_trip() {
        assert_eq!(SpanContext::parse(EXAMPLE).map(|context| context.to_string()).as_deref(), Some(EXAMPLE));
    }

    #[test]
    fn malformed_ones_are_none() {
        for bad in [
            "",
            "00",
            "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(SpanContext::parse(bad), None, "{bad}");
        }
        assert!(SpanContext::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
    }

    #[test]
    fn sampling_looks_at_the_low_56_bits_only() {
        let half = 1u128 << 55;
        assert!(sampled(half, 0.5) && !sampled(half - 1, 0.5));
        assert!(!sampled(u128::MAX << 56, 0.5));
        assert!(sampled(0, 1.0) && sampled(0, 7.0) && sampled(0, f64::NAN));
        assert!(!sampled((1 << 56) - 1, 0.0));
    }
}
