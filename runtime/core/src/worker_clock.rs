//! How a worker's clock stands to the page's, found out from what cannot be otherwise: a handler does not start before its
//! call was posted, nor end after its answer has arrived.
//!
//! The two run at the same pace, but each has an origin of its own: a worker that was made after the machine slept has one
//! that the page knows nothing of. Each call bounds the difference from both sides, as an exchange of the Network Time
//! Protocol does (RFC 5905, section 8): the faster call and answer travel, the closer. The closest bounds of the recent
//! calls together say what it is.

use std::time::Duration;

use crate::time::Instant;

/// Bounds that are older than one to two of these count no more: the clocks may have come apart since.
pub const BOUNDS_KEPT: Duration = Duration::from_secs(10);

/// By how much bounds may contradict each other, in nanoseconds: both clocks are coarse, to a millisecond in some browsers.
/// When they do by more, one of the clocks has jumped, and only what comes after that counts.
const TOLERANCE: i64 = 2_000_000;

/// What a call says about the difference: the least and the greatest it can be, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i64,
    greatest: i64,
}

impl Bounds {
    fn and(self, other: Bounds) -> Bounds {
        Bounds { least: self.least.max(other.least), greatest: self.greatest.min(other.greatest) }
    }

    fn agree(self) -> bool {
        self.least <= self.greatest.saturating_add(TOLERANCE)
    }

    /// The likeliest difference: what it was held for, where that can be; the nearest that can be, where the clocks have
    /// come apart a little; the middle, where it was something else altogether.
    fn likeliest(self, held_for: i64) -> i64 {
        let (least, greatest) = (self.least.min(self.greatest), self.least.max(self.greatest));
        let (nearest, width) = (held_for.clamp(least, greatest), greatest.saturating_sub(least));
        let is_far = held_for.saturating_sub(nearest).saturating_abs() > width;
        if is_far { least.saturating_add(width / 2) } else { nearest }
    }
}

/// What is known of the difference between a worker's clock and the page's.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkerClock {
    /// By how much the worker's clock is held to be ahead, in nanoseconds. Not at all, unless something happened.
    ahead: i64,
    bounds: Option<Bounds>,
    /// Those of the time before, which still count.
    before: Option<Bounds>,
    since: Instant,
}

impl WorkerClock {
    /// A call ran from `started` to `ended`, in nanoseconds of the worker's clock since the page's origin as the worker has
    /// it; on the page's it was posted and answered at these times. Gives when it ran on the page's clock, which is between
    /// the two, and how the worker's other times of this call are read.
    pub fn call(&mut self, (started, ended): (i64, i64), posted: Instant, answered: Instant) -> OnPage {
        let page = |at: Instant| i64::try_from(at.as_nanos()).unwrap_or(i64::MAX);
        let new = Bounds {
            least: ended.saturating_sub(page(answered)),
            greatest: started.saturating_sub(page(posted)),
        };
        if answered.since(self.since) > BOUNDS_KEPT {
            self.before = self.bounds.take();
            self.since = answered;
        }
        let known = [self.before, self.bounds, Some(new)];
        let all = known.into_iter().flatten().reduce(Bounds::and).unwrap_or(new);
        let all = if all.agree() {
            self.bounds = Some(self.bounds.map_or(new, |bounds| bounds.and(new)));
            all
        } else {
            (self.bounds, self.before, self.since) = (Some(new), None, answered);
            new
        };
        self.ahead = all.likeliest(self.ahead);
        OnPage { ahead: self.ahead, from: posted, to: answered.max(posted) }
    }
}

/// Brings a worker's times of one call onto the page's clock.
#[derive(Clone, Copy, Debug)]
pub struct OnPage {
    ahead: i64,
    from: Instant,
    to: Instant,
}

impl OnPage {
    /// A part of the call. It does not end before it starts.
    pub fn between(self, started: i64, ended: i64) -> (Instant, Instant) {
        let start = self.at(started);
        (start, self.at(ended).max(start))
    }

    /// A moment of the call, which is no earlier than its post and no later than its answer.
    pub fn at(self, worker_nanos: i64) -> Instant {
        let nanos = u64::try_from(worker_nanos.saturating_sub(self.ahead)).unwrap_or(0);
        Instant::from_nanos(nanos).clamp(self.from, self.to)
    }
}
