//! Events in the shape in which `subscribeEvents` listeners get them, wherever else they go: into frames, out of replays.
//! The names of kinds and fields are contract.

use std::borrow::Cow;

use atelier_core::Outcome;
use atelier_core::names::{Instrument, Metric, Phase};
use serde::{Deserialize, Serialize};

use crate::record::{MetricRecord, Phases, Record, SpanRecord, TraceRecord};

/// One event. Times are milliseconds since the Unix epoch, durations milliseconds.
///
/// ```
/// use atelier_telemetry::ListenerEvent;
///
/// let text = r#"{ "kind": "counter", "name": "task.dispatch.total", "value": 1, "ts": 12.5,
///                 "attrs": { "task.id": "resize", "task.type": "parallel" } }"#;
/// let event: ListenerEvent = serde_json::from_str(text).unwrap();
/// assert!(matches!(event, ListenerEvent::Counter(counter) if counter.attrs.task_id == "resize"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ListenerEvent {
    /// A counter was raised by `value`.
    Counter(MetricEvent),
    /// A gauge was set to `value`.
    Gauge(MetricEvent),
    /// A duration of `value` milliseconds was measured.
    Histogram(MetricEvent),
    /// A call ended.
    Span(Box<SpanEvent>),
    /// A trace made by `createTrace` ended.
    Trace(Box<TraceEvent>),
}

impl ListenerEvent {
    /// When it happened, milliseconds since the Unix epoch.
    pub fn ts(&self) -> f64 {
        match self {
            ListenerEvent::Counter(metric)
            | ListenerEvent::Gauge(metric)
            | ListenerEvent::Histogram(metric) => metric.ts,
            ListenerEvent::Span(span) => span.ts,
            ListenerEvent::Trace(trace) => trace.ts,
        }
    }

    /// The event of a record; `None` for what no listener gets: handlers' spans and log records.
    pub fn of(record: &Record) -> Option<ListenerEvent> {
        match record {
            Record::Metric(metric) => {
                let event = MetricEvent::from(metric);
                Some(match metric.metric.instrument() {
                    Instrument::Counter => ListenerEvent::Counter(event),
                    Instrument::Gauge => ListenerEvent::Gauge(event),
                    Instrument::Histogram => ListenerEvent::Histogram(event),
                })
            }
            Record::Span(span) => Some(ListenerEvent::Span(Box::new(SpanEvent::from(&**span)))),
            Record::Trace(trace) => Some(ListenerEvent::Trace(Box::new(TraceEvent::from(&**trace)))),
            Record::Handler(_) | Record::Log(_) => None,
        }
    }
}

/// One value of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricEvent {
    /// Such as `task.dispatch.total`.
    pub name: Cow<'static, str>,
    /// Durations in milliseconds.
    pub value: f64,
    /// When.
    pub ts: f64,
    /// Whose value it is.
    pub attrs: EventAttrs,
}

/// Whose value a metric's is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventAttrs {
    /// The task's id.
    #[serde(rename = "task.id")]
    pub task_id: String,
    /// `parallel` or `singleton`.
    #[serde(rename = "task.type")]
    pub task_type: String,
    /// The task's name, if it was given one.
    #[serde(rename = "task.name", default, skip_serializing_if = "Option::is_none")]
    pub task_name: Option<String>,
    /// The queue's policy, where the value is the queue's.
    #[serde(rename = "queue.policy", default, skip_serializing_if = "Option::is_none")]
    pub queue_policy: Option<String>,
    /// How many calls may run at once, where the value is the queue's.
    #[serde(rename = "queue.max_in_flight", default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<f64>,
    /// How many calls may be pending, where the value is the queue's; infinite without a limit.
    #[serde(rename = "queue.max_depth", default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<f64>,
    /// The worker's place in its pool, where the value is a worker's.
    #[serde(rename = "worker.index", default, skip_serializing_if = "Option::is_none")]
    pub worker_index: Option<u32>,
    /// The phase, where the value is a phase's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Cow<'static, str>>,
}

impl EventAttrs {
    /// Whether the attributes of this value say how its task's queue is set up.
    pub fn have_queue(record: &MetricRecord) -> bool {
        match record.metric {
            Metric::QueueInFlight | Metric::QueuePending | Metric::QueueWaiting | Metric::QueueWait => true,
            Metric::TaskCompleted => record.outcome == Some(Outcome::Rejected),
            _ => false,
        }
    }
}

impl From<&MetricRecord> for EventAttrs {
    fn from(record: &MetricRecord) -> EventAttrs {
        let task = &record.task;
        let queue = EventAttrs::have_queue(record);
        let limit = |limit: u64| if limit == u64::MAX { f64::INFINITY } else { limit as f64 };
        EventAttrs {
            task_id: task.id.to_string(),
            task_type: task.kind.to_string(),
            task_name: task.name.as_deref().map(str::to_owned),
            queue_policy: queue.then(|| task.queue_policy.to_string()),
            max_in_flight: queue.then_some(limit(task.max_in_flight)),
            max_depth: queue.then_some(limit(task.max_queue_depth)),
            worker_index: record.worker_index,
            phase: record.phase.map(|phase| phase.name().into()),
        }
    }
}

