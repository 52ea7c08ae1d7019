//! Which field of a callsite means what, worked out once for each callsite.

use std::sync::Arc;

use atelier_core::names::{Clue, Metric, Phase, field};
use rustc_hash::FxHashMap;
use tracing::Metadata;
use tracing::callsite::Identifier;
use tracing::field::Field;

/// The meaning of one field of one callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Meant for other subscribers.
    Ignored,
    Time,
    EndTime,
    TimeOrigin,
    TimeMoved,
    Runtime,
    Task,
    TaskId,
    TaskName,
    TaskType,
    QueuePolicy,
    MaxInFlight,
    MaxQueueDepth,
    PoolSize,
    Cores,
    Timeout,
    IdleTimeout,
    Call,
    CancelReason,
    CallId,
    Fact,
    WorkerIndex,
    Attempt,
    Method,
    Outcome,
    ErrorType,
    ErrorKind,
    ErrorMessage,
    QueueWait,
    QueueWaitLast,
    /// The name of the phase that a metric event measures.
    PhaseName,
    /// The time in one phase, on a call's span.
    PhaseTime(Phase),
    TraceId,
    SpanId,
    ParentSpanId,
    TraceName,
    SpanName,
    Attributes,
    SpansLost,
    ExceptionType,
    ExceptionMessage,
    ExceptionStack,
    Severity,
    LogTarget,
    Body,
    LogsLost,
    SamplingReason,
    /// The value of a metric.
    Value(Metric),
    /// The value of a clue.
    Clue(Clue),
}

impl Slot {
    fn of(name: &str) -> Slot {
        match name {
            field::TIME => Slot::Time,
            field::END_TIME => Slot::EndTime,
            field::TIME_ORIGIN => Slot::TimeOrigin,
            field::TIME_MOVED => Slot::TimeMoved,
            field::RUNTIME => Slot::Runtime,
            field::TASK => Slot::Task,
            field::TASK_ID => Slot::TaskId,
            field::TASK_NAME => Slot::TaskName,
            field::TASK_TYPE => Slot::TaskType,
            field::QUEUE_POLICY => Slot::QueuePolicy,
            field::MAX_IN_FLIGHT => Slot::MaxInFlight,
            field::MAX_QUEUE_DEPTH => Slot::MaxQueueDepth,
            field::POOL_SIZE => Slot::PoolSize,
            field::CORES => Slot::Cores,
            field::TIMEOUT => Slot::Timeout,
            field::IDLE_TIMEOUT => Slot::IdleTimeout,
            field::CALL => Slot::Call,
            field::CANCEL_REASON => Slot::CancelReason,
            field::CALL_ID => Slot::CallId,
            field::FACT => Slot::Fact,
            field::WORKER_INDEX => Slot::WorkerIndex,
            field::ATTEMPT => Slot::Attempt,
            field::METHOD => Slot::Method,
            field::OUTCOME => Slot::Outcome,
            field::ERROR_TYPE => Slot::ErrorType,
            field::ERROR_KIND => Slot::ErrorKind,
            field::OTEL_STATUS_DESCRIPTION => Slot::ErrorMessage,
            field::QUEUE_WAIT => Slot::QueueWait,
            field::QUEUE_WAIT_LAST => Slot::QueueWaitLast,
            field::PHASE => Slot::PhaseName,
            field::TRACE_ID => Slot::TraceId,
            field::SPAN_ID => Slot::SpanId,
            field::PARENT_SPAN_ID => Slot::ParentSpanId,
            field::TRACE_NAME => Slot::TraceName,
            field::OTEL_NAME => Slot::SpanName,
            field::ATTRIBUTES => Slot::Attributes,
            field::SPANS_LOST => Slot::SpansLost,
            field::EXCEPTION_TYPE => Slot::ExceptionType,
            field::EXCEPTION_MESSAGE => Slot::ExceptionMessage,
            field::EXCEPTION_STACKTRACE => Slot::ExceptionStack,
            field::SEVERITY => Slot::Severity,
            field::LOG_TARGET => Slot::LogTarget,
            field::BODY => Slot::Body,
            field::LOGS_LOST => Slot::LogsLost,
            field::SAMPLING_REASON => Slot::SamplingReason,
            _ => Slot::of_family(name),
        }
    }

    /// Fields whose names are made of a prefix and something from a table.
    fn of_family(name: &str) -> Slot {
        if let Some(metric) = Metric::from_field(name) {
            return Slot::Value(metric);
        }
        if let Some(clue) = Clue::from_field(name) {
            return Slot::Clue(clue);
        }
        let phase = name.strip_prefix(field::PHASE_PREFIX);
        match phase.and_then(|phase| Phase::ALL.into_iter().find(|known| known.name() == phase)) {
            Some(phase) => Slot::PhaseTime(phase),
            None => Slot::Ignored,
        }
    }
}

/// The meanings of a callsite's fields, by their place in it.
#[derive(Clone, Debug)]
pub(crate) struct Plan(Arc<[Slot]>);

impl Plan {
    fn of(metadata: &Metadata<'_>) -> Plan {
        Plan(metadata.fields().iter().map(|field| Slot::of(field.name())).collect())
    }

    /// What this field means.
    pub(crate) fn slot(&self, field: &Field) -> Slot {
        self.0.get(field.index()).copied().unwrap_or(Slot::Ignored)
    }
}

/// The plans of the callsites seen so far; as many as the program has, so there is no limit.
#[derive(Debug, Default)]
pub(crate) struct Plans(FxHashMap<Identifier, Plan>);

impl Plans {
    /// The plan of this callsite.
    pub(crate) fn of(&mut self, metadata: &Metadata<'_>) -> &Plan {
        self.0.entry(metadata.callsite()).or_insert_with(|| Plan::of(metadata))
    }
}
