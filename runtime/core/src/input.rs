//! Everything the core can be told.

use std::time::Duration;

use crate::handle::{CallId, KeyId, TaskId, WorkerId};

/// One thing that happened, for [`crate::Runtime::handle`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// A call was made. `call` comes from [`crate::Runtime::mint_call`].
    Dispatch(Dispatch),
    /// The page's turn ends: what was decided for workers in this turn is posted now. Due whenever
    /// [`crate::Runtime::needs_flush`] says so.
    Flush,
    /// A worker answered a call.
    Settled {
        /// The worker that answered.
        worker: WorkerId,
        /// The call it answered.
        call: CallId,
        /// Whether the handler returned, threw or gave up.
        reply: Reply,
    },
    /// A call that was to be posted could not be: its payload cannot be cloned, for example. It fails alone.
    PostFailed {
        /// The call.
        call: CallId,
    },
    /// A worker's script is loaded and takes calls.
    WorkerReady {
        /// The worker.
        worker: WorkerId,
    },
    /// A worker that ends gives back a call that it has not begun: the call waits for another worker, whatever the crash
    /// policy.
    Returned {
        /// The worker.
        worker: WorkerId,
        /// The call.
        call: CallId,
    },
    /// A worker answered [`crate::Output::Ping`]. Every other answer is a sign of life, too.
    WorkerAlive {
        /// The worker.
        worker: WorkerId,
    },
    /// A worker died.
    WorkerCrashed {
        /// The worker.
        worker: WorkerId,
        /// How the driver learned of it.
        kind: CrashKind,
    },
    /// A worker that was to be spawned could not be: the factory threw.
    SpawnFailed {
        /// The worker.
        worker: WorkerId,
    },
    /// One call is cancelled. One that is not dispatched yet ends as soon as it is, and nobody makes way for it.
    AbortCall {
        /// The call.
        call: CallId,
        /// Why.
        reason: AbortReason,
    },
    /// Every call with this key is cancelled, and later ones too until the key is cleared.
    AbortKey {
        /// The key, from [`crate::Runtime::mint_key`].
        key: KeyId,
    },
    /// A key is no longer aborted.
    ClearKey {
        /// The key.
        key: KeyId,
    },
    /// A task's workers are stopped; what they had goes back to the front of the queue.
    Pause {
        /// The task.
        task: TaskId,
    },
    /// A paused or failed task's workers may start again.
    Resume {
        /// The task.
        task: TaskId,
    },
    /// A task ends; every call it has is rejected.
    Dispose {
        /// The task.
        task: TaskId,
    },
    /// Time passed: timers that are due act. Due at [`crate::Runtime::next_timeout`].
    Time,
}

/// A call, without its payload: that stays with the driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispatch {
    /// The call's handle.
    pub call: CallId,
    /// The task it is made on.
    pub task: TaskId,
    /// Its cancellation key.
    pub key: Option<KeyId>,
    /// Its place among the calls that wait.
    pub priority: Priority,
    /// Its own timeout; the task's when `None`, none when zero.
    pub timeout: Option<Duration>,
    /// How long its handler may go on after it is cancelled, before its worker is replaced; `None` is for ever.
    pub grace: Option<Duration>,
}

/// The browser scheduler's vocabulary (Prioritized Task Scheduling, "TaskPriority").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Someone cannot go on without it.
    UserBlocking,
    /// Someone will see it.
    #[default]
    UserVisible,
    /// No one waits for it.
    Background,
}

impl Priority {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::UserBlocking => "user-blocking",
            Priority::UserVisible => "user-visible",
            Priority::Background => "background",
        }
    }

    /// The head start that more urgent calls have over one of this priority. A call that has waited longer than the
    /// difference goes first: nothing starves.
    pub(crate) const fn handicap(self) -> Duration {
        match self {
            Priority::UserBlocking => Duration::ZERO,
            Priority::UserVisible => Duration::from_secs(2),
            Priority::Background => Duration::from_secs(12),
        }
    }
}

/// What a worker answered; the value or error itself stays with the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The handler returned.
    Ok,
    /// The handler threw.
    Error,
    /// The handler gave up by itself: it threw an `AbortError`.
    Aborted,
}

/// Why a call was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbortReason {
    /// Its key was aborted.
    Key,
    /// Its own signal fired.
    Signal,
    /// It took too long.
    Timeout,
}

impl AbortReason {
    /// All of them.
    pub const ALL: [AbortReason; 3] = [AbortReason::Key, AbortReason::Signal, AbortReason::Timeout];

    /// The reason's name.
    pub const fn name(self) -> &'static str {
        match self {
            AbortReason::Key => "key",
            AbortReason::Signal => "signal",
            AbortReason::Timeout => "timeout",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<AbortReason> {
        AbortReason::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CrashKind {
    /// An `error` event before it was ready: the script could not be loaded or threw while loading.
    Load,
    /// An `error` event: an uncaught exception or a wasm trap.
    Error,
    /// A `messageerror` event: a message that could not be read.
    MessageError,
    /// It never said that it was ready.
    StartTimeout,
    /// It had work and gave no sign of life.
    Hang,
    /// It closed itself, or somebody else than the runtime ended it.
    Closed,
}

impl CrashKind {
    /// The kind's name.
    pub const fn name(self) -> &'static str {
        match self {
            CrashKind::Load => "load",
            CrashKind::Error => "error",
            CrashKind::MessageError => "messageerror",
            CrashKind::StartTimeout => "start-timeout",
            CrashKind::Hang => "hang",
            CrashKind::Closed => "closed",
        }
    }
}
