//! Which calls are told of although their trace is not sampled: the interesting ones.
//!
//! The decision at the head of a trace knows nothing of how its calls will end. When one has ended, this one does; what it
//! keeps is marked, so that nobody counts it as part of a sample.

use std::time::Duration;

use crate::input::AbortReason;
use crate::outcome::ErrorKind;
use crate::output::End;

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Calls that end with an error, by a crash, or at their timeout.
    pub errors: bool,
    /// Calls that take longer than this.
    pub slow: Option<Duration>,
}

/// Why a call was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeptFor {
    /// It ended with an error, or at its timeout.
    Error,
    /// Its worker crashed, or none could be made for it.
    Crash,
    /// It took long.
    Slow,
}

impl KeptFor {
    /// The reason's name in attributes.
    pub const fn name(self) -> &'static str {
        match self {
            KeptFor::Error => "error",
            KeptFor::Crash => "crash",
            KeptFor::Slow => "slow",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<KeptFor> {
        [KeptFor::Error, KeptFor::Crash, KeptFor::Slow].into_iter().find(|reason| reason.name() == name)
    }
}

impl Keep {
    /// What either keeps.
    #[must_use]
    pub fn or(self, other: Keep) -> Keep {
        let slow = match (self.slow, other.slow) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Keep { errors: self.errors || other.errors, slow }
    }

    /// Why a call that ended so after so long is kept, if it is. The worst that can be said of it counts.
    pub fn reason(self, end: End, duration: Duration) -> Option<KeptFor> {
        let failed = match (end.error_kind(), end) {
            (Some(ErrorKind::Crash), _) => Some(KeptFor::Crash),
            (_, End::Aborted(AbortReason::Timeout)) => Some(KeptFor::Error),
            // Somebody wanted it so.
            (Some(ErrorKind::Abort) | None, _) => None,
            (Some(ErrorKind::Queue | ErrorKind::Exception), _) => Some(KeptFor::Error),
        };
        let slow = self.slow.is_some_and(|bound| duration > bound).then_some(KeptFor::Slow);
        failed.filter(|_| self.errors).or(slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::QueuePolicy;
    use crate::input::CrashKind;

    #[test]
    fn the_worst_that_can_be_said_counts_and_what_was_wanted_is_nothing_bad() {
        let crashed = End::Crashed { worker_index: Some(0), kind: CrashKind::Error };
        let bound = Duration::from_millis(10);
        let ends = [
            (End::Ok, None),
            (End::Error, Some(KeptFor::Error)),
            (End::PostFailed, Some(KeptFor::Error)),
            (End::Dropped(QueuePolicy::Reject), Some(KeptFor::Error)),
            (End::Disposed, Some(KeptFor::Error)),
            (crashed, Some(KeptFor::Crash)),
            (End::SpawnFailed, Some(KeptFor::Crash)),
            (End::Aborted(AbortReason::Timeout), Some(KeptFor::Error)),
            (End::Aborted(AbortReason::Key), None),
            (End::Aborted(AbortReason::Signal), None),
            (End::GaveUp, None),
        ];
        for (end, expected) in ends {
            let (errors, both) =
                (Keep { errors: true, slow: None }, Keep { errors: true, slow: Some(bound) });
            let (slow, none) = (Keep { errors: false, slow: Some(bound) }, Keep::default());
            assert_eq!(errors.reason(end, bound * 2), expected, "{end:?}");
            assert_eq!(both.reason(end, bound), expected, "{end:?}: the bound itself is not too long");
            assert_eq!(both.reason(end, bound * 2), expected.or(Some(KeptFor::Slow)), "{end:?}");
            assert_eq!(slow.reason(end, bound * 2), Some(KeptFor::Slow), "{end:?}");
            assert_eq!(none.reason(end, bound * 2), None, "{end:?}");
        }
        for reason in [KeptFor::Error, KeptFor::Crash, KeptFor::Slow] {
            assert_eq!(KeptFor::from_name(reason.name()), Some(reason));
        }
    }

    #[test]
    fn two_wishes_are_fulfilled_by_the_wider_of_each() {
        let slow = |millis| Keep { errors: false, slow: Some(Duration::from_millis(millis)) };
        let errors = Keep { errors: true, slow: None };
        assert_eq!(slow(5).or(slow(3)), slow(3));
        assert_eq!(errors.or(slow(7)), Keep { errors: true, ..slow(7) });
        assert_eq!(slow(7).or(errors), Keep { errors: true, ..slow(7) });
        assert_eq!(Keep::default().or(Keep::default()), Keep::default());
    }
}
