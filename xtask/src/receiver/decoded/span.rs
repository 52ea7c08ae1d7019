//! Spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use serde::Serialize;

use super::value::{DecodedScope, Json, Shared, as_string, attributes, hex, optional_hex};

/// A span as `GET /api/spans` tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedSpan {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits; `None` at a root.
    pub parent_span_id: Option<String>,
    /// W3C `tracestate`, empty when there is none.
    pub trace_state: String,
    /// The span's name.
    pub name: String,
    /// `unspecified`, `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: &'static str,
    /// When it began, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub start_time_unix_nano: u64,
    /// When it ended, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub end_time_unix_nano: u64,
    /// From start to end, milliseconds.
    pub duration_ms: f64,
    /// How it ended.
    pub status: DecodedStatus,
    /// Its attributes.
    pub attributes: Json,
    /// Its events.
    pub events: Vec<DecodedEvent>,
    /// Its links.
    pub links: Vec<DecodedLink>,
    /// Attributes of its resource.
    pub resource: Shared<Json>,
    /// The library that made it.
    pub scope: Shared<DecodedScope>,
}

/// How a span ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecodedStatus {
    /// `unset`, `ok` or `error`.
    pub code: &'static str,
    /// Empty unless it is an error.
    pub message: String,
}

/// An event of a span.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedEvent {
    /// The event's name.
    pub name: String,
    /// When, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub time_unix_nano: u64,
    /// Its attributes.
    pub attributes: Json,
}

/// A link of a span.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedLink {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// Its attributes.
    pub attributes: Json,
}

/// Takes a checked request apart.
pub(in crate::receiver) fn decode_spans(request: ExportTraceServiceRequest) -> Vec<DecodedSpan> {
    let mut spans = Vec::new();
    for group in request.resource_spans {
        let resource = Shared::new(attributes(group.resource.unwrap_or_default().attributes));
        for scoped in group.scope_spans {
            let scope = Shared::new(DecodedScope::from_wire(scoped.scope));
            spans.extend(scoped.spans.into_iter().map(|span| decode_span(span, &resource, &scope)));
        }
    }
    spans
}

fn decode_span(span: Span, resource: &Shared<Json>, scope: &Shared<DecodedScope>) -> DecodedSpan {
    let status = span.status.unwrap_or_default();
    DecodedSpan {
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_span_id: optional_hex(&span.parent_span_id),
        trace_state: span.trace_state,
        name: span.name,
        kind: match SpanKind::try_from(span.kind) {
            Ok(SpanKind::Internal) => "internal",
            Ok(SpanKind::Server) => "server",
            Ok(SpanKind::Client) => "client",
            Ok(SpanKind::Producer) => "producer",
            Ok(SpanKind::Consumer) => "consumer",
            Ok(SpanKind::Unspecified) | Err(_) => "unspecified",
        },
        start_time_unix_nano: span.start_time_unix_nano,
        end_time_unix_nano: span.end_time_unix_nano,
        duration_ms: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano) as f64 / 1e6,
        status: DecodedStatus {
            code: match StatusCode::try_from(status.code) {
                Ok(StatusCode::Ok) => "ok",
                Ok(StatusCode::Error) => "error",
                Ok(StatusCode::Unset) | Err(_) => "unset",
            },
            message: status.message,
        },
        attributes: attributes(span.attributes),
        events: (span.events.into_iter())
            .map(|event| DecodedEvent {
                name: event.name,
                time_unix_nano: event.time_unix_nano,
                attributes: attributes(event.attributes),
            })
            .collect(),
        links: (span.links.into_iter())
            .map(|link| DecodedLink {
                trace_id: hex(&link.trace_id),
                span_id: hex(&link.span_id),
                attributes: attributes(link.attributes),
            })
            .collect(),
        resource: resource.clone(),
        scope: scope.clone(),
    }
}
