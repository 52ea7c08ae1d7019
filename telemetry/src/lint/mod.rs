//! The linter: says what is wrong with how a page uses its tasks, and what to change.
//!
//! The Layer feeds what it hears into [`Watch`]es, one a task, which keep a few seconds of evidence. When somebody reads,
//! and at most once a second, the rules look at it and give findings; a finding is gone when its evidence is. Nothing is
//! kept while nobody watches a runtime. Findings must not cry wolf: every rule wants evidence that lasts.

mod advice;
mod endings;
mod kinds;
mod linter;
mod load;
mod messages;
mod settings;
mod view;
mod watch;
mod window;
mod workers;

pub use endings::{DEFAULT_CANCEL_PATIENCE_SECONDS, DEFAULT_MAX_ABORTED_KEYS, DEFAULT_TIMEOUTS_IN_A_ROW};
pub use kinds::{FindingKind, Severity};
pub use linter::DEFAULT_JUDGE_EVERY_SECONDS;
pub use load::{
    DEFAULT_IDLE_POOL_WORKERS, DEFAULT_LASTING_SHARE, DEFAULT_SHARED_MESSAGES, DEFAULT_SHORT_CALLS,
    DEFAULT_SHORT_RUN_SECONDS, DEFAULT_SHORT_SHARE,
};
pub use messages::{
    DEFAULT_BLOCKED_SECONDS, DEFAULT_COPIED_BYTES, DEFAULT_COPIED_CALLS, DEFAULT_LATE_REPLIES,
    DEFAULT_LATE_REPLY_SECONDS,
};
pub use window::{DEFAULT_EVIDENCE_SECONDS, DEFAULT_LASTING_SECONDS};
pub use workers::{DEFAULT_REQUEUES, DEFAULT_RESTARTS, DEFAULT_STORM_CRASHES};

pub(crate) use linter::Linter;
pub(crate) use settings::Settings;
