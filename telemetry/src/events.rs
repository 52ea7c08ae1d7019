//! Reads the fields of `tracing` events: a task's introduction and the values of metrics.
//!
//! Only plain values are read, never a `Debug` or `Display` implementation: these could emit events themselves while
//! the telemetry is locked.

use std::fmt;
use std::sync::Arc;

use atelier_core::names::{Clue, Metric, Phase, WorkerFact};
use atelier_core::{AbortReason, Outcome};
use tracing::field::{Field, Visit};

use crate::exemplars::Exemplar;
use crate::lint::Settings;
use crate::record::TaskMeta;
use crate::reports::Exception;
use crate::slots::{Plan, Slot};
use crate::spans::{DEFAULT_ERROR_MESSAGE_BYTES, DEFAULT_STACK_BYTES, beginning};
use crate::text::{Text, TextKind, Texts, kept};

/// A metric event, or one of a worker's life, read.
#[derive(Debug, Default)]
pub(crate) struct MetricFields {
    pub(crate) value: Option<(Metric, f64)>,
    pub(crate) time: u64,
    /// What the page's clock counts from now.
    pub(crate) time_origin: u64,
    /// By how much times moved with that.
    pub(crate) time_moved: i64,
    pub(crate) runtime: u64,
    pub(crate) task: u64,
    pub(crate) method: Text,
    pub(crate) error_type: Text,
    pub(crate) worker_index: Option<u32>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) phase: Option<Phase>,
    pub(crate) cancel_reason: Option<AbortReason>,
    /// The call's handle, for clues about one.
    pub(crate) call: u64,
    /// What is told for the linter only.
    pub(crate) clue: Option<(Clue, f64)>,
    pub(crate) call_id: Option<u64>,
    pub(crate) fact: Option<WorkerFact>,
    /// Why a worker ended, where that is told and somebody wants to know.
    pub(crate) exception: Option<Box<Exception>>,
    trace_id: Option<u128>,
    span_id: Option<u64>,
}

impl MetricFields {
    /// The call that this value was measured at, if it is sampled.
    pub(crate) fn exemplar(&self, value: f64) -> Option<Exemplar> {
        let (trace_id, span_id) = self.trace_id.zip(self.span_id)?;
        Some(Exemplar { value: value.max(0.0), trace_id, span_id, time_unix_nano: self.time })
    }
}

/// Fills [`MetricFields`].
pub(crate) struct MetricVisitor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) texts: &'a mut Texts,
    pub(crate) fields: MetricFields,
}

impl MetricVisitor<'_> {
    fn exception(&mut self) -> &mut Exception {
        self.fields.exception.get_or_insert_default()
    }
}

impl Visit for MetricVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        match self.plan.slot(field) {
            Slot::Value(metric) => self.fields.value = Some((metric, value)),
            Slot::Clue(clue) => self.fields.clue = Some((clue, value)),
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match self.plan.slot(field) {
            Slot::Value(metric) => self.fields.value = Some((metric, value as f64)),
            Slot::TimeMoved => self.fields.time_moved = value,
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match self.plan.slot(field) {
            Slot::Value(metric) => self.fields.value = Some((metric, value as f64)),
            Slot::Clue(clue) => self.fields.clue = Some((clue, value as f64)),
            Slot::Call => self.fields.call = value,
            Slot::Time => self.fields.time = value,
            Slot::TimeOrigin => self.fields.time_origin = value,
            Slot::Runtime => self.fields.runtime = value,
            Slot::Task => self.fields.task = value,
            Slot::CallId => self.fields.call_id = Some(value),
            Slot::SpanId => self.fields.span_id = Some(value),
            Slot::WorkerIndex => self.fields.worker_index = u32::try_from(value).ok(),
            _ => {}
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if self.plan.slot(field) == Slot::TraceId {
            self.fields.trace_id = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.plan.slot(field) {
            Slot::Method => self.fields.method = self.texts.intern(TextKind::Method, value),
            Slot::ErrorType => {
                self.fields.error_type = self.texts.intern(TextKind::ErrorType, value);
            }
            Slot::Outcome => self.fields.outcome = Outcome::from_name(value),
            Slot::CancelReason => self.fields.cancel_reason = AbortReason::from_name(value),
            Slot::Fact => self.fields.fact = WorkerFact::from_name(value),
            Slot::ExceptionType => self.exception().name = Some(kept(value).into()),
            Slot::ExceptionMessage => {
                self.exception().message = Some(beginning(value, DEFAULT_ERROR_MESSAGE_BYTES));
            }
            Slot::ExceptionStack => self.exception().stack = Some(beginning(value, DEFAULT_STACK_BYTES)),
            Slot::PhaseName => {
                self.fields.phase = Phase::ALL.into_iter().find(|phase| phase.name() == value);
            }
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Fills a [`TaskMeta`] and the linter's [`Settings`].
pub(crate) struct TaskVisitor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) meta: TaskMeta,
    pub(crate) settings: Settings,
}

impl<'a> TaskVisitor<'a> {
    pub(crate) fn new(plan: &'a Plan) -> TaskVisitor<'a> {
        let none: Arc<str> = "".into();
        let meta = TaskMeta {
            runtime: 0,
            handle: 0,
            id: none.clone(),
            name: None,
            kind: none.clone(),
            queue_policy: none,
            max_in_flight: 0,
            max_queue_depth: 0,
            pool_size: 0,
        };
        TaskVisitor { plan, meta, settings: Settings::default() }
    }
}

impl Visit for TaskVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        match self.plan.slot(field) {
            Slot::Timeout => self.settings.timeout = Some(value),
            Slot::IdleTimeout => self.settings.idle_timeout = Some(value),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match self.plan.slot(field) {
            Slot::Runtime => self.meta.runtime = value,
            Slot::Task => self.meta.handle = value,
            Slot::MaxInFlight => self.meta.max_in_flight = value,
            Slot::MaxQueueDepth => self.meta.max_queue_depth = value,
            Slot::PoolSize => self.meta.pool_size = value,
            Slot::Cores => self.settings.cores = Some(value),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.plan.slot(field) {
            Slot::TaskId => self.meta.id = value.into(),
            Slot::TaskName => self.meta.name = Some(kept(value).into()),
            Slot::TaskType => self.meta.kind = value.into(),
            Slot::QueuePolicy => self.meta.queue_policy = value.into(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
