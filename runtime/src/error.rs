//! Why a call or a definition failed.

use std::rc::Rc;
use std::time::Duration;

use atelier_core::{AbortReason, ConfigError, CrashKind, QueuePolicy};
use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

/// Why a call did not return.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It was cancelled.
    #[error("Task was aborted")]
    Aborted(AbortReason),
    /// The queue refused or dropped it.
    #[error("Task queue policy '{}' dropped item", .0.name())]
    Dropped(QueuePolicy),
    /// Its task is disposed.
    #[error("Task was disposed")]
    Disposed,
    /// Its worker crashed, or its task had given up.
    #[error("Worker crashed for task '{}': {}", .0.task_id, one_line(&.0.cause.message))]
    Crashed(Rc<Crash>),
    /// The handler threw. An error with the name `AbortError` is how it gives up: the call counts as cancelled.
    #[error("{}: {}", .0.name, .0.message)]
    Handler(Box<RemoteError>),
    /// The handler threw something that is no error.
    #[error("the handler threw a value that is no error")]
    Thrown(JsValue),
    /// The arguments could not be sent; this is what the browser said.
    #[error("the arguments could not be sent to the worker")]
    NotSent(JsValue),
    /// The call was to be sent again, but its buffers had moved to the worker that is gone.
    #[error(
        "Task cannot be retried: its buffers were transferred to a worker that is gone; pass with({{ transfer: [] }}) to send copies"
    )]
    PayloadLost,
    /// The result is of another shape than the client expects.
    #[error("the result could not be read: {0}")]
    Unreadable(String),
    /// The worker factory threw, or returned something that is no `Worker`; this is what it threw.
    #[error("no worker could be made")]
    NoWorker(JsValue),
}

/// A panic's message has lines; within another message it is one.
fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(" ")
}

impl CallError {
    /// The error's name, as JavaScript and telemetry know it.
    pub fn name(&self) -> &str {
        match self {
            CallError::Aborted(_) => "AbortError",
            CallError::Dropped(_) => "QueueDropError",
            CallError::Disposed => "TaskDisposedError",
            CallError::Crashed(_) => "WorkerCrashedError",
            CallError::Handler(error) => &error.name,
            CallError::Thrown(_) => "Error",
            CallError::NotSent(_) => "DataCloneError",
            CallError::PayloadLost => "PayloadLostError",
            CallError::Unreadable(_) => "TypeError",
            CallError::NoWorker(_) => "WorkerFactoryError",
        }
    }

    /// The stack of the handler's error, or of what ended its worker, where the browser has one.
    pub fn stack(&self) -> Option<&str> {
        match self {
            CallError::Handler(error) => error.stack.as_deref(),
            CallError::Crashed(crash) => crash.cause.stack.as_deref(),
            _ => None,
        }
    }

    /// The error's message, without its name.
    pub fn message(&self) -> String {
        match self {
            CallError::Handler(error) => error.message.clone(),
            other => other.to_string(),
        }
    }
}

/// What cancelled a call, as its caller in JavaScript is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AbortCause {
    /// Its own signal.
    Signal(AbortSignal),
    /// It took longer than its task allows.
    Timeout {
        /// The task's id.
        task: Rc<str>,
        /// How long a call may take.
        timeout: Duration,
    },
    /// Its key was aborted for this reason.
    Key(JsValue),
}

/// An error as a worker described it.
#[derive(Clone, Debug)]
pub struct RemoteError {
    /// Its name, such as `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its stack, where the browser has one.
    pub stack: Option<String>,
    /// All of it, as `js/thrown.js` describes errors.
    pub(crate) described: JsValue,
}

impl RemoteError {
    /// The whole description, with the error's class, causes and other fields, for `revive` of `js/thrown.js`.
    pub fn described(&self) -> &JsValue {
        &self.described
    }
}

/// The end of a worker.
#[derive(Clone, Debug)]
pub struct Crash {
    /// The task's id.
    pub task_id: Rc<str>,
    /// The worker's place in the pool.
    pub worker_index: Option<u32>,
    /// How it ended.
    pub kind: CrashKind,
    /// What the browser or the worker said.
    pub cause: CrashCause,
}

/// What is known of a crash.
#[derive(Clone, Debug, Default)]
pub struct CrashCause {
    /// The name of the error, such as `RuntimeError`.
    pub name: Option<String>,
    /// Its message.
    pub message: String,
    /// Its stack.
    pub stack: Option<String>,
    /// The script it happened in.
    pub filename: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl CrashCause {
    /// The cause of an end that no event told of.
    pub(crate) fn found(kind: CrashKind) -> CrashCause {
        let message = match kind {
            CrashKind::StartTimeout => {
                "the worker did not say in time that it is ready; does its script call expose()?"
            }
            CrashKind::Hang => "the worker had work and gave no sign of life; does a handler never end?",
            _ => "the worker crashed",
        };
        CrashCause { message: message.to_owned(), ..CrashCause::default() }
    }
}

/// Why a task could not be defined.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefineError {
    /// Its settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another task of this runtime has the id.
    #[error("a task with the id '{0}' is defined already; ids are unique in a runtime")]
    DuplicateId(String),
}
