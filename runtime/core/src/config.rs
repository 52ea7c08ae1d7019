//! What a task is made of, and what makes no sense.

use std::time::Duration;

/// Calls pending per call that may run at once, when nothing else is said.
pub const DEFAULT_QUEUE_DEPTH_PER_SLOT: u32 = 2;
/// Crashes in a row after which a task gives up, when nothing else is said.
pub const DEFAULT_CRASH_MAX_RETRIES: u32 = 3;
/// How long a new worker may take until it says that it is ready. When it takes longer it counts as crashed, so that
/// a script that never calls `expose` cannot keep its callers waiting for ever.
pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(30);
/// Workers a pool may have at most: more would only be a mistake in a unit, and each costs megabytes.
pub const MAX_POOL_SIZE: u32 = 1024;
/// The `max_in_flight` of a task without one: more calls than can be told apart.
pub const UNLIMITED: u32 = u32::MAX;

/// How many workers a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskType {
    /// A pool.
    Parallel,
    /// One worker.
    Singleton,
}

impl TaskType {
    /// The type's name.
    pub const fn name(self) -> &'static str {
        match self {
            TaskType::Parallel => "parallel",
            TaskType::Singleton => "singleton",
        }
    }
}

/// What happens to a call that finds the queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueuePolicy {
    /// Its caller waits for a place.
    Block,
    /// It is refused.
    Reject,
    /// It is dropped: the latest goes.
    DropLatest,
    /// The oldest pending call is dropped for it.
    DropOldest,
}

impl QueuePolicy {
    /// All of them.
    pub const ALL: [QueuePolicy; 4] =
        [QueuePolicy::Block, QueuePolicy::Reject, QueuePolicy::DropLatest, QueuePolicy::DropOldest];

    /// The policy's name.
    pub const fn name(self) -> &'static str {
        match self {
            QueuePolicy::Block => "block",
            QueuePolicy::Reject => "reject",
            QueuePolicy::DropLatest => "drop-latest",
            QueuePolicy::DropOldest => "drop-oldest",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<QueuePolicy> {
        QueuePolicy::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// What happens to the calls of a worker that crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrashPolicy {
    /// They fail; the worker is restarted.
    RestartFailInFlight,
    /// They go back to the front of the queue; the worker is restarted.
    RestartRequeueInFlight,
    /// Every call of the task fails, and so do later ones until the workers are started again.
    FailTask,
}

impl CrashPolicy {
    /// All of them.
    pub const ALL: [CrashPolicy; 3] =
        [CrashPolicy::RestartFailInFlight, CrashPolicy::RestartRequeueInFlight, CrashPolicy::FailTask];

    /// The policy's name.
    pub const fn name(self) -> &'static str {
        match self {
            CrashPolicy::RestartFailInFlight => "restart-fail-in-flight",
            CrashPolicy::RestartRequeueInFlight => "restart-requeue-in-flight",
            CrashPolicy::FailTask => "fail-task",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<CrashPolicy> {
        CrashPolicy::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// When workers start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    /// With the first call that needs them.
    Lazy,
    /// When the task is defined.
    Eager,
}

impl Init {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Init::Lazy => "lazy",
            Init::Eager => "eager",
        }
    }
}

/// A task's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskConfig {
    /// Pool or single worker.
    pub task_type: TaskType,
    /// Workers at most; 1 for a singleton.
    pub pool_size: u32,
    /// Calls at workers at most; [`UNLIMITED`] is no limit.
    pub max_in_flight: u32,
    /// Calls pending at most; `None` is unlimited.
    pub max_queue_depth: Option<u32>,
    /// What happens beyond.
    pub queue_policy: QueuePolicy,
    /// What happens when a worker crashes.
    pub crash_policy: CrashPolicy,
    /// Crashes in a row after which the task fails.
    pub crash_max_retries: u32,
    /// When workers start.
    pub init: Init,
    /// A call is cancelled when it takes longer, counted from the call; zero is never, like `None`.
    pub timeout: Option<Duration>,
    /// A worker without work is stopped after this long.
    pub idle_timeout: Option<Duration>,
    /// A new worker that is not ready after this long counts as crashed.
    pub start_timeout: Duration,
    /// A worker that has work and gives no sign of life for this long counts as crashed; `None` never asks.
    pub hang_timeout: Option<Duration>,
}

impl TaskConfig {
    /// A pool of `pool_size` workers with every other setting at its default.
    pub fn parallel(pool_size: u32) -> TaskConfig {
        TaskConfig {
            task_type: TaskType::Parallel,
            pool_size,
            max_in_flight: pool_size,
            max_queue_depth: Some(pool_size.saturating_mul(DEFAULT_QUEUE_DEPTH_PER_SLOT)),
            queue_policy: QueuePolicy::Block,
            crash_policy: CrashPolicy::RestartFailInFlight,
            crash_max_retries: DEFAULT_CRASH_MAX_RETRIES,
            init: Init::Lazy,
            timeout: None,
            idle_timeout: None,
            start_timeout: DEFAULT_START_TIMEOUT,
            hang_timeout: None,
        }
    }

    /// One worker with every other setting at its default.
    pub fn singleton() -> TaskConfig {
        TaskConfig { task_type: TaskType::Singleton, ..TaskConfig::parallel(1) }
    }

    /// Sets how many calls may run at once, and a pool's queue to its default depth for that; a singleton's stays.
    pub fn with_max_in_flight(mut self, max_in_flight: u32) -> TaskConfig {
        self.max_in_flight = max_in_flight;
        if self.task_type == TaskType::Parallel {
            self.max_queue_depth = match max_in_flight {
                UNLIMITED => None,
                _ => Some(max_in_flight.saturating_mul(DEFAULT_QUEUE_DEPTH_PER_SLOT)),
            };
        }
        self
    }

    /// Checks that the settings make sense together.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validate(&self) -> Result<(), ConfigError> {
        match (self.task_type, self.pool_size) {
            (_, 0) => return Err(ConfigError::PoolSizeZero),
            (_, size) if size > MAX_POOL_SIZE => return Err(ConfigError::PoolSizeTooLarge(size)),
            (TaskType::Singleton, size) if size > 1 => return Err(ConfigError::SingletonPool(size)),
            _ => {}
        }
        if self.max_in_flight == 0 {
            return Err(ConfigError::MaxInFlightZero);
        }
        Ok(())
    }

    /// Calls one worker may have at once: what `max_in_flight` comes to when it is spread evenly.
    pub(crate) fn max_in_flight_per_worker(&self) -> u32 {
        self.max_in_flight.div_ceil(self.pool_size.max(1))
    }
}

/// Settings that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A pool without workers.
    PoolSizeZero,
    /// A pool of more workers than [`MAX_POOL_SIZE`].
    PoolSizeTooLarge(u32),
    /// A singleton with several workers.
    SingletonPool(u32),
    /// No call could ever run.
    MaxInFlightZero,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConfigError::PoolSizeZero => f.write_str("poolSize is 0; a pool needs at least 1 worker"),
            ConfigError::PoolSizeTooLarge(size) => {
                write!(f, "poolSize is {size}; at most {MAX_POOL_SIZE} workers are possible")
            }
            ConfigError::SingletonPool(size) => {
                write!(
                    f,
                    "poolSize is {size}, but a singleton has 1 worker; leave it out or use type 'parallel'"
                )
            }
            ConfigError::MaxInFlightZero => {
                f.write_str("maxInFlight is 0, so no call could ever run; use at least 1")
            }
        }
    }
}

impl std::error::Error for ConfigError {}
