//! A runtime for `npm/runtime.js`.

use std::rc::Rc;

use atelier_runtime::core::SpanContext;
use atelier_runtime::{DefineError, Worker};
use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::errors;
use crate::listeners::Wishes;
use crate::options::{Options, task_config};
use crate::otlp::OtlpHandle;
use crate::page::Page;
use crate::recording::RecordingHandle;
use crate::snapshot::{self, Entry, Remaining};
use crate::stream::FrameStream;
use crate::task::TaskHandle;
use crate::trace::{self, TraceHandle};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &Function);
}

/// A runtime.
#[wasm_bindgen]
pub struct RuntimeHandle(Rc<Page>);

#[wasm_bindgen]
impl RuntimeHandle {
    /// A runtime without tasks. `metrics` is `auto`, `on` or `off`, `measures` is `measure`, `timestamp` or `off`.
    #[wasm_bindgen(constructor)]
    pub fn new(spans: bool, sample_rate: f64, metrics: &str, measures: &str) -> RuntimeHandle {
        RuntimeHandle(Page::new(spans, sample_rate, metrics, measures))
    }

    /// Takes the payloads of calls.
    #[wasm_bindgen(getter)]
    pub fn payloads(&self) -> JsValue {
        self.0.runtime.payloads()
    }

    /// Defines a task.
    pub fn define_task(
        &self,
        id: &str,
        options: &JsValue,
        cores: u32,
        factory: Function,
    ) -> Result<TaskHandle, JsValue> {
        let config = task_config(options, cores)?;
        let name = Options(options).text("taskName")?;
        let make = move || factory.call0(&JsValue::UNDEFINED).map(Worker::unchecked_from_js);
        let task = self.0.runtime.define_task(id, name.as_deref(), config, make).map_err(|error| {
            let option = if matches!(error, DefineError::DuplicateId(_)) { "taskId" } else { "type" };
            errors::out_of_range(option, &error.to_string())
        })?;
        let mut tasks = self.0.tasks.borrow_mut();
        // At powers of two only, so that what is gone goes at the latest when their number has doubled, and a page with
        // thousands of tasks does not look at all of them with each new one.
        if tasks.len().is_power_of_two() {
            tasks.retain(|entry| entry.task.state().is_some());
        }
        let remains = Remaining::default();
        tasks.push(Entry { task: task.clone(), name, remains: remains.clone() });
        Ok(TaskHandle { task, page: self.0.clone(), remains })
    }

    /// Whether a task that is not disposed has this id.
    pub fn is_task_id_taken(&self, id: &str) -> bool {
        self.0.runtime.is_task_id_taken(id)
    }

    /// Ends every task, and every trace that is open.
    pub fn dispose(&self) {
        // Whoever is called back meanwhile may define no more tasks, but look at those there are.
        let tasks = self.0.tasks.take();
        for entry in &tasks {
            snapshot::dispose(&entry.task, &entry.remains, self.0.runtime.clock());
        }
        trace::end_all(self.0.runtime.id());
        self.0.hand_on();
    }

    /// Cancels every call with this key, for a reason unless that is `undefined`.
    pub fn abort_key(&self, key: &str, reason: JsValue) {
        if reason.is_undefined() {
            self.0.runtime.abort_key(key);
        } else {
            self.0.runtime.abort_key_for(key, reason);
        }
    }

    /// Why a key is aborted; `undefined` when nobody said so.
    pub fn key_reason(&self, key: &str) -> JsValue {
        self.0.runtime.key_reason(key).unwrap_or_default()
    }

    /// Whether a key is aborted.
    pub fn is_key_aborted(&self, key: &str) -> bool {
        self.0.runtime.is_key_aborted(key)
    }

    /// Lets calls with this key through again.
    pub fn clear_key(&self, key: &str) {
        self.0.runtime.clear_key(key);
    }

    /// Lets calls with any key through again.
    pub fn clear_all_keys(&self) {
        self.0.runtime.clear_all_keys();
    }

    /// Begins a trace. A malformed parent begins a new one.
    pub fn create_trace(&self, name: Option<String>, parent: Option<String>) -> TraceHandle {
        let parent = parent.as_deref().and_then(SpanContext::parse);
        let page = self.0.clone();
        let ended = move || page.hand_on();
        let trace = self.0.runtime.create_trace(name.as_deref(), parent);
        TraceHandle::new(self.0.runtime.id(), trace, Rc::new(ended))
    }

    /// Every task's state as a plain object.
    pub fn snapshot(&self) -> Result<JsValue, JsValue> {
        snapshot::runtime(&self.0.tasks.borrow(), self.0.runtime.clock())
    }

    /// Calls a function with every event of these kinds (bits in the order of `npm/subscription.js`) and tasks (ids or
    /// names; all when absent), or with arrays of them. The number takes it off again.
    pub fn subscribe_events(
        &self,
        listener: Function,
        kinds: u32,
        tasks: Option<Vec<String>>,
        batch: bool,
    ) -> u32 {
        self.0.demand(1);
        let id = self.0.listeners.mint();
        let page = Rc::downgrade(&self.0);
        let due = move || {
            if let Some(page) = page.upgrade() {
                page.listeners.deliver_batch(id);
            }
        };
        let batch = batch.then(|| Closure::<dyn Fn()>::new(due).into_js_value().unchecked_into());
        let clock = self.0.runtime.clock();
        let now = clock.unix_nanos(clock.now());
        self.0.listeners.add(id, listener, Wishes { kinds, tasks, batch }, now);
        let page = Rc::downgrade(&self.0);
        // When the page has the function that ends it.
        let deliver = Closure::once_into_js(move || {
            if let Some(page) = page.upgrade() {
                page.listeners.deliver();
            }
        });
        queue_microtask(deliver.unchecked_ref());
        id
    }

    /// Takes a listener off.
    pub fn unsubscribe_events(&self, id: u32) {
        if self.0.listeners.remove(id) {
            self.0.demand(-1);
        }
    }

    /// A snapshot stream of its own for one reader, and what the ledger calls it.
    pub fn frames(&self, name: &str) -> FrameStream {
        FrameStream::new(self.0.clone(), name)
    }

    /// Aggregates as a plain object.
    pub fn telemetry(&self) -> Result<JsValue, JsValue> {
        crate::aggregates::of(&self.0)
    }

    /// Records everything from now on. `due` is called when there is something to write: with 2 when it is much.
    pub fn record(&self, max_bytes: f64, page: &str, user_agent: &str, due: Function) -> RecordingHandle {
        RecordingHandle::start(&self.0, max_bytes, page, user_agent, due)
    }

    /// Sends telemetry to a collector.
    pub fn export_otlp(&self, options: &JsValue, fetch: JsValue) -> Result<OtlpHandle, JsValue> {
        OtlpHandle::start(&self.0, options, fetch)
    }
}
