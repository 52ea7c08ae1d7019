//! Log records as OTLP has them.

use atelier_core::names::field;
use atelier_telemetry::{LogAttribute, LogRecord, LogValue, Record};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord as OtlpLogRecord;

use super::attribute::{any, attribute, int, string};
use super::limits::Limiter;
use super::redaction::Redaction;

/// W3C Trace Context, "sampled": a log record names a trace only when spans of that are exported.
const SAMPLED: u32 = 1;

/// The log record of a record; `None` for a record that is none.
pub(super) fn log(
    record: &Record,
    redaction: &mut Redaction,
    limiter: &mut Limiter,
) -> Option<OtlpLogRecord> {
    let Record::Log(log) = record else { return None };
    let mut log = log_record(log);
    redaction.log(&mut log);
    log.dropped_attributes_count = limiter.attributes(&mut log.attributes);
    limiter.own_name(&mut log.event_name);
    if let Some(Value::StringValue(said)) = log.body.as_mut().and_then(|body| body.value.as_mut()) {
        limiter.own_name(said);
    }
    Some(log)
}

fn log_record(log: &LogRecord) -> OtlpLogRecord {
    OtlpLogRecord {
        time_unix_nano: log.time_unix_nano,
        // It is observed where it happens.
        observed_time_unix_nano: log.time_unix_nano,
        severity_number: i32::from(log.severity.number()),
        severity_text: log.severity.text().to_owned(),
        event_name: log.event_name.as_deref().unwrap_or_default().to_owned(),
        body: Some(any(Value::StringValue(log.body.to_string()))),
        attributes: attributes(log),
        flags: if log.trace_id.is_some() { SAMPLED } else { 0 },
        trace_id: log.trace_id.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        span_id: log.span_id.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        ..OtlpLogRecord::default()
    }
}

fn attributes(log: &LogRecord) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(5 + log.attributes.len());
    if let Some(task) = &log.task {
        attributes.push(string(field::TASK_ID, &task.id));
        if let Some(name) = &task.name {
            attributes.push(string(field::TASK_NAME, name));
        }
        attributes.push(string(field::TASK_TYPE, &task.kind));
    }
    if let Some(call_id) = log.call_id {
        attributes.push(string(field::CALL_ID, &call_id.to_string()));
    }
    if let Some(index) = log.worker_index {
        attributes.push(int(field::WORKER_INDEX, u64::from(index)));
    }
    attributes.extend(log.attributes.iter().filter_map(own));
    attributes
}

/// None for a number that is none: JSON cannot say it, and no reader can do anything with it.
fn own((name, value): &LogAttribute) -> Option<KeyValue> {
    let value = match value {
        LogValue::Text(text) => Value::StringValue(text.to_string()),
        LogValue::Bool(truth) => Value::BoolValue(*truth),
        LogValue::Int(number) => Value::IntValue(*number),
        LogValue::Double(number) if number.is_finite() => Value::DoubleValue(*number),
        LogValue::Double(_) => return None,
    };
    Some(attribute(name, value))
}
