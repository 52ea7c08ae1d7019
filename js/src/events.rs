//! The shapes of events for `subscribeEvents`.

use std::cell::RefCell;
use std::collections::HashMap;

use atelier_runtime::core::Outcome;
use atelier_runtime::core::names::{Instrument, Metric, Phase};
use atelier_telemetry::{MetricRecord, Phases, Record, SpanRecord, TaskMeta, TraceRecord};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "../events.js")]
extern "C" {
    #[wasm_bindgen(js_name = taskAttrs)]
    fn task_attrs(
        id: &str,
        kind: &str,
        name: Option<&str>,
        policy: Option<&str>,
        max_in_flight: f64,
        max_depth: f64,
    ) -> JsValue;
    #[wasm_bindgen(js_name = attrsWith)]
    fn attrs_with(attrs: &JsValue, name: &str, value: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = metricEvent)]
    fn metric_event(kind: u8, name: &str, value: f64, ts: f64, attrs: &JsValue) -> JsValue;
}

/// Makes events. What repeats (a task's attributes) is made once.
#[derive(Default)]
pub(crate) struct EventMaker {
    attrs: RefCell<HashMap<AttrsKey, JsValue>>,
}

/// What tells one attributes object from another.
#[derive(PartialEq, Eq, Hash)]
struct AttrsKey {
    task: u64,
    queue: bool,
    worker: Option<u32>,
    phase: Option<&'static str>,
}

impl EventMaker {
    /// The event of a record.
    pub(crate) fn event(&self, record: &Record) -> JsValue {
        match record {
            Record::Metric(metric) => self.metric(metric),
            Record::Span(span) => span_event(span),
            Record::Trace(trace) => trace_event(trace),
            // No listener takes them.
            Record::Handler(_) | Record::Log(_) => JsValue::UNDEFINED,
        }
    }

    fn metric(&self, record: &MetricRecord) -> JsValue {
        let kind = match record.metric.instrument() {
            Instrument::Counter => 0,
            Instrument::Gauge => 1,
            Instrument::Histogram => 2,
        };
        let attrs = self.attrs(record);
        metric_event(kind, record.listener_name(), record.listener_value(), record.listener_ts(), &attrs)
    }

    fn attrs(&self, record: &MetricRecord) -> JsValue {
        let queue = match record.metric {
            Metric::QueueInFlight | Metric::QueuePending | Metric::QueueWaiting | Metric::QueueWait => true,
            Metric::TaskCompleted => record.outcome == Some(Outcome::Rejected),
            _ => false,
        };
        let key = AttrsKey {
            task: record.task.handle,
            queue,
            worker: record.worker_index,
            phase: record.phase.map(|phase| phase.name()),
        };
        self.attrs.borrow_mut().entry(key).or_insert_with(|| make_attrs(&record.task, queue, record)).clone()
    }
}

fn make_attrs(task: &TaskMeta, queue: bool, record: &MetricRecord) -> JsValue {
    let depth = if task.max_queue_depth == u64::MAX { f64::INFINITY } else { task.max_queue_depth as f64 };
    let policy = queue.then_some(&*task.queue_policy);
    let attrs =
        task_attrs(&task.id, &task.kind, task.name.as_deref(), policy, task.max_in_flight as f64, depth);
    let attrs = match record.worker_index {
        Some(index) => attrs_with(&attrs, "worker.index", &JsValue::from(index)),
        None => attrs,
    };
    match record.phase {
        Some(phase) => attrs_with(&attrs, "phase", &JsValue::from_str(phase.name())),
        None => attrs,
    }
}

/// The names are contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanEvent<'a> {
    kind: &'static str,
    name: &'static str,
    ts: f64,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_name: Option<&'a str>,
    call_id: String,
    task_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_name: Option<&'a str>,
    task_type: &'a str,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_wait_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_wait_last_ms: Option<f64>,
    attempt_count: u32,
    duration_ms: f64,
    phases: PhasesEvent,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// In milliseconds; a phase that the call never entered is absent. The names are contract.
#[derive(Serialize)]
struct PhasesEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<f64>,
}

impl PhasesEvent {
    fn of(phases: &Phases) -> PhasesEvent {
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

fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

fn span_event(span: &SpanRecord) -> JsValue {
    to_js(&SpanEvent {
        kind: "span",
        name: "atelier:span",
        ts: span.end_unix_nano as f64 / 1e6,
        span_id: format!("{:016x}", span.span_id),
        trace_id: Some(format!("{:032x}", span.trace_id)),
        trace_name: span.trace_name.as_deref(),
        call_id: span.call_id.to_string(),
        task_id: &span.task.id,
        task_name: span.task.name.as_deref(),
        task_type: &span.task.kind,
        method: &span.method,
        worker_index: span.worker_index,
        queue_wait_ms: span.queue_wait.map(|seconds| seconds * 1e3),
        queue_wait_last_ms: span.queue_wait_last.map(|seconds| seconds * 1e3),
        attempt_count: span.attempt,
        duration_ms: span.duration() * 1e3,
        phases: PhasesEvent::of(&span.phases),
        status: span.status().name(),
        error_kind: span.error_kind.map(|kind| kind.name()),
        error: span.error_message.as_deref(),
    })
}

/// The names are contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceEvent<'a> {
    kind: &'static str,
    name: &'static str,
    ts: f64,
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_name: Option<&'a str>,
    duration_ms: f64,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

fn trace_event(trace: &TraceRecord) -> JsValue {
    to_js(&TraceEvent {
        kind: "trace",
        name: "atelier:trace",
        ts: trace.end_unix_nano as f64 / 1e6,
        trace_id: format!("{:032x}", trace.trace_id),
        trace_name: trace.name.as_deref(),
        duration_ms: trace.end_unix_nano.saturating_sub(trace.start_unix_nano) as f64 / 1e6,
        status: trace.status.name(),
        error_kind: trace.error_kind.map(|kind| kind.name()),
        error: trace.error_message.as_deref(),
    })
}
