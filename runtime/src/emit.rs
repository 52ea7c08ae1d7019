//! The only place where facts become `tracing` events and spans.
//!
//! Metric events follow the field convention of `tracing-opentelemetry` (`monotonic_counter.NAME` and siblings); spans
//! carry `otel.*` fields; see [`atelier_core::names`] for every name. Nothing is emitted while nobody asked.

use std::cell::Cell;
use std::rc::Rc;

use atelier_core::names::{
    CALL_SPAN, METRICS_STOPPED, Metric, Phase, TARGET, TASK_DEFINED, TASK_DISPOSED, TRACE_SPAN, WORKER_CRASH,
    WORKER_LIFE, WorkerFact, field,
};
use atelier_core::{End, Gauges, SpanContext, TaskConfig, Timing};
use tracing::field::Empty;
use tracing::{Level, Span};

use crate::error::Crash;

/// A task as telemetry names it.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) handle: u64,
    pub(crate) id: Rc<str>,
    pub(crate) name: Option<Rc<str>>,
    pub(crate) kind: &'static str,
}

/// A call as metric events name it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedCall {
    pub(crate) number: u64,
    pub(crate) method: Rc<str>,
    /// Where its span stands, when it is sampled.
    pub(crate) span: Option<SpanContext>,
}

impl NamedCall {
    fn trace_id(&self) -> Option<u128> {
        self.span.map(|span| span.trace_id)
    }

    fn span_id(&self) -> Option<u64> {
        self.span.map(|span| span.span_id)
    }
}

/// What is emitted, for one runtime.
#[derive(Debug)]
pub(crate) struct Emitter {
    runtime: u64,
    metrics: Cell<bool>,
    spans: Cell<bool>,
}

macro_rules! metric {
    ($self:ident, $metric:ident, $value:expr, $at:expr, $label:expr $(, $field:path => $extra:expr)*) => {
        tracing::event!(
            target: TARGET,
            Level::TRACE,
            { Metric::$metric.field() } = $value,
            { field::TIME } = $at,
            { field::RUNTIME } = $self.runtime,
            { field::TASK } = $label.handle,
            { field::TASK_ID } = &*$label.id,
            { field::TASK_NAME } = $label.name.as_deref(),
            { field::TASK_TYPE } = $label.kind
            $(, { $field } = $extra)*
        )
    };
}

impl Emitter {
    pub(crate) fn new(runtime: u64, metrics: bool, spans: bool) -> Emitter {
        Emitter { runtime, metrics: Cell::new(metrics), spans: Cell::new(spans) }
    }

    pub(crate) fn runtime(&self) -> u64 {
        self.runtime
    }

    /// Turns metric events on or off. Their end is told, so that nobody takes what comes after a gap for the whole.
    pub(crate) fn set_metrics(&self, on: bool) {
        if self.metrics.replace(on) && !on {
            tracing::event!(
                name: METRICS_STOPPED,
                target: TARGET,
                Level::DEBUG,
                { field::RUNTIME } = self.runtime
            );
        }
    }

    pub(crate) fn metrics(&self) -> bool {
        self.metrics.get()
    }

    /// Whether anything is told of calls.
    pub(crate) fn listens(&self) -> bool {
        self.metrics() || self.spans()
    }

    pub(crate) fn spans(&self) -> bool {
        self.spans.get()
    }

