//! Who sends: the resource and the scope of everything exported.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::attribute;
use super::limits::resource_value;
use super::redaction::Redaction;
use crate::config::AttributeValue;
use crate::redact::RedactKind;

const SERVICE_NAME: &str = "service.name";
/// The name of a service that was not given one (OpenTelemetry specification, "Resource SDK"; without a process there is
/// nothing to append).
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The resource: defaults, then what the driver found out about the browser, then the user's own; the later wins. What
/// a redaction takes away of the defaults comes back as such: collectors insist on them, and they say nothing of the page.
pub(super) fn resource(
    found: &[(String, AttributeValue)],
    own: &[(String, AttributeValue)],
    redaction: &mut Redaction,
) -> Resource {
    let defaults = [
        (SERVICE_NAME, UNKNOWN_SERVICE),
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
    let mut attributes =
        attributes.into_iter().map(|(key, value)| attribute::from_config(key, value)).collect::<Vec<_>>();
    redaction.attributes(&mut attributes, RedactKind::Resource);
    attributes.iter_mut().for_each(resource_value);
    for (key, value) in &defaults {
        if !attributes.iter().any(|it| it.key == *key) {
            attributes.push(attribute::from_config(key, value));
        }
    }
    Resource { attributes, ..Resource::default() }
}

/// The instrumentation scope: this library.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "atelier".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
