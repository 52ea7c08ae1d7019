//! Spans that are open: their fields are gathered until they close and become records.

use std::fmt;
use std::sync::Arc;

use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};
use tracing::field::{Field, Visit};

use crate::log::start;
use crate::record::{HandlerSpanRecord, Phases, SpanRecord, SpanStatus, TaskMeta, TraceRecord};
use crate::slots::{Plan, Slot};
use crate::text::{TextKind, Texts, kept, kept_attributes};

/// How much of an error's stack a call's record keeps, in bytes. The rest is cut, and a last line says how much it was.
pub const DEFAULT_STACK_BYTES: usize = 4 * 1024;
/// How much of an error's message a record keeps, in bytes. The rest is cut, and a last line says how much it was: somebody's
/// whole payload in a message would be kept, queued and sent as often as calls fail.
pub const DEFAULT_ERROR_MESSAGE_BYTES: usize = 16 * 1024;

/// Why a span that closed became no record: it was never ended.
pub(crate) const UNFINISHED: &str = "unfinished";
/// Why a span that closed became no record: its task was never introduced.
pub(crate) const UNKNOWN_TASK: &str = "unknown_task";
/// Why a span that closed became no record: something that every such span has was missing.
pub(crate) const MALFORMED: &str = "malformed";

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    Call,
    Trace,
    Handler,
}

/// A span that is open.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) kind: SpanKind,
    pub(crate) fields: SpanFields,
    plan: Plan,
    /// The task as it was when the call was made: it may be gone when the call ends.
    pub(crate) task: Option<Arc<TaskMeta>>,
}

/// The fields of a call's or a trace's span.
#[derive(Debug, Default)]
pub(crate) struct SpanFields {
    pub(crate) runtime: u64,
    pub(crate) task: u64,
    method: Option<Arc<str>>,
    trace_id: Option<u128>,
    pub(crate) span_id: Option<u64>,
    parent_span_id: Option<u64>,
    /// Only a handler's own span has it: that of the span it was told beneath.
    pub(crate) call_span_id: Option<u64>,
    trace_name: Option<Arc<str>>,
    call_id: u64,
    worker_index: Option<u32>,
    attempt: u32,
    start: u64,
    end: Option<u64>,
    outcome: Option<Outcome>,
    error_kind: Option<ErrorKind>,
    error_type: Option<Arc<str>>,
    error_message: Option<Arc<str>>,
    error_stack: Option<Arc<str>>,
    cancel_reason: Option<AbortReason>,
    queue_wait: Option<f64>,
    queue_wait_last: Option<f64>,
    phases: Phases,
    /// Only a handler's own span is known by it.
    name: Option<Arc<str>>,
    attributes: Option<Arc<str>>,
    spans_lost: u64,
    logs_lost: u64,
    kept_for: Option<KeptFor>,
}

impl OpenSpan {
    pub(crate) fn new(kind: SpanKind, plan: Plan) -> OpenSpan {
        OpenSpan { kind, fields: SpanFields::default(), plan, task: None }
    }

    /// Takes the fields that the span has from its beginning, or that are recorded later.
    pub(crate) fn read(&mut self, texts: &mut Texts, visit: impl FnOnce(&mut dyn Visit)) {
        let named = self.kind == SpanKind::Handler;
        visit(&mut SpanVisitor { plan: &self.plan, texts, named, fields: &mut self.fields });
    }

