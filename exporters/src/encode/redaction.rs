//! Attributes on their way through the page's redaction.

use atelier_core::names::field;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attribute;
use super::span::OTHER_ERROR;
use crate::config::AttributeValue;
use crate::redact::{NamedValues, Redact, RedactKind};

/// The page's redaction, and how often it failed.
#[derive(Debug)]
pub(super) struct Redaction {
    hook: Option<Redact>,
    /// In what is being encoded.
    failed: u64,
    /// Before, but not told yet.
    untold: u64,
    told: u64,
}

impl Redaction {
    pub(super) fn new(hook: Option<Redact>) -> Redaction {
        Redaction { hook, failed: 0, untold: 0, told: 0 }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.hook.is_some()
    }

    /// What was encoded so far stays.
    pub(super) fn keep(&mut self) {
        self.untold += std::mem::take(&mut self.failed);
    }

    /// What is encoded from here on takes the place of what was encoded and not kept.
    pub(super) fn begin(&mut self) {
        self.failed = 0;
    }

    /// What there is to tell, if it failed. What was thrown is not repeated: it may hold what was to be taken out.
    pub(super) fn complaint(&mut self) -> Option<String> {
        self.keep();
        let untold = std::mem::take(&mut self.untold);
        self.told += untold;
        let total = self.told;
        (untold > 0).then(|| {
            format!(
                "redact threw, or returned no object of attributes, for {untold} of what was sent ({total} so far): it \
                 went without its attributes"
            )
        })
    }

    /// Attributes of a data point, a log record or the resource.
    pub(super) fn attributes(&mut self, attributes: &mut Vec<KeyValue>, kind: RedactKind) {
        let Some(hook) = &self.hook else { return };
        let before: NamedValues = attributes.iter().filter_map(attribute::to_named).collect();
        let after = hook.apply(before.clone(), kind);
        self.failed += u64::from(after.is_none());
        attributes.clear();
        for (name, value) in after.unwrap_or_default() {
            let is_new = !name.is_empty() && !attributes.iter().any(|it| it.key == name);
            if is_new && !matches!(value, AttributeValue::Double(number) if !number.is_finite()) {
                let was = before.iter().find(|(before, _)| *before == name).map(|(_, value)| value);
                attributes.push(attribute::from_config(&name, &of_the_same_kind(value, was)));
            }
        }
    }

    /// A span's attributes, with what its status says among them.
    pub(super) fn span(&mut self, span: &mut Span) {
        if !self.is_wanted() {
            return;
        }
        let said = span.status.as_mut().map(|status| std::mem::take(&mut status.message));
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            span.attributes.push(attribute::string(field::OTEL_STATUS_DESCRIPTION, &said));
        }
        self.attributes(&mut span.attributes, RedactKind::Span);
        let description =
            span.attributes.extract_if(.., |it| it.key == field::OTEL_STATUS_DESCRIPTION).last();
        if let (Some(status), Some(description)) = (&mut span.status, description)
            && let Some((_, AttributeValue::String(said))) = attribute::to_named(&description)
        {
            status.message = said;
        }
        let has_type = span.attributes.iter().any(|it| it.key == field::ERROR_TYPE);
        if span.status.is_some() && !has_type {
            // An error has a type; this one says nothing, and receivers may insist on it.
            span.attributes.push(attribute::string(field::ERROR_TYPE, OTHER_ERROR));
        }
    }

    /// A log record's attributes, with what it says among them.
    pub(super) fn log(&mut self, log: &mut LogRecord) {
        if !self.is_wanted() {
            return;
        }
        if let Some(body) = log.body.take() {
            log.attributes.push(KeyValue {
                key: field::BODY.to_owned(),
                value: Some(body),
                ..KeyValue::default()
            });
        }
        self.attributes(&mut log.attributes, RedactKind::Log);
        let body = log.attributes.extract_if(.., |it| it.key == field::BODY).last();
        log.body = body.and_then(|body| body.value);
    }
}

/// JavaScript has one kind of number: a whole one that was a double before stays one.
fn of_the_same_kind(value: AttributeValue, was: Option<&AttributeValue>) -> AttributeValue {
    match (value, was) {
        (AttributeValue::Int(number), Some(AttributeValue::Double(_))) => {
            AttributeValue::Double(number as f64)
        }
        (value, _) => value,
    }
}
