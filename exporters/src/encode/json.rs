//! Requests as JSON (OTLP specification, "JSON Protobuf Encoding"): opentelemetry-proto's own `serde` form, which has
//! lowerCamelCase keys, ids in hexadecimal digits, enums and small numbers as numbers and 64-bit integers as strings,
//! less what says nothing.

use serde::Serialize;
use serde_json::Value;

/// A request's text. Nothing in a request can fail to be written.
pub(super) fn encode(request: &impl Serialize) -> Vec<u8> {
    let mut value = serde_json::to_value(request).unwrap_or_default();
    prune(&mut value);
    serde_json::to_vec(&value).unwrap_or_default()
}

/// Takes away what is not set: absent is how protobuf's JSON says it, and not every reader takes `null`. A text that
/// somebody gave stays, however empty.
fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.retain(|name, field| {
            prune(field);
            match field {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::String(text) => !text.is_empty() || name == "stringValue",
                _ => true,
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}
