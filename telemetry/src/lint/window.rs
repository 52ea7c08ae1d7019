//! Evidence by the second, for the last few seconds.

/// How many seconds of evidence are kept for each task. What is older is forgotten: a rule that counts rare things sees
/// those of this long.
pub const DEFAULT_EVIDENCE_SECONDS: u64 = 10;

/// For how many whole seconds a load must last before it is a finding; the second that has begun counts as well.
pub const DEFAULT_LASTING_SECONDS: u64 = 3;

/// Nanoseconds in a second.
pub(super) const SECOND: u64 = 1_000_000_000;

/// What happened to one task in one second, or in several together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    /// Seconds in which the gauges were known.
    pub(super) known: f64,
    /// Seconds in which calls ran and the queue had no place left.
    pub(super) full: f64,
    /// Seconds in which as many calls ran as may, and others waited for their turn.
    pub(super) crowded: f64,
    /// Calls that waited, times the seconds they did.
    pub(super) backlog: f64,
    /// Calls whose caller waited for a place, times the seconds they did.
    pub(super) waiting: f64,
    /// The most calls at workers.
    pub(super) most_in_flight: u64,
    /// The fewest workers; `None` when there was no moment to look.
    pub(super) fewest_workers: Option<u64>,
    /// Calls given to a worker.
    pub(super) started: u64,
    /// Calls whose handler was timed.
    pub(super) ran: u64,
    /// How long they were in the handler, in seconds.
    pub(super) run: f64,
    /// How long they and their answers travelled, in seconds.
    pub(super) travel: f64,
    /// Answers.
    pub(super) replies: u64,
    /// Answers that were read late.
    pub(super) late_replies: u64,
    /// The longest that an answer was under way, in seconds.
    pub(super) longest_reply: f64,
    /// Calls refused or dropped.
    pub(super) refused: u64,
    /// Calls put back into the queue.
    pub(super) requeued: u64,
    /// Workers that crashed.
    pub(super) crashed: u64,
    /// Workers started in the place of one that was stopped a moment ago.
    pub(super) restarted: u64,
    /// Calls with large buffers that were copied in vain.
    pub(super) copied_calls: u64,
    /// Their bytes.
    pub(super) copied_bytes: f64,
    /// Calls whose handler went on for too long after they were cancelled.
    pub(super) overruns: u64,
    /// The longest of these times, in seconds.
    pub(super) longest_overrun: f64,
}

impl Evidence {
    fn add(&mut self, more: &Evidence) {
        self.known += more.known;
        self.full += more.full;
        self.crowded += more.crowded;
        self.backlog += more.backlog;
        self.waiting += more.waiting;
        self.most_in_flight = self.most_in_flight.max(more.most_in_flight);
        self.fewest_workers = match (self.fewest_workers, more.fewest_workers) {
            (Some(before), Some(after)) => Some(before.min(after)),
            (before, after) => before.or(after),
        };
        self.started += more.started;
        self.ran += more.ran;
        self.run += more.run;
        self.travel += more.travel;
        self.replies += more.replies;
        self.late_replies += more.late_replies;
        self.longest_reply = self.longest_reply.max(more.longest_reply);
        self.refused += more.refused;
        self.requeued += more.requeued;
        self.crashed += more.crashed;
        self.restarted += more.restarted;
        self.copied_calls += more.copied_calls;
        self.copied_bytes += more.copied_bytes;
        self.overruns += more.overruns;
        self.longest_overrun = self.longest_overrun.max(more.longest_overrun);
    }
}

/// The last seconds, each in its own place.
#[derive(Debug)]
pub(super) struct Window([(u64, Evidence); DEFAULT_EVIDENCE_SECONDS as usize]);

impl Window {
    pub(super) fn new() -> Window {
        Window([(0, Evidence::default()); DEFAULT_EVIDENCE_SECONDS as usize])
    }

    /// The evidence of a second; `None` when that is so long ago that a later one has its place.
    pub(super) fn at(&mut self, second: u64) -> Option<&mut Evidence> {
        let (held, evidence) = self.0.get_mut((second % DEFAULT_EVIDENCE_SECONDS) as usize)?;
        if *held > second {
            return None;
        }
        if *held < second {
            (*held, *evidence) = (second, Evidence::default());
        }
        Some(evidence)
    }

    /// One second's evidence, if there is any.
    pub(super) fn one(&self, second: u64) -> Evidence {
        match self.0.get((second % DEFAULT_EVIDENCE_SECONDS) as usize) {
            Some((held, evidence)) if *held == second => *evidence,
            _ => Evidence::default(),
        }
    }

    /// That of a second and of so many before it, together.
    pub(super) fn together(&self, second: u64, before: u64) -> Evidence {
        let mut all = Evidence::default();
        for each in second.saturating_sub(before)..=second {
            all.add(&self.one(each));
        }
        all
    }
}
