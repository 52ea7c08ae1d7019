//! Calls and traces, encoded and decoded again, value for value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use atelier_core::{ErrorKind, Outcome};
use atelier_exporters::pipeline::Encoder;
use atelier_exporters::{AttributeValue, OtlpConfig, OtlpEncoder};
use atelier_telemetry::{Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use support::{EPOCH_NANO, call, task};

fn values(attributes: &[KeyValue]) -> BTreeMap<&str, Value> {
    let values: BTreeMap<&str, Value> = attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), attribute.value.clone().unwrap().value.unwrap()))
        .collect();
    assert_eq!(values.len(), attributes.len(), "each key once");
    values
}

fn string(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn encode(record: Record) -> Span {
    let body = OtlpEncoder::new(&OtlpConfig::default(), &[]).spans(&[record]);
    let spans = support::spans(&body);
    assert_eq!(spans.len(), 1);
    spans.into_iter().next().unwrap()
}

fn encode_call(call: SpanRecord) -> Span {
    encode(Record::Span(call.into()))
}

#[test]
fn a_call_that_went_well() {
    let span = encode_call(SpanRecord {
        trace_id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
        span_id: 0x1112_1314_1516_1718,
        parent_span_id: Some(0x2122_2324_2526_2728),
        ..call(9_007_199_254_740_993)
    });
    assert_eq!(span.trace_id, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(span.span_id, [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(span.parent_span_id, [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]);
    assert_eq!(span.name, "resize.fit");
    assert_eq!(span.kind, SpanKind::Internal as i32);
    assert_eq!(span.flags, 1, "sampled");
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (EPOCH_NANO, EPOCH_NANO + 5_000_000));
    assert_eq!(span.status, None, "unset");
    let expected = BTreeMap::from([
        ("atelier.task.id", string("task-7")),
        ("atelier.task.name", string("resize")),
        ("atelier.task.type", string("parallel")),
        ("atelier.call.id", string("9007199254740993")),
        ("atelier.worker.index", Value::IntValue(2)),
        ("atelier.attempt", Value::IntValue(1)),
        ("atelier.outcome", string("ok")),
        ("code.function.name", string("fit")),
        ("atelier.phase.admission", Value::DoubleValue(0.0)),
        ("atelier.phase.queue", Value::DoubleValue(0.001)),
        ("atelier.phase.delivery", Value::DoubleValue(0.0005)),
        ("atelier.phase.run", Value::DoubleValue(0.003)),
        ("atelier.phase.reply", Value::DoubleValue(0.0005)),
    ]);
    assert_eq!(values(&span.attributes), expected);
}

#[test]
fn a_call_that_failed_says_why() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some("TypeError".into()),
        error_message: Some("no such thing".into()),
        ..call(1)
    });
    let status = span.status.clone().unwrap();
    assert_eq!((status.code, status.message.as_str()), (StatusCode::Error as i32, "no such thing"));
    let attributes = values(&span.attributes);
    assert_eq!(
        (&attributes["error.type"], &attributes["atelier.outcome"]),
        (&string("TypeError"), &string("error"))
    );
}

#[test]
fn a_failure_without_a_name_gets_one() {
    let failed = SpanRecord { outcome: Outcome::Error, ..call(1) };
    let span = encode_call(SpanRecord { error_kind: Some(ErrorKind::Crash), ..failed.clone() });
    assert_eq!(values(&span.attributes)["error.type"], string("crash"));
    assert_eq!(values(&encode_call(failed).attributes)["error.type"], string("_OTHER"));
}

#[test]
fn a_cancelled_call_is_no_error_and_one_that_never_ran_has_no_worker() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Canceled,
        error_kind: Some(ErrorKind::Abort),
        error_type: Some("AbortError".into()),
        error_message: Some("Task was aborted".into()),
        worker_index: None,
        attempt: 0,
        phases: Phases([Some(0.25), None, None, None, None]),
        handler_spans_lost: 0,
        ..call(1)
    });
    assert_eq!(span.status, None);
    let expected = BTreeMap::from([
        ("atelier.task.id", string("task-7")),
        ("atelier.task.name", string("resize")),
        ("atelier.task.type", string("parallel")),
        ("atelier.call.id", string("1")),
        ("atelier.attempt", Value::IntValue(0)),
        ("atelier.outcome", string("canceled")),
        ("code.function.name", string("fit")),
        ("error.type", string("AbortError")),
        ("atelier.phase.admission", Value::DoubleValue(0.25)),
    ]);
    assert_eq!(values(&span.attributes), expected);
}

