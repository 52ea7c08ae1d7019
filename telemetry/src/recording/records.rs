//! Facts as the contents of items: how they are written. `record_reader.rs` reads them, field by field in the same order.

use std::sync::Arc;

use atelier_core::names::{Instrument, Metric, Phase};
use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};

use super::fields::Field;
use super::items::tag;
use super::tables::WriterTables;
use super::wire::{put_f64, put_i64, put_scaled, put_str, put_u64};
use crate::black_box::BlackBox;
use crate::log::{LogRecord, LogValue};
use crate::record::{HandlerSpanRecord, MetricRecord, Record, SpanRecord, TaskMeta, TraceRecord};

/// Durations are mostly whole numbers of these in a second.
pub(super) const NANOSECONDS: f64 = 1e9;

/// The scale in which a metric's values are mostly whole.
pub(super) fn scale(metric: Metric) -> f64 {
    match metric.instrument() {
        Instrument::Counter | Instrument::Gauge => 1.0,
        Instrument::Histogram => NANOSECONDS,
    }
}

/// What an attribute of a log record is.
pub(super) mod log_value {
    pub(in super::super) const TEXT: u8 = 0;
    pub(in super::super) const BOOL: u8 = 1;
    pub(in super::super) const INT: u8 = 2;
    pub(in super::super) const DOUBLE: u8 = 3;
}

/// Writes one item's content. What it names goes into the tables, whose new entries are items before it.
pub(super) struct Content<'a> {
    pub(super) tables: &'a mut WriterTables,
    /// Where the tables' new entries go.
    pub(super) before: &'a mut Vec<u8>,
    pub(super) out: &'a mut Vec<u8>,
    pub(super) last_time: &'a mut u64,
}

