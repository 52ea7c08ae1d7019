//! Everything the core can ask of its driver.

use std::time::Duration;

use crate::config::QueuePolicy;
use crate::handle::{CallId, KeyId, TaskId, WorkerId};
use crate::input::{AbortReason, CrashKind};
use crate::outcome::{ErrorKind, Outcome};
use crate::time::Instant;

/// One thing to do, from [`crate::Runtime::poll_output`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Start a worker; answer with `WorkerReady`, `WorkerCrashed` or `SpawnFailed`.
    Spawn {
        /// Its task.
        task: TaskId,
        /// Its handle.
        worker: WorkerId,
        /// Its place in the pool.
        index: u32,
    },
    /// Send a call to a worker. Posts to one worker that follow each other share a message.
    Post {
        /// The worker.
        worker: WorkerId,
        /// The call.
        call: CallId,
    },
    /// Tell a worker that a call it has is cancelled.
    Cancel {
        /// The worker.
        worker: WorkerId,
        /// The call.
        call: CallId,
    },
    /// Ask a worker whether it lives; answer with `WorkerAlive`.
    Ping {
        /// The worker.
        worker: WorkerId,
    },
    /// End a worker at once; nothing it says from now on counts.
    Terminate {
        /// The worker.
        worker: WorkerId,
    },
    /// A caller that waited has its place in the queue.
    Admit {
        /// The call.
        call: CallId,
    },
    /// A call is over for its caller. Its payload is no longer needed.
    Settle(Settlement),
    /// A key is neither aborted nor in use: forget it.
    ForgetKey {
        /// The key.
        key: KeyId,
    },
    /// Something worth telling.
    Fact(Fact),
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// Its task.
    pub task: TaskId,
    /// How it ended.
    pub end: End,
    /// When it was where.
    pub timing: Timing,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The handler returned; the driver has the value.
    Ok,
    /// The handler threw; the driver has the error.
    Error,
    /// It could not be posted; the driver has the error.
    PostFailed,
    /// It was cancelled.
    Aborted(AbortReason),
    /// The handler gave up by itself; the driver has the error.
    GaveUp,
    /// The queue refused or dropped it.
    Dropped(QueuePolicy),
    /// Its task is gone.
    Disposed,
    /// Its worker crashed, or its task had failed.
    Crashed {
        /// The worker's place in the pool.
        worker_index: Option<u32>,
        /// How the worker ended.
        kind: CrashKind,
    },
    /// No worker could be made for it; the driver has the error.
    SpawnFailed,
}

impl End {
    /// The counter it goes into.
    pub const fn outcome(self) -> Outcome {
        match self {
            End::Ok => Outcome::Ok,
            End::Error | End::PostFailed | End::Crashed { .. } | End::SpawnFailed => Outcome::Error,
            End::Aborted(_) | End::GaveUp => Outcome::Canceled,
            End::Dropped(_) | End::Disposed => Outcome::Rejected,
        }
    }

    /// What kind of error it is.
    pub const fn error_kind(self) -> Option<ErrorKind> {
        match self {
            End::Ok => None,
            End::Error | End::PostFailed => Some(ErrorKind::Exception),
            End::Aborted(_) | End::GaveUp => Some(ErrorKind::Abort),
            End::Dropped(_) | End::Disposed => Some(ErrorKind::Queue),
            End::Crashed { .. } | End::SpawnFailed => Some(ErrorKind::Crash),
        }
    }
}

/// When a call was where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// It was made.
    pub dispatched: Instant,
    /// It had its place in the queue.
    pub admitted: Option<Instant>,
    /// Since when it waits for a worker, or waited last: when it was made, or last requeued.
    pub waits_since: Instant,
    /// How long it waited for a worker in all: from the call to its first start, and from each requeueing to the next, up to
    /// its end where it had not started by then. Waiting for a place in the queue is part of it.
    pub waited: Duration,
    /// The last of these waits.
    pub last_wait: Duration,
    /// It was last posted to a worker.
    pub posted: Option<Instant>,
    /// It was settled.
    pub settled: Instant,
    /// How many times it was posted.
    pub attempts: u32,
    /// The place of the worker that had it last.
    pub worker_index: Option<u32>,
}

impl Timing {
    /// It waits for a worker no longer. Gives how long it did.
    pub(crate) fn end_wait(&mut self, now: Instant) -> Duration {
        self.last_wait = now.since(self.waits_since);
        self.waited += self.last_wait;
        self.last_wait
    }
}

/// Something worth telling, for telemetry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fact {
    /// A call was made.
    Dispatched {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
    },
    /// A call was posted to a worker.
    Started {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
        /// The worker's place in the pool.
        index: u32,
        /// From the call, or from its last requeueing, until now.
        wait: Duration,
    },
    /// A call went back to the front of the queue.
    Requeued {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
        /// The place of the worker that had it.
        index: u32,
    },
    /// A worker that has a call was told that it is cancelled.
    CancelSent {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
        /// The worker's place in the pool.
        index: u32,
    },
    /// A worker is being started. Comes after its [`Output::Spawn`]: a driver that could not make it knows that by then, and
    /// does not report it.
    WorkerSpawned {
        /// The task.
        task: TaskId,
        /// The worker.
        worker: WorkerId,
        /// Its place in the pool.
        index: u32,
    },
    /// A worker can take calls.
    WorkerReady {
        /// The task.
        task: TaskId,
        /// Its place in the pool.
        index: u32,
    },
    /// A silent worker was asked whether it lives.
    WorkerAsked {
        /// The task.
        task: TaskId,
        /// Its place in the pool.
        index: u32,
    },
    /// A worker that was asked lives.
    WorkerAlive {
        /// The task.
        task: TaskId,
        /// Its place in the pool.
        index: u32,
    },
    /// A worker is about to be replaced, because the handler of a cancelled call has not ended in its grace.
    GraceOver {
        /// The task.
        task: TaskId,
        /// Its place in the pool.
        index: u32,
    },
    /// A worker crashed.
    WorkerCrashed {
        /// The task.
        task: TaskId,
        /// The worker.
        worker: WorkerId,
        /// Its place in the pool.
        index: u32,
        /// How it ended.
        kind: CrashKind,
    },
    /// A worker was ended on purpose.
    WorkerTerminated {
        /// The task.
        task: TaskId,
        /// Its place in the pool.
        index: u32,
    },
    /// A call was cancelled at its worker, which has it until it answers. Told only of a worker's first call, since
    /// another's handler may be what keeps it from the others.
    Abandoned {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
    },
    /// A call that was [`Fact::Abandoned`] has left its worker, or its worker is gone.
    Released {
        /// The task.
        task: TaskId,
        /// The call.
        call: CallId,
        /// From its cancellation until now.
        after: Duration,
    },
    /// How many keys are aborted changed.
    KeysAborted {
        /// How many are now.
        count: usize,
    },
    /// A task's gauges changed. Comes last among an input's facts.
    Gauges {
        /// The task.
        task: TaskId,
        /// The new values.
        gauges: Gauges,
    },
}

/// What a task has at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Calls at workers.
    pub in_flight: u32,
    /// Calls in the queue.
    pub pending: u32,
    /// Calls whose caller waits for a place.
    pub waiting: u32,
    /// Workers alive.
    pub workers: u32,
}