#[test]
fn a_rejected_call_is_an_error() {
    let span = encode_call(SpanRecord {
        outcome: Outcome::Rejected,
        error_kind: Some(ErrorKind::Queue),
        error_type: Some("QueueDropError".into()),
        error_message: Some("full".into()),
        ..call(1)
    });
    assert_eq!(span.status.unwrap().code, StatusCode::Error as i32);
}

#[test]
fn a_task_without_a_name_goes_by_its_id() {
    let unnamed = TaskMeta { name: None, ..TaskMeta::clone(&task()) };
    let span = encode_call(SpanRecord { task: unnamed.into(), ..call(1) });
    assert_eq!((span.name.as_str(), span.parent_span_id.as_slice()), ("task-7.fit", &[][..]));
    assert!(!values(&span.attributes).contains_key("atelier.task.name"));
}

#[test]
fn a_clock_that_was_set_back_makes_no_negative_span() {
    let span = encode_call(SpanRecord { end_unix_nano: EPOCH_NANO - 1, ..call(1) });
    assert_eq!(span.end_time_unix_nano, span.start_time_unix_nano);
}

#[test]
fn a_trace_is_a_span_too() {
    let trace = TraceRecord {
        runtime: 1,
        trace_id: 5,
        span_id: 6,
        parent_span_id: Some(7),
        name: Some("checkout".into()),
        start_unix_nano: EPOCH_NANO,
        end_unix_nano: EPOCH_NANO + 1,
        status: SpanStatus::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some("RangeError".into()),
        error_message: Some("too far".into()),
    };
    let span = encode(Record::Trace(trace.clone().into()));
    assert_eq!(span.name, "checkout");
    assert_eq!((span.trace_id.len(), span.trace_id[15]), (16, 5));
    assert_eq!((span.span_id[7], span.parent_span_id[7]), (6, 7));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (EPOCH_NANO, EPOCH_NANO + 1));
    assert_eq!(span.status.unwrap().message, "too far");
    let expected =
        BTreeMap::from([("atelier.outcome", string("error")), ("error.type", string("RangeError"))]);
    assert_eq!(values(&span.attributes), expected);
    let unnamed = encode(Record::Trace(TraceRecord { name: None, ..trace }.into()));
    assert_eq!(unnamed.name, "trace");
}

#[test]
fn the_resource_says_who_sends_and_the_user_has_the_last_word() {
    let found = [
        ("user_agent.original".to_owned(), "Mozilla/5.0".into()),
        ("browser.brands".to_owned(), AttributeValue::Strings(vec!["A 1".into(), "B 2".into()])),
        ("browser.mobile".to_owned(), AttributeValue::Bool(false)),
    ];
    let own = vec![
        ("service.name".to_owned(), "shop".into()),
        ("service.version".to_owned(), "1.2.3".into()),
        ("user_agent.original".to_owned(), "hidden".into()),
        ("build".to_owned(), AttributeValue::Int(-7)),
        ("ratio".to_owned(), AttributeValue::Double(0.5)),
    ];
    let resource = |config: &OtlpConfig, found: &[(String, AttributeValue)]| {
        let body = OtlpEncoder::new(config, found).spans(&[Record::Span(call(1).into())]);
        ExportTraceServiceRequest::decode(body.as_slice()).unwrap().resource_spans.remove(0)
    };
    let sent = resource(&OtlpConfig { resource: own, ..OtlpConfig::default() }, &found);
    let texts = ["A 1", "B 2"].map(|text| support::any(string(text))).to_vec();
    let expected = BTreeMap::from([
        ("service.name", string("shop")),
        ("service.version", string("1.2.3")),
        ("telemetry.sdk.name", string("atelier")),
        ("telemetry.sdk.language", string("rust")),
        ("telemetry.sdk.version", string(env!("CARGO_PKG_VERSION"))),
        ("user_agent.original", string("hidden")),
        (
            "browser.brands",
            Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values: texts }),
        ),
        ("browser.mobile", Value::BoolValue(false)),
        ("build", Value::IntValue(-7)),
        ("ratio", Value::DoubleValue(0.5)),
    ]);
    assert_eq!(values(&sent.resource.unwrap().attributes), expected);
    let scope = sent.scope_spans[0].scope.clone().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("atelier", env!("CARGO_PKG_VERSION")));
    let default = resource(&OtlpConfig::default(), &[]).resource.unwrap();
    assert_eq!(values(&default.attributes)["service.name"], string("unknown_service"));
}
