//! Calls, traces and the spans of handlers, as spans of OTLP.

use atelier_core::names::{Phase, field};
use atelier_core::{ErrorKind, KeptFor};
use atelier_telemetry::{HandlerSpanRecord, Record, SpanRecord, SpanStatus, TraceRecord};

use super::phase::{phase_attribute, phase_span_id, phase_spans};
use super::sink::{Attributes, Head, SpanSink, is_shared};
use crate::config::PhaseExport;

/// The name of a trace's span when `createTrace` was given none.
const UNNAMED_TRACE: &str = "trace";
/// What `error.type` says about an error without a name (semantic conventions, "Error attributes").
pub(super) const OTHER_ERROR: &str = "_OTHER";

/// Writes the span of a record, and those of its phases if they are asked for. Not every record is a span.
pub(super) fn write(record: &Record, phases: PhaseExport, sink: &mut impl SpanSink) {
    match record {
        Record::Span(call) => call_span(call, phases, sink),
        Record::Trace(trace) => trace_span(trace, sink),
        Record::Handler(span) => handler_span(span, phases, sink),
        Record::Metric(_) | Record::Log(_) => {}
    }
}

fn call_span(call: &SpanRecord, phases: PhaseExport, sink: &mut impl SpanSink) {
    let task = &call.task;
    let ending = Ending {
        status: call.status(),
        error_kind: call.error_kind,
        error_type: call.error_type.as_deref(),
        error_message: call.error_message.as_deref(),
    };
    let head = Head {
        trace_id: call.trace_id,
        span_id: call.span_id,
        parent_span_id: call.parent_span_id,
        name: (task.name.as_ref().unwrap_or(&task.id), Some(&call.method)),
        start_unix_nano: call.start_unix_nano,
        end_unix_nano: call.end_unix_nano,
        sampled: call.kept_for.is_none(),
        error: ending.message(),
    };
    sink.begin(Some(task), &head);
    call_id(call.call_id, sink);
    if let Some(index) = call.worker_index {
        sink.int(field::WORKER_INDEX, index.into());
    }
    sink.int(field::ATTEMPT, call.attempt.into());
    sink.text(field::OUTCOME, call.outcome.name());
    sink.text(field::METHOD, &call.method);
    if let Some(error_type) = ending.error_type() {
        sink.text(field::ERROR_TYPE, error_type);
    }
    if let Some(reason) = call.cancel_reason {
        sink.text(field::CANCEL_REASON, reason.name());
    }
    kept_for(call.kept_for, sink);
    if phases == PhaseExport::Attributes {
        for phase in Phase::ALL {
            if let Some(seconds) = call.phases.get(phase) {
                sink.double(phase_attribute(phase), seconds);
            }
        }
    }
    if call.handler_spans_lost > 0 {
        sink.int(field::SPANS_LOST, i64::try_from(call.handler_spans_lost).unwrap_or(i64::MAX));
    }
    if call.handler_logs_lost > 0 {
        sink.int(field::LOGS_LOST, i64::try_from(call.handler_logs_lost).unwrap_or(i64::MAX));
    }
    sink.end(&head);
    if phases == PhaseExport::Spans {
        phase_spans(call, sink);
    }
}

fn handler_span(span: &HandlerSpanRecord, phases: PhaseExport, sink: &mut impl SpanSink) {
    let beneath_call = span.call_span_id == Some(span.parent_span_id);
    let parent_span_id = match phases {
        PhaseExport::Spans if beneath_call => phase_span_id(span.parent_span_id, Phase::Run),
        PhaseExport::Spans | PhaseExport::Attributes => span.parent_span_id,
    };
    let head = Head {
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id: Some(parent_span_id),
        name: (&span.name, None),
        start_unix_nano: span.start_unix_nano,
        end_unix_nano: span.end_unix_nano,
        sampled: true,
        error: span.error_type.as_ref().map(|_| span.error_message.as_deref().unwrap_or_default()),
    };
    sink.begin(Some(&span.task), &head);
    call_id(span.call_id, sink);
    if let Some(index) = span.worker_index {
        sink.int(field::WORKER_INDEX, index.into());
    }
    if let Some(json) = &span.attributes {
        own_attributes(json, sink);
    }
    if let Some(error_type) = &span.error_type {
        sink.text(field::ERROR_TYPE, error_type);
    }
    sink.end(&head);
}

fn trace_span(trace: &TraceRecord, sink: &mut impl SpanSink) {
    let ending = Ending {
        status: trace.status,
        error_kind: trace.error_kind,
        error_type: trace.error_type.as_deref(),
        error_message: trace.error_message.as_deref(),
    };
    let head = Head {
        trace_id: trace.trace_id,
        span_id: trace.span_id,
        parent_span_id: trace.parent_span_id,
        name: (trace.name.as_deref().unwrap_or(UNNAMED_TRACE), None),
        start_unix_nano: trace.start_unix_nano,
        end_unix_nano: trace.end_unix_nano,
        sampled: trace.kept_for.is_none(),
        error: ending.message(),
    };
    sink.begin(None, &head);
    sink.text(field::OUTCOME, trace.status.name());
    if let Some(error_type) = ending.error_type() {
        sink.text(field::ERROR_TYPE, error_type);
    }
    kept_for(trace.kept_for, sink);
    sink.end(&head);
}

fn kept_for(reason: Option<KeptFor>, sink: &mut impl SpanSink) {
    if let Some(reason) = reason {
        sink.text(field::SAMPLING_REASON, reason.name());
    }
}

fn call_id(number: u64, sink: &mut impl SpanSink) {
    sink.text(field::CALL_ID, itoa::Buffer::new().format(number));
}

/// Attributes that a handler gave its span: an object of strings, numbers and booleans. What the exporter says itself is
/// not theirs to say again: each key is there once.
fn own_attributes(json: &str, sink: &mut impl Attributes) {
    let Ok(own) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json) else { return };
    let taken = [field::CALL_ID, field::WORKER_INDEX, field::ERROR_TYPE];
    let is_free = |key: &str| !key.is_empty() && !taken.contains(&key) && !is_shared(key);
    for (key, value) in own.iter().filter(|(key, _)| is_free(key)) {
        match value {
            serde_json::Value::String(text) => sink.text(key, text),
            serde_json::Value::Bool(flag) => sink.bool(key, *flag),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => sink.int(key, number),
                (None, Some(number)) => sink.double(key, number),
                (None, None) => {}
            },
            _ => {}
        }
    }
}

/// How a call or a trace ended.
struct Ending<'a> {
    status: SpanStatus,
    error_kind: Option<ErrorKind>,
    error_type: Option<&'a str>,
    error_message: Option<&'a str>,
}

impl<'a> Ending<'a> {
    /// The error's name; a failure always has one, a cancellation where it is known (a timeout has another than an
    /// abort).
    fn error_type(&self) -> Option<&'a str> {
        match self.status {
            SpanStatus::Ok => None,
            SpanStatus::Canceled => self.error_type,
            SpanStatus::Error => {
                self.error_type.or(self.error_kind.map(ErrorKind::name)).or(Some(OTHER_ERROR))
            }
        }
    }

    /// What the status says; a cancellation is no error.
    fn message(&self) -> Option<&'a str> {
        (self.status == SpanStatus::Error).then(|| self.error_message.unwrap_or_default())
    }
}
