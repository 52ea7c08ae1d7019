//! What a careful sender does beyond what makes a request valid: the specification's SHOULDs and the semantic
//! conventions that Atelier's exporter honours. Only a strict receiver asks for them.

mod logs;
mod metrics;
mod traces;

use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::{Checked, demand};

pub(in crate::receiver) use logs::careful_logs;
pub(in crate::receiver) use metrics::careful_metrics;
pub(in crate::receiver) use traces::careful_traces;

/// The string under a key.
fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => Some(text),
        _ => None,
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

/// Resource: which library speaks, and of the browser what it tells, in the types of the conventions.
fn careful_resource(resource: Option<&Resource>) -> Checked {
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
    for key in ["telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"] {
        let said = text(attributes, key).is_some_and(|text| !text.is_empty());
        demand(said, || format!("resource: {key} is missing"))?;
    }
    for key in [
        "service.version",
        "service.instance.id",
        "browser.language",
        "browser.platform",
        "user_agent.original",
    ] {
        let there = attributes.iter().any(|attribute| attribute.key == key);
        let said = text(attributes, key).is_some_and(|text| !text.is_empty());
        demand(!there || said, || {
            format!("resource: {key} is no string or empty; leave it out where it is unknown")
        })?;
    }
    let mobile = value(attributes, "browser.mobile");
    demand(matches!(mobile, None | Some(Value::BoolValue(_))), || {
        "resource: browser.mobile is no boolean".to_owned()
    })?;
    let strings = |value: &Value| match value {
        Value::ArrayValue(list) => {
            let is_text = |value: &Option<Value>| matches!(value, Some(Value::StringValue(_)));
            !list.values.is_empty() && list.values.iter().all(|value| is_text(&value.value))
        }
        _ => false,
    };
    demand(value(attributes, "browser.brands").is_none_or(strings), || {
        "resource: browser.brands is no list of strings".to_owned()
    })?;
    careful_attributes(attributes).map_err(|reason| format!("resource: {reason}"))
}

/// Scope: there is one, and it says who.
fn careful_scope(scope: Option<&InstrumentationScope>) -> Checked {
    let scope = scope.ok_or("there is no scope; it says which library made the items")?;
    demand(!scope.name.is_empty(), || "the scope has no name".to_owned())?;
    careful_attributes(&scope.attributes).map_err(|reason| format!("scope: {reason}"))
}

/// Attributes: each has a value.
fn careful_attributes(attributes: &[KeyValue]) -> Checked {
    let empty = attributes
        .iter()
        .find(|attribute| attribute.value.as_ref().is_none_or(|value| value.value.is_none()));
    empty.map_or(Ok(()), |attribute| {
        Err(format!("the attribute \"{}\" has no value; leave it out", attribute.key))
    })
}

/// Every group of a request holds something.
fn demand_items(count: usize, what: &str) -> Checked {
    demand(count > 0, || format!("a group without {what}; send no empty envelope"))
}

/// Tells of the first of these that was there before.
fn first_twice<T: std::hash::Hash + Eq + Clone>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = HashSet::new();
    items.into_iter().find(|item| !seen.insert(item.clone()))
}
