//! The collector's side: what it does with a request, and what it reads in one.

use atelier_exporters::Signal;
use atelier_exporters::pipeline::{Answer, Request};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ScopeMetrics};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// What the collector does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(Answer),
    /// 200, with so many refused.
    Partial(u64),
    Fail(&'static str),
    Hang,
}

impl Act {
    pub fn ok() -> Act {
        Act::Answer(Answer { status: 200, ..Answer::default() })
    }

    pub fn status(status: u16) -> Act {
        Act::Answer(Answer { status, ..Answer::default() })
    }

    pub fn retry_after(status: u16, value: &str) -> Act {
        Act::Answer(Answer { status, retry_after: Some(value.to_owned()), ..Answer::default() })
    }

    pub fn protobuf(status: u16, body: Vec<u8>) -> Act {
        let content_type = Some("application/x-protobuf".to_owned());
        Act::Answer(Answer { status, content_type, body, retry_after: None })
    }
}

/// A request as it came to the collector.
#[derive(Clone, Debug)]
pub struct Received {
    pub at_ms: u64,
    pub signal: Signal,
    pub bytes: usize,
    /// Call numbers of the spans in it.
    pub calls: Vec<String>,
    /// What the log records in it say.
    pub logs: Vec<String>,
    pub points: usize,
    /// The metrics in it, by scope.
    pub scopes: Vec<ScopeMetrics>,
}

impl Received {
    pub fn read(at_ms: u64, request: &Request) -> Received {
        let (signal, bytes) = (request.signal, request.body.len());
        let mut received = Received {
            at_ms,
            signal,
            bytes,
            calls: Vec::new(),
            logs: Vec::new(),
            points: 0,
            scopes: Vec::new(),
        };
        match signal {
            Signal::Metrics => {
                let decoded = ExportMetricsServiceRequest::decode(&request.body[..]).expect("decodes");
                received.scopes =
                    decoded.resource_metrics.into_iter().flat_map(|it| it.scope_metrics).collect();
                received.points = received.scopes.iter().map(data_points).sum();
            }
            Signal::Logs => received.logs = logs(&request.body).iter().map(said).collect(),
            _ => {
                let number = |span| text(span, "atelier.call.id");
                received.calls = spans(&request.body).iter().map(number).collect();
            }
        }
        received
    }

    pub fn items(&self) -> u64 {
        (self.calls.len() + self.logs.len() + self.points) as u64
    }
}

/// What the collector made of a signal's items, as it sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    pub taken: u64,
    pub refused: u64,
}

pub fn spans(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).expect("decodes");
    request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).collect()
}

pub fn logs(body: &[u8]) -> Vec<LogRecord> {
    let request = ExportLogsServiceRequest::decode(body).expect("decodes");
    request.resource_logs.into_iter().flat_map(|r| r.scope_logs).flat_map(|s| s.log_records).collect()
}

/// What a log record says.
pub fn said(log: &LogRecord) -> String {
    match log.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("a body that is no text: {other:?}"),
    }
}

fn data_points(scope: &ScopeMetrics) -> usize {
    let of = |metric: &Metric| match metric.data.as_ref().expect("data") {
        Data::Sum(sum) => sum.data_points.len(),
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::ExponentialHistogram(histogram) => histogram.data_points.len(),
        other => panic!("not expected: {other:?}"),
    };
    scope.metrics.iter().map(of).sum()
}

/// An answer that refuses so many items.
pub fn partial(signal: Signal, refused: u64) -> Answer {
    let (refused, error_message) = (refused as i64, "no".to_owned());
    let body = match signal {
        Signal::Metrics => {
            let partial = ExportMetricsPartialSuccess { rejected_data_points: refused, error_message };
            ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
        Signal::Logs => {
            let partial = ExportLogsPartialSuccess { rejected_log_records: refused, error_message };
            ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
        _ => {
            let partial = ExportTracePartialSuccess { rejected_spans: refused, error_message };
            ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
    };
    let content_type = Some("application/x-protobuf".to_owned());
    Answer { status: 200, content_type, body, retry_after: None }
}

/// How many items an answer refuses. The messages of all signals have the number in the same place.
pub fn refused(body: &[u8]) -> u64 {
    let response = ExportTraceServiceResponse::decode(body).expect("decodes");
    response.partial_success.map_or(0, |partial| partial.rejected_spans as u64)
}

pub fn text(span: &Span, key: &str) -> String {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key);
    match attribute.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{key}: {other:?}"),
    }
}
