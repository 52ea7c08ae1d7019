//! The records that the Layer makes of `tracing` events and spans, and that every consumer takes.

use std::sync::Arc;

use atelier_core::names::{Instrument, Metric, Phase};
use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};

use crate::account::Signal;
use crate::consumer::signal_of;
use crate::log::LogRecord;

/// What one `tracing` event or closed span became.
#[derive(Clone, Debug)]
pub enum Record {
    /// A counter was raised, a gauge set or a duration measured.
    Metric(MetricRecord),
    /// A call ended.
    Span(Arc<SpanRecord>),
    /// A trace made by `createTrace` ended.
    Trace(Arc<TraceRecord>),
    /// A span that a handler opened ended. It is told of when its call ends, before the call.
    Handler(Arc<HandlerSpanRecord>),
    /// Something was told.
    Log(Arc<LogRecord>),
}

impl Record {
    /// Under which signal the ledger counts it.
    pub fn signal(&self) -> Signal {
        signal_of(self)
    }
}

/// A task as its records name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskMeta {
    /// The runtime the task belongs to, unique in the page.
    pub runtime: u64,
    /// The task's number, unique in its runtime.
    pub handle: u64,
    /// The task's id.
    pub id: Arc<str>,
    /// The task's name, if it was given one.
    pub name: Option<Arc<str>>,
    /// `parallel` or `singleton`.
    pub kind: Arc<str>,
    /// `block`, `reject`, `drop-latest` or `drop-oldest`.
    pub queue_policy: Arc<str>,
    /// Calls that may run at once.
    pub max_in_flight: u64,
    /// Calls that may be pending.
    pub max_queue_depth: u64,
    /// Workers of the task.
    pub pool_size: u64,
}

/// One value of one metric.
#[derive(Clone, Debug)]
pub struct MetricRecord {
    /// Which metric.
    pub metric: Metric,
    /// The value in the metric's unit (seconds for durations).
    pub value: f64,
    /// Nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The task it belongs to.
    pub task: Arc<TaskMeta>,
    /// The method, where a call is meant.
    pub method: Option<Arc<str>>,
    /// The worker's place in its pool, where a worker is meant.
    pub worker_index: Option<u32>,
    /// How the call ended, where it did.
    pub outcome: Option<Outcome>,
    /// The error's name, where there was one.
    pub error_type: Option<Arc<str>>,
    /// The phase, for phase durations.
    pub phase: Option<Phase>,
}

impl MetricRecord {
    /// The name under which `subscribeEvents` listeners know it.
    pub fn listener_name(&self) -> &'static str {
        self.metric.listener(self.outcome)
    }

    /// The value as those listeners get it: durations in milliseconds.
    pub fn listener_value(&self) -> f64 {
        match self.metric.instrument() {
            Instrument::Histogram => self.value * 1e3,
            Instrument::Counter | Instrument::Gauge => self.value,
        }
    }

    /// The time as those listeners get it: milliseconds since the Unix epoch.
    pub fn listener_ts(&self) -> f64 {
        self.time_unix_nano as f64 / 1e6
    }
}

/// The status of a span as listeners see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanStatus {
    /// It ended well.
    Ok,
    /// It failed (a rejected call too).
    Error,
    /// It was cancelled.
    Canceled,
}

impl SpanStatus {
    /// The status's name.
    pub const fn name(self) -> &'static str {
        match self {
            SpanStatus::Ok => "ok",
            SpanStatus::Error => "error",
            SpanStatus::Canceled => "canceled",
        }
    }
}

/// How long a call was in each phase, in seconds; `None` for a phase it never entered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases(pub [Option<f64>; 5]);

impl Phases {
    /// The time in one phase, in seconds.
    pub fn get(&self, phase: Phase) -> Option<f64> {
        self.0[phase as usize]
    }

    /// Sets the time in one phase, in seconds.
    pub fn set(&mut self, phase: Phase, seconds: f64) {
        self.0[phase as usize] = Some(seconds);
    }
}

