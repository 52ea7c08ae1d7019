//! The fields of spans and events, as attributes that can travel: strings, numbers and booleans.

use std::fmt::{self, Write};

use serde_json::{Map, Number, Value};
use tracing::field::{Field, Visit};

/// The most bytes of one text. What is longer ends with an ellipsis: a `Debug` of a large structure, above all.
const MAX_TEXT: usize = 4096;
/// What an error without a name is called (OpenTelemetry's semantic conventions, "Error attributes").
const OTHER_ERROR: &str = "_OTHER";

/// Names that other `tracing` layers for OpenTelemetry read alike.
const OTEL_NAME: &str = "otel.name";
const OTEL_KIND: &str = "otel.kind";
const OTEL_STATUS_CODE: &str = "otel.status_code";
const OTEL_STATUS_MESSAGE: [&str; 2] = ["otel.status_message", "otel.status_description"];
const MESSAGE: &str = "message";
const ERROR: &str = "error";
const ERROR_TYPE: &str = "error.type";
/// Where in the code a span or event belongs; `tracing-opentelemetry` calls it so as well.
const TARGET: &str = "target";

/// Fields as they were visited.
#[derive(Debug, Default)]
struct Values(Map<String, Value>);

impl Values {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(shown)
    }
}

/// The fields of a span, those recorded later included.
#[derive(Debug, Default)]
pub(super) struct SpanFields {
    values: Values,
    name: Option<String>,
    /// The message of an error that was told in it.
    failed: Option<(Option<String>, String)>,
}

impl SpanFields {
    /// Reads what is visited.
    pub(super) fn read(visit: impl FnOnce(&mut dyn Visit)) -> SpanFields {
        let mut fields = SpanFields::default();
        visit(&mut fields.values);
        fields.name = fields.values.0.remove(OTEL_NAME).as_ref().map(shown);
        fields
    }

    /// Takes what was recorded later.
    pub(super) fn add(&mut self, more: SpanFields) {
        self.values.0.extend(more.values.0);
        self.name = more.name.or(self.name.take());
    }

    /// An error was told in it. The first one counts.
    pub(super) fn fail(&mut self, event: &EventFields) {
        self.failed.get_or_insert_with(|| {
            let message = event.values.text(ERROR).or_else(|| event.values.text(MESSAGE));
            (event.values.text(ERROR_TYPE), message.unwrap_or_default())
        });
    }

    /// The name it was given as a field, which may say more than the one in the code.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The error's name and message, if it failed: it says so itself, or an error was told in it.
    pub(super) fn error(&self) -> Option<(String, String)> {
        let own = match self.values.0.get(ERROR) {
            None | Some(Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(String::new()),
            Some(error) => Some(shown(error)),
        };
        let by_status =
            self.values.text(OTEL_STATUS_CODE).is_some_and(|code| code.eq_ignore_ascii_case("error"));
        let (kind, message) = match (&self.failed, own) {
            (_, Some(message)) => (None, message),
            (Some((kind, message)), None) => (kind.clone(), message.clone()),
            (None, None) if by_status => (None, String::new()),
            (None, None) => return None,
        };
        let described = OTEL_STATUS_MESSAGE.iter().find_map(|name| self.values.text(name));
        let kind = self.values.text(ERROR_TYPE).or(kind).unwrap_or_else(|| OTHER_ERROR.to_owned());
        Some((kind, described.unwrap_or(message)))
    }

    /// A JSON object of its attributes.
    pub(super) fn attributes(&self, target: &str) -> String {
        let mut attributes = self.values.0.clone();
        for meant_otherwise in
            [OTEL_KIND, OTEL_STATUS_CODE, ERROR_TYPE].into_iter().chain(OTEL_STATUS_MESSAGE)
        {
            attributes.remove(meant_otherwise);
        }
        attributes.entry(TARGET).or_insert_with(|| target.into());
        Value::Object(attributes).to_string()
    }
}

/// The fields of an event.
#[derive(Debug, Default)]
pub(super) struct EventFields {
    values: Values,
}

impl EventFields {
    /// Reads what is visited.
    pub(super) fn read(visit: impl FnOnce(&mut dyn Visit)) -> EventFields {
        let mut fields = EventFields::default();
        visit(&mut fields.values);
        fields
    }

    /// What it says: its message, or the error that is all it has (`#[instrument(err)]` tells so).
    pub(super) fn body(&self) -> String {
        self.values.text(MESSAGE).or_else(|| self.values.text(ERROR)).unwrap_or_default()
    }

    /// A JSON object of the rest, when there is any.
    pub(super) fn attributes(&self) -> Option<String> {
        let mut attributes = self.values.0.clone();
        attributes.remove(MESSAGE);
        (!attributes.is_empty()).then(|| Value::Object(attributes).to_string())
    }
}

impl Values {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Values {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no NaN and no infinities.
        match Number::from_f64(value) {
            Some(number) => self.set(field, number),
            None => self.set(field, value.to_string()),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match i64::try_from(value) {
            Ok(value) => self.set(field, value),
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.set(field, value),
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, bounded(format_args!("{value}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field, bounded(format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, bounded(format_args!("{value:?}")));
    }
}

/// A value as a text, without the quotes that JSON would put around it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text up to its bound. What writes it is stopped there.
fn bounded(text: fmt::Arguments<'_>) -> String {
    let mut bounded = Bounded(String::new());
    match bounded.write_fmt(text) {
        Ok(()) => bounded.0,
        Err(fmt::Error) => bounded.0 + "…",
    }
}

struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        self.0.push_str(text.get(..end).unwrap_or_default());
        Err(fmt::Error)
    }
}
