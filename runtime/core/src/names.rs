//! Every name once: what a listener, a `tracing` subscriber and an OTLP collector call the same fact.
//!
//! The runtime emits metric events under [`Metric::field`], which follow the convention of `tracing-opentelemetry`
//! (`monotonic_counter.`, `gauge.`, `histogram.` before the name), so that another subscriber understands them
//! unaided. Durations leave in seconds, as OpenTelemetry asks; listeners get milliseconds.

use crate::outcome::Outcome;

/// The `target` of every event and span that Atelier emits.
pub const TARGET: &str = "atelier";
/// The name of the span of one call, and of its Performance measure (`atelier:span` there).
pub const CALL_SPAN: &str = "atelier.call";
/// The name of the span that a `createTrace` opens.
pub const TRACE_SPAN: &str = "atelier.trace";
/// The name of a span that a handler opened beneath its call's.
pub const HANDLER_SPAN: &str = "atelier.span";
/// The event that introduces a task: [`field::TASK`] stands for the rest of its attributes from then on.
pub const TASK_DEFINED: &str = "atelier.task.defined";
/// The event that says a task is gone.
pub const TASK_DISPOSED: &str = "atelier.task.disposed";
/// The event (level `WARN`) that says why a worker crashed.
pub const WORKER_CRASH: &str = "atelier.worker.crash";
/// The event that tells a [`WorkerFact`] which no metric counts, by [`field::FACT`].
pub const WORKER_LIFE: &str = "atelier.worker.life";
/// The event that tells a log record: what a handler in Rust told through `tracing` while its call ran.
pub const LOG: &str = "atelier.log";
/// The kind of log record (its event name) that tells of a worker that was replaced because a handler went on past its
/// call's grace.
pub const WORKER_REPLACED: &str = "atelier.worker.replaced";
/// The kind of log record that tells of a call whose handler threw.
pub const EXCEPTION: &str = "atelier.call.exception";
/// The kind of log record that tells of a finding of the linter.
pub const FINDING: &str = "atelier.finding";
/// The kind of log record that tells what a worker was at when the page was hidden or left.
pub const PAGE_LEFT: &str = "atelier.page.left";
/// The event that says that the machine has slept or its clock was set: times since the Unix epoch are counted from
/// [`field::TIME_ORIGIN`] now. Nobody is told of the origin that the browser gives.
pub const CLOCK_MOVED: &str = "atelier.clock.moved";
/// The event that says that a runtime's metric events stop, since nobody wants them any more.
pub const METRICS_STOPPED: &str = "atelier.metrics.stopped";

