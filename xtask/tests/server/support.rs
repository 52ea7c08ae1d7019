//! A server on a free port, a plain HTTP client, and well-formed OTLP requests to break.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use xtask::{Mount, ReceiverOptions, Server, ServerOptions, Site};

pub(crate) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
pub(crate) const NOW: u64 = 1_700_000_000_000_000_000;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn reason(&self) -> &str {
        self.header("x-refused-because")
    }
}

pub(crate) async fn serve(receiver: ReceiverOptions, mounts: Vec<Mount>) -> Server {
    let options =
        ServerOptions { host: Ipv4Addr::LOCALHOST.into(), port: 0, site: Site::new(mounts), receiver };
    Server::start(options).await.unwrap()
}

pub(crate) async fn receiver() -> Server {
    serve(ReceiverOptions::default(), Vec::new()).await
}

pub(crate) async fn folder_under(prefix: &str, folder: &Path) -> Server {
    serve(ReceiverOptions::default(), vec![Mount::new(prefix, folder, "cargo xtask dist")]).await
}

pub(crate) async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    try_ask(server, method, path, headers, body).await.unwrap()
}

/// As [`ask`], where there may be no answer.
pub(crate) async fn try_ask(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, String> {
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(format!("{}{path}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let response = client.request(request).await.map_err(|error| format!("{error:?}"))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answer { status: head.status, headers: head.headers, body })
}

pub(crate) async fn get(server: &Server, path: &str) -> Answer {
    ask(server, Method::GET, path, &[], Bytes::new()).await
}

pub(crate) async fn post(server: &Server, path: &str, body: impl Into<Bytes>) -> Answer {
    ask(server, Method::POST, path, &[PROTOBUF], body).await
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

pub(crate) fn resource() -> Option<Resource> {
    let attributes = RESOURCE.map(|(key, value)| text(key, value)).to_vec();
    Some(Resource { attributes, ..Resource::default() })
}

/// What [`resource`] says.
pub(crate) const RESOURCE: [(&str, &str); 4] = [
    ("service.name", "tour"),
    ("telemetry.sdk.name", "atelier"),
    ("telemetry.sdk.language", "rust"),
    ("telemetry.sdk.version", "0.1.0"),
];

/// The same as the receiver shows it.
pub(crate) fn shown_resource() -> serde_json::Value {
    RESOURCE
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

pub(crate) fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "atelier".into(),
        version: "0.1.0".into(),
        ..InstrumentationScope::default()
    })
}

pub(crate) fn span() -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        name: "resize".into(),
        kind: 1,
        start_time_unix_nano: NOW,
        end_time_unix_nano: NOW + 2_500_000,
        attributes: vec![
            text("atelier.task.id", "resize"),
            attribute("atelier.attempt", Value::IntValue(1)),
            text("error.type", "NotFoundError"),
        ],
        status: Some(Status { code: 2, message: "no such file".into() }),
        ..Span::default()
    }
}

pub(crate) fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

pub(crate) fn number(value: i64) -> NumberDataPoint {
    NumberDataPoint {
        start_time_unix_nano: NOW,
        time_unix_nano: NOW + 1,
        attributes: vec![text("atelier.task.id", "resize")],
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

pub(crate) fn sum(point: NumberDataPoint) -> Data {
    Data::Sum(Sum { data_points: vec![point], aggregation_temporality: 2, is_monotonic: true })
}

pub(crate) fn gauge(point: NumberDataPoint) -> Data {
    Data::Gauge(Gauge { data_points: vec![point] })
}

pub(crate) fn histogram_point() -> HistogramDataPoint {
    HistogramDataPoint {
        start_time_unix_nano: NOW,
        time_unix_nano: NOW + 1,
        count: 3,
        sum: Some(0.6),
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![0.25],
        ..HistogramDataPoint::default()
    }
}

pub(crate) fn histogram(point: HistogramDataPoint) -> Data {
    Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 1 })
}

pub(crate) fn exponential_point() -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        start_time_unix_nano: NOW,
        time_unix_nano: NOW + 1,
        count: 6,
        sum: Some(1.5),
        scale: 3,
        zero_count: 1,
        positive: Some(Buckets { offset: -2, bucket_counts: vec![2, 0, 3] }),
        ..ExponentialHistogramDataPoint::default()
    }
}

pub(crate) fn exponential(point: ExponentialHistogramDataPoint) -> Data {
    Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![point], aggregation_temporality: 2 })
}

pub(crate) fn metric(name: &str, data: Data) -> Metric {
    Metric { name: name.into(), unit: "{call}".into(), data: Some(data), ..Metric::default() }
}

pub(crate) fn metrics(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let group = ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![group] }
}

pub(crate) fn log() -> LogRecord {
    LogRecord {
        time_unix_nano: NOW,
        observed_time_unix_nano: NOW + 1,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: Some(AnyValue { value: Some(Value::StringValue("worker crashed".into())) }),
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..LogRecord::default()
    }
}

pub(crate) fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let group = ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![group] }
}
