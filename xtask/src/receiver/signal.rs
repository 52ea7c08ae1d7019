//! The three signals: how each is decoded, checked and known again.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::body::Format;
use super::check::{
    Checked, careful_logs, careful_metrics, careful_traces, check_logs, check_metrics, check_traces,
};
use super::decoded::{DecodedLog, DecodedMetric, DecodedSpan, decode_logs, decode_metrics, decode_spans};
use super::json;
use super::refusal::Refusal;
use super::streams::Streams;

/// One of OTLP's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans, at `/v1/traces`.
    Traces,
    /// Data points, at `/v1/metrics`.
    Metrics,
    /// Log records, at `/v1/logs`.
    Logs,
}

/// The items of one request.
#[derive(Debug)]
pub(super) enum Items {
    Spans(Vec<DecodedSpan>),
    Points(Vec<DecodedMetric>),
    Logs(Vec<DecodedLog>),
}

/// A sound request.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) items: Items,
    /// What its sender might do better.
    pub(super) remarks: Vec<String>,
}

impl Signal {
    /// All of them.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// The last part of its path.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }

    /// Decodes and checks a request: it is sound as a whole or refused as a whole. A strict receiver gives the series
    /// that it follows.
    pub(super) fn decode(
        self,
        body: Bytes,
        format: Format,
        strict: Option<&Streams>,
    ) -> Result<Sound, Refusal> {
        self.decode_or_say(body, format, strict).map_err(Refusal::malformed)
    }

    fn decode_or_say(self, body: Bytes, format: Format, strict: Option<&Streams>) -> Result<Sound, String> {
        let is_strict = strict.is_some();
        let (body, remarks) = match format {
            Format::Protobuf => (body, Vec::new()),
            Format::Json => {
                let shape = match self {
                    Signal::Traces => &json::TRACES,
                    Signal::Metrics => &json::METRICS,
                    Signal::Logs => &json::LOGS,
                };
                let decoded = json::to_protobuf(&body, shape, is_strict)?;
                (decoded.protobuf.into(), decoded.remarks)
            }
        };
        let items = match self {
            Signal::Traces => {
                let request: ExportTraceServiceRequest = self.message(body)?;
                check(&request, check_traces, is_strict.then_some(careful_traces))?;
                Items::Spans(decode_spans(request))
            }
            Signal::Metrics => {
                let request: ExportMetricsServiceRequest = self.message(body)?;
                check(&request, check_metrics, is_strict.then_some(careful_metrics))?;
                let points = decode_metrics(request);
                strict.map_or(Ok(()), |streams| streams.follow(&points))?;
                Items::Points(points)
            }
            Signal::Logs => {
                let request: ExportLogsServiceRequest = self.message(body)?;
                check(&request, check_logs, is_strict.then_some(careful_logs))?;
                Items::Logs(decode_logs(request))
            }
        };
        Ok(Sound { items, remarks })
    }

    fn message<M: Message + Default>(self, body: Bytes) -> Result<M, String> {
        M::decode(body).map_err(|error| format!("the body is no OTLP {} request: {error}", self.name()))
    }
}

/// Checks what makes a request valid, then what a careful sender does besides.
fn check<R>(request: &R, valid: fn(&R) -> Checked, careful: Option<fn(&R) -> Checked>) -> Checked {
    valid(request)?;
    careful.map_or(Ok(()), |careful| careful(request))
}

impl Items {
    pub(super) fn len(&self) -> usize {
        match self {
            Items::Spans(spans) => spans.len(),
            Items::Points(points) => points.len(),
            Items::Logs(logs) => logs.len(),
        }
    }

    /// Lets the last ones go, so that so many stay.
    pub(super) fn truncate(&mut self, len: usize) {
        match self {
            Items::Spans(spans) => spans.truncate(len),
            Items::Points(points) => points.truncate(len),
            Items::Logs(logs) => logs.truncate(len),
        }
    }

    /// What each is known again by.
    pub(super) fn identities(&self) -> Vec<u64> {
        fn all<T>(items: &[T], known_by: impl Fn(&T, &mut DefaultHasher)) -> Vec<u64> {
            let identity = |item| {
                let mut hasher = DefaultHasher::new();
                known_by(item, &mut hasher);
                hasher.finish()
            };
            items.iter().map(identity).collect()
        }
        match self {
            Items::Spans(spans) => {
                all(spans, |span, hasher| (span.trace_id.as_str(), span.span_id.as_str()).hash(hasher))
            }
            Items::Points(points) => {
                all(points, |point, hasher| (point.series(), point.time_unix_nano).hash(hasher))
            }
            Items::Logs(logs) => all(logs, |log, hasher| format!("{log:?}").hash(hasher)),
        }
    }
}