/// Fields of events and spans.
pub mod field {
    /// When it happened, nanoseconds since the Unix epoch, on the page's clock (`u64`).
    pub const TIME: &str = "atelier.time_unix_nano";
    /// When the page's monotonic clock, as the browser shows it, was zero, nanoseconds since the Unix epoch (`u64`).
    pub const TIME_ORIGIN: &str = "atelier.time_origin_unix_nano";
    /// By how much that has moved, in nanoseconds (`i64`), on [`super::CLOCK_MOVED`].
    pub const TIME_MOVED: &str = "atelier.time_moved_nano";
    /// Which runtime of the page (`u64`).
    pub const RUNTIME: &str = "atelier.runtime.id";
    /// The task as a number, unique in its runtime (`u64`); introduced by [`super::TASK_DEFINED`].
    pub const TASK: &str = "atelier.task.handle";
    /// The task's id (`str`).
    pub const TASK_ID: &str = "atelier.task.id";
    /// The task's name (`str`), absent when it has none.
    pub const TASK_NAME: &str = "atelier.task.name";
    /// `parallel` or `singleton` (`str`).
    pub const TASK_TYPE: &str = "atelier.task.type";
    /// Queue policy (`str`), on [`super::TASK_DEFINED`].
    pub const QUEUE_POLICY: &str = "atelier.queue.policy";
    /// Calls that may run at once (`u64`), on [`super::TASK_DEFINED`].
    pub const MAX_IN_FLIGHT: &str = "atelier.queue.max_in_flight";
    /// Calls that may be pending (`u64`), on [`super::TASK_DEFINED`].
    pub const MAX_QUEUE_DEPTH: &str = "atelier.queue.max_depth";
    /// Workers of the task (`u64`), on [`super::TASK_DEFINED`].
    pub const POOL_SIZE: &str = "atelier.worker.pool_size";
    /// Processors of the machine (`u64`), on [`super::TASK_DEFINED`].
    pub const CORES: &str = "atelier.machine.cores";
    /// The task's timeout in seconds (`f64`), on [`super::TASK_DEFINED`], absent when it has none.
    pub const TIMEOUT: &str = "atelier.task.timeout";
    /// After how many seconds without work a worker is stopped (`f64`), on [`super::TASK_DEFINED`], absent when never.
    pub const IDLE_TIMEOUT: &str = "atelier.worker.idle_timeout";
    /// The call as a number that no other call of its runtime has while it is at a worker (`u64`).
    pub const CALL: &str = "atelier.call.handle";
    /// Why a call was cancelled: `key`, `signal` or `timeout` (`str`).
    pub const CANCEL_REASON: &str = "atelier.cancel.reason";
    /// Number of the call in its runtime (`u64`).
    pub const CALL_ID: &str = "atelier.call.id";
    /// Name of a [`super::WorkerFact`] (`str`).
    pub const FACT: &str = "atelier.worker.fact";
    /// Place of the worker in its pool, from 0 (`u64`).
    pub const WORKER_INDEX: &str = "atelier.worker.index";
    /// How many times the call was given to a worker (`u64`).
    pub const ATTEMPT: &str = "atelier.attempt";
    /// The method called (`str`), OpenTelemetry's semantic conventions, "Code attributes".
    pub const METHOD: &str = "code.function.name";
    /// `ok`, `error`, `canceled` or `rejected` (`str`).
    pub const OUTCOME: &str = "atelier.outcome";
    /// Name of the error (`str`), OpenTelemetry's semantic conventions, "Error attributes".
    pub const ERROR_TYPE: &str = "error.type";
    /// `abort`, `queue`, `crash` or `exception` (`str`).
    pub const ERROR_KIND: &str = "atelier.error.kind";
    /// What a listener's `queueWaitMs` says, in seconds (`f64`): its waits for a worker together.
    pub const QUEUE_WAIT: &str = "atelier.queue.wait";
    /// What a listener's `queueWaitLastMs` says, in seconds (`f64`): the wait before the last attempt.
    pub const QUEUE_WAIT_LAST: &str = "atelier.queue.wait_last";
    /// Phase of a phase duration (`str`).
    pub const PHASE: &str = "atelier.phase";
    /// Prefix of a phase's duration on a call's span, in seconds (`f64`).
    pub const PHASE_PREFIX: &str = "atelier.phase.";
    /// 16-byte trace id (`u128`), W3C Trace Context "trace-id".
    pub const TRACE_ID: &str = "atelier.trace_id";
    /// 8-byte span id (`u64`), W3C Trace Context "parent-id".
    pub const SPAN_ID: &str = "atelier.span_id";
    /// Span id of the parent (`u64`), absent at a root.
    pub const PARENT_SPAN_ID: &str = "atelier.parent_span_id";
    /// Name given to `createTrace` (`str`), on the trace's span and on its calls.
    pub const TRACE_NAME: &str = "atelier.trace.name";
    /// Attributes of a handler's own span or log record, a JSON object of strings, numbers and booleans (`str`). One of a
    /// span's, `atelier.attributes.lost`, says how many could not be read or were too many.
    pub const ATTRIBUTES: &str = "atelier.span.attributes";
    /// Spans of a call's handler that are missing: there were too many, or they had not ended when the call did (`u64`).
    pub const SPANS_LOST: &str = "atelier.spans.lost";
    /// Log records of a call's handler that are missing, since there were too many (`u64`).
    pub const LOGS_LOST: &str = "atelier.logs.lost";
    /// Why a call, or the trace that it belongs to, is told of although it was not sampled: `error`, `crash` or `slow`
    /// (`str`), absent on those that were.
    pub const SAMPLING_REASON: &str = "atelier.sampling.reason";
    /// How severe a log record is (`u64`): OpenTelemetry's "Logs Data Model", field `SeverityNumber`, 1 to 24.
    pub const SEVERITY: &str = "atelier.log.severity";
    /// The `tracing` target that a log record was told under (`str`).
    pub const LOG_TARGET: &str = "atelier.log.target";
    /// What a log record says (`str`). Its attributes are in [`ATTRIBUTES`].
    pub const BODY: &str = "atelier.log.body";
    /// A worker's last facts, oldest first, on a log record: a JSON array in the shape of `lastCrash.blackBox` (`str`).
    pub const BLACK_BOX: &str = "atelier.worker.black_box";
    /// Calls that a worker has, on a log record (`i64`).
    pub const IN_FLIGHT: &str = "atelier.worker.in_flight";
    /// Which finding a log record tells of (`str`).
    pub const FINDING_ID: &str = "atelier.finding.id";
    /// What to change (`str`).
    pub const FINDING_FIX: &str = "atelier.finding.fix";
    /// Prefix of the numbers behind a finding, on its log record (`f64`).
    pub const FINDING_EVIDENCE_PREFIX: &str = "atelier.finding.evidence.";
    /// End of a span, nanoseconds since the Unix epoch (`u64`).
    pub const END_TIME: &str = "atelier.end_time_unix_nano";
    /// Name of the span for other subscribers (`str`).
    pub const OTEL_NAME: &str = "otel.name";
    /// Kind of the span (`str`).
    pub const OTEL_KIND: &str = "otel.kind";
    /// `ERROR` when the call failed (`str`).
    pub const OTEL_STATUS_CODE: &str = "otel.status_code";
    /// Message of the error (`str`).
    pub const OTEL_STATUS_DESCRIPTION: &str = "otel.status_description";
    /// Name of the error that ended a worker or a call (`str`), semantic conventions "Exceptions".
    pub const EXCEPTION_TYPE: &str = "exception.type";
    /// Message of a crash (`str`), semantic conventions "Exceptions".
    pub const EXCEPTION_MESSAGE: &str = "exception.message";
    /// Stack of a crash (`str`), semantic conventions "Exceptions".
    pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
}

