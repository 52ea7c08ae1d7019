//! The only place where facts become `tracing` events and spans.
//!
//! Metric events follow the field convention of `tracing-opentelemetry` (`monotonic_counter.NAME` and siblings); spans
//! carry `otel.*` fields; see [`atelier_core::names`] for every name. Nothing is emitted while nobody asked.

mod ended;
mod logs;
mod spans;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use atelier_core::names::{
    CLOCK_MOVED, Clue, METRICS_STOPPED, Metric, TARGET, TASK_DEFINED, TASK_DISPOSED, WORKER_CRASH,
    WORKER_LIFE, WorkerFact, field,
};
use atelier_core::{CallId, Gauges, SpanContext, TaskConfig, UNLIMITED};
use tracing::Level;

pub use self::spans::TraceEnd;
pub(crate) use self::{
    ended::Ended,
    spans::{CallSpan, SpanPlace},
};
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

macro_rules! clue {
    ($self:ident, $clue:ident, $value:expr, $at:expr $(, $field:path => $extra:expr)*) => {
        tracing::event!(
            target: TARGET,
            Level::TRACE,
            { Clue::$clue.field() } = $value,
            { field::TIME } = $at,
            { field::RUNTIME } = $self.runtime
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

    /// Turns metric events on or off, and returns whether that was something new. Their end is told, so that nobody takes
    /// what comes after a gap for the whole.
    pub(crate) fn set_metrics(&self, on: bool) -> bool {
        let was_on = self.metrics.replace(on);
        if was_on && !on {
            tracing::event!(
                name: METRICS_STOPPED,
                target: TARGET,
                Level::DEBUG,
                { field::RUNTIME } = self.runtime
            );
        }
        was_on != on
    }

    /// The machine has slept, or its clock was set. Told to all who count from the browser's origin so far.
    pub(crate) fn clock_moved(&self, at: u64, origin_unix_nano: u64, by: i64) {
        tracing::event!(
            name: CLOCK_MOVED,
            target: TARGET,
            Level::DEBUG,
            { field::RUNTIME } = self.runtime,
            { field::TIME } = at,
            { field::TIME_ORIGIN } = origin_unix_nano,
            { field::TIME_MOVED } = by
        );
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
    pub(crate) fn task_defined(&self, label: &Label, config: &TaskConfig, cores: Option<u32>) {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let max_in_flight = match config.max_in_flight {
            UNLIMITED => u64::MAX,
            limit => limit.into(),
        };
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
            { field::MAX_IN_FLIGHT } = max_in_flight,
            { field::MAX_QUEUE_DEPTH } = config.max_queue_depth.map_or(u64::MAX, u64::from),
            { field::POOL_SIZE } = u64::from(config.pool_size),
            { field::CORES } = cores.map(u64::from),
            { field::TIMEOUT } = seconds(config.timeout.filter(|timeout| !timeout.is_zero())),
            { field::IDLE_TIMEOUT } = seconds(config.idle_timeout)
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

    /// A worker goes on with a call that is cancelled.
    pub(crate) fn abandoned(&self, label: &Label, call: CallId, method: &str, at: u64) {
        if self.metrics() {
            clue!(self, CallAbandoned, 1_u64, at, field::TASK => label.handle, field::CALL => call.to_bits(), field::METHOD => method);
        }
    }

    /// A worker is free of a call that was cancelled `after` ago.
    pub(crate) fn released(&self, label: &Label, call: CallId, at: u64, after: Duration) {
        if self.metrics() {
            clue!(self, CallReleased, after.as_secs_f64(), at, field::TASK => label.handle, field::CALL => call.to_bits());
        }
    }

    /// So many bytes were copied although they could have been moved.
    pub(crate) fn copied(&self, label: &Label, method: &str, at: u64, bytes: f64) {
        if self.metrics() {
            clue!(self, PayloadCopied, bytes, at, field::TASK => label.handle, field::METHOD => method);
        }
    }

    /// So many keys are aborted.
    pub(crate) fn keys_aborted(&self, at: u64, count: usize) {
        if self.metrics() {
            clue!(self, KeysAborted, count as u64, at);
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
            { field::EXCEPTION_TYPE } = crash.cause.name.as_deref(),
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
            let reason = ended.cancel_reason();
            let (method, worker) = (&*call.method, ended.timing.worker_index.map(u64::from));
            let (trace_id, span_id) = (call.trace_id(), call.span_id());
            metric!(self, TaskCompleted, 1_u64, at, label, field::METHOD => method, field::OUTCOME => outcome.name(), field::ERROR_TYPE => error, field::CANCEL_REASON => reason, field::CALL_ID => call.number, field::WORKER_INDEX => worker);
            metric!(self, TaskDuration, seconds.as_secs_f64(), at, label, field::METHOD => method, field::OUTCOME => outcome.name(), field::TRACE_ID => trace_id, field::SPAN_ID => span_id);
            for (phase, seconds) in ended.phases() {
                metric!(self, TaskPhase, seconds, at, label, field::METHOD => method, field::PHASE => phase.name(), field::TRACE_ID => trace_id, field::SPAN_ID => span_id);
            }
        }
        if let Some(span) = span {
            span.end(at, ended);
        }
    }
}
