//! From the epoch to the page's clock.

/// When a page's clock began.
#[derive(Clone, Copy, Debug)]
pub struct TimeOrigin {
    unix_nano: u64,
}

impl TimeOrigin {
    /// That of a page whose `performance.timeOrigin` is this, in milliseconds since the Unix epoch.
    pub fn from_unix_ms(unix_ms: f64) -> TimeOrigin {
        // Apart, because a double has no room for nanoseconds since 1970.
        let (whole, rest) = (unix_ms.trunc() as u64, unix_ms.fract());
        TimeOrigin { unix_nano: whole.saturating_mul(1_000_000).saturating_add((rest * 1e6).round() as u64) }
    }

    /// A time, in nanoseconds since the Unix epoch, in milliseconds of the page's clock. One before the origin, which a
    /// corrected clock may give, is zero: the browser would throw.
    pub fn ms(self, unix_nano: u64) -> f64 {
        unix_nano.saturating_sub(self.unix_nano) as f64 / 1e6
    }

    /// The same for a beginning and an end that is not before it.
    pub fn range_ms(self, start: u64, end: u64) -> (f64, f64) {
        let start = self.ms(start);
        (start, self.ms(end).max(start))
    }
}
