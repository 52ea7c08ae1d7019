//! Attribute values, ids, times and scopes.

use std::ops::Deref;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use serde::{Serialize, Serializer};
use serde_json::Map;

/// An object in JSON.
pub type Json = Map<String, serde_json::Value>;

/// Something that many items point to: their resource, their scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared<T>(pub Arc<T>);

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Shared(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The library that made an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DecodedScope {
    /// Its name, empty when it has none.
    pub name: String,
    /// Its version, empty when it has none.
    pub version: String,
    /// What all of its items share.
    pub attributes: Json,
}

impl DecodedScope {
    pub(super) fn from_wire(scope: Option<InstrumentationScope>) -> Self {
        scope.map_or_else(Self::default, |scope| DecodedScope {
            name: scope.name,
            version: scope.version,
            attributes: attributes(scope.attributes),
        })
    }
}

pub(super) fn attributes(list: Vec<KeyValue>) -> Json {
    list.into_iter().map(|attribute| (attribute.key, any(attribute.value))).collect()
}

pub(super) fn any(value: Option<AnyValue>) -> serde_json::Value {
    match value.and_then(|value| value.value) {
        None => serde_json::Value::Null,
        Some(Value::StringValue(text)) => text.into(),
        Some(Value::BoolValue(flag)) => flag.into(),
        Some(Value::IntValue(number)) => number.into(),
        Some(Value::DoubleValue(number)) => double(number),
        Some(Value::ArrayValue(array)) => array.values.into_iter().map(|value| any(Some(value))).collect(),
        Some(Value::KvlistValue(list)) => attributes(list.values).into(),
        Some(Value::BytesValue(bytes)) => hex(&bytes).into(),
        Some(Value::StringValueStrindex(_)) => serde_json::Value::Null,
    }
}

pub(super) fn double(number: f64) -> serde_json::Value {
    serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Into::into)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn optional_hex(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| hex(bytes))
}

/// Serializes a time or a count that may not fit a JavaScript number.
pub(super) fn as_string<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