/// What kind of instrument a metric is (OpenTelemetry specification, "Metrics API", instruments).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// Only grows.
    Counter,
    /// The last value counts.
    Gauge,
    /// A distribution.
    Histogram,
}

/// Part of a call's life (DESIGN "Phases of a call"); they follow each other and add up to its duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The caller waits for a place in the queue.
    Admission,
    /// Accepted, not yet given to a worker.
    Queue,
    /// Posted until the handler starts.
    Delivery,
    /// In the handler.
    Run,
    /// Handler done until settled on the page.
    Reply,
}

impl Phase {
    /// All of them, in the order a call goes through them.
    pub const ALL: [Phase; 5] = [Phase::Admission, Phase::Queue, Phase::Delivery, Phase::Run, Phase::Reply];

    /// The phase's name in attributes.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Admission => "admission",
            Phase::Queue => "queue",
            Phase::Delivery => "delivery",
            Phase::Run => "run",
            Phase::Reply => "reply",
        }
    }
}

macro_rules! metrics {
    ($($variant:ident, $instrument:ident, $field_prefix:literal, $otlp:literal, $unit:literal, [$($attribute:expr),*], $sentence:literal;)*) => {
        /// A metric of the runtime. `docs` tables, `tracing` fields and OTLP names all come from here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Metric { $(#[doc = $sentence] $variant,)* }

        impl Metric {
            /// Every metric, in the table's order.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant,)*];

            /// The kind of instrument.
            pub const fn instrument(self) -> Instrument { match self { $(Metric::$variant => Instrument::$instrument,)* } }
            /// The name an OTLP collector sees.
            pub const fn otlp(self) -> &'static str { match self { $(Metric::$variant => $otlp,)* } }
            /// The `tracing` field that carries the value.
            pub const fn field(self) -> &'static str { match self { $(Metric::$variant => concat!($field_prefix, $otlp),)* } }
            /// The unit a collector sees (UCUM).
            pub const fn unit(self) -> &'static str { match self { $(Metric::$variant => $unit,)* } }
            /// Attributes besides the task's own.
            pub const fn attributes(self) -> &'static [&'static str] { match self { $(Metric::$variant => &[$($attribute),*],)* } }
            /// One sentence.
            pub const fn description(self) -> &'static str { match self { $(Metric::$variant => $sentence,)* } }
            /// The metric whose `tracing` field this is.
            pub fn from_field(name: &str) -> Option<Metric> { match name { $(concat!($field_prefix, $otlp) => Some(Metric::$variant),)* _ => None } }
        }
    };
}

