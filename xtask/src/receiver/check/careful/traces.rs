//! Spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use super::{
    Checked, careful_attributes, careful_resource, careful_scope, demand, demand_items, first_twice, text,
};

/// W3C Trace Context, "tracestate": so many members at most.
const MAX_TRACE_STATE_MEMBERS: usize = 32;

pub(in crate::receiver) fn careful_traces(request: &ExportTraceServiceRequest) -> Checked {
    let mut index = 0_usize;
    let mut ids = Vec::new();
    for group in &request.resource_spans {
        careful_resource(group.resource.as_ref())?;
        demand_items(group.scope_spans.len(), "scopes")?;
        for scoped in &group.scope_spans {
            careful_scope(scoped.scope.as_ref())?;
            demand_items(scoped.spans.len(), "spans")?;
            for span in &scoped.spans {
                careful_span(span).map_err(|reason| format!("span {index} \"{}\": {reason}", span.name))?;
                ids.push((&span.trace_id, &span.span_id));
                index += 1;
            }
        }
    }
    demand(first_twice(ids).is_none(), || "a span is there twice in one request".to_owned())
}

fn careful_span(span: &Span) -> Checked {
    careful_attributes(&span.attributes)?;
    let status = span.status.as_ref().map_or(StatusCode::Unset, |status| status.code());
    // "Ok" is for applications that overrule what a library found.
    demand(status != StatusCode::Ok, || "its status is Ok; leave it unset on success".to_owned())?;
    demand(status != StatusCode::Error || text(&span.attributes, "error.type").is_some(), || {
        "it is an error without error.type".to_owned()
    })?;
    demand(span.events.iter().all(|event| event.name != "exception"), || {
        "it has an exception as an event; send a log record".to_owned()
    })?;
    let members = span.trace_state.split(',').filter(|member| !member.trim().is_empty()).count();
    demand(members <= MAX_TRACE_STATE_MEMBERS, || format!("its tracestate has {members} members"))?;
    demand(span.kind != 0, || "its kind is unspecified".to_owned())
}
