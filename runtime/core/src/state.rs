//! A task's state as its users see it.

use crate::config::TaskConfig;
use crate::handle::{CallId, Slab, TaskId, WorkerId};
use crate::runtime::Runtime;
use crate::task::{LastCrash, Mode, Place, Slot, Task, Totals, Worker};
use crate::time::Instant;

/// A task at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskState {
    /// Its settings.
    pub config: TaskConfig,
    /// Whether it takes and runs calls.
    pub mode: Mode,
    /// Calls at workers.
    pub in_flight: u32,
    /// Calls in the queue.
    pub pending: u32,
    /// Calls whose caller waits for a place.
    pub waiting: u32,
    /// Places for workers, filled or not.
    pub workers: Vec<WorkerState>,
    /// What it has counted.
    pub totals: Totals,
    /// Its most recent crash.
    pub last_crash: Option<LastCrash>,
}

/// A worker's place at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// No worker yet, or no longer.
    Absent,
    /// Crashed; a new one is made after a pause.
    Backoff,
    /// Made, but not ready.
    Starting {
        /// Calls it will get.
        calls: u32,
    },
    /// Taking calls.
    Ready {
        /// Calls it has.
        calls: u32,
    },
}

impl WorkerState {
    /// Calls the worker has.
    pub const fn calls(self) -> u32 {
        match self {
            WorkerState::Absent | WorkerState::Backoff => 0,
            WorkerState::Starting { calls } | WorkerState::Ready { calls } => calls,
        }
    }

    /// Whether there is a worker.
    pub const fn is_alive(self) -> bool {
        matches!(self, WorkerState::Starting { .. } | WorkerState::Ready { .. })
    }
}

/// What a worker is busy with: of the calls it was sent, the one it has had the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentCall {
    /// The worker's place in the pool.
    pub worker_index: u32,
    /// The call.
    pub call: CallId,
    /// When it was sent.
    pub since: Instant,
    /// Whether it is settled and only the worker goes on with it.
    pub abandoned: bool,
}

impl Runtime {
    /// What the task's workers are busy with, by their places; nothing of a worker that has nothing. Looks at every call
    /// that is at a worker.
    pub fn current_calls(&self, task: TaskId) -> Vec<CurrentCall> {
        let workers = self.tasks.get(task).into_iter().flat_map(Task::workers);
        let current = |worker: WorkerId| {
            let worker_index = self.workers.get(worker)?.index;
            let call = self.longest_at(worker)?;
            let entry = self.calls.get(call)?;
            let abandoned = matches!(entry.place, Place::Abandoned(_));
            Some(CurrentCall { worker_index, call, since: entry.timing.posted?, abandoned })
        };
        workers.filter_map(current).collect()
    }
}

impl TaskState {
    pub(crate) fn of(task: &Task, workers: &Slab<WorkerId, Worker>) -> TaskState {
        let worker_state = |slot: &Slot| match slot {
            Slot::Empty => WorkerState::Absent,
            Slot::Backoff => WorkerState::Backoff,
            Slot::Live(worker) => match workers.get(*worker) {
                None => WorkerState::Absent,
                Some(record) if record.ready => WorkerState::Ready { calls: record.calls.len() as u32 },
                Some(record) => WorkerState::Starting { calls: record.calls.len() as u32 },
            },
        };
        let gauges = task.gauges();
        TaskState {
            config: task.config.clone(),
            mode: task.mode,
            in_flight: gauges.in_flight,
            pending: gauges.pending,
            waiting: gauges.waiting,
            workers: task.slots.iter().map(worker_state).collect(),
            totals: task.totals,
            last_crash: task.last_crash,
        }
    }

    /// Workers alive.
    pub fn active_workers(&self) -> u32 {
        self.workers.iter().filter(|worker| worker.is_alive()).count() as u32
    }

    /// `running`, `stopped` or `crashed`.
    pub fn worker_status(&self) -> &'static str {
        match (self.mode, self.active_workers()) {
            (Mode::Failed, _) => "crashed",
            (_, 0) if self.workers.contains(&WorkerState::Backoff) => "crashed",
            (_, 0) => "stopped",
            _ => "running",
        }
    }

    /// `idle`, `active` or `paused`.
    pub fn task_status(&self) -> &'static str {
        match self.mode {
            Mode::Paused => "paused",
            _ if self.in_flight + self.pending + self.waiting > 0 => "active",
            _ => "idle",
        }
    }
}
