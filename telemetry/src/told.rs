//! Log records out of `tracing` events: what handlers tell while their calls run.

use std::fmt;
use std::sync::Arc;

use atelier_core::names::field;
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::log::{LogAttribute, LogRecord, LogSeverity, LogValue, bounded};
use crate::slots::{Plan, Slot};
use crate::state::State;

/// A log event, read.
struct Told {
    runtime: u64,
    task: Option<u64>,
    record: LogRecord,
    attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

impl State {
    /// Takes what a handler told.
    pub(crate) fn told(&mut self, event: &Event<'_>) {
        let record = LogRecord::new(0, LogSeverity::INFO, Arc::default());
        let told = Told { runtime: 0, task: None, record, attributes: None };
        let mut visitor = ToldVisitor { plan: self.plans.of(event.metadata()), told };
        event.record(&mut visitor);
        let Told { runtime, task, mut record, attributes } = visitor.told;
        let Some(runtime) = self.runtimes.get_mut(&runtime) else { return };
        record.task = task.and_then(|task| runtime.meta(task)).cloned();
        record.attributes.extend(attributes.into_iter().flatten().filter_map(attribute));
        runtime.consumers.log(record);
    }
}

/// An attribute out of JSON; `None` for a shape that handlers' attributes do not have.
fn attribute((name, value): (String, serde_json::Value)) -> Option<LogAttribute> {
    let value = match value {
        serde_json::Value::String(text) => LogValue::from(bounded(&text)),
        serde_json::Value::Bool(truth) => LogValue::Bool(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => LogValue::Int(number),
            None => LogValue::Double(number.as_f64()?),
        },
        _ => return None,
    };
    Some((name.into(), value))
}

struct ToldVisitor<'a> {
    plan: &'a Plan,
    told: Told,
}

impl Visit for ToldVisitor<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        let record = &mut self.told.record;
        match self.plan.slot(field) {
            Slot::Runtime => self.told.runtime = value,
            Slot::Task => self.told.task = Some(value),
            Slot::Time => record.time_unix_nano = value,
            Slot::Severity => record.severity = LogSeverity::from_number(value),
            Slot::CallId => record.call_id = Some(value),
            Slot::WorkerIndex => record.worker_index = u32::try_from(value).ok(),
            Slot::SpanId => record.span_id = Some(value),
            _ => {}
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if self.plan.slot(field) == Slot::TraceId {
            self.told.record.trace_id = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let record = &mut self.told.record;
        match self.plan.slot(field) {
            Slot::Body => record.body = bounded(value).into(),
            Slot::LogTarget => record.attributes.push((field::LOG_TARGET.into(), value.into())),
            Slot::Method => record.attributes.push((field::METHOD.into(), value.into())),
            // What cannot be read is left out: it was not written by this library.
            Slot::Attributes => self.told.attributes = serde_json::from_str(value).ok(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
