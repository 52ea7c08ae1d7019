//! The pieces that a call is drawn in: each phase on the track of what it was spent at.

use std::sync::Arc;

use atelier_core::names::Phase;

use super::origin::TimeOrigin;
use crate::record::{HandlerSpanRecord, SpanRecord, SpanStatus, TaskMeta, TraceRecord};

/// A track of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Its calls that wait: for a place in the queue, and in it.
    Queue,
    /// Its calls and answers that are under way between page and worker.
    Messages,
    /// What one of its workers runs.
    Worker(u32),
}

impl Lane {
    /// The track's name for a task of this name.
    pub fn track(self, task: &str) -> String {
        match self {
            Lane::Queue => format!("{task} · queue"),
            Lane::Messages => format!("{task} · messages"),
            Lane::Worker(index) => format!("{task} · worker {index}"),
        }
    }
}

/// One piece of one call, or a whole trace.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its track; `None` is that of the traces.
    pub place: Option<(Arc<TaskMeta>, Lane)>,
    /// What it is called: the method, the handler's span or the trace.
    pub name: Arc<str>,
    /// The phase, unless it is the run, which is what a call is made for.
    pub phase: Option<Phase>,
    /// The call it belongs to.
    pub call_id: Option<u64>,
    /// One of DevTools' own colour names.
    pub color: &'static str,
    /// Milliseconds since `performance.timeOrigin`, never below zero.
    pub start: f64,
    /// Milliseconds since `performance.timeOrigin`, never before `start`.
    pub end: f64,
}

/// The colour of what ended like this.
pub(super) fn color_of(status: SpanStatus) -> &'static str {
    match status {
        SpanStatus::Ok => "primary",
        SpanStatus::Canceled => "tertiary",
        SpanStatus::Error => "error",
    }
}

/// The pieces of a call, in the order of its phases. A phase that took no time has none, except the run.
pub fn segments(call: &SpanRecord, origin: TimeOrigin) -> impl Iterator<Item = Segment> + '_ {
    let last = Phase::ALL.into_iter().rfind(|&phase| call.phases.get(phase).is_some());
    // How the call ended is told where it ended: by the run, or by the phase that it never left.
    let telling = call.phases.get(Phase::Run).map(|_| Phase::Run).or(last);
    let mut from = origin.ms(call.start_unix_nano);
    Phase::ALL.into_iter().filter_map(move |phase| {
        let start = from;
        from += call.phases.get(phase)? * 1e3;
        if from <= start && phase != Phase::Run {
            return None;
        }
        let (lane, usual) = match phase {
            Phase::Admission => (Lane::Queue, "secondary-light"),
            Phase::Queue => (Lane::Queue, "secondary"),
            Phase::Delivery => (Lane::Messages, "tertiary-light"),
            Phase::Run => (call.worker_index.map_or(Lane::Messages, Lane::Worker), "primary"),
            Phase::Reply => (Lane::Messages, "tertiary-dark"),
        };
        let tells = telling == Some(phase) && call.status() != SpanStatus::Ok;
        Some(Segment {
            place: Some((call.task.clone(), lane)),
            name: call.method.clone(),
            phase: (phase != Phase::Run).then_some(phase),
            call_id: Some(call.call_id),
            color: if tells { color_of(call.status()) } else { usual },
            start,
            end: from,
        })
    })
}

/// The piece for a span that a handler opened: it lies within its call's run.
pub fn segment_of_handler(span: &HandlerSpanRecord, origin: TimeOrigin) -> Segment {
    let (start, end) = origin.range_ms(span.start_unix_nano, span.end_unix_nano);
    Segment {
        place: Some((span.task.clone(), span.worker_index.map_or(Lane::Messages, Lane::Worker))),
        name: span.name.clone(),
        phase: None,
        call_id: Some(span.call_id),
        color: if span.error_type.is_some() { "error" } else { "primary-light" },
        start,
        end,
    }
}

/// The piece for a trace.
pub fn segment_of_trace(trace: &TraceRecord, origin: TimeOrigin) -> Segment {
    let (start, end) = origin.range_ms(trace.start_unix_nano, trace.end_unix_nano);
    Segment {
        place: None,
        name: trace.name.clone().unwrap_or_else(|| "trace".into()),
        phase: None,
        call_id: None,
        color: if trace.status == SpanStatus::Error { "error" } else { "secondary" },
        start,
        end,
    }
}
