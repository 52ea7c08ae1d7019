//! Spans: of calls, of what handlers open beneath them, of traces.

use std::rc::Rc;

use atelier_core::names::{CALL_SPAN, HANDLER_SPAN, TARGET, TRACE_SPAN, field};
use atelier_core::{KeptFor, SpanContext};
use tracing::field::Empty;
use tracing::{Level, Span};

use super::{Emitter, Ended, Label};
use crate::wire::HandlerSpan;

impl Emitter {
    /// Opens the span of a call that is sampled, or kept for this reason.
    pub(crate) fn call_span(
        &self,
        label: &Label,
        call: u64,
        method: &str,
        place: &SpanPlace,
        kept_for: Option<KeptFor>,
    ) -> CallSpan {
        let span = tracing::span!(
            target: TARGET,
            Level::DEBUG,
            CALL_SPAN,
            // What `CallSpan::end` records: first, since fields are looked for one after the other.
            { field::TIME } = Empty,
            { field::END_TIME } = Empty,
            { field::OUTCOME } = Empty,
            { field::ATTEMPT } = Empty,
            { field::WORKER_INDEX } = Empty,
            { field::QUEUE_WAIT } = Empty,
            { field::QUEUE_WAIT_LAST } = Empty,
            { PHASE_FIELDS[0] } = Empty,
            { PHASE_FIELDS[1] } = Empty,
            { PHASE_FIELDS[2] } = Empty,
            { PHASE_FIELDS[3] } = Empty,
            { PHASE_FIELDS[4] } = Empty,
            { field::ERROR_KIND } = Empty,
            { field::CANCEL_REASON } = Empty,
            { field::ERROR_TYPE } = Empty,
            { field::EXCEPTION_STACKTRACE } = Empty,
            { field::OTEL_STATUS_CODE } = Empty,
            { field::OTEL_STATUS_DESCRIPTION } = Empty,
            { field::SPANS_LOST } = Empty,
            { field::LOGS_LOST } = Empty,
            // What is known now.
            { field::OTEL_NAME } = format_args!("{}.{method}", label.name.as_ref().unwrap_or(&label.id)),
            { field::OTEL_KIND } = "internal",
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::TASK_ID } = &*label.id,
            { field::TASK_NAME } = label.name.as_deref(),
            { field::TASK_TYPE } = label.kind,
            { field::CALL_ID } = call,
            { field::METHOD } = method,
            { field::TRACE_ID } = place.context.trace_id,
            { field::SPAN_ID } = place.context.span_id,
            { field::PARENT_SPAN_ID } = place.parent,
            { field::TRACE_NAME } = place.trace_name.as_deref(),
            { field::SAMPLING_REASON } = kept_for.map(KeptFor::name)
        );
        CallSpan { span, context: place.context, number: call }
    }

    /// Tells of a span that a handler opened beneath its call's. Both times are on the page's clock.
    pub(crate) fn handler_span(
        &self,
        label: &Label,
        call: &CallSpan,
        worker_index: Option<u32>,
        span: &HandlerSpan,
        (start, end): (u64, u64),
    ) {
        let (error, message) = span.error.as_ref().map(|(name, message)| (&**name, &**message)).unzip();
        // It ends with this statement: all of it is known.
        drop(tracing::span!(
            target: TARGET,
            parent: &call.span,
            Level::DEBUG,
            HANDLER_SPAN,
            { field::OTEL_NAME } = &*span.name,
            { field::OTEL_KIND } = "internal",
            { field::OTEL_STATUS_CODE } = error.map(|_| "ERROR"),
            { field::OTEL_STATUS_DESCRIPTION } = message,
            { field::RUNTIME } = self.runtime,
            { field::TASK } = label.handle,
            { field::CALL_ID } = call.number,
            { field::WORKER_INDEX } = worker_index.map(u64::from),
            { field::TRACE_ID } = call.context.trace_id,
            { field::SPAN_ID } = span.span_id,
            { field::PARENT_SPAN_ID } = span.parent_span_id,
            { field::TIME } = start,
            { field::END_TIME } = end,
            { field::ERROR_TYPE } = error,
            { field::ATTRIBUTES } = span.attributes.as_deref()
        ));
    }

    /// Opens the span of a trace that is sampled, or kept for this reason.
    pub(crate) fn trace_span(&self, at: u64, place: &SpanPlace, kept_for: Option<KeptFor>) -> Span {
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
            { field::SAMPLING_REASON } = kept_for.map(KeptFor::name),
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
    pub(super) span: Span,
    pub(crate) context: SpanContext,
    /// The call's number in its runtime.
    pub(super) number: u64,
}

impl CallSpan {
    /// The call is over: its span gets the rest of its fields.
    pub(super) fn end(&self, at: u64, ended: &Ended<'_>) {
        let outcome = ended.end.outcome();
        let mut phases = [None; 5];
        for (phase, seconds) in ended.phases() {
            phases[phase as usize] = Some(seconds);
        }
        // All at once, since each record costs as much as an event.
        tracing::record_all!(
            self.span,
            // The core's time of the call, where its first phase begins; the span was opened a moment before that.
            { field::TIME } = ended.dispatched_at,
            { field::END_TIME } = at,
            { field::OUTCOME } = outcome.name(),
            { field::ATTEMPT } = u64::from(ended.timing.attempts),
            { field::WORKER_INDEX } = ended.timing.worker_index.map(u64::from),
            { field::QUEUE_WAIT } = ended.timing.waited.as_secs_f64(),
            { field::QUEUE_WAIT_LAST } = ended.timing.last_wait.as_secs_f64(),
            { PHASE_FIELDS[0] } = phases[0],
            { PHASE_FIELDS[1] } = phases[1],
            { PHASE_FIELDS[2] } = phases[2],
            { PHASE_FIELDS[3] } = phases[3],
            { PHASE_FIELDS[4] } = phases[4]
        );
        if outcome == atelier_core::Outcome::Ok && ended.spans_lost + ended.logs_lost == 0 {
            return;
        }
        let failed = ended.error_type.is_some() && outcome != atelier_core::Outcome::Canceled;
        tracing::record_all!(
            self.span,
            { field::ERROR_KIND } = ended.end.error_kind().map(|kind| kind.name()),
            { field::CANCEL_REASON } = ended.cancel_reason(),
            { field::ERROR_TYPE } = ended.error_type,
            { field::EXCEPTION_STACKTRACE } = ended.error_stack,
            { field::OTEL_STATUS_CODE } = failed.then_some("ERROR"),
            { field::OTEL_STATUS_DESCRIPTION } = ended.error_type.map(|_| ended.error_message),
            { field::SPANS_LOST } = (ended.spans_lost > 0).then_some(ended.spans_lost),
            { field::LOGS_LOST } = (ended.logs_lost > 0).then_some(ended.logs_lost)
        );
    }
}
