//! The core's records of tasks, workers and calls.

use std::time::Duration;

use crate::config::TaskConfig;
use crate::crash::CrashStreak;
use crate::handle::{KeyId, TaskId, WorkerId};
use crate::input::{AbortReason, CrashKind, Priority};
use crate::line::{Line, Queue, Rank};
use crate::liveness::Life;
use crate::outcome::Outcome;
use crate::output::{Gauges, Timing};
use crate::time::Instant;

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) config: TaskConfig,
    pub(crate) mode: Mode,
    pub(crate) slots: Vec<Slot>,
    pub(crate) waiting: Line,
    pub(crate) pending: Queue,
    pub(crate) in_flight: u32,
    pub(crate) next_slot: usize,
    pub(crate) streak: CrashStreak,
    pub(crate) last_crash: Option<LastCrash>,
    pub(crate) totals: Totals,
    pub(crate) told: Gauges,
}

impl Task {
    pub(crate) fn new(config: TaskConfig) -> Task {
        Task {
            mode: Mode::Running,
            slots: vec![Slot::Empty; config.pool_size as usize],
            waiting: Line::default(),
            pending: Queue::default(),
            in_flight: 0,
            next_slot: 0,
            streak: CrashStreak::default(),
            last_crash: None,
            totals: Totals::default(),
            told: Gauges::default(),
            config,
        }
    }

    pub(crate) fn workers(&self) -> impl Iterator<Item = WorkerId> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Live(worker) => Some(*worker),
            Slot::Empty | Slot::Backoff => None,
        })
    }

    pub(crate) fn gauges(&self) -> Gauges {
        Gauges {
            in_flight: self.in_flight,
            pending: self.pending.len() as u32,
            waiting: self.waiting.len() as u32,
            workers: self.workers().count() as u32,
        }
    }

    /// Whether one more call may go to a worker.
    pub(crate) fn can_start(&self) -> bool {
        self.mode == Mode::Running && self.in_flight < self.config.max_in_flight
    }

    pub(crate) fn queue_is_full(&self) -> bool {
        self.config.max_queue_depth.is_some_and(|depth| self.pending.len() >= depth as usize)
    }
}

/// Whether a task takes and runs calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does.
    Running,
    /// Its workers were stopped: calls queue.
    Paused,
    /// It crashed too often: calls fail until its workers are started again.
    Failed,
}

/// A worker's place in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Empty,
    Backoff,
    Live(WorkerId),
}

/// The most recent crash of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCrash {
    /// When.
    pub at: Instant,
    /// Whose: the worker's handle, for what the driver keeps by it.
    pub worker: WorkerId,
    /// The worker's place in the pool.
    pub worker_index: u32,
    /// How it ended.
    pub kind: CrashKind,
}

/// What a task has counted since it was defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls made.
    pub dispatched: u64,
    /// Calls settled, by [`Outcome`].
    pub outcomes: [u64; 4],
    /// Calls put back into the queue.
    pub requeued: u64,
    /// Workers started; those that could not be made do not count.
    pub spawned: u64,
    /// Workers that crashed.
    pub crashed: u64,
    /// Workers ended on purpose.
    pub terminated: u64,
}

impl Totals {
    /// Calls settled with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize]
    }
}

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) task: TaskId,
    pub(crate) index: u32,
    pub(crate) ready: bool,
    /// Every call it has, also those whose caller no longer waits.
    pub(crate) calls: Line,
    /// Those of them that are not posted yet.
    pub(crate) staged: Line,
    pub(crate) life: Life,
    /// How many crashes of its task had counted when it began.
    pub(crate) born: u64,
}

impl Worker {
    /// Whether it was sent anything that it has not answered.
    pub(crate) fn has_work(&self) -> bool {
        self.calls.len() > self.staged.len()
    }
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) task: TaskId,
    pub(crate) rank: Rank,
    pub(crate) key: Option<KeyId>,
    pub(crate) place: Place,
    pub(crate) timing: Timing,
    pub(crate) priority: Priority,
    pub(crate) has_timeout: bool,
    pub(crate) grace: Option<Duration>,
    /// Whether it was told that its worker goes on with it although it is cancelled.
    pub(crate) told_abandoned: bool,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Minted, not dispatched.
    Nowhere,
    /// Cancelled before it was dispatched.
    Doomed(AbortReason),
    /// Its caller waits for a place in the queue.
    Waiting,
    /// In the queue.
    Pending,
    /// A worker is chosen; it leaves when the turn ends and the worker is ready.
    Staged(WorkerId),
    /// At a worker.
    Posted(WorkerId),
    /// At a worker, but settled: nobody waits for the answer, only the worker is still busy with it.
    Abandoned(WorkerId),
}

#[derive(Debug, Default)]
pub(crate) struct Key {
    pub(crate) aborted: bool,
    pub(crate) calls: Line,
}
