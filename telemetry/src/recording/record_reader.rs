//! Facts as the contents of items: how they are read. `records.rs` writes them.

use std::borrow::Cow;
use std::sync::Arc;

use atelier_core::names::{Metric, Phase, WorkerFact};
use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};

use super::fields::Field;
use super::records::{NANOSECONDS, log_value, scale};
use super::tables::ReaderTables;
use super::wire::{Input, Malformed};
use crate::black_box::{BlackBox, BoxedFact};
use crate::log::{LogRecord, LogSeverity, LogValue};
use crate::record::{
    HandlerSpanRecord, MetricRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord,
};

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