/// The span of one call, whole.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    /// 16-byte trace id.
    pub trace_id: u128,
    /// 8-byte span id.
    pub span_id: u64,
    /// Span id of the parent: the trace's own span, or a remote one.
    pub parent_span_id: Option<u64>,
    /// Whether the call was made under a trace (`with({ trace })`); else the trace id is the call's own.
    pub in_trace: bool,
    /// The trace's name, if it has one.
    pub trace_name: Option<Arc<str>>,
    /// The call's number in its runtime.
    pub call_id: u64,
    /// The task.
    pub task: Arc<TaskMeta>,
    /// The method.
    pub method: Arc<str>,
    /// The worker that ran it last, if any did.
    pub worker_index: Option<u32>,
    /// How many times it was given to a worker.
    pub attempt: u32,
    /// When the call was made, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// When it was settled, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What kind of error, if any.
    pub error_kind: Option<ErrorKind>,
    /// The error's name, if any.
    pub error_type: Option<Arc<str>>,
    /// The error's message, if any.
    pub error_message: Option<Arc<str>>,
    /// The error's stack, or that of what ended its worker, at most [`DEFAULT_STACK_BYTES`](crate::DEFAULT_STACK_BYTES) of
    /// it.
    pub error_stack: Option<Arc<str>>,
    /// Why it was cancelled, if it was.
    pub cancel_reason: Option<AbortReason>,
    /// How long it waited for a worker in all, in seconds: up to its end where it never started.
    pub queue_wait: Option<f64>,
    /// The last of these waits, from the call or its last requeueing, in seconds.
    pub queue_wait_last: Option<f64>,
    /// Where the time went.
    pub phases: Phases,
    /// Spans of its handler that are missing: there were too many, or they had not ended when the call did.
    pub handler_spans_lost: u64,
    /// Log records of its handler that are missing, since there were too many.
    pub handler_logs_lost: u64,
    /// Why it is told of although its trace is not sampled; `None` for one whose trace is.
    pub kept_for: Option<KeptFor>,
}

impl SpanRecord {
    /// The status as listeners see it.
    pub fn status(&self) -> SpanStatus {
        match self.outcome {
            Outcome::Ok => SpanStatus::Ok,
            Outcome::Canceled => SpanStatus::Canceled,
            Outcome::Error | Outcome::Rejected => SpanStatus::Error,
        }
    }

    /// The duration in seconds.
    pub fn duration(&self) -> f64 {
        self.end_unix_nano.saturating_sub(self.start_unix_nano) as f64 / 1e9
    }
}

/// A span that a handler opened beneath its call's.
#[derive(Clone, Debug)]
pub struct HandlerSpanRecord {
    /// 16-byte trace id: the call's.
    pub trace_id: u128,
    /// 8-byte span id.
    pub span_id: u64,
    /// Span id of the parent: the call's, or another of the handler's.
    pub parent_span_id: u64,
    /// Span id of the call, where its span was seen.
    pub call_span_id: Option<u64>,
    /// The name its handler gave it.
    pub name: Arc<str>,
    /// The call's number in its runtime.
    pub call_id: u64,
    /// The task.
    pub task: Arc<TaskMeta>,
    /// The worker that ran the call.
    pub worker_index: Option<u32>,
    /// When it began, nanoseconds since the Unix epoch, on the page's clock and within the handler's run.
    pub start_unix_nano: u64,
    /// When it ended, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// The error's name, if it failed.
    pub error_type: Option<Arc<str>>,
    /// The error's message, if it failed.
    pub error_message: Option<Arc<str>>,
    /// A JSON object of strings, numbers and booleans.
    pub attributes: Option<Arc<str>>,
}

/// The span of a trace made by `createTrace`.
#[derive(Clone, Debug)]
pub struct TraceRecord {
    /// The runtime that made it.
    pub runtime: u64,
    /// 16-byte trace id.
    pub trace_id: u128,
    /// The trace's own span id: the parent of its calls.
    pub span_id: u64,
    /// Span id of the remote parent, if the trace continues one.
    pub parent_span_id: Option<u64>,
    /// The name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Why it is told of although it is not sampled, as one of its calls is; `None` for one that is sampled.
    pub kept_for: Option<KeptFor>,
    /// When it was created, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// When it was ended, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// How it ended.
    pub status: SpanStatus,
    /// What kind of error, if any.
    pub error_kind: Option<ErrorKind>,
    /// The error's name, if any.
    pub error_type: Option<Arc<str>>,
    /// The error's message, if any.
    pub error_message: Option<Arc<str>>,
}
