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

pub(super) fn double(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}

/// An attribute that says yes.
pub(super) fn flag(key: &str) -> KeyValue {
    attribute(key, Value::BoolValue(true))
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

/// An attribute out of JSON; `None` for a shape that handlers' spans do not have.
pub(super) fn json(key: &str, value: &serde_json::Value) -> Option<KeyValue> {
    let value = match value {
        serde_json::Value::String(text) => Value::StringValue(text.clone()),
        serde_json::Value::Bool(flag) => Value::BoolValue(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::IntValue(number),
            None => Value::DoubleValue(number.as_f64()?),
        },
        _ => return None,
    };
    Some(attribute(key, value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
