//! Calls and traces as OTLP spans.

use atelier_core::ErrorKind;
use atelier_core::names::{Phase, field};
use atelier_telemetry::{HandlerSpanRecord, Record, SpanRecord, SpanStatus, TraceRecord};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::attribute::{double, int, json, string};

/// The name of a trace's span when `createTrace` was given none.
const UNNAMED_TRACE: &str = "trace";
/// W3C Trace Context: the span was sampled, or it would not be here.
const SAMPLED: u32 = 1;
/// What `error.type` says about an error without a name (semantic conventions, "Error attributes").
const OTHER_ERROR: &str = "_OTHER";

/// The span of a record; `None` for a record that is none.
pub(super) fn span(record: &Record) -> Option<Span> {
    match record {
        Record::Span(call) => Some(call_span(call)),
        Record::Trace(trace) => Some(trace_span(trace)),
        Record::Handler(span) => Some(handler_span(span)),
        Record::Metric(_) => None,
    }
}

fn call_span(call: &SpanRecord) -> Span {
    let task = &call.task;
    let mut attributes = Vec::with_capacity(16);
    attributes.push(string(field::TASK_ID, &task.id));
    if let Some(name) = &task.name {
        attributes.push(string(field::TASK_NAME, name));
    }
    attributes.push(string(field::TASK_TYPE, &task.kind));
    attributes.push(string(field::CALL_ID, &call.call_id.to_string()));
    if let Some(index) = call.worker_index {
        attributes.push(int(field::WORKER_INDEX, u64::from(index)));
    }
    attributes.push(int(field::ATTEMPT, u64::from(call.attempt)));
    attributes.push(string(field::OUTCOME, call.outcome.name()));
    attributes.push(string(field::METHOD, &call.method));
    let ending = Ending {
        status: call.status(),
        error_kind: call.error_kind,
        error_type: call.error_type.as_deref(),
        error_message: call.error_message.as_deref(),
    };
    if let Some(error_type) = ending.error_type() {
        attributes.push(string(field::ERROR_TYPE, error_type));
    }
    for phase in Phase::ALL {
        if let Some(seconds) = call.phases.get(phase) {
            attributes.push(double(phase_attribute(phase), seconds));
        }
    }
    if call.handler_spans_lost > 0 {
        attributes.push(int(field::SPANS_LOST, call.handler_spans_lost));
    }
    Span {
        trace_id: call.trace_id.to_be_bytes().to_vec(),
        span_id: call.span_id.to_be_bytes().to_vec(),
        parent_span_id: parent(call.parent_span_id),
        flags: SAMPLED,
        name: format!("{}.{}", task.name.as_ref().unwrap_or(&task.id), call.method),
        kind: SpanKind::Internal as i32,
        start_time_unix_nano: call.start_unix_nano,
        // A clock that was set back must not make a span that ends before it starts.
        end_time_unix_nano: call.end_unix_nano.max(call.start_unix_nano),
        attributes,
        status: ending.status(),
        ..Span::default()
    }
}

fn handler_span(span: &HandlerSpanRecord) -> Span {
    let mut attributes =
        vec![string(field::TASK_ID, &span.task.id), string(field::CALL_ID, &span.call_id.to_string())];
    if let Some(index) = span.worker_index {
        attributes.push(int(field::WORKER_INDEX, u64::from(index)));
    }
    let own = span.attributes.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let own: serde_json::Map<String, serde_json::Value> = own.unwrap_or_default();
    attributes.extend(own.iter().filter_map(|(name, value)| json(name, value)));
    if let Some(error_type) = &span.error_type {
        attributes.push(string(field::ERROR_TYPE, error_type));
    }
    let status = span.error_type.as_ref().map(|_| Status {
        code: StatusCode::Error as i32,
        message: span.error_message.as_deref().unwrap_or_default().to_owned(),
    });
    Span {
        trace_id: span.trace_id.to_be_bytes().to_vec(),
        span_id: span.span_id.to_be_bytes().to_vec(),
        parent_span_id: parent(Some(span.parent_span_id)),
        flags: SAMPLED,
        name: span.name.to_string(),
        kind: SpanKind::Internal as i32,
        start_time_unix_nano: span.start_unix_nano,
        end_time_unix_nano: span.end_unix_nano.max(span.start_unix_nano),
        attributes,
        status,
        ..Span::default()
    }
}

fn trace_span(trace: &TraceRecord) -> Span {
    let ending = Ending {
        status: trace.status,
        error_kind: trace.error_kind,
        error_type: trace.error_type.as_deref(),
        error_message: trace.error_message.as_deref(),
    };
    let mut attributes = vec![string(field::OUTCOME, trace.status.name())];
    if let Some(error_type) = ending.error_type() {
        attributes.push(string(field::ERROR_TYPE, error_type));
    }
    Span {
        trace_id: trace.trace_id.to_be_bytes().to_vec(),
        span_id: trace.span_id.to_be_bytes().to_vec(),
        parent_span_id: parent(trace.parent_span_id),
        flags: SAMPLED,
        name: trace.name.as_deref().unwrap_or(UNNAMED_TRACE).to_owned(),
        kind: SpanKind::Internal as i32,
        start_time_unix_nano: trace.start_unix_nano,
        end_time_unix_nano: trace.end_unix_nano.max(trace.start_unix_nano),
        attributes,
        status: ending.status(),
        ..Span::default()
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

    /// Unset is said by absence; a cancellation is no error.
    fn status(&self) -> Option<Status> {
        (self.status == SpanStatus::Error).then(|| Status {
            code: StatusCode::Error as i32,
            message: self.error_message.unwrap_or_default().to_owned(),
        })
    }
}

fn parent(id: Option<u64>) -> Vec<u8> {
    id.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default()
}

/// [`field::PHASE_PREFIX`] and the phase's name, written out so that no string is built for each span.
const fn phase_attribute(phase: Phase) -> &'static str {
    match phase {
        Phase::Admission => "atelier.phase.admission",
        Phase::Queue => "atelier.phase.queue",
        Phase::Delivery => "atelier.phase.delivery",
        Phase::Run => "atelier.phase.run",
        Phase::Reply => "atelier.phase.reply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_named_by_the_table() {
        for phase in Phase::ALL {
            assert_eq!(phase_attribute(phase), format!("{}{}", field::PHASE_PREFIX, phase.name()));
        }
    }
}
