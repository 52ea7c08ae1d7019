//! The Layer that turns a program's own `tracing` events into log records.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::Arc;

use atelier_core::names::{TARGET, field};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::log::{DEFAULT_MAX_LOG_TEXT_BYTES, LogRecord, LogSeverity, LogValue, bounded};
use crate::state::Shared;

/// Turns `tracing` events of every target but `atelier` into log records of one runtime, for consumers that take these:
/// severity from the level, body from the message, one attribute for each other field, and the target.
///
/// It is made by [`Telemetry::log_layer`](crate::Telemetry::log_layer) and added to a registry beside
/// [`Telemetry::layer`](crate::Telemetry::layer); a filter on it chooses what is exported. While nobody takes log records it
/// costs one atomic load an event.
pub struct LogLayer {
    shared: Arc<Shared>,
    runtime: u64,
    now_unix_nano: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl LogLayer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        runtime: u64,
        now_unix_nano: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> LogLayer {
        LogLayer { shared, runtime, now_unix_nano: Box::new(now_unix_nano) }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == TARGET || !self.shared.wants_logs() {
            return;
        }
        // Formatting runs foreign code, which may emit events of its own: not under the lock.
        let mut record = LogRecord::new((self.now_unix_nano)(), severity(*metadata.level()), Arc::default());
        record.attributes.push((field::LOG_TARGET.into(), metadata.target().into()));
        event.record(&mut FieldVisitor(&mut record));
        if let Some(runtime) = self.shared.lock().runtimes.get_mut(&self.runtime) {
            runtime.consumers.log(record);
        }
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}

fn severity(level: Level) -> LogSeverity {
    match level {
        Level::TRACE => LogSeverity::TRACE,
        Level::DEBUG => LogSeverity::DEBUG,
        Level::INFO => LogSeverity::INFO,
        Level::WARN => LogSeverity::WARN,
        Level::ERROR => LogSeverity::ERROR,
    }
}

struct FieldVisitor<'a>(&'a mut LogRecord);

impl FieldVisitor<'_> {
    fn add(&mut self, field: &Field, value: LogValue) {
        self.0.attributes.push((Cow::Borrowed(field.name()), value));
    }
}

impl Visit for FieldVisitor<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, LogValue::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, LogValue::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.add(field, LogValue::Int(value)),
            // OTLP has no unsigned numbers.
            Err(_) => self.add(field, LogValue::from(value.to_string())),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, LogValue::Double(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.0.body = bounded(value).into(),
            _ => self.add(field, LogValue::from(bounded(value))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Text(String::new());
        // It fails when the text is full, and what there is stays.
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text.0);
    }
}

/// A text that takes no more than a log record does, so that a large value is not formatted to its end.
struct Text(String);

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() > DEFAULT_MAX_LOG_TEXT_BYTES {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}