impl Content<'_> {
    pub(super) fn record(&mut self, record: &Record) -> u8 {
        match record {
            Record::Metric(metric) => self.metric(metric),
            Record::Span(call) => self.call(call),
            Record::Trace(trace) => self.trace(trace),
            Record::Handler(span) => self.handler(span),
            Record::Log(log) => self.log(log),
        }
    }

    fn metric(&mut self, record: &MetricRecord) -> u8 {
        self.name(record.metric.otlp());
        self.task(&record.task);
        self.time(record.time_unix_nano);
        put_scaled(self.out, record.value, scale(record.metric));
        let begin = self.out.len();
        self.optional_text(record.method.as_ref());
        self.optional_name(record.outcome.map(Outcome::name));
        self.optional_name(record.phase.map(Phase::name));
        self.optional_u32(record.worker_index);
        self.optional_text(record.error_type.as_ref());
        // Each of these is one zero when it is absent, and what is missing at the end is read as zero.
        while self.out.len() > begin && self.out.last() == Some(&0) {
            self.out.pop();
        }
        tag::METRIC
    }

    fn call(&mut self, call: &SpanRecord) -> u8 {
        self.span(call.trace_id, call.span_id, call.start_unix_nano, call.end_unix_nano);
        self.optional_id(call.parent_span_id);
        self.out.push(u8::from(call.in_trace));
        self.optional_text(call.trace_name.as_ref());
        put_u64(self.out, call.call_id);
        self.task(&call.task);
        self.text(&call.method);
        self.optional_u32(call.worker_index);
        put_u64(self.out, u64::from(call.attempt));
        self.name(call.outcome.name());
        self.optional_name(call.error_kind.map(ErrorKind::name));
        self.optional_text(call.error_type.as_ref());
        self.own_text(call.error_message.as_ref());
        let [admission, queue, delivery, run, reply] = call.phases.0;
        let waits = [call.queue_wait, call.queue_wait_last];
        self.optional_seconds([waits[0], waits[1], admission, queue, delivery, run, reply]);
        put_u64(self.out, call.handler_spans_lost);
        put_u64(self.out, call.handler_logs_lost);
        self.optional_name(call.kept_for.map(KeptFor::name));
        self.own_text(call.error_stack.as_ref());
        self.optional_name(call.cancel_reason.map(AbortReason::name));
        tag::CALL
    }

    fn trace(&mut self, trace: &TraceRecord) -> u8 {
        self.span(trace.trace_id, trace.span_id, trace.start_unix_nano, trace.end_unix_nano);
        self.optional_id(trace.parent_span_id);
        put_u64(self.out, trace.runtime);
        self.own_text(trace.name.as_ref());
        self.name(trace.status.name());
        self.optional_name(trace.error_kind.map(ErrorKind::name));
        self.optional_text(trace.error_type.as_ref());
        self.own_text(trace.error_message.as_ref());
        self.optional_name(trace.kept_for.map(KeptFor::name));
        tag::TRACE
    }

    fn handler(&mut self, span: &HandlerSpanRecord) -> u8 {
        self.span(span.trace_id, span.span_id, span.start_unix_nano, span.end_unix_nano);
        self.out.extend_from_slice(&span.parent_span_id.to_le_bytes());
        self.text(&span.name);
        put_u64(self.out, span.call_id);
        self.task(&span.task);
        self.optional_u32(span.worker_index);
        self.optional_text(span.error_type.as_ref());
        self.own_text(span.error_message.as_ref());
        self.own_text(span.attributes.as_ref());
        self.optional_id(span.call_span_id);
        tag::HANDLER
    }

    fn log(&mut self, log: &LogRecord) -> u8 {
        self.time(log.time_unix_nano);
        self.out.push(log.severity.number());
        self.own_text(log.event_name.as_ref());
        put_str(self.out, &log.body);
        match &log.task {
            Some(task) => self.task(task),
            None => self.out.push(0),
        }
        log.call_id.put(self.out);
        self.optional_u32(log.worker_index);
        self.out.push(u8::from(log.trace_id.is_some()));
        self.out.extend(log.trace_id.iter().flat_map(|id| id.to_le_bytes()));
        self.optional_id(log.span_id);
        put_u64(self.out, log.attributes.len() as u64);
        for (name, value) in &log.attributes {
            put_str(self.out, name);
            self.log_value(value);
        }
        tag::LOG
    }

    fn log_value(&mut self, value: &LogValue) {
        match value {
            LogValue::Text(text) => {
                self.out.push(log_value::TEXT);
                put_str(self.out, text);
            }
            LogValue::Bool(truth) => self.out.extend([log_value::BOOL, u8::from(*truth)]),
            LogValue::Int(number) => {
                self.out.push(log_value::INT);
                put_i64(self.out, *number);
            }
            LogValue::Double(number) => {
                self.out.push(log_value::DOUBLE);
                put_f64(self.out, *number);
            }
        }
    }

    pub(super) fn black_box(&mut self, of: &BlackBox) -> u8 {
        put_u64(self.out, of.number);
        self.task(&of.task);
        put_u64(self.out, u64::from(of.worker_index));
        self.optional_text(of.cause.as_ref());
        put_u64(self.out, of.facts.len() as u64);
        for fact in &of.facts {
            self.time(fact.time_unix_nano);
            self.name(fact.fact.name());
            fact.call_id.put(self.out);
            self.optional_text(fact.method.as_ref());
        }
        tag::BLACK_BOX
    }

    fn span(&mut self, trace_id: u128, span_id: u64, start: u64, end: u64) {
        self.out.extend_from_slice(&trace_id.to_le_bytes());
        self.out.extend_from_slice(&span_id.to_le_bytes());
        self.time(start);
        self.time(end);
    }

    fn time(&mut self, time: u64) {
        let before = std::mem::replace(self.last_time, time);
        put_i64(self.out, time.wrapping_sub(before) as i64);
    }

    fn task(&mut self, task: &Arc<TaskMeta>) {
        let number = self.tables.task(self.before, task);
        put_u64(self.out, number);
    }

    fn name(&mut self, name: &'static str) {
        let number = self.tables.name(self.before, name);
        put_u64(self.out, number);
    }

    fn optional_name(&mut self, name: Option<&'static str>) {
        match name {
            Some(name) => self.name(name),
            None => self.out.push(0),
        }
    }

    fn text(&mut self, text: &Arc<str>) {
        let number = self.tables.text(self.before, text);
        put_u64(self.out, number);
    }

    fn optional_text(&mut self, text: Option<&Arc<str>>) {
        match text {
            Some(text) => self.text(text),
            None => self.out.push(0),
        }
    }

    /// A string that hardly ever comes twice, in its place.
    fn own_text(&mut self, text: Option<&impl AsRef<str>>) {
        self.out.push(u8::from(text.is_some()));
        if let Some(text) = text {
            put_str(self.out, text.as_ref());
        }
    }

    fn optional_u32(&mut self, number: Option<u32>) {
        put_u64(self.out, number.map_or(0, |number| u64::from(number) + 1));
    }

    fn optional_id(&mut self, id: Option<u64>) {
        self.out.push(u8::from(id.is_some()));
        self.out.extend(id.iter().flat_map(|id| id.to_le_bytes()));
    }

    /// A bit for each that is there, then those.
    fn optional_seconds(&mut self, seconds: [Option<f64>; 7]) {
        let there =
            seconds.iter().enumerate().fold(0, |mask, (bit, it)| mask | u8::from(it.is_some()) << bit);
        self.out.push(there);
        seconds.into_iter().flatten().for_each(|seconds| put_scaled(self.out, seconds, NANOSECONDS));
    }
}