metrics! {
    TaskDispatched, Counter, "monotonic_counter.", "atelier.task.dispatched", "{call}", [field::METHOD], "Calls made.";
    TaskCompleted, Counter, "monotonic_counter.", "atelier.task.completed", "{call}", [field::METHOD, field::OUTCOME, field::ERROR_TYPE], "Calls settled, by outcome.";
    TaskRequeued, Counter, "monotonic_counter.", "atelier.task.requeued", "{call}", [field::METHOD], "Calls put back at the front of the queue after their worker was stopped or crashed.";
    WorkerSpawned, Counter, "monotonic_counter.", "atelier.worker.spawned", "{worker}", [field::WORKER_INDEX], "Workers started.";
    WorkerCrashed, Counter, "monotonic_counter.", "atelier.worker.crashed", "{worker}", [field::WORKER_INDEX], "Workers that crashed.";
    WorkerTerminated, Counter, "monotonic_counter.", "atelier.worker.terminated", "{worker}", [field::WORKER_INDEX], "Workers terminated.";
    QueueInFlight, Gauge, "gauge.", "atelier.queue.in_flight", "{call}", [], "Calls given to a worker and not yet settled there.";
    QueuePending, Gauge, "gauge.", "atelier.queue.pending", "{call}", [], "Calls accepted and not yet given to a worker.";
    QueueWaiting, Gauge, "gauge.", "atelier.queue.waiting", "{call}", [], "Calls whose caller waits for a place in the queue.";
    WorkersActive, Gauge, "gauge.", "atelier.worker.active", "{worker}", [], "Workers alive.";
    TaskDuration, Histogram, "histogram.", "atelier.task.duration", "s", [field::METHOD, field::OUTCOME], "From the call to its settlement.";
    QueueWait, Histogram, "histogram.", "atelier.queue.wait.duration", "s", [field::METHOD], "From the call until it is given to a worker.";
    TaskPhase, Histogram, "histogram.", "atelier.task.phase.duration", "s", [field::METHOD, field::PHASE], "One phase of a call.";
}

macro_rules! clues {
    ($($variant:ident, $name:literal, $sentence:literal;)*) => {
        /// A fact that is told for the linter's sake, and is no metric: listeners and collectors do not get it. Its event
        /// has the value in a field of this name, beside the runtime, and the task where one is meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Clue { $(#[doc = $sentence] $variant,)* }

        impl Clue {
            /// Every clue, in the table's order.
            pub const ALL: &'static [Clue] = &[$(Clue::$variant,)*];

            /// The `tracing` field that carries the value.
            pub const fn field(self) -> &'static str { match self { $(Clue::$variant => $name,)* } }
            /// One sentence.
            pub const fn description(self) -> &'static str { match self { $(Clue::$variant => $sentence,)* } }
            /// The clue whose `tracing` field this is.
            pub fn from_field(name: &str) -> Option<Clue> { match name { $($name => Some(Clue::$variant),)* _ => None } }
        }
    };
}

