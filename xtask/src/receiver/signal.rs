//! The three signals: how each is decoded, checked, kept and answered.

use axum::body::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;

use super::check::{check_logs, check_metrics, check_traces};
use super::decoded::{decode_logs, decode_metrics, decode_spans};
use super::refusal::Refusal;
use super::store::Store;

/// One of OTLP's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    /// The last part of its path.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }

    /// Decodes, checks and keeps a request; returns the body of the answer. A request is taken whole or not at all.
    pub(super) fn take(self, body: Bytes, store: &Store) -> Result<Vec<u8>, Refusal> {
        match self {
            Signal::Traces => {
                let request: ExportTraceServiceRequest = self.decode(body)?;
                check_traces(&request).map_err(Refusal::malformed)?;
                store.add_spans(decode_spans(request));
                Ok(ExportTraceServiceResponse::default().encode_to_vec())
            }
            Signal::Metrics => {
                let request: ExportMetricsServiceRequest = self.decode(body)?;
                check_metrics(&request).map_err(Refusal::malformed)?;
                store.add_metrics(decode_metrics(request));
                Ok(ExportMetricsServiceResponse::default().encode_to_vec())
            }
            Signal::Logs => {
                let request: ExportLogsServiceRequest = self.decode(body)?;
                check_logs(&request).map_err(Refusal::malformed)?;
                store.add_logs(decode_logs(request));
                Ok(ExportLogsServiceResponse::default().encode_to_vec())
            }
        }
    }

    fn decode<M: Message + Default>(self, body: Bytes) -> Result<M, Refusal> {
        M::decode(body).map_err(|error| {
            Refusal::malformed(format!("the body is no OTLP {} request: {error}", self.name()))
        })
    }
}
