//! Spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use super::{Checked, check_attributes, check_id, check_optional_id, check_resource, check_scope, demand};

/// Checks a whole request of spans.
pub(in crate::receiver) fn check_traces(request: &ExportTraceServiceRequest) -> Checked {
    let mut index = 0_usize;
    for group in &request.resource_spans {
        check_resource(group.resource.as_ref())?;
        for scoped in &group.scope_spans {
            check_scope(scoped.scope.as_ref())?;
            for span in &scoped.spans {
                check_span(span).map_err(|reason| format!("span {index} \"{}\": {reason}", span.name))?;
                index += 1;
            }
        }
    }
    demand(index > 0, || "the request holds no span; send no empty envelope".to_owned())
}

fn check_span(span: &Span) -> Checked {
    check_id("trace id", &span.trace_id, 16)?;
    check_id("span id", &span.span_id, 8)?;
    check_optional_id("parent span id", &span.parent_span_id, 8)?;
    demand(span.parent_span_id != span.span_id, || "it is its own parent".to_owned())?;
    demand(!span.name.is_empty(), || "its name is empty".to_owned())?;
    demand(SpanKind::try_from(span.kind).is_ok(), || format!("kind {} is unknown; it is 0 to 5", span.kind))?;
    demand(span.start_time_unix_nano > 0, || "its start time is missing".to_owned())?;
    demand(span.end_time_unix_nano >= span.start_time_unix_nano, || {
        format!("it ends ({}) before it starts ({})", span.end_time_unix_nano, span.start_time_unix_nano)
    })?;
    check_attributes(&span.attributes)?;
    if let Some(status) = &span.status {
        let known = StatusCode::try_from(status.code);
        demand(known.is_ok(), || format!("status code {} is unknown; it is 0, 1 or 2", status.code))?;
        demand(status.message.is_empty() || known == Ok(StatusCode::Error), || {
            "its status has a message without being an error".to_owned()
        })?;
    }
    span.events.iter().try_for_each(check_event)?;
    span.links.iter().try_for_each(check_link)
}

fn check_event(event: &Event) -> Checked {
    demand(!event.name.is_empty(), || "an event's name is empty".to_owned())?;
    demand(event.time_unix_nano > 0, || format!("event \"{}\" has no time", event.name))?;
    check_attributes(&event.attributes).map_err(|reason| format!("event \"{}\": {reason}", event.name))
}

fn check_link(link: &Link) -> Checked {
    check_id("a link's trace id", &link.trace_id, 16)?;
    check_id("a link's span id", &link.span_id, 8)?;
    check_attributes(&link.attributes).map_err(|reason| format!("link: {reason}"))
}
