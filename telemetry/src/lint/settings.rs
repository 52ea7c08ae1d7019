//! What a rule must know of a task besides what is in its records.

/// A task's settings that only the linter looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// Processors of the machine, where that is known.
    pub(crate) cores: Option<u64>,
    /// Its timeout, in seconds.
    pub(crate) timeout: Option<f64>,
    /// After how many seconds without work a worker is stopped.
    pub(crate) idle_timeout: Option<f64>,
}
