//! A clock that goes on, made from one that may stand still, jump or be set back: tests replace `performance.now`, and their
//! timers with it.

use crate::time::Instant;

/// What no clock of a page shows, in nanoseconds: a century since it was opened.
const NEVER: u64 = 100 * 365 * 24 * 3600 * 1_000_000_000;

/// Keeps a clock's readings in order. All that it does is to add more and more to them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monotonic {
    last: u64,
    ahead: u64,
}

impl Monotonic {
    /// The moment at which the clock shows this. After a clock that is set back, time goes on from the latest moment; what
    /// cannot be a reading is taken for the last one.
    pub fn read(&mut self, shown: Instant) -> Instant {
        let shown = shown.as_nanos();
        if shown < NEVER {
            self.ahead = self.ahead.saturating_add(self.last.saturating_sub(shown));
            self.last = shown;
        }
        Instant::from_nanos(self.last.saturating_add(self.ahead))
    }

    /// It is known to be this late, whatever the clock shows.
    pub fn at_least(&mut self, moment: Instant) {
        self.ahead = self.ahead.max(moment.as_nanos().saturating_sub(self.last));
    }

    /// By how many nanoseconds moments are ahead of what the clock shows.
    pub const fn ahead(self) -> u64 {
        self.ahead
    }

    /// What the clock would show at a moment, as it goes now.
    pub const fn shown(self, at: Instant) -> Instant {
        Instant::from_nanos(at.as_nanos().saturating_sub(self.ahead))
    }
}
