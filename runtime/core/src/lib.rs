//! Atelier's core: queues, pools, crashes and cancellation as a deterministic state machine.
//!
//! It does no I/O and has no clock and no randomness: everything comes in as an [`Input`] with the time it happened,
//! everything to be done goes out as an [`Output`], so that tests run in virtual time and the same inputs always give
//! the same outputs. Arguments, promises and buffers never enter it; the driver keeps them by handle.

mod admission;
mod config;
mod crash;
mod ending;
mod epoch;
mod handle;
mod input;
mod keep;
mod lifecycle;
mod line;
mod liveness;
mod monotonic;
pub mod names;
mod outcome;
mod output;
mod runtime;
mod state;
mod task;
mod time;
mod timers;
mod trace_context;
mod work;
mod worker_clock;

pub use config::{
    ConfigError, CrashPolicy, DEFAULT_CRASH_MAX_RETRIES, DEFAULT_QUEUE_DEPTH_PER_SLOT, DEFAULT_START_TIMEOUT,
    Init, MAX_POOL_SIZE, QueuePolicy, TaskConfig, TaskType, UNLIMITED,
};
pub use crash::{RESTART_BACKOFF_MAX, RESTART_BACKOFF_MIN};
pub use epoch::{Epoch, LOOK_EVERY, MAX_DRIFT, unix_nano_of_millis};
pub use handle::{CallId, KeyId, TaskId, WorkerId};
pub use input::{AbortReason, CrashKind, Dispatch, Input, Priority, Reply};
pub use keep::{Keep, KeptFor};
pub use monotonic::Monotonic;
pub use outcome::{ErrorKind, Outcome};
pub use output::{End, Fact, Gauges, Output, Settlement, Timing};
pub use runtime::Runtime;
pub use state::{CurrentCall, TaskState, WorkerState};
pub use task::{LastCrash, Mode, Totals};
pub use time::Instant;
pub use timers::Timer;
pub use trace_context::{SpanContext, sampled};
pub use worker_clock::{BOUNDS_KEPT, OnPage, WorkerClock};