    /// The record of a call, or why there is none.
    pub(crate) fn into_call(self) -> Result<SpanRecord, &'static str> {
        let fields = self.fields;
        let end_unix_nano = fields.end.ok_or(UNFINISHED)?;
        Ok(SpanRecord {
            task: self.task.ok_or(UNKNOWN_TASK)?,
            trace_id: fields.trace_id.ok_or(MALFORMED)?,
            span_id: fields.span_id.ok_or(MALFORMED)?,
            method: fields.method.ok_or(MALFORMED)?,
            outcome: fields.outcome.ok_or(MALFORMED)?,
            in_trace: fields.parent_span_id.is_some() || fields.trace_name.is_some(),
            parent_span_id: fields.parent_span_id,
            trace_name: fields.trace_name,
            call_id: fields.call_id,
            worker_index: fields.worker_index,
            attempt: fields.attempt,
            start_unix_nano: fields.start,
            end_unix_nano,
            error_kind: fields.error_kind,
            error_type: fields.error_type,
            error_message: fields.error_message,
            error_stack: fields.error_stack,
            cancel_reason: fields.cancel_reason,
            queue_wait: fields.queue_wait,
            queue_wait_last: fields.queue_wait_last,
            phases: fields.phases,
            handler_spans_lost: fields.spans_lost,
            handler_logs_lost: fields.logs_lost,
            kept_for: fields.kept_for,
        })
    }

    /// The record of a handler's own span, or why there is none.
    pub(crate) fn into_handler(self) -> Result<HandlerSpanRecord, &'static str> {
        let fields = self.fields;
        Ok(HandlerSpanRecord {
            task: self.task.ok_or(UNKNOWN_TASK)?,
            trace_id: fields.trace_id.ok_or(MALFORMED)?,
            span_id: fields.span_id.ok_or(MALFORMED)?,
            parent_span_id: fields.parent_span_id.ok_or(MALFORMED)?,
            call_span_id: fields.call_span_id,
            name: fields.name.ok_or(MALFORMED)?,
            call_id: fields.call_id,
            worker_index: fields.worker_index,
            start_unix_nano: fields.start,
            end_unix_nano: fields.end.ok_or(UNFINISHED)?,
            error_type: fields.error_type,
            error_message: fields.error_message,
            attributes: fields.attributes,
        })
    }

    /// The record of a trace, or why there is none.
    pub(crate) fn into_trace(self) -> Result<TraceRecord, &'static str> {
        let fields = self.fields;
        let end_unix_nano = fields.end.ok_or(UNFINISHED)?;
        Ok(TraceRecord {
            runtime: fields.runtime,
            trace_id: fields.trace_id.ok_or(MALFORMED)?,
            span_id: fields.span_id.ok_or(MALFORMED)?,
            status: match fields.outcome.ok_or(MALFORMED)? {
                Outcome::Ok => SpanStatus::Ok,
                Outcome::Canceled => SpanStatus::Canceled,
                Outcome::Error | Outcome::Rejected => SpanStatus::Error,
            },
            parent_span_id: fields.parent_span_id,
            name: fields.trace_name,
            kept_for: fields.kept_for,
            start_unix_nano: fields.start,
            end_unix_nano,
            error_kind: fields.error_kind,
            error_type: fields.error_type,
            error_message: fields.error_message,
        })
    }
}

struct SpanVisitor<'a> {
    plan: &'a Plan,
    texts: &'a mut Texts,
    named: bool,
    fields: &'a mut SpanFields,
}

impl Visit for SpanVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self.plan.slot(field) {
            Slot::QueueWait => self.fields.queue_wait = Some(value),
            Slot::QueueWaitLast => self.fields.queue_wait_last = Some(value),
            Slot::PhaseTime(phase) => self.fields.phases.set(phase, value),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let fields = &mut *self.fields;
        match self.plan.slot(field) {
            Slot::Runtime => fields.runtime = value,
            Slot::Task => fields.task = value,
            Slot::CallId => fields.call_id = value,
            Slot::Time => fields.start = value,
            Slot::EndTime => fields.end = Some(value),
            Slot::SpanId => fields.span_id = Some(value),
            Slot::ParentSpanId => fields.parent_span_id = Some(value),
            Slot::Attempt => fields.attempt = u32::try_from(value).unwrap_or(u32::MAX),
            Slot::SpansLost => fields.spans_lost = value,
            Slot::LogsLost => fields.logs_lost = value,
            Slot::WorkerIndex => fields.worker_index = u32::try_from(value).ok(),
            _ => {}
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if self.plan.slot(field) == Slot::TraceId {
            self.fields.trace_id = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let fields = &mut *self.fields;
        match self.plan.slot(field) {
            Slot::Method => fields.method = Some(self.texts.shared(TextKind::Method, value)),
            Slot::TraceName => fields.trace_name = Some(kept(value).into()),
            Slot::SamplingReason => fields.kept_for = KeptFor::from_name(value),
            Slot::Outcome => fields.outcome = Outcome::from_name(value),
            Slot::ErrorKind => fields.error_kind = ErrorKind::from_name(value),
            Slot::CancelReason => fields.cancel_reason = AbortReason::from_name(value),
            Slot::ErrorType => {
                fields.error_type = Some(self.texts.shared(TextKind::ErrorType, value));
            }
            Slot::SpanName if self.named => {
                fields.name = Some(self.texts.shared(TextKind::SpanName, value));
            }
            Slot::Attributes => fields.attributes = kept_attributes(value),
            Slot::ErrorMessage => {
                fields.error_message = Some(beginning(value, DEFAULT_ERROR_MESSAGE_BYTES));
            }
            Slot::ExceptionStack => fields.error_stack = Some(beginning(value, DEFAULT_STACK_BYTES)),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// As much of a text as a record keeps.
pub(crate) fn beginning(whole: &str, max_bytes: usize) -> Arc<str> {
    let kept = start(whole, max_bytes);
    match whole.len() - kept.len() {
        0 => whole.into(),
        cut => format!("{kept}…\n({cut} more bytes were cut)").into(),
    }
}
