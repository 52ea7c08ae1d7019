//! Texts and attributes within their limits, in every signal; what did not fit is marked and counted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use atelier_core::names::Metric;
use atelier_core::{ErrorKind, Outcome};
use atelier_exporters::pipeline::{Encoder, SelfReport, SignalReport};
use atelier_exporters::{OtlpConfig, OtlpEncoder, Protocol, Signal, SignalConfig};
use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::{LogRecord, LogSeverity, LogValue, MetricsSnapshot, Record, Series, SeriesKey};
use atelier_telemetry::{SpanRecord, TaskMeta};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric as OtlpMetric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use prost::Message;
use support::{EPOCH_NANO, call, key, logs, said, spans, task, text};

const LONGEST: usize = 65_536;

fn long() -> Arc<str> {
    "ä".repeat(1_000_000).into()
}

fn is_cut(text: &str) -> bool {
    text.chars().count() == LONGEST && text.ends_with('…')
}

fn long_call() -> Record {
    let task = TaskMeta { id: long(), name: Some(long()), ..TaskMeta::clone(&task()) };
    let call = SpanRecord {
        task: task.into(),
        method: long(),
        outcome: Outcome::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some(long()),
        error_message: Some(long()),
        ..call(1)
    };
    Record::Span(call.into())
}

fn counters(methods: &[&str]) -> MetricsSnapshot {
    let series = |method: &&str| {
        let key = SeriesKey { method: Some((*method).into()), ..key(Metric::TaskDispatched) };
        (key, Series::Counter(1))
    };
    MetricsSnapshot {
        start_unix_nano: EPOCH_NANO,
        time_unix_nano: EPOCH_NANO + 1,
        series: methods.iter().map(series).collect(),
        overflow: Vec::new(),
    }
}

fn metrics(body: &[u8]) -> Vec<OtlpMetric> {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let scopes = request.resource_metrics.into_iter().flat_map(|it| it.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).collect()
}

#[test]
fn every_text_of_a_span_is_bounded() {
    let resource = vec![("long".to_owned(), long().to_string().into())];
    let mut encoder = OtlpEncoder::new(&OtlpConfig { resource, ..OtlpConfig::default() }, &[]);
    let body = encoder.spans(&[long_call()]);
    assert!(body.len() < 12 * LONGEST * 2, "{}", body.len());
    let span = &spans(&body)[0];
    assert!(is_cut(&span.name) && is_cut(&span.status.as_ref().unwrap().message));
    assert!(is_cut(&text(span, "code.function.name")) && is_cut(&text(span, "error.type")));
    assert_eq!(span.dropped_attributes_count, 0);
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let resource = &request.resource_spans[0];
    for attributes in [
        &resource.resource.as_ref().unwrap().attributes,
        &resource.scope_spans[0].scope.as_ref().unwrap().attributes,
    ] {
        assert!(attributes.iter().all(|it| it.encoded_len() < 3 * LONGEST), "all of them");
    }
    // The name, what the status says, two attributes, two of the scope.
    assert!(encoder.complaint().unwrap().starts_with("6 texts were too long"));
    assert_eq!(encoder.complaint(), None);
}

#[test]
fn log_records_have_limits_of_their_own() {
    let own = SignalConfig {
        attribute_value_length_limit: Some(5),
        attribute_count_limit: Some(2),
        ..SignalConfig::default()
    };
    let mut encoder = OtlpEncoder::new(&OtlpConfig { logs: own, ..OtlpConfig::default() }, &[]);
    let mut log = LogRecord::new(EPOCH_NANO, LogSeverity::INFO, long());
    log.attributes =
        ["one", "two", "three"].map(|name| (name.into(), LogValue::Text("abcdefg".into()))).into();
    let body = encoder.logs(&[Record::Log(log.into())]);
    let log = &logs(&body)[0];
    assert!(is_cut(&said(log)));
    assert_eq!((log.attributes.len(), log.dropped_attributes_count), (2, 1));
    assert_eq!(text(&spans_like(&log.attributes), "two"), "abcd…");
    assert_eq!(text(&spans(&encoder.spans(&[Record::Span(call(1).into())]))[0], "atelier.call.id"), "1");
}

/// A span with these attributes, to look one up.
fn spans_like(
    attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue],
) -> opentelemetry_proto::tonic::trace::v1::Span {
    let attributes = attributes.to_vec();
    opentelemetry_proto::tonic::trace::v1::Span { attributes, ..Default::default() }
}

#[test]
fn series_that_a_cut_leaves_no_difference_are_one() {
    let mut encoder =
        OtlpEncoder::new(&OtlpConfig { attribute_value_length_limit: 10, ..OtlpConfig::default() }, &[]);
    let snapshot = counters(&["a", "method-one-of-two", "method-one-of-three"]);
    let encoded = encoder.metrics(&snapshot, &SelfReport::default());
    assert_eq!(encoded.points, 2);
    let Some(Data::Sum(sum)) = &metrics(&encoded.body)[0].data else { panic!("a sum") };
    let values: Vec<Option<Number>> = sum.data_points.iter().map(|point| point.value).collect();
    assert_eq!(values, [Some(Number::AsInt(1)), Some(Number::AsInt(2))]);
}

#[test]
fn an_exporter_s_own_metrics_say_what_did_not_fit() {
    let config =
        OtlpConfig { attribute_count_limit: 3, protocol: Protocol::HttpProtobuf, ..OtlpConfig::default() };
    let mut encoder = OtlpEncoder::new(&config, &[]);
    encoder.spans(&[long_call()]);
    encoder.complaint();
    let account = LedgerRow {
        consumer: "otlp:1".to_owned(),
        signal: "spans".to_owned(),
        emitted: 1,
        delivered: 1,
        rejected: 0,
        pending: 0,
        dropped: Vec::new(),
        last_error: None,
        last_rejection: None,
        next_retry: None,
    };
    let signal =
        SignalReport { signal: Signal::Traces, account, queue: None, operations: Default::default() };
    let report = SelfReport { start_unix_nano: EPOCH_NANO, signals: vec![signal] };
    let encoded = encoder.metrics(&counters(&["a"]), &report);
    let total = |name: &str| {
        let own = metrics(&encoded.body).into_iter().find(|metric| metric.name == name);
        match own.and_then(|metric| metric.data) {
            Some(Data::Sum(sum)) => sum.data_points[0].value,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(total("atelier.exporter.span.text.cut"), Some(Number::AsInt(4)));
    assert!(matches!(total("atelier.exporter.span.attribute.dropped"), Some(Number::AsInt(n)) if n > 0));
}
