//! Attributes as OTLP writes them.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

use crate::config::AttributeValue;

pub(super) fn string(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(super) fn int(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

pub(super) fn bool(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

pub(super) fn from_config(key: &str, value: &AttributeValue) -> KeyValue {
    let value = match value {
        AttributeValue::String(text) => Value::StringValue(text.clone()),
        AttributeValue::Bool(flag) => Value::BoolValue(*flag),
        AttributeValue::Int(number) => Value::IntValue(*number),
        AttributeValue::Double(number) => Value::DoubleValue(*number),
        AttributeValue::Strings(texts) => Value::ArrayValue(ArrayValue {
            values: texts.iter().map(|text| any(Value::StringValue(text.clone()))).collect(),
        }),
    };
    attribute(key, value)
}

/// The attribute as a redaction sees it; `None` for shapes that nothing here makes.
pub(super) fn to_named(attribute: &KeyValue) -> Option<(String, AttributeValue)> {
    let value = match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => AttributeValue::String(text.clone()),
        Value::BoolValue(flag) => AttributeValue::Bool(*flag),
        Value::IntValue(number) => AttributeValue::Int(*number),
        Value::DoubleValue(number) => AttributeValue::Double(*number),
        Value::ArrayValue(array) => AttributeValue::Strings(array.values.iter().filter_map(text).collect()),
        _ => return None,
    };
    Some((attribute.key.clone(), value))
}

pub(super) fn text(value: &AnyValue) -> Option<String> {
    match &value.value {
        Some(Value::StringValue(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

pub(super) fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
