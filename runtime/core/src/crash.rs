//! How long a crashed worker's place stays empty, and when a task gives up.

use std::time::Duration;

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
}

/// What follows a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    RestartAfter(Duration),
    GiveUp,
}

impl CrashStreak {
    pub(crate) fn crashed(&mut self, max_retries: u32) -> Verdict {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.counted += 1;
        self.verdict(max_retries)
    }

    /// What follows at this length of the streak.
    pub(crate) fn verdict(self, max_retries: u32) -> Verdict {
        if self.in_a_row > max_retries {
            return Verdict::GiveUp;
        }
        let doublings = self.in_a_row.saturating_sub(1).min(16);
        Verdict::RestartAfter((RESTART_BACKOFF_MIN * (1 << doublings)).min(RESTART_BACKOFF_MAX))
    }

    /// How many crashes have counted so far, for [`CrashStreak::counts_since`].
    pub(crate) fn counted(self) -> u64 {
        self.counted
    }

    /// Whether the streak goes on, and has grown since then.
    pub(crate) fn counts_since(self, counted: u64) -> bool {
        self.in_a_row > 0 && self.counted > counted
    }

    pub(crate) fn reset(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit_and_a_success_forgives() {
        let mut streak = CrashStreak::default();
        let pauses: Vec<u128> = (0..7)
            .map(|_| match streak.crashed(7) {
                Verdict::RestartAfter(pause) => pause.as_millis(),
                Verdict::GiveUp => 0,
            })
            .collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(streak.crashed(7), Verdict::GiveUp);
        streak.reset();
        assert_eq!(streak.crashed(7), Verdict::RestartAfter(RESTART_BACKOFF_MIN));
    }
}
