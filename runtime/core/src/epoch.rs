//! Where a monotonic clock stands in the Unix epoch, and when that has to be corrected.
//!
//! `performance.timeOrigin + performance.now()` falls behind while the machine sleeps, in browsers whose monotonic clock
//! does not count that time (W3C High Resolution Time, issue 115). `Date.now()` does not, but it is coarse; it may be set, and
//! then it is what everybody else goes by. So times come from the first and are corrected by the second where the two have come apart for good.

use std::time::Duration;

use crate::time::Instant;

/// How far the two may be apart. A sleep is longer; what is shorter is a wall clock that is trimmed, one that is told in
/// whole milliseconds (or tenths of a second, where a browser resists fingerprinting), or a process that was not scheduled
/// between one look and the next, and following that would only make neighbours jump.
pub const MAX_DRIFT: Duration = Duration::from_secs(1);

/// How long one look at the wall clock is good for, on the monotonic one.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A monotonic clock's place in the Unix epoch. It follows the wall clock both ways: a machine sleeps, and a clock is set.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    origin_unix_nano: u64,
    looked: Option<Instant>,
}

impl Epoch {
    /// The place of a clock whose zero is at this time.
    pub const fn new(origin_unix_nano: u64) -> Epoch {
        Epoch { origin_unix_nano, looked: None }
    }

    /// When the clock's zero was, as far as is known, in nanoseconds since the Unix epoch.
    pub const fn origin_unix_nano(self) -> u64 {
        self.origin_unix_nano
    }

    /// A moment in nanoseconds since the Unix epoch.
    pub const fn unix_nano(self, at: Instant) -> u64 {
        self.origin_unix_nano.saturating_add(at.as_nanos())
    }

    /// Whether the wall clock should be looked at.
    pub fn is_due(self, now: Instant) -> bool {
        self.looked.is_none_or(|looked| now < looked || now.since(looked) >= LOOK_EVERY)
    }

    /// The wall clock said this, between two readings of the monotonic one, so that a wait between them looks like neither a
    /// sleep nor a clock that was set. Whether it moves the origin.
    pub fn look(&mut self, wall_unix_nano: u64, before: Instant, after: Instant) -> bool {
        if after < before {
            return false;
        }
        self.looked = Some(after);
        let drift = MAX_DRIFT.as_nanos() as u64;
        let behind = wall_unix_nano.saturating_sub(self.unix_nano(after));
        let ahead = self.unix_nano(before).saturating_sub(wall_unix_nano);
        let origin = if behind > drift {
            self.origin_unix_nano.saturating_add(behind)
        } else if ahead > drift {
            self.origin_unix_nano.saturating_sub(ahead)
        } else {
            self.origin_unix_nano
        };
        std::mem::replace(&mut self.origin_unix_nano, origin) != origin
    }

    /// Somebody else who reads the same clocks knows of another origin.
    pub fn count_from(&mut self, origin_unix_nano: u64) {
        self.origin_unix_nano = origin_unix_nano;
    }
}

/// Milliseconds since the Unix epoch, as browsers have them, in nanoseconds. What a double has of them is kept: a fraction
/// is multiplied apart, since a double has no room for nanoseconds since 1970. What is no time is 0.
pub fn unix_nano_of_millis(millis: f64) -> u64 {
    let (whole, rest) = (millis.trunc(), millis.fract());
    (whole as u64).saturating_mul(1_000_000).saturating_add((rest * 1e6).round() as u64)
}
