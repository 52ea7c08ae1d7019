//! Where a monotonic clock stands in the Unix epoch, and when that has to be corrected.
//!
//! `performance.timeOrigin + performance.now()` falls behind while the machine sleeps, in browsers whose monotonic clock
//! does not count that time (W3C High Resolution Time, issue 115). `Date.now()` does not, but it is coarse and may be set.
//! So times come from the first and are corrected by the second where the two have come apart for good.

use std::time::Duration;

use crate::time::Instant;

/// How far the two may be apart. A sleep is longer; what is shorter is a wall clock that is trimmed, one that is told in
/// whole milliseconds (or tenths of a second, where a browser resists fingerprinting), or a process that was not scheduled
/// between one look and the next, and following that would only make neighbours jump.
pub const MAX_DRIFT: Duration = Duration::from_secs(1);

/// How long one look at the wall clock is good for, on the monotonic one.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A monotonic clock's place in the Unix epoch. It only ever moves forward: what was told before is never told again as
/// later than what comes after.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    origin_unix_nano: u64,
    next_look: Instant,
}

impl Epoch {
    /// The place of a clock whose zero is at this time.
    pub const fn new(origin_unix_nano: u64) -> Epoch {
        Epoch { origin_unix_nano, next_look: Instant::ZERO }
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
        now >= self.next_look
    }

    /// The wall clock said this just before the monotonic one said `now`. Whether that moves the origin.
    pub fn look(&mut self, wall_unix_nano: u64, now: Instant) -> bool {
        self.next_look = now + LOOK_EVERY;
        let behind = wall_unix_nano.saturating_sub(self.unix_nano(now));
        let moved = behind > MAX_DRIFT.as_nanos() as u64;
        if moved {
            self.origin_unix_nano += behind;
        }
        moved
    }

    /// Somebody else who reads the same clocks knows of a later origin.
    pub fn at_least(&mut self, origin_unix_nano: u64) {
        self.origin_unix_nano = self.origin_unix_nano.max(origin_unix_nano);
    }
}

/// Milliseconds since the Unix epoch, as browsers have them, in nanoseconds. What a double has of them is kept: a fraction
/// is multiplied apart, since a double has no room for nanoseconds since 1970. What is no time is 0.
pub fn unix_nano_of_millis(millis: f64) -> u64 {
    let (whole, rest) = (millis.trunc(), millis.fract());
    (whole as u64).saturating_mul(1_000_000).saturating_add((rest * 1e6).round() as u64)
}
