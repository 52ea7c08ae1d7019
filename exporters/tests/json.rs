//! OTLP/JSON, read as plain JSON and held to the rules of the specification ("JSON Protobuf Encoding") one by one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use atelier_core::names::Metric;
use atelier_core::{ErrorKind, Outcome};
use atelier_exporters::pipeline::{Encoder, SelfReport};
use atelier_exporters::{AttributeValue, OtlpConfig, OtlpEncoder, Protocol};
use atelier_telemetry::{GaugeValue, HistogramValue, MetricsSnapshot, Record, Series, SpanRecord};
use hdrhistogram::Histogram;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};
use support::{EPOCH_NANO, call, key};

fn encoders() -> [OtlpEncoder; 2] {
    [Protocol::HttpJson, Protocol::HttpProtobuf].map(|protocol| {
        let resource = vec![
            ("service.name".to_owned(), "shop".into()),
            ("big".to_owned(), AttributeValue::Int(9_007_199_254_740_993)),
            ("empty".to_owned(), "".into()),
            ("tags".to_owned(), AttributeValue::Strings(vec!["a".into(), "".into()])),
            ("on".to_owned(), AttributeValue::Bool(false)),
        ];
        OtlpEncoder::new(&OtlpConfig { protocol, resource, ..OtlpConfig::default() }, &[])
    })
}

fn records() -> Vec<Record> {
    let failed = SpanRecord {
        parent_span_id: Some(0x0102_0304_0506_0708),
        outcome: Outcome::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some("TypeError".into()),
        error_message: Some("\"quoted\"\n→".into()),
        ..call(2)
    };
    vec![Record::Span(call(1).into()), Record::Span(failed.into())]
}

fn snapshot() -> MetricsSnapshot {
    let mut histogram = Histogram::new(2).unwrap();
    histogram.record(1_000).unwrap();
    let exemplar =
        atelier_telemetry::Exemplar { value: 0.001, trace_id: 5, span_id: 6, time_unix_nano: EPOCH_NANO + 1 };
    let duration =
        HistogramValue { histogram, sum: 0.001, min: 0.001, max: 0.001, exemplars: vec![exemplar] };
    MetricsSnapshot {
        start_unix_nano: EPOCH_NANO,
        time_unix_nano: EPOCH_NANO + 9,
        series: vec![
            (key(Metric::TaskDispatched), Series::Counter(9_007_199_254_740_993)),
            (key(Metric::QueuePending), Series::Gauge(GaugeValue { last: 0.0, min: 0.0, max: 0.0 })),
            (key(Metric::TaskDuration), Series::Histogram(duration)),
        ],
        overflow: Vec::new(),
    }
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// Every object's fields with their names, however deep.
fn each_field(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                visit(name, field);
                each_field(field, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_field(item, visit)),
        _ => {}
    }
}

