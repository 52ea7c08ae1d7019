//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use serde::Serialize;

use super::value::{DecodedScope, Json, Shared, any, as_string, attributes, optional_hex};

/// A log record as `GET /api/logs` tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedLog {
    /// When it happened, nanoseconds since the Unix epoch; 0 when that is unknown.
    #[serde(serialize_with = "as_string")]
    pub time_unix_nano: u64,
    /// When it was seen, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub observed_time_unix_nano: u64,
    /// 1 (trace) to 24 (fatal 4), 0 when there is none.
    pub severity_number: i32,
    /// The severity as its source calls it.
    pub severity_text: String,
    /// The event's name, empty for a plain record.
    pub event_name: String,
    /// What it says.
    pub body: serde_json::Value,
    /// Its attributes.
    pub attributes: Json,
    /// 32 hexadecimal digits, if it belongs to a trace.
    pub trace_id: Option<String>,
    /// 16 hexadecimal digits, if it belongs to a span.
    pub span_id: Option<String>,
    /// Attributes of its resource.
    pub resource: Shared<Json>,
    /// The library that made it.
    pub scope: Shared<DecodedScope>,
}

/// Takes a checked request apart.
pub(in crate::receiver) fn decode_logs(request: ExportLogsServiceRequest) -> Vec<DecodedLog> {
    let mut logs = Vec::new();
    for group in request.resource_logs {
        let resource = Shared::new(attributes(group.resource.unwrap_or_default().attributes));
        for scoped in group.scope_logs {
            let scope = Shared::new(DecodedScope::from_wire(scoped.scope));
            logs.extend(scoped.log_records.into_iter().map(|record| DecodedLog {
                time_unix_nano: record.time_unix_nano,
                observed_time_unix_nano: record.observed_time_unix_nano,
                severity_number: record.severity_number,
                severity_text: record.severity_text,
                event_name: record.event_name,
                body: any(record.body),
                attributes: attributes(record.attributes),
                trace_id: optional_hex(&record.trace_id),
                span_id: optional_hex(&record.span_id),
                resource: resource.clone(),
                scope: scope.clone(),
            }));
        }
    }
    logs
}