    /// Introduces a task. Always told: later events name it by its number.
    pub(crate) fn task_defined(&self, label: &Label, config: &TaskConfig) {
        tracing::event!(
            name: TASK_DEFINED,
            target: TARGET,
            Level::DEBUG,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::TASK_ID } = &*label.id,
            { field::TASK_NAME } = label.name.as_deref(),
            { field::TASK_TYPE } = label.kind,
            { field::QUEUE_POLICY } = config.queue_policy.name(),
            { field::MAX_IN_FLIGHT } = u64::from(config.max_in_flight),
            { field::MAX_QUEUE_DEPTH } = config.max_queue_depth.map_or(u64::MAX, u64::from),
            { field::POOL_SIZE } = u64::from(config.pool_size)
        );
    }

    pub(crate) fn task_disposed(&self, label: &Label) {
        tracing::event!(
            name: TASK_DISPOSED,
            target: TARGET,
            Level::DEBUG,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle
        );
    }

    pub(crate) fn dispatched(&self, label: &Label, call: &NamedCall, at: u64) {
        if self.metrics() {
            metric!(self, TaskDispatched, 1_u64, at, label, field::METHOD => &*call.method);
        }
    }

    pub(crate) fn started(&self, label: &Label, call: &NamedCall, index: u32, at: u64, wait: f64) {
        if self.metrics() {
            metric!(self, QueueWait, wait, at, label, field::METHOD => &*call.method, field::CALL_ID => call.number, field::WORKER_INDEX => u64::from(index), field::TRACE_ID => call.trace_id(), field::SPAN_ID => call.span_id());
        }
    }

    pub(crate) fn requeued(&self, label: &Label, call: &NamedCall, index: u32, at: u64) {
        if self.metrics() {
            metric!(self, TaskRequeued, 1_u64, at, label, field::METHOD => &*call.method, field::CALL_ID => call.number, field::WORKER_INDEX => u64::from(index));
        }
    }

    /// A fact of a worker's life that no metric counts.
    pub(crate) fn worker_life(
        &self,
        label: &Label,
        index: u32,
        at: u64,
        fact: WorkerFact,
        call: Option<&NamedCall>,
    ) {
        if !self.metrics() {
            return;
        }
        tracing::event!(
            name: WORKER_LIFE,
            target: TARGET,
            Level::TRACE,
            { field::FACT } = fact.name(),
            { field::TIME } = at,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::TASK_ID } = &*label.id,
            { field::WORKER_INDEX } = u64::from(index),
            { field::CALL_ID } = call.map(|call| call.number),
            { field::METHOD } = call.map(|call| &*call.method)
        );
    }

    pub(crate) fn worker_spawned(&self, label: &Label, index: u32, at: u64) {
        if self.metrics() {
            metric!(self, WorkerSpawned, 1_u64, at, label, field::WORKER_INDEX => u64::from(index));
        }
    }

    pub(crate) fn worker_terminated(&self, label: &Label, index: u32, at: u64) {
        if self.metrics() {
            metric!(self, WorkerTerminated, 1_u64, at, label, field::WORKER_INDEX => u64::from(index));
        }
    }

    pub(crate) fn worker_crashed(&self, label: &Label, index: u32, at: u64, crash: &Crash) {
        if self.metrics() {
            metric!(self, WorkerCrashed, 1_u64, at, label, field::WORKER_INDEX => u64::from(index));
        }
        tracing::event!(
            name: WORKER_CRASH,
            target: TARGET,
            Level::WARN,
            { field::TIME } = at,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::TASK_ID } = &*label.id,
            { field::WORKER_INDEX } = u64::from(index),
            { field::ERROR_TYPE } = crash.kind.name(),
            { field::EXCEPTION_MESSAGE } = crash.cause.message.as_str(),
            { field::EXCEPTION_STACKTRACE } = crash.cause.stack.as_deref()
        );
    }

    /// Tells the gauges that differ from what was told before; all of them the first time.
    pub(crate) fn gauges(&self, label: &Label, at: u64, before: Option<Gauges>, after: Gauges) {
        let differs = |of: fn(Gauges) -> u32| before.is_none_or(|before| of(before) != of(after));
        if differs(|gauges| gauges.in_flight) {
            metric!(self, QueueInFlight, u64::from(after.in_flight), at, label);
        }
        if differs(|gauges| gauges.pending) {
            metric!(self, QueuePending, u64::from(after.pending), at, label);
        }
        if differs(|gauges| gauges.waiting) {
            metric!(self, QueueWaiting, u64::from(after.waiting), at, label);
        }
        if differs(|gauges| gauges.workers) {
            metric!(self, WorkersActive, u64::from(after.workers), at, label);
        }
    }

    /// A call is over: its counter, its durations, and its span when it is sampled.
    pub(crate) fn settled(
        &self,
        label: &Label,
        call: &NamedCall,
        at: u64,
        ended: &Ended<'_>,
        span: Option<&CallSpan>,
    ) {
        let outcome = ended.end.outcome();
        if self.metrics() {
            let (error, seconds) = (ended.error_type, ended.timing.settled.since(ended.timing.dispatched));
            let (method, worker) = (&*call.method, ended.timing.worker_index.map(u64::from));
            let (trace_id, span_id) = (call.trace_id(), call.span_id());
            metric!(self, TaskCompleted, 1_u64, at, label, field::METHOD => method, field::OUTCOME => outcome.name(), field::ERROR_TYPE => error, field::CALL_ID => call.number, field::WORKER_INDEX => worker);
            metric!(self, TaskDuration, seconds.as_secs_f64(), at, label, field::METHOD => method, field::OUTCOME => outcome.name(), field::TRACE_ID => trace_id, field::SPAN_ID => span_id);
            for (phase, seconds) in ended.phases() {
                metric!(self, TaskPhase, seconds, at, label, field::METHOD => method, field::PHASE => phase.name(), field::TRACE_ID => trace_id, field::SPAN_ID => span_id);
            }
        }
        if let Some(CallSpan { span, .. }) = span {
            // The core's time of the call, where its first phase begins; the span was opened a moment before that.
            span.record(field::TIME, ended.dispatched_at);
            span.record(field::OUTCOME, outcome.name());
            span.record(field::ATTEMPT, u64::from(ended.timing.attempts));
            span.record(field::END_TIME, at);
            if let Some(index) = ended.timing.worker_index {
                span.record(field::WORKER_INDEX, u64::from(index));
            }
            if let Some(kind) = ended.end.error_kind() {
                span.record(field::ERROR_KIND, kind.name());
            }
            if let Some(error) = ended.error_type {
                span.record(field::ERROR_TYPE, error);
                span.record(field::OTEL_STATUS_DESCRIPTION, ended.error_message);
                if outcome != atelier_core::Outcome::Canceled {
                    span.record(field::OTEL_STATUS_CODE, "ERROR");
                }
            }
            if let Some(posted) = ended.timing.first_posted {
                span.record(field::QUEUE_WAIT, posted.since(ended.timing.dispatched).as_secs_f64());
            }
            if let Some(posted) = ended.timing.posted {
                span.record(field::QUEUE_WAIT_LAST, posted.since(ended.timing.queued).as_secs_f64());
            }
            for (phase, seconds) in ended.phases() {
                span.record(PHASE_FIELDS[phase as usize], seconds);
            }
        }
    }

    /// Opens the span of a sampled call.
    pub(crate) fn call_span(
        &self,
        label: &Label,
        call: u64,
        method: &str,
        at: u64,
        place: &SpanPlace,
    ) -> CallSpan {
        let name = format!("{}.{method}", label.name.as_ref().unwrap_or(&label.id));
        let span = tracing::span!(
            target: TARGET,
            Level::DEBUG,
            CALL_SPAN,
            { field::OTEL_NAME } = name,
            { field::OTEL_KIND } = "internal",
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::TASK_ID } = &*label.id,
            { field::TASK_NAME } = label.name.as_deref(),
            { field::TASK_TYPE } = label.kind,
            { field::CALL_ID } = call,
            { field::METHOD } = method,
            { field::TIME } = at,
            { field::TRACE_ID } = place.context.trace_id,
            { field::SPAN_ID } = place.context.span_id,
            { field::PARENT_SPAN_ID } = place.parent,
            { field::TRACE_NAME } = place.trace_name.as_deref(),
            { field::OUTCOME } = Empty,
            { field::ATTEMPT } = Empty,
            { field::END_TIME } = Empty,
            { field::WORKER_INDEX } = Empty,
            { field::ERROR_KIND } = Empty,
            { field::ERROR_TYPE } = Empty,
            { field::QUEUE_WAIT } = Empty,
            { field::QUEUE_WAIT_LAST } = Empty,
            { PHASE_FIELDS[0] } = Empty,
            { PHASE_FIELDS[1] } = Empty,
            { PHASE_FIELDS[2] } = Empty,
            { PHASE_FIELDS[3] } = Empty,
            { PHASE_FIELDS[4] } = Empty
        );
        CallSpan { span, context: place.context }
    }

    /// Opens the span of a sampled trace.
    pub(crate) fn trace_span(&self, at: u64, place: &SpanPlace) -> Span {
        tracing::span!(
            target: TARGET,
            Level::DEBUG,
            TRACE_SPAN,
            { field::OTEL_NAME } = place.trace_name.as_deref().unwrap_or("trace"),
            { field::OTEL_KIND } = "internal",
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
            { field::RUNTIME } = self.runtime,
            { field::TIME } = at,
            { field::TRACE_ID } = place.context.trace_id,
            { field::SPAN_ID } = place.context.span_id,
            { field::PARENT_SPAN_ID } = place.parent,
            { field::TRACE_NAME } = place.trace_name.as_deref(),
            { field::OUTCOME } = Empty,
            { field::END_TIME } = Empty,
            { field::ERROR_KIND } = Empty,
            { field::ERROR_TYPE } = Empty
        )
    }

    /// Ends the span of a trace.
    pub(crate) fn trace_ended(&self, span: &Span, at: u64, end: &TraceEnd) {
        span.record(field::END_TIME, at);
        span.record(field::OUTCOME, end.outcome.name());
        if let Some(kind) = end.error_kind {
            span.record(field::ERROR_KIND, kind.name());
        }
        if let Some((name, message)) = &end.error {
            span.record(field::ERROR_TYPE, name.as_str());
            span.record(field::OTEL_STATUS_DESCRIPTION, message.as_str());
        }
        if end.outcome == atelier_core::Outcome::Error {
            span.record(field::OTEL_STATUS_CODE, "ERROR");
        }
    }
}

