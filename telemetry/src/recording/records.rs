//! Facts as the contents of items.

use std::borrow::Cow;
use std::sync::Arc;

use atelier_core::names::{Instrument, Metric, Phase, WorkerFact};
use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};

use super::fields::Field;
use super::items::tag;
use super::tables::{ReaderTables, WriterTables};
use super::wire::{Input, Malformed, put_f64, put_i64, put_scaled, put_str, put_u64};
use crate::black_box::{BlackBox, BoxedFact};
use crate::log::{LogRecord, LogSeverity, LogValue};
use crate::record::{
    HandlerSpanRecord, MetricRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord,
};

/// Durations are mostly whole numbers of these in a second.
const NANOSECONDS: f64 = 1e9;

/// The scale in which a metric's values are mostly whole.
fn scale(metric: Metric) -> f64 {
    match metric.instrument() {
        Instrument::Counter | Instrument::Gauge => 1.0,
        Instrument::Histogram => NANOSECONDS,
    }
}

/// What an attribute of a log record is.
mod log_value {
    pub(super) const TEXT: u8 = 0;
    pub(super) const BOOL: u8 = 1;
    pub(super) const INT: u8 = 2;
    pub(super) const DOUBLE: u8 = 3;
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

/// Reads one item's content.
pub(super) struct ContentReader<'a, 'b> {
    pub(super) tables: &'b ReaderTables,
    pub(super) from: Input<'a>,
    pub(super) last_time: &'b mut u64,
}

impl ContentReader<'_, '_> {
    pub(super) fn metric(&mut self) -> Result<Record, Malformed> {
        let metric = self.name()?;
        let metric =
            Metric::ALL.iter().copied().find(|it| it.otlp() == &*metric).ok_or(Malformed::Unknown)?;
        Ok(Record::Metric(MetricRecord {
            metric,
            task: self.task()?,
            time_unix_nano: self.time()?,
            value: self.from.scaled(scale(metric))?,
            method: self.optional_text()?,
            outcome: self.optional_known(Outcome::from_name)?,
            phase: self.optional_known(|name| Phase::ALL.into_iter().find(|it| it.name() == name))?,
            worker_index: self.optional_u32()?,
            error_type: self.optional_text()?,
        }))
    }

    pub(super) fn call(&mut self) -> Result<Record, Malformed> {
        let SpanHead { trace_id, span_id, start_unix_nano, end_unix_nano } = self.span()?;
        let parent_span_id = self.optional_id()?;
        let in_trace = self.from.u8()? == 1;
        let trace_name = self.optional_text()?;
        let call_id = self.from.u64()?;
        let task = self.task()?;
        let method = self.name()?;
        let worker_index = self.optional_u32()?;
        let attempt = self.from.u32()?;
        let outcome = self.known(Outcome::from_name)?;
        let error_kind = self.optional_known(ErrorKind::from_name)?;
        let error_type = self.optional_text()?;
        let error_message = self.own_text()?;
        let [queue_wait, queue_wait_last, admission, queue, delivery, run, reply] =
            self.optional_seconds()?;
        Ok(Record::Span(Arc::new(SpanRecord {
            trace_id,
            span_id,
            parent_span_id,
            in_trace,
            trace_name,
            call_id,
            task,
            method,
            worker_index,
            attempt,
            start_unix_nano,
            end_unix_nano,
            outcome,
            error_kind,
            error_type,
            error_message,
            queue_wait,
            queue_wait_last,
            phases: Phases([admission, queue, delivery, run, reply]),
            handler_spans_lost: self.from.u64()?,
            handler_logs_lost: self.from.u64()?,
            kept_for: self.optional_known(KeptFor::from_name)?,
            error_stack: self.optional_own_text()?,
            cancel_reason: self.optional_known(AbortReason::from_name)?,
        })))
    }

    pub(super) fn trace(&mut self) -> Result<Record, Malformed> {
        let SpanHead { trace_id, span_id, start_unix_nano, end_unix_nano } = self.span()?;
        Ok(Record::Trace(Arc::new(TraceRecord {
            trace_id,
            span_id,
            start_unix_nano,
            end_unix_nano,
            parent_span_id: self.optional_id()?,
            runtime: self.from.u64()?,
            name: self.own_text()?,
            status: self.known(|name| SPAN_STATUSES.into_iter().find(|it| it.name() == name))?,
            error_kind: self.optional_known(ErrorKind::from_name)?,
            error_type: self.optional_text()?,
            error_message: self.own_text()?,
            kept_for: self.optional_known(KeptFor::from_name)?,
        })))
    }

    pub(super) fn handler(&mut self) -> Result<Record, Malformed> {
        let SpanHead { trace_id, span_id, start_unix_nano, end_unix_nano } = self.span()?;
        Ok(Record::Handler(Arc::new(HandlerSpanRecord {
            trace_id,
            span_id,
            start_unix_nano,
            end_unix_nano,
            parent_span_id: u64::from_le_bytes(self.from.array()?),
            name: self.name()?,
            call_id: self.from.u64()?,
            task: self.task()?,
            worker_index: self.optional_u32()?,
            error_type: self.optional_text()?,
            error_message: self.own_text()?,
            attributes: self.own_text()?,
            call_span_id: self.optional_id()?,
        })))
    }

