//! How long a crashed worker's place stays empty, and when a task gives up.

use std::time::Duration;

use crate::time::Instant;

/// The pause after the first crash in a row.
pub const RESTART_BACKOFF_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
pub const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(2);

/// Crashes since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CrashStreak {
    in_a_row: u32,
    /// All that ever counted, forgiven or not.
    counted: u64,
    /// When the pause after the last one is over.
    until: Instant,
}

/// What follows a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    RestartAt(Instant),
    GiveUp,
}

impl CrashStreak {
    /// A worker that had served, or that began after the last one counted, has crashed.
    pub(crate) fn crashed(&mut self, max_retries: u32, now: Instant) -> Verdict {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.counted += 1;
        if self.in_a_row > max_retries {
            return Verdict::GiveUp;
        }
        self.until = now + self.pause();
        Verdict::RestartAt(self.until)
    }

    /// A worker has crashed as it started. Those that began together have one cause: the first one counts, and the others
    /// come back with it, or after as long a pause when they were slow to die.
    pub(crate) fn crashed_at_start(&mut self, born: u64, max_retries: u32, now: Instant) -> Verdict {
        if self.in_a_row == 0 || self.counted <= born {
            return self.crashed(max_retries, now);
        }
        let later = now + self.pause();
        Verdict::RestartAt(if self.until > now { self.until } else { later })
    }

    /// How many crashes have counted so far, which a worker keeps from its birth.
    pub(crate) fn counted(self) -> u64 {
        self.counted
    }

    pub(crate) fn reset(&mut self) {
        self.in_a_row = 0;
    }

    fn pause(self) -> Duration {
        let doublings = self.in_a_row.saturating_sub(1).min(16);
        (RESTART_BACKOFF_MIN * (1 << doublings)).min(RESTART_BACKOFF_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::ZERO;

    fn pause(verdict: Verdict) -> u128 {
        match verdict {
            Verdict::RestartAt(at) => at.since(START).as_millis(),
            Verdict::GiveUp => 0,
        }
    }

    #[test]
    fn pauses_double_up_to_their_limit_and_a_success_forgives() {
        let mut streak = CrashStreak::default();
        let pauses: Vec<u128> = (0..7).map(|_| pause(streak.crashed(7, START))).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(streak.crashed(7, START), Verdict::GiveUp);
        streak.reset();
        assert_eq!(pause(streak.crashed(7, START)), 100);
    }

    #[test]
    fn those_that_began_together_count_once_and_come_back_together() {
        let mut streak = CrashStreak::default();
        let born = streak.counted();
        assert_eq!(pause(streak.crashed_at_start(born, 1, START)), 100);
        let at = |millis| START + Duration::from_millis(millis);
        assert_eq!(pause(streak.crashed_at_start(born, 1, at(60))), 100);
        assert_eq!(pause(streak.crashed_at_start(born, 1, at(500))), 600, "too late to come with them");
        let reborn = streak.counted();
        assert_eq!(streak.crashed_at_start(reborn, 1, at(600)), Verdict::GiveUp);
    }
}