#[test]
fn every_rule_holds_in_every_field() {
    let [mut json, _] = encoders();
    let bodies =
        [parsed(&json.spans(&records())), parsed(&json.metrics(&snapshot(), &SelfReport::default()).body)];
    // Fields of 64 bits in opentelemetry-proto; all other numbers are small, or doubles.
    let long =
        ["startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "intValue", "asInt", "count", "zeroCount"];
    let mut seen = Vec::new();
    for body in &bodies {
        each_field(body, &mut |name, value| {
            seen.push(name.to_owned());
            let first = name.chars().next().unwrap();
            assert!(first.is_ascii_lowercase() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            assert!(!value.is_null(), "{name} is null");
            assert!(value.as_array().is_none_or(|items| !items.is_empty()), "{name} is empty");
            let is_hex = |length| {
                let digits = value.as_str().unwrap();
                digits.len() == length && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
            };
            match name {
                "traceId" => assert!(is_hex(32), "{value}"),
                "spanId" | "parentSpanId" => assert!(is_hex(16), "{value}"),
                "kind" | "code" | "aggregationTemporality" | "flags" | "scale" | "offset" => {
                    assert!(value.is_i64(), "{name}: {value}");
                }
                "bucketCounts" => assert!(value.as_array().unwrap().iter().all(Value::is_string)),
                "asDouble" | "doubleValue" | "sum" if !value.is_object() => assert!(value.is_number()),
                _ if long.contains(&name) => {
                    assert!(value.as_str().unwrap().parse::<i64>().is_ok(), "{name}: {value}");
                }
                _ => {}
            }
        });
    }
    for name in
        long.iter().chain(&["traceId", "parentSpanId", "bucketCounts", "asDouble", "exemplars", "code"])
    {
        assert!(seen.iter().any(|it| it == name), "no {name} was looked at");
    }
}

#[test]
fn values_are_exact() {
    let [mut json, _] = encoders();
    let body = parsed(&json.spans(&records()));
    let resource = &body["resourceSpans"][0]["resource"]["attributes"];
    let attribute = |list: &Value, key: &str| {
        list.as_array().unwrap().iter().find(|it| it["key"] == key).unwrap_or(&Value::Null)["value"].clone()
    };
    assert_eq!(attribute(resource, "big"), json!({ "intValue": "9007199254740993" }));
    assert_eq!(attribute(resource, "empty"), json!({ "stringValue": "" }));
    assert_eq!(attribute(resource, "on"), json!({ "boolValue": false }));
    let tags = json!({ "arrayValue": { "values": [{ "stringValue": "a" }, { "stringValue": "" }] } });
    assert_eq!(attribute(resource, "tags"), tags);
    let scope = &body["resourceSpans"][0]["scopeSpans"][0];
    assert_eq!(
        attribute(&scope["scope"]["attributes"], "atelier.task.id"),
        json!({ "stringValue": "task-7" })
    );
    let (well, failed) = (&scope["spans"][0], &scope["spans"][1]);
    assert_eq!(well["startTimeUnixNano"], EPOCH_NANO.to_string());
    assert_eq!(attribute(&well["attributes"], "atelier.phase.admission"), json!({ "doubleValue": 0.0 }));
    assert_eq!((well.get("status"), well.get("parentSpanId")), (None, None));
    assert_eq!(failed["status"], json!({ "code": 2, "message": "\"quoted\"\n→" }));
    assert_eq!((failed["kind"].as_i64(), &failed["parentSpanId"]), (Some(1), &json!("0102030405060708")));
    let metrics = parsed(&json.metrics(&snapshot(), &SelfReport::default()).body);
    let metrics = &metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    assert_eq!(metrics[0]["sum"]["dataPoints"][0]["asInt"], "9007199254740993");
    assert_eq!(metrics[1]["gauge"]["dataPoints"][0]["asDouble"], 0.0);
    let exemplar = &metrics[2]["exponentialHistogram"]["dataPoints"][0]["exemplars"][0];
    let expected = json!({
        "timeUnixNano": (EPOCH_NANO + 1).to_string(),
        "traceId": format!("{:032x}", 5),
        "spanId": format!("{:016x}", 6),
        "asDouble": 0.001,
    });
    assert_eq!(exemplar, &expected);
}

#[test]
fn it_says_what_protobuf_says() {
    let [mut json, mut protobuf] = encoders();
    let spans: ExportTraceServiceRequest = serde_json::from_slice(&json.spans(&records())).unwrap();
    assert_eq!(spans, ExportTraceServiceRequest::decode(&protobuf.spans(&records())[..]).unwrap());
    let report = SelfReport::default();
    let metrics: ExportMetricsServiceRequest =
        serde_json::from_slice(&json.metrics(&snapshot(), &report).body).unwrap();
    let body = protobuf.metrics(&snapshot(), &report).body;
    assert_eq!(metrics, ExportMetricsServiceRequest::decode(&body[..]).unwrap());
}

#[test]
fn nothing_is_no_request() {
    let [mut json, mut protobuf] = encoders();
    for encoder in [&mut json, &mut protobuf] {
        assert!(encoder.spans(&[]).is_empty() && encoder.logs(&[]).is_empty());
        assert!(encoder.metrics(&MetricsSnapshot::default(), &SelfReport::default()).body.is_empty());
    }
}
