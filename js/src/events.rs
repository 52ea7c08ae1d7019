//! Events for `subscribeEvents`, as the page has them: plain objects. What crosses the border of what is many, metrics and calls,
//! are numbers and what is there already; `events.js` makes the objects.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::hash::Hash;
use std::sync::Arc;

use atelier_runtime::core::names::{Instrument, Phase};
use atelier_runtime::core::{AbortReason, ErrorKind};
use atelier_telemetry::{EventAttrs, ListenerEvent, MetricRecord, Record, SpanRecord};
use rustc_hash::FxHashMap;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "../events.js")]
extern "C" {
    #[wasm_bindgen(js_name = metricEvent)]
    fn metric_event(kind: u8, name: &JsValue, value: f64, ts: f64, attrs: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = taskFields)]
    fn task_fields(id: &str, name: Option<&str>, kind: &str) -> JsValue;
    #[wasm_bindgen(js_name = spanEvent)]
    fn span_event(
        ts: f64,
        span_0: u32,
        span_1: u32,
        trace_0: u32,
        trace_1: u32,
        trace_2: u32,
        trace_3: u32,
        trace_name: Option<&str>,
        call_id: f64,
        task: &JsValue,
        method: &JsValue,
        worker_index: f64,
        queue_wait_ms: f64,
        queue_wait_last_ms: f64,
        attempt_count: u32,
        duration_ms: f64,
        admission: f64,
        queue: f64,
        delivery: f64,
        run: f64,
        reply: f64,
        status: u8,
        error_kind: Option<&str>,
        error: Option<&str>,
        cancel_reason: Option<&str>,
    ) -> JsValue;
}

/// How many objects of a kind are kept for the next event. A page has fewer tasks and methods, unless it makes new ones for
/// ever; then all are made anew.
const DEFAULT_KEPT: usize = 10_000;

/// Makes events. What repeats (a task's attributes, a method) is made once.
#[derive(Default)]
pub(crate) struct EventMaker {
    attrs: Kept<AttrsKey>,
    tasks: Kept<u64>,
    texts: Kept<Arc<str>>,
}

/// What is in JavaScript already.
struct Kept<K>(RefCell<FxHashMap<K, JsValue>>);

impl<K> Default for Kept<K> {
    fn default() -> Kept<K> {
        Kept(RefCell::default())
    }
}

impl<K: Eq + Hash> Kept<K> {
    fn get<Q: Eq + Hash + ?Sized>(
        &self,
        key: &Q,
        own: impl FnOnce() -> K,
        make: impl FnOnce() -> JsValue,
    ) -> JsValue
    where
        K: Borrow<Q>,
    {
        let mut kept = self.0.borrow_mut();
        if let Some(known) = kept.get(key) {
            return known.clone();
        }
        if kept.len() >= DEFAULT_KEPT {
            kept.clear();
        }
        kept.entry(own()).or_insert(make()).clone()
    }
}

/// What tells one attributes object from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct AttrsKey {
    task: u64,
    queue: bool,
    worker: Option<u32>,
    phase: Option<Phase>,
}

impl EventMaker {
    /// The event of a record; undefined for what no listener takes.
    pub(crate) fn event(&self, record: &Record) -> JsValue {
        match record {
            Record::Metric(metric) => self.metric(metric),
            Record::Span(span) => self.span(span),
            other => ListenerEvent::of(other).map_or(JsValue::UNDEFINED, |event| to_js(&event)),
        }
    }

    fn metric(&self, record: &MetricRecord) -> JsValue {
        let kind = match record.metric.instrument() {
            Instrument::Counter => 0,
            Instrument::Gauge => 1,
            Instrument::Histogram => 2,
        };
        let (name, attrs) = (self.text(record.listener_name()), self.attrs(record));
        metric_event(kind, &name, record.listener_value(), record.listener_ts(), &attrs)
    }

    fn attrs(&self, record: &MetricRecord) -> JsValue {
        let key = AttrsKey {
            task: record.task.handle,
            queue: EventAttrs::have_queue(record),
            worker: record.worker_index,
            phase: record.phase,
        };
        self.attrs.get(&key, || key, || frozen(to_js(&EventAttrs::from(record))))
    }

    /// A text that comes again and again, as JavaScript has it.
    fn text(&self, text: &str) -> JsValue {
        self.texts.get(text, || text.into(), || JsValue::from_str(text))
    }

    /// As [`atelier_telemetry::ListenerEvent`] has it, which is what frames and replays make of the same record.
    fn span(&self, span: &SpanRecord) -> JsValue {
        let make = || task_fields(&span.task.id, span.task.name.as_deref(), &span.task.kind);
        let task = self.tasks.get(&span.task.handle, || span.task.handle, make);
        let ms = |seconds: Option<f64>| seconds.map_or(f64::NAN, |seconds| seconds * 1e3);
        let phase = |phase| ms(span.phases.get(phase));
        let word = |at: u32| (span.trace_id >> (96 - 32 * at)) as u32;
        span_event(
            span.end_unix_nano as f64 / 1e6,
            (span.span_id >> 32) as u32,
            span.span_id as u32,
            word(0),
            word(1),
            word(2),
            word(3),
            span.trace_name.as_deref(),
            span.call_id as f64,
            &task,
            &self.text(&span.method),
            span.worker_index.map_or(f64::NAN, f64::from),
            ms(span.queue_wait),
            ms(span.queue_wait_last),
            span.attempt,
            span.duration() * 1e3,
            phase(Phase::Admission),
            phase(Phase::Queue),
            phase(Phase::Delivery),
            phase(Phase::Run),
            phase(Phase::Reply),
            span.status() as u8,
            span.error_kind.map(ErrorKind::name),
            span.error_message.as_deref(),
            span.cancel_reason.map(AbortReason::name),
        )
    }
}

/// Listeners share it.
fn frozen(attrs: JsValue) -> JsValue {
    let object: &js_sys::Object = attrs.unchecked_ref();
    js_sys::Object::freeze(object).into()
}

fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}