impl From<&MetricRecord> for MetricEvent {
    fn from(record: &MetricRecord) -> MetricEvent {
        MetricEvent {
            name: record.listener_name().into(),
            value: record.listener_value(),
            ts: record.listener_ts(),
            attrs: EventAttrs::from(record),
        }
    }
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanEvent {
    /// `atelier:span`.
    pub name: Cow<'static, str>,
    /// When it was settled.
    pub ts: f64,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The trace's name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_name: Option<String>,
    /// The call.
    pub call_id: String,
    /// The task's id.
    pub task_id: String,
    /// The task's name, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_name: Option<String>,
    /// `parallel` or `singleton`.
    pub task_type: String,
    /// The method.
    pub method: String,
    /// The worker's place, if one ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_index: Option<u32>,
    /// How long it waited for a worker in all, up to its end where it never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_wait_ms: Option<f64>,
    /// The last of these waits: from the call, or its last requeueing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_wait_last_ms: Option<f64>,
    /// How many times it was given to a worker.
    pub attempt_count: u32,
    /// From the call to its settlement.
    pub duration_ms: f64,
    /// Where the time went.
    pub phases: PhasesEvent,
    /// `ok`, `error` or `canceled`.
    pub status: Cow<'static, str>,
    /// `abort`, `queue`, `crash` or `exception`, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<Cow<'static, str>>,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `key`, `signal` or `timeout`, if it was cancelled by one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<Cow<'static, str>>,
}

/// Milliseconds in each phase; a phase that the call never entered is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhasesEvent {
    /// The caller waited for a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<f64>,
    /// Accepted and not started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<f64>,
    /// Posted until the handler started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<f64>,
    /// In the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<f64>,
    /// The handler was done and the call not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<f64>,
}

impl From<&Phases> for PhasesEvent {
    fn from(phases: &Phases) -> PhasesEvent {
        let ms = |phase| phases.get(phase).map(|seconds| seconds * 1e3);
        PhasesEvent {
            admission: ms(Phase::Admission),
            queue: ms(Phase::Queue),
            delivery: ms(Phase::Delivery),
            run: ms(Phase::Run),
            reply: ms(Phase::Reply),
        }
    }
}

impl From<&SpanRecord> for SpanEvent {
    fn from(span: &SpanRecord) -> SpanEvent {
        SpanEvent {
            name: "atelier:span".into(),
            ts: span.end_unix_nano as f64 / 1e6,
            span_id: format!("{:016x}", span.span_id),
            trace_id: format!("{:032x}", span.trace_id),
            trace_name: span.trace_name.as_deref().map(str::to_owned),
            call_id: span.call_id.to_string(),
            task_id: span.task.id.to_string(),
            task_name: span.task.name.as_deref().map(str::to_owned),
            task_type: span.task.kind.to_string(),
            method: span.method.to_string(),
            worker_index: span.worker_index,
            queue_wait_ms: span.queue_wait.map(|seconds| seconds * 1e3),
            queue_wait_last_ms: span.queue_wait_last.map(|seconds| seconds * 1e3),
            attempt_count: span.attempt,
            duration_ms: span.duration() * 1e3,
            phases: PhasesEvent::from(&span.phases),
            status: span.status().name().into(),
            error_kind: span.error_kind.map(|kind| kind.name().into()),
            error: span.error_message.as_deref().map(str::to_owned),
            cancel_reason: span.cancel_reason.map(|reason| reason.name().into()),
        }
    }
}

/// The end of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceEvent {
    /// `atelier:trace`.
    pub name: Cow<'static, str>,
    /// When it was ended.
    pub ts: f64,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The trace's name, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_name: Option<String>,
    /// Until it was ended.
    pub duration_ms: f64,
    /// `ok`, `error` or `canceled`.
    pub status: Cow<'static, str>,
    /// `abort`, `queue`, `crash` or `exception`, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<Cow<'static, str>>,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<&TraceRecord> for TraceEvent {
    fn from(trace: &TraceRecord) -> TraceEvent {
        TraceEvent {
            name: "atelier:trace".into(),
            ts: trace.end_unix_nano as f64 / 1e6,
            trace_id: format!("{:032x}", trace.trace_id),
            trace_name: trace.name.as_deref().map(str::to_owned),
            duration_ms: trace.end_unix_nano.saturating_sub(trace.start_unix_nano) as f64 / 1e6,
            status: trace.status.name().into(),
            error_kind: trace.error_kind.map(|kind| kind.name().into()),
            error: trace.error_message.as_deref().map(str::to_owned),
        }
    }
}
