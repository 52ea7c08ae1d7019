//! Spans as the structs of opentelemetry-proto, for everything that has to look at them again: JSON and redaction.

use std::sync::Arc;

use atelier_telemetry::TaskMeta;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::attribute::attribute;
use super::limits::Limiter;
use super::sink::{Attributes, Head, SpanSink, is_shared, shared};

/// Attributes in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct List(pub(super) Vec<KeyValue>);

impl Attributes for List {
    fn text(&mut self, key: &str, value: &str) {
        self.0.push(attribute(key, Value::StringValue(value.to_owned())));
    }

    fn int(&mut self, key: &str, value: i64) {
        self.0.push(attribute(key, Value::IntValue(value)));
    }

    fn double(&mut self, key: &str, value: f64) {
        self.0.push(attribute(key, Value::DoubleValue(value)));
    }

    fn bool(&mut self, key: &str, value: bool) {
        self.0.push(attribute(key, Value::BoolValue(value)));
    }
}

/// The scope of a task's spans: the library's, with what the spans share.
pub(super) fn scope_of(scope: &InstrumentationScope, task: Option<&TaskMeta>) -> InstrumentationScope {
    let mut attributes = List::default();
    if let Some(task) = task {
        shared(task, &mut attributes);
    }
    InstrumentationScope { attributes: attributes.0, ..scope.clone() }
}

/// A request in the making.
pub(super) struct Messages<'a> {
    /// Sees a span with all its attributes, those it shares with others among them, and may change them.
    review: &'a mut dyn FnMut(&mut Span),
    limiter: &'a mut Limiter,
    attributes: List,
    /// Spans, by what they share.
    groups: Vec<(Vec<KeyValue>, Vec<Span>)>,
}

impl<'a> Messages<'a> {
    pub(super) fn new(review: &'a mut dyn FnMut(&mut Span), limiter: &'a mut Limiter) -> Messages<'a> {
        Messages { review, limiter, attributes: List::default(), groups: Vec::new() }
    }

    /// The whole request.
    pub(super) fn finish(
        self,
        resource: &Resource,
        scope: &InstrumentationScope,
    ) -> ExportTraceServiceRequest {
        let scope_spans = self.groups.into_iter().map(|(attributes, spans)| ScopeSpans {
            scope: Some(InstrumentationScope { attributes, ..scope.clone() }),
            spans,
            ..ScopeSpans::default()
        });
        let scope_spans: Vec<ScopeSpans> = scope_spans.collect();
        let group =
            ResourceSpans { resource: Some(resource.clone()), scope_spans, ..ResourceSpans::default() };
        let resource_spans = if group.scope_spans.is_empty() { Vec::new() } else { vec![group] };
        ExportTraceServiceRequest { resource_spans }
    }
}

impl Attributes for Messages<'_> {
    fn text(&mut self, key: &str, value: &str) {
        self.attributes.text(key, value);
    }

    fn int(&mut self, key: &str, value: i64) {
        self.attributes.int(key, value);
    }

    fn double(&mut self, key: &str, value: f64) {
        self.attributes.double(key, value);
    }

    fn bool(&mut self, key: &str, value: bool) {
        self.attributes.bool(key, value);
    }
}

impl SpanSink for Messages<'_> {
    fn begin(&mut self, task: Option<&Arc<TaskMeta>>, _: &Head<'_>) {
        self.attributes = List::default();
        if let Some(task) = task {
            shared(task, &mut self.attributes);
        }
    }

    fn end(&mut self, head: &Head<'_>) {
        let (first, second) = head.name;
        let mut span = Span {
            trace_id: head.trace_id.to_be_bytes().to_vec(),
            span_id: head.span_id.to_be_bytes().to_vec(),
            parent_span_id: head.parent_span_id.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
            flags: head.flags(),
            name: second.map_or_else(|| first.to_owned(), |second| format!("{first}.{second}")),
            kind: SpanKind::Internal as i32,
            start_time_unix_nano: head.start_unix_nano,
            end_time_unix_nano: head.end(),
            attributes: std::mem::take(&mut self.attributes.0),
            status: head
                .error
                .map(|said| Status { code: StatusCode::Error as i32, message: said.to_owned() }),
            ..Span::default()
        };
        (self.review)(&mut span);
        let (mut shared, own): (Vec<KeyValue>, Vec<KeyValue>) =
            std::mem::take(&mut span.attributes).into_iter().partition(|it| is_shared(&it.key));
        self.limiter.values(&mut shared);
        span.attributes = own;
        span.dropped_attributes_count = self.limiter.attributes(&mut span.attributes);
        self.limiter.own_name(&mut span.name);
        if let Some(status) = &mut span.status {
            self.limiter.own_name(&mut status.message);
        }
        match self.groups.iter_mut().find(|(of_group, _)| *of_group == shared) {
            Some((_, spans)) => spans.push(span),
            None => self.groups.push((shared, vec![span])),
        }
    }
}
