//! Who sends: the resource and the scope of everything exported.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::attribute;
use crate::config::AttributeValue;

/// The resource: defaults, then what the driver found out about the browser, then the user's own; the later wins.
pub(super) fn resource(found: &[(String, AttributeValue)], own: &[(String, AttributeValue)]) -> Resource {
    let defaults = [
        // The semantic conventions' name for a service that was not given one.
        ("service.name", "unknown_service"),
        ("telemetry.sdk.name", "atelier"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ]
    .map(|(key, value)| (key.to_owned(), AttributeValue::from(value)));
    let mut attributes: Vec<(&str, &AttributeValue)> = Vec::new();
    for (key, value) in defaults.iter().chain(found).chain(own) {
        match attributes.iter_mut().find(|(known, _)| known == key) {
            Some(known) => known.1 = value,
            None => attributes.push((key, value)),
        }
    }
    Resource {
        attributes: attributes.into_iter().map(|(key, value)| attribute::from_config(key, value)).collect(),
        ..Resource::default()
    }
}

/// The instrumentation scope: this library.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "atelier".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