    pub(super) fn log(&mut self) -> Result<Record, Malformed> {
        let time_unix_nano = self.time()?;
        let severity = LogSeverity::from_number(u64::from(self.from.u8()?));
        let event_name = self.own_text()?.map(|name| Cow::Owned(name.to_string()));
        let body = self.from.str()?.into();
        let task = self.tables.optional_task(&mut self.from)?;
        let call_id = Field::take(&mut self.from)?;
        let worker_index = self.optional_u32()?;
        let trace_id = match self.from.u8()? {
            0 => None,
            _ => Some(u128::from_le_bytes(self.from.array()?)),
        };
        let span_id = self.optional_id()?;
        let mut attributes = Vec::new();
        for _ in 0..self.from.u64()? {
            attributes.push((Cow::Owned(self.from.str()?.to_owned()), self.log_value()?));
        }
        Ok(Record::Log(Arc::new(LogRecord {
            time_unix_nano,
            severity,
            event_name,
            body,
            task,
            call_id,
            worker_index,
            trace_id,
            span_id,
            attributes,
        })))
    }

    fn log_value(&mut self) -> Result<LogValue, Malformed> {
        Ok(match self.from.u8()? {
            log_value::TEXT => LogValue::Text(self.from.str()?.into()),
            log_value::BOOL => LogValue::Bool(self.from.u8()? == 1),
            log_value::INT => LogValue::Int(self.from.i64()?),
            log_value::DOUBLE => LogValue::Double(self.from.f64()?),
            _ => return Err(Malformed::Unknown),
        })
    }

    pub(super) fn black_box(&mut self) -> Result<BlackBox, Malformed> {
        let number = self.from.u64()?;
        let task = self.task()?;
        let worker_index = self.from.u32()?;
        let cause = self.optional_text()?;
        let mut facts = Vec::new();
        for _ in 0..self.from.u64()? {
            facts.push(BoxedFact {
                time_unix_nano: self.time()?,
                fact: self.known(WorkerFact::from_name)?,
                call_id: Field::take(&mut self.from)?,
                method: self.optional_text()?,
            });
        }
        Ok(BlackBox { number, task, worker_index, cause, facts })
    }

    fn span(&mut self) -> Result<SpanHead, Malformed> {
        Ok(SpanHead {
            trace_id: u128::from_le_bytes(self.from.array()?),
            span_id: u64::from_le_bytes(self.from.array()?),
            start_unix_nano: self.time()?,
            end_unix_nano: self.time()?,
        })
    }

    fn time(&mut self) -> Result<u64, Malformed> {
        *self.last_time = self.last_time.wrapping_add(self.from.i64()? as u64);
        Ok(*self.last_time)
    }

    fn task(&mut self) -> Result<Arc<TaskMeta>, Malformed> {
        self.tables.task(&mut self.from)
    }

    fn name(&mut self) -> Result<Arc<str>, Malformed> {
        self.tables.string(&mut self.from)
    }

    fn known<T>(&mut self, from_name: impl FnOnce(&str) -> Option<T>) -> Result<T, Malformed> {
        from_name(&self.name()?).ok_or(Malformed::Unknown)
    }

    fn optional_text(&mut self) -> Result<Option<Arc<str>>, Malformed> {
        if self.from.is_empty() { Ok(None) } else { self.tables.optional_string(&mut self.from) }
    }

    fn optional_known<T>(
        &mut self,
        from_name: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        match self.optional_text()? {
            Some(name) => from_name(&name).map(Some).ok_or(Malformed::Unknown),
            None => Ok(None),
        }
    }

    fn own_text(&mut self) -> Result<Option<Arc<str>>, Malformed> {
        match self.from.u8()? {
            0 => Ok(None),
            _ => self.from.str().map(|text| Some(text.into())),
        }
    }

    /// One that older files do not have.
    fn optional_own_text(&mut self) -> Result<Option<Arc<str>>, Malformed> {
        if self.from.is_empty() { Ok(None) } else { self.own_text() }
    }

    fn optional_u32(&mut self) -> Result<Option<u32>, Malformed> {
        if self.from.is_empty() {
            return Ok(None);
        }
        let number = self.from.u64()?.checked_sub(1).map(u32::try_from).transpose();
        number.map_err(|_| Malformed::Wrong("a number is longer than 32 bits"))
    }

    fn optional_id(&mut self) -> Result<Option<u64>, Malformed> {
        match self.from.u8()? {
            0 => Ok(None),
            _ => self.from.array().map(u64::from_le_bytes).map(Some),
        }
    }

    fn optional_seconds(&mut self) -> Result<[Option<f64>; 7], Malformed> {
        let there = self.from.u8()?;
        let mut seconds = [None; 7];
        for (bit, value) in seconds.iter_mut().enumerate() {
            if there & 1 << bit != 0 {
                *value = Some(self.from.scaled(NANOSECONDS)?);
            }
        }
        Ok(seconds)
    }
}

const SPAN_STATUSES: [SpanStatus; 3] = [SpanStatus::Ok, SpanStatus::Error, SpanStatus::Canceled];

/// What every span begins with.
struct SpanHead {
    trace_id: u128,
    span_id: u64,
    start_unix_nano: u64,
    end_unix_nano: u64,
}
