//! Events for `subscribeEvents`, as the page has them: plain objects.

use std::cell::RefCell;
use std::collections::HashMap;

use atelier_runtime::core::names::Instrument;
use atelier_telemetry::{EventAttrs, ListenerEvent, MetricRecord, Record};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "../events.js")]
extern "C" {
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
    /// The event of a record; undefined for what no listener takes.
    pub(crate) fn event(&self, record: &Record) -> JsValue {
        match record {
            Record::Metric(metric) => self.metric(metric),
            other => ListenerEvent::of(other).map_or(JsValue::UNDEFINED, |event| to_js(&event)),
        }
    }

    /// Metrics are many: their objects are made on the other side, in one call across the border.
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
        let key = AttrsKey {
            task: record.task.handle,
            queue: EventAttrs::have_queue(record),
            worker: record.worker_index,
            phase: record.phase.map(|phase| phase.name()),
        };
        let mut attrs = self.attrs.borrow_mut();
        attrs.entry(key).or_insert_with(|| frozen(to_js(&EventAttrs::from(record)))).clone()
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
