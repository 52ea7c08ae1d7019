//! Every finding once: its id, how bad it is, and what it says.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Calls fail, or work is done in vain.
    Error,
    /// Callers wait, or something is held that is needed.
    Warning,
    /// It works, and could cost less.
    Info,
}

impl Severity {
    /// The severity's name.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

macro_rules! findings {
    ($($variant:ident, $id:literal, $severity:ident, $sentence:literal;)*) => {
        /// What the linter can find. The table in `docs/findings.md` and the types of the npm package are checked
        /// against this one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingKind { $(#[doc = $sentence] $variant,)* }

        impl FindingKind {
            /// Every kind, in the table's order.
            pub const ALL: &'static [FindingKind] = &[$(FindingKind::$variant,)*];

            /// The id that pages see.
            pub const fn id(self) -> &'static str { match self { $(FindingKind::$variant => $id,)* } }
            /// The kind with this id.
            pub fn from_id(id: &str) -> Option<FindingKind> { match id { $($id => Some(FindingKind::$variant),)* _ => None } }
            /// How bad it is.
            pub const fn severity(self) -> Severity { match self { $(FindingKind::$variant => Severity::$severity,)* } }
            /// One sentence.
            pub const fn description(self) -> &'static str { match self { $(FindingKind::$variant => $sentence,)* } }
        }
    };
}

findings! {
    PayloadCloned, "payload-cloned", Warning, "Large buffers are copied again and again that could be moved: those that an explicit `transfer` list leaves out, and results under `transferResult: false`.";
    QueueSaturated, "queue-saturated", Warning, "For seconds the queue has been full, and callers wait or are turned away.";
    PoolIdle, "pool-idle", Info, "Calls keep coming, and never need more than half of the workers at once.";
    PoolTooSmall, "pool-too-small", Warning, "Calls wait for a worker longer than they run, while the machine has more processors than the pool has workers.";
    MainThreadBlocked, "main-thread-blocked", Warning, "Answers lie unread because the page's main thread is busy.";
    RetryStorm, "retry-storm", Error, "Workers crash over and over, and the calls that they had are given to the next ones.";
    CancelIgnored, "cancel-ignored", Warning, "Handlers go on for long after their calls were cancelled, and keep their places.";
    WorkerChurn, "worker-churn", Warning, "Workers are stopped for having no work and started again soon after.";
    KeysUnbounded, "keys-unbounded", Warning, "Very many keys are aborted and never cleared; each is kept until it is.";
    AlwaysTimesOut, "always-times-out", Error, "Every call of a task times out.";
    CallsTooShort, "calls-too-short", Info, "Calls take much longer to deliver than to run, and `maxInFlight` is too small for them to share messages.";
}
