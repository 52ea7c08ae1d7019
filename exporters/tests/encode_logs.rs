//! Log records, encoded and decoded again, value for value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use atelier_exporters::pipeline::Encoder;
use atelier_exporters::{AttributeValue, OtlpConfig, OtlpEncoder, Protocol, Redact, RedactKind};
use atelier_telemetry::{LogRecord, LogSeverity, LogValue, Record};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord as OtlpLogRecord, SeverityNumber};
use prost::Message;
use support::{EPOCH_NANO, task};

fn encode(record: LogRecord) -> OtlpLogRecord {
    let body = OtlpEncoder::new(&OtlpConfig::default(), &[]).logs(&[Record::Log(record.into())]);
    support::logs(&body).pop().unwrap()
}

fn values(record: &OtlpLogRecord) -> BTreeMap<&str, Value> {
    let value =
        |it: &opentelemetry_proto::tonic::common::v1::KeyValue| it.value.clone().unwrap().value.unwrap();
    let values: BTreeMap<&str, Value> =
        record.attributes.iter().map(|it| (it.key.as_str(), value(it))).collect();
    assert_eq!(values.len(), record.attributes.len(), "each key once");
    values
}

#[test]
fn a_record_that_belongs_to_a_call() {
    let record = encode(LogRecord {
        event_name: Some("atelier.test".into()),
        task: Some(task()),
        call_id: Some(9),
        worker_index: Some(2),
        trace_id: Some(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
        span_id: Some(0x1112_1314_1516_1718),
        attributes: vec![
            ("text".into(), LogValue::from("t")),
            ("truth".into(), LogValue::Bool(true)),
            ("whole".into(), LogValue::Int(-3)),
            ("part".into(), LogValue::Double(0.5)),
        ],
        ..LogRecord::new(EPOCH_NANO + 5, LogSeverity::WARN, "it is late")
    });
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (EPOCH_NANO + 5, EPOCH_NANO + 5));
    assert_eq!(
        (record.severity_number, record.severity_text.as_str()),
        (SeverityNumber::Warn as i32, "WARN")
    );
    assert_eq!((record.event_name.as_str(), support::said(&record).as_str()), ("atelier.test", "it is late"));
    assert_eq!(record.trace_id, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(record.span_id, [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(record.flags, 1, "sampled");
    let string = |text: &str| Value::StringValue(text.to_owned());
    let expected = BTreeMap::from([
        ("atelier.task.id", string("task-7")),
        ("atelier.task.name", string("resize")),
        ("atelier.task.type", string("parallel")),
        ("atelier.call.id", string("9")),
        ("atelier.worker.index", Value::IntValue(2)),
        ("text", string("t")),
        ("truth", Value::BoolValue(true)),
        ("whole", Value::IntValue(-3)),
        ("part", Value::DoubleValue(0.5)),
    ]);
    assert_eq!(values(&record), expected);
}

#[test]
fn a_record_that_belongs_to_nothing() {
    let record = encode(LogRecord::new(EPOCH_NANO, LogSeverity::from_number(24), "over"));
    assert_eq!((record.severity_number, record.severity_text.as_str()), (24, "FATAL4"));
    assert!(record.attributes.is_empty() && record.event_name.is_empty());
    assert!(record.trace_id.is_empty() && record.span_id.is_empty());
    assert_eq!(record.flags, 0);
}

#[test]
fn a_request_says_who_sends() {
    let record = Record::Log(LogRecord::new(EPOCH_NANO, LogSeverity::INFO, "a").into());
    let body = OtlpEncoder::new(&OtlpConfig::default(), &[]).logs(&[record.clone(), record]);
    let request = ExportLogsServiceRequest::decode(&body[..]).unwrap();
    let [resource] = &request.resource_logs[..] else { panic!("one resource") };
    let [scope] = &resource.scope_logs[..] else { panic!("one scope") };
    assert_eq!(scope.scope.as_ref().unwrap().name, "atelier");
    assert_eq!(scope.log_records.len(), 2);
    assert!(resource.resource.as_ref().unwrap().attributes.iter().any(|it| it.key == "service.name"));
}

#[test]
fn json_says_the_same() {
    let config = OtlpConfig { protocol: Protocol::HttpJson, ..OtlpConfig::default() };
    let record = LogRecord {
        event_name: Some("atelier.test".into()),
        trace_id: Some(0xabc),
        span_id: Some(0xdef),
        attributes: vec![("whole".into(), LogValue::Int(-3)), ("none".into(), LogValue::Double(f64::NAN))],
        ..LogRecord::new(EPOCH_NANO, LogSeverity::ERROR, "broken")
    };
    let body = OtlpEncoder::new(&config, &[]).logs(&[Record::Log(record.into())]);
    let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0],
        serde_json::json!({
            "timeUnixNano": EPOCH_NANO.to_string(),
            "observedTimeUnixNano": EPOCH_NANO.to_string(),
            "severityNumber": 17,
            "severityText": "ERROR",
            "eventName": "atelier.test",
            "body": { "stringValue": "broken" },
            // A number that is none has no form in JSON.
            "attributes": [{ "key": "whole", "value": { "intValue": "-3" } }],
            "droppedAttributesCount": 0,
            "flags": 1,
            "traceId": "00000000000000000000000000000abc",
            "spanId": "0000000000000def",
        })
    );
}

#[test]
fn a_redaction_sees_what_is_said_and_all_attributes() {
    let redact = Redact::new(|attributes, kind| {
        if kind != RedactKind::Log {
            return Some(attributes);
        }
        let keep = |(name, value): (String, AttributeValue)| match (name.as_str(), value) {
            ("secret", _) => None,
            ("atelier.log.body", AttributeValue::String(body)) => {
                Some((name, AttributeValue::String(body.replace("hunter2", "…"))))
            }
            (_, value) => Some((name, value)),
        };
        Some(attributes.into_iter().filter_map(keep).collect())
    });
    let config = OtlpConfig { redact: Some(redact), ..OtlpConfig::default() };
    let record = LogRecord {
        attributes: vec![("secret".into(), "x".into()), ("open".into(), "y".into())],
        ..LogRecord::new(EPOCH_NANO, LogSeverity::INFO, "the password is hunter2")
    };
    let body = OtlpEncoder::new(&config, &[]).logs(&[Record::Log(record.into())]);
    let log = support::logs(&body).pop().unwrap();
    assert_eq!(support::said(&log), "the password is …");
    assert_eq!(values(&log).into_keys().collect::<Vec<_>>(), ["open"]);
}