clues! {
    PayloadCopied, "atelier.payload.copied", "Bytes of a call's large buffers that were copied although they could have been moved (`f64`).";
    CallAbandoned, "atelier.call.abandoned", "A call was cancelled at its worker, which has not said yet that it stopped; always 1 (`u64`).";
    CallReleased, "atelier.call.released", "Seconds from a call's cancellation until its worker was free of it (`f64`).";
    KeysAborted, "atelier.key.aborted", "Keys that are aborted and not cleared (`u64`).";
}

impl Metric {
    /// Whether this tells the metric's series apart. Its events may carry more, for black boxes.
    pub fn has_attribute(self, field: &str) -> bool {
        self.attributes().contains(&field)
    }

    /// The name `subscribeEvents` listeners know. Completed calls have one name per outcome.
    pub const fn listener(self, outcome: Option<Outcome>) -> &'static str {
        match self {
            Metric::TaskDispatched => "task.dispatch.total",
            Metric::TaskCompleted => match outcome {
                Some(Outcome::Error) => "task.failure.total",
                Some(Outcome::Canceled) => "task.canceled.total",
                Some(Outcome::Rejected) => "task.rejected.total",
                Some(Outcome::Ok) | None => "task.success.total",
            },
            Metric::TaskRequeued => "task.requeue.total",
            Metric::WorkerSpawned => "worker.spawn.total",
            Metric::WorkerCrashed => "worker.crash.total",
            Metric::WorkerTerminated => "worker.terminate.total",
            Metric::QueueInFlight => "queue.in_flight",
            Metric::QueuePending => "queue.pending",
            Metric::QueueWaiting => "queue.waiting",
            Metric::WorkersActive => "workers.active",
            Metric::TaskDuration => "task.duration_ms",
            Metric::QueueWait => "queue.wait_ms",
            Metric::TaskPhase => "task.phase_ms",
        }
    }
}

macro_rules! worker_facts {
    ($($variant:ident, $name:literal, $sentence:literal;)*) => {
        /// What a worker's black box may tell. Its names in `blackBox` all come from here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum WorkerFact { $(#[doc = $sentence] $variant,)* }

        impl WorkerFact {
            /// Every fact, in the table's order.
            pub const ALL: &'static [WorkerFact] = &[$(WorkerFact::$variant,)*];

            /// The name in a black box.
            pub const fn name(self) -> &'static str { match self { $(WorkerFact::$variant => $name,)* } }
            /// One sentence.
            pub const fn description(self) -> &'static str { match self { $(WorkerFact::$variant => $sentence,)* } }
            /// The fact with this name.
            pub fn from_name(name: &str) -> Option<WorkerFact> { match name { $($name => Some(WorkerFact::$variant),)* _ => None } }
        }
    };
}

worker_facts! {
    Spawned, "spawned", "The worker is being started.";
    Ready, "ready", "It has called `expose` and can take calls.";
    Started, "started", "A call was posted to it.";
    CancelSent, "cancel-sent", "It was told that a call it has is cancelled.";
    Settled, "settled", "A call returned.";
    Failed, "failed", "A call's handler threw, or the call could not be posted.";
    Requeued, "requeued", "A call that it had went back to the queue.";
    Ping, "ping", "It had work and gave no sign of life for half of `hangTimeoutMs`: it was asked for one.";
    Alive, "alive", "It answered that.";
    GraceOver, "grace-over", "The handler of a cancelled call went on past its grace: the worker is replaced.";
    Crashed, "crashed", "It crashed, or hangs; `lastCrash.kind` says which.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_leads_back_to_its_metric() {
        for &metric in Metric::ALL {
            assert_eq!(Metric::from_field(metric.field()), Some(metric));
            assert!(!metric.otlp().ends_with("_total"), "{}", metric.otlp());
        }
        assert_eq!(Metric::from_field("counter.other"), None);
    }

    #[test]
    fn a_field_leads_back_to_its_clue() {
        for &clue in Clue::ALL {
            assert_eq!(Clue::from_field(clue.field()), Some(clue));
            assert_eq!(Metric::from_field(clue.field()), None);
        }
    }
}
