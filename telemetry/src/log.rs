//! Log records: something that was told, as OpenTelemetry's "Logs Data Model" has it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::record::TaskMeta;

/// How severe a log record is: OpenTelemetry's "Logs Data Model", field `SeverityNumber`, from 1 to 24. Greater is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogSeverity(u8);

impl LogSeverity {
    /// Fine-grained, for debugging.
    pub const TRACE: LogSeverity = LogSeverity(1);
    /// For debugging.
    pub const DEBUG: LogSeverity = LogSeverity(5);
    /// Something happened.
    pub const INFO: LogSeverity = LogSeverity(9);
    /// Something needs a look.
    pub const WARN: LogSeverity = LogSeverity(13);
    /// Something went wrong.
    pub const ERROR: LogSeverity = LogSeverity(17);

    /// The severity with this number; one that is out of range becomes the nearest that is not.
    pub const fn from_number(number: u64) -> LogSeverity {
        match number {
            0 => LogSeverity(1),
            1..=24 => LogSeverity(number as u8),
            _ => LogSeverity(24),
        }
    }

    /// The number, from 1 to 24.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The short name ("Logs Data Model", "Displaying Severity"), such as `WARN` or `ERROR2`.
    pub const fn text(self) -> &'static str {
        const TEXTS: [&str; 24] = [
            "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
            "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4",
            "FATAL", "FATAL2", "FATAL3", "FATAL4",
        ];
        TEXTS[(self.0 - 1) as usize]
    }
}

/// The value of an attribute of a log record.
#[derive(Clone, Debug, PartialEq)]
pub enum LogValue {
    /// A text.
    Text(Arc<str>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
}

impl From<&str> for LogValue {
    fn from(text: &str) -> LogValue {
        LogValue::Text(text.into())
    }
}

impl From<Arc<str>> for LogValue {
    fn from(text: Arc<str>) -> LogValue {
        LogValue::Text(text)
    }
}

impl From<String> for LogValue {
    fn from(text: String) -> LogValue {
        LogValue::Text(text.into())
    }
}

/// The longest body, and the longest text of an attribute, of what handlers and a program's own events tell, in bytes.
/// What is longer is cut off there.
pub const DEFAULT_MAX_LOG_TEXT_BYTES: usize = 8 * 1024;

/// As much of a text as a log record takes.
pub(crate) fn bounded(text: &str) -> &str {
    start(text, DEFAULT_MAX_LOG_TEXT_BYTES)
}

/// A text's first characters, at most so many bytes of them.
pub(crate) fn start(text: &str, max_bytes: usize) -> &str {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A name and a value.
pub type LogAttribute = (Cow<'static, str>, LogValue);

/// Something that was told.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// When it happened, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// How severe it is.
    pub severity: LogSeverity,
    /// What kind of event it is, if it is one of a kind.
    pub event_name: Option<Cow<'static, str>>,
    /// What it says.
    pub body: Arc<str>,
    /// The task it is about, if it is about one.
    pub task: Option<Arc<TaskMeta>>,
    /// The call's number in its runtime, if it is about one.
    pub call_id: Option<u64>,
    /// The worker's place in its pool, if it is about one.
    pub worker_index: Option<u32>,
    /// 16-byte id of the trace it belongs to, if any.
    pub trace_id: Option<u128>,
    /// 8-byte id of the span it belongs to, if any; never without a trace id.
    pub span_id: Option<u64>,
    /// What else is known.
    pub attributes: Vec<LogAttribute>,
}

impl LogRecord {
    /// A record that says only that much.
    pub fn new(time_unix_nano: u64, severity: LogSeverity, body: impl Into<Arc<str>>) -> LogRecord {
        LogRecord {
            time_unix_nano,
            severity,
            event_name: None,
            body: body.into(),
            task: None,
            call_id: None,
            worker_index: None,
            trace_id: None,
            span_id: None,
            attributes: Vec::new(),
        }
    }

    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Option<&LogValue> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(bounded("short"), "short");
        let long = "ä".repeat(DEFAULT_MAX_LOG_TEXT_BYTES);
        assert_eq!(bounded(&long).len(), DEFAULT_MAX_LOG_TEXT_BYTES);
        let odd = format!("a{long}");
        assert_eq!(bounded(&odd).len(), DEFAULT_MAX_LOG_TEXT_BYTES - 1);
    }

    #[test]
    fn severities_have_the_short_names_of_the_data_model() {
        let texts = [1, 5, 9, 13, 17, 21, 24].map(|number| LogSeverity::from_number(number).text());
        assert_eq!(texts, ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "FATAL4"]);
        assert_eq!(LogSeverity::from_number(0), LogSeverity::TRACE);
        assert_eq!(LogSeverity::from_number(u64::MAX).number(), 24);
    }
}
