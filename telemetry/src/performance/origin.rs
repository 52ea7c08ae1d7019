//! From the epoch to the page's clock.

use atelier_core::unix_nano_of_millis;

/// When a page's clock began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOrigin {
    unix_nano: u64,
}

impl TimeOrigin {
    /// That of a page whose `performance.timeOrigin` is this, in milliseconds since the Unix epoch.
    pub fn from_unix_ms(unix_ms: f64) -> TimeOrigin {
        TimeOrigin { unix_nano: unix_nano_of_millis(unix_ms) }
    }

    /// Whether a time that has just been was counted from `former` rather than from here, since the clock was set meanwhile.
    pub(super) fn is_before(self, former: TimeOrigin, unix_nano: u64, now_unix_nano: u64) -> bool {
        let moved = self.unix_nano as i64 - former.unix_nano as i64;
        let ago = now_unix_nano as i64 - unix_nano as i64;
        moved != 0 && (ago - moved).abs() < ago.abs()
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
