//! How a call ends.

/// The one outcome every dispatched call ends in, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The handler returned.
    Ok,
    /// The handler threw, its worker died or could not be made, or its task had failed.
    Error,
    /// Cancelled by key, signal or timeout, or given up by its handler.
    Canceled,
    /// Refused or dropped by the queue, or by a disposed task.
    Rejected,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 4] = [Outcome::Ok, Outcome::Error, Outcome::Canceled, Outcome::Rejected];

    /// The outcome's name in attributes.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Canceled => "canceled",
            Outcome::Rejected => "rejected",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What kind of end an error was, as spans say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Cancelled.
    Abort,
    /// The queue or a disposed task refused it.
    Queue,
    /// Its worker died.
    Crash,
    /// The handler threw.
    Exception,
}

impl ErrorKind {
    /// The kind's name in attributes.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::Abort => "abort",
            ErrorKind::Queue => "queue",
            ErrorKind::Crash => "crash",
            ErrorKind::Exception => "exception",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<ErrorKind> {
        [ErrorKind::Abort, ErrorKind::Queue, ErrorKind::Crash, ErrorKind::Exception]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}
