//! What a well-formed request must hold, beyond being decodable.
//!
//! Rules are those of the comments in opentelemetry-proto and of the specification's data models. A rule that is
//! broken gives a sentence that names the item and says what was expected.

mod careful;
mod logs;
mod metrics;
mod traces;

use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(super) use careful::{careful_logs, careful_metrics, careful_traces};
pub(super) use logs::check_logs;
pub(super) use metrics::check_metrics;
pub(super) use traces::check_traces;

/// Fine, or the reason why not.
pub(super) type Checked = Result<(), String>;

/// Refuses unless `condition` holds.
fn demand(condition: bool, reason: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { Err(reason()) }
}

/// Resource: there is one, and it says which service speaks.
fn check_resource(resource: Option<&Resource>) -> Checked {
    let resource = resource.ok_or("there is no resource; it must say service.name")?;
    check_attributes(&resource.attributes).map_err(|reason| format!("resource: {reason}"))?;
    let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name");
    match service.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(name)) if !name.is_empty() => Ok(()),
        Some(Value::StringValue(_)) => Err("resource: service.name is empty".to_owned()),
        Some(_) => Err("resource: service.name is no string".to_owned()),
        None => Err("resource: service.name is missing".to_owned()),
    }
}

/// Scope: may be absent, but its attributes must be sound.
fn check_scope(scope: Option<&InstrumentationScope>) -> Checked {
    scope.map_or(Ok(()), |scope| {
        check_attributes(&scope.attributes).map_err(|reason| format!("scope \"{}\": {reason}", scope.name))
    })
}

/// Attributes: every key is there, once, and is a string of its own (not an index into a profile's table).
fn check_attributes(attributes: &[KeyValue]) -> Checked {
    let mut seen = HashSet::with_capacity(attributes.len());
    for attribute in attributes {
        demand(attribute.key_strindex == 0, || {
            "an attribute's key is an index; only profiles may do that".to_owned()
        })?;
        demand(!attribute.key.is_empty(), || "an attribute has an empty key".to_owned())?;
        demand(seen.insert(attribute.key.as_str()), || {
            format!("the attribute \"{}\" is there twice", attribute.key)
        })?;
    }
    Ok(())
}

/// An id that must be there: `length` bytes, not all zero.
fn check_id(what: &str, id: &[u8], length: usize) -> Checked {
    demand(id.len() == length, || format!("{what} has {} bytes; it must have {length}", id.len()))?;
    demand(id.iter().any(|&byte| byte != 0), || format!("{what} is all zero"))
}

/// An id that may be absent (no bytes).
fn check_optional_id(what: &str, id: &[u8], length: usize) -> Checked {
    if id.is_empty() {
        return Ok(());
    }
    demand(id.len() == length, || format!("{what} has {} bytes; it must have 0 or {length}", id.len()))?;
    demand(id.iter().any(|&byte| byte != 0), || format!("{what} is all zero; leave it empty instead"))
}
