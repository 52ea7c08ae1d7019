//! The answer to a request that was taken, in the form in which it came.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::body::Format;
use super::signal::Signal;

/// So many items were rejected, or none, and what there is to say about it (OTLP specification, "Partial Success": a
/// message without rejections is a warning).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) rejected: u64,
    pub(super) message: String,
}

/// 200, with what there is to say.
pub(super) fn success(signal: Signal, format: Format, partial: Partial) -> Response {
    let nothing = partial == Partial::default();
    let body = match format {
        Format::Json if nothing => b"{}".to_vec(),
        Format::Json => {
            let mut said = json!({ "errorMessage": partial.message });
            if partial.rejected > 0 {
                said[rejected_field(signal)] = partial.rejected.to_string().into();
            }
            json!({ "partialSuccess": said }).to_string().into_bytes()
        }
        Format::Protobuf => protobuf(signal, (!nothing).then_some(partial)),
    };
    ([(header::CONTENT_TYPE, format.content_type())], body).into_response()
}

fn rejected_field(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    }
}

fn protobuf(signal: Signal, partial: Option<Partial>) -> Vec<u8> {
    let partial =
        partial.map(|partial| (i64::try_from(partial.rejected).unwrap_or(i64::MAX), partial.message));
    match signal {
        Signal::Traces => ExportTraceServiceResponse {
            partial_success: partial.map(|(rejected_spans, error_message)| ExportTracePartialSuccess {
                rejected_spans,
                error_message,
            }),
        }
        .encode_to_vec(),
        Signal::Metrics => ExportMetricsServiceResponse {
            partial_success: partial.map(|(rejected_data_points, error_message)| {
                ExportMetricsPartialSuccess { rejected_data_points, error_message }
            }),
        }
        .encode_to_vec(),
        Signal::Logs => ExportLogsServiceResponse {
            partial_success: partial.map(|(rejected_log_records, error_message)| ExportLogsPartialSuccess {
                rejected_log_records,
                error_message,
            }),
        }
        .encode_to_vec(),
    }
}
