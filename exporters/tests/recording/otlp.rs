//! Recordings as OTLP in JSON, read by opentelemetry-proto and compared with the facts.

use std::collections::HashMap;
use std::sync::Arc;

use atelier_core::names::Metric;
use atelier_exporters::recording::{Format, convert};
use atelier_telemetry::{LogRecord, LogSeverity, Record};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::made::{ZERO, recording, task, world};

fn lines(file: &[u8]) -> Vec<String> {
    let mut text = Vec::new();
    convert(file, Format::Otlp, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

fn with<T: serde::de::DeserializeOwned>(lines: &[String], member: &str) -> Vec<T> {
    let wanted = lines.iter().filter(|line| line.starts_with(&format!("{{\"{member}\"")));
    wanted.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|it| it.key == name)?.value.as_ref()?.value.as_ref()?;
    match value {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn every_span_is_in_a_line_once_with_its_ids_and_times() {
    let records = world(3, 1_500);
    let lines = lines(&recording(&records));
    let requests: Vec<ExportTraceServiceRequest> = with(&lines, "resourceSpans");
    let scopes = requests.iter().flat_map(|it| &it.resource_spans).flat_map(|it| &it.scope_spans);
    let spans: HashMap<Vec<u8>, &Span> =
        scopes.flat_map(|it| &it.spans).map(|span| (span.span_id.clone(), span)).collect();
    let mut told = 0;
    for record in &records {
        let (id, trace_id, start, end) = match record {
            Record::Span(it) => (it.span_id, it.trace_id, it.start_unix_nano, it.end_unix_nano),
            Record::Handler(it) => (it.span_id, it.trace_id, it.start_unix_nano, it.end_unix_nano),
            Record::Trace(it) => (it.span_id, it.trace_id, it.start_unix_nano, it.end_unix_nano),
            Record::Metric(_) | Record::Log(_) => continue,
        };
        told += 1;
        let span = spans[&id.to_be_bytes().to_vec()];
        assert_eq!(span.trace_id, trace_id.to_be_bytes());
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (start, end));
        if let Record::Span(call) = record {
            assert_eq!(text(&span.attributes, "atelier.call.id"), Some(call.call_id.to_string()));
            let phases = span.attributes.iter().filter(|it| it.key.starts_with("atelier.phase."));
            let sum: f64 = phases
                .filter_map(|it| match it.value.as_ref()?.value.as_ref()? {
                    Value::DoubleValue(seconds) => Some(*seconds),
                    _ => None,
                })
                .sum();
            assert!((sum - call.duration()).abs() < 1e-9);
        }
    }
    assert_eq!(spans.len(), told);
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(text(&resource.attributes, "url.full").as_deref(), Some("https://a.example/"));
}

#[test]
fn the_last_line_of_metrics_has_what_was_counted_and_measured() {
    let records = world(6, 800);
    let requests: Vec<ExportMetricsServiceRequest> = with(&lines(&recording(&records)), "resourceMetrics");
    let last = &requests.last().unwrap().resource_metrics[0].scope_metrics[0];
    let of = |metric: Metric| {
        let found = last.metrics.iter().find(|it| it.name == metric.otlp()).unwrap();
        found.data.clone().unwrap()
    };
    let values = |metric: Metric| {
        records.iter().filter_map(move |record| match record {
            Record::Metric(it) if it.metric == metric => Some(it.value),
            _ => None,
        })
    };
    for metric in [Metric::TaskDuration, Metric::TaskPhase] {
        let Data::ExponentialHistogram(data) = of(metric) else { panic!("{metric:?}") };
        let count: u64 = data.data_points.iter().map(|it| it.count).sum();
        let sum: f64 = data.data_points.iter().filter_map(|it| it.sum).sum();
        let exact: f64 = values(metric).sum();
        assert_eq!(count, values(metric).count() as u64);
        assert!((sum - exact).abs() < 1e-6, "{sum} {exact}");
    }
    let Data::Sum(crashes) = of(Metric::WorkerCrashed) else { panic!("no sum") };
    assert_eq!(crashes.data_points[0].value, Some(Number::AsInt(1)));
    assert!(crashes.is_monotonic && crashes.data_points[0].start_time_unix_nano == ZERO);
    let Data::Gauge(gauge) = of(Metric::QueueInFlight) else { panic!("no gauge") };
    let newest = gauge.data_points.iter().map(|it| it.value).collect::<Vec<_>>();
    assert!(newest.contains(&Some(Number::AsDouble(799.0))), "{newest:?}");
}

#[test]
fn log_records_have_lines_of_their_own() {
    let resize = task(1, "resize", None);
    let log = |n: u64| {
        let mut log = LogRecord::new(ZERO + n, LogSeverity::WARN, format!("number {n}"));
        log.task = Some(resize.clone());
        Record::Log(Arc::new(log))
    };
    let records: Vec<Record> = (0..700).map(log).collect();
    let requests: Vec<ExportLogsServiceRequest> = with(&lines(&recording(&records)), "resourceLogs");
    let logs = requests
        .iter()
        .flat_map(|it| &it.resource_logs)
        .flat_map(|it| &it.scope_logs)
        .flat_map(|it| &it.log_records);
    let told: Vec<(u64, Option<Value>)> =
        logs.map(|it| (it.time_unix_nano, it.body.clone().and_then(|body| body.value))).collect();
    let expected: Vec<_> =
        (0..700).map(|n| (ZERO + n, Some(Value::StringValue(format!("number {n}"))))).collect();
    assert_eq!(told, expected);
    assert_eq!(requests.len(), 2);
}