const PHASE_FIELDS: [&str; 5] = [
    "atelier.phase.admission",
    "atelier.phase.queue",
    "atelier.phase.delivery",
    "atelier.phase.run",
    "atelier.phase.reply",
];

/// How a trace ended.
#[derive(Clone, Debug)]
pub struct TraceEnd {
    /// `Ok`, `Error` or `Canceled`.
    pub outcome: atelier_core::Outcome,
    /// What kind of error, if any.
    pub error_kind: Option<atelier_core::ErrorKind>,
    /// The error's name and message, if any.
    pub error: Option<(String, String)>,
}

/// Where a span stands.
#[derive(Clone, Debug)]
pub(crate) struct SpanPlace {
    pub(crate) context: SpanContext,
    pub(crate) parent: Option<u64>,
    pub(crate) trace_name: Option<Rc<str>>,
}

/// The open span of a sampled call.
#[derive(Debug)]
pub(crate) struct CallSpan {
    span: Span,
    pub(crate) context: SpanContext,
}

/// The end of a call, as telemetry sees it.
pub(crate) struct Ended<'a> {
    pub(crate) end: End,
    pub(crate) timing: Timing,
    /// When the handler began and ended, on the page's clock.
    pub(crate) handler: Option<(atelier_core::Instant, atelier_core::Instant)>,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) error_message: &'a str,
    /// When the call was made, nanoseconds since the Unix epoch.
    pub(crate) dispatched_at: u64,
}

impl Ended<'_> {
    /// The phases the call entered, in seconds; they add up to its duration.
    fn phases(&self) -> impl Iterator<Item = (Phase, f64)> {
        let Timing { dispatched, admitted, posted, settled, .. } = self.timing;
        // Causality bounds what the worker's clock says: no start before the post, no end after the reply.
        let handler = self.handler.zip(posted).map(|((started, ended), posted)| {
            let started = started.clamp(posted, settled);
            (started, ended.clamp(started, settled))
        });
        let ends = [
            Some(admitted.unwrap_or(settled)),
            admitted.map(|_| posted.unwrap_or(settled)),
            posted.map(|_| handler.map_or(settled, |(started, _)| started)),
            handler.map(|(_, ended)| ended),
            handler.map(|_| settled),
        ];
        let mut from = dispatched;
        Phase::ALL.into_iter().zip(ends).filter_map(move |(phase, end)| {
            let end = end?;
            let seconds = end.since(from).as_secs_f64();
            from = end;
            Some((phase, seconds))
        })
    }
}
