//! A runtime for `npm/runtime.js`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use atelier_runtime::core::SpanContext;
use atelier_runtime::{DefineError, RuntimeConfig, TaskRuntime, Worker};
use atelier_telemetry::performance::PerformanceMeasures;
use atelier_telemetry::{BrowserPerformance, MetricsReader};
use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::errors;
use crate::listeners::{Listeners, Wishes};
use crate::options::{Options, task_config};
use crate::otlp::OtlpHandle;
use crate::snapshot::{self, Entry};
use crate::stream::FrameStream;
use crate::task::TaskHandle;
use crate::telemetry::telemetry;
use crate::trace::TraceHandle;

/// What a runtime, its listeners and its exporters share.
pub(crate) struct Page {
    pub(crate) runtime: TaskRuntime,
    pub(crate) tasks: RefCell<Vec<Entry>>,
    pub(crate) listeners: Listeners,
    pub(crate) pokes: Pokes,
    /// What `getTelemetry()` reads with.
    pub(crate) reader: MetricsReader,
    measures: RefCell<Option<PerformanceMeasures<BrowserPerformance>>>,
    metrics: Metrics,
    demand: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Metrics {
    Auto,
    On,
    Off,
}

impl Page {
    /// Somebody wants metrics (or no longer does): in `auto` mode that turns them on.
    pub(crate) fn demand(&self, change: i32) {
        self.demand.set(self.demand.get().saturating_add_signed(change));
        self.apply();
    }

    fn apply(&self) {
        let on = match self.metrics {
            Metrics::On => true,
            Metrics::Off => false,
            Metrics::Auto => self.runtime.spans() || self.demand.get() > 0,
        };
        self.runtime.set_metrics(on);
    }

    /// Hands on what was told since the last time.
    pub(crate) fn hand_on(&self) {
        self.listeners.deliver();
        if let Some(measures) = &mut *self.measures.borrow_mut() {
            measures.write(usize::MAX);
        }
        self.pokes.poke();
    }

    /// The tasks as frames have them.
    pub(crate) fn task_frames(&self) -> Vec<atelier_telemetry::frame::TaskFrame> {
        let clock = self.runtime.clock();
        self.tasks.borrow().iter().filter_map(|entry| snapshot::frame(entry, clock)).collect()
    }
}

/// Who wants to know that there may be something new: exporters.
#[derive(Default)]
pub(crate) struct Pokes {
    next: Cell<u32>,
    list: RefCell<Vec<(u32, Poke)>>,
}

type Poke = Rc<dyn Fn()>;

impl Pokes {
    pub(crate) fn add(&self, poke: impl Fn() + 'static) -> u32 {
        let id = self.next.replace(self.next.get() + 1);
        self.list.borrow_mut().push((id, Rc::new(poke)));
        id
    }

    pub(crate) fn remove(&self, id: u32) -> bool {
        let mut list = self.list.borrow_mut();
        let before = list.len();
        list.retain(|(each, _)| *each != id);
        list.len() != before
    }

    fn poke(&self) {
        let pokes: Vec<Poke> = self.list.borrow().iter().map(|(_, poke)| poke.clone()).collect();
        for poke in pokes {
            poke();
        }
    }
}

/// A runtime.
#[wasm_bindgen]
pub struct RuntimeHandle(Rc<Page>);

#[wasm_bindgen]
impl RuntimeHandle {
    /// A runtime without tasks. `metrics` is `auto`, `on` or `off`.
    #[wasm_bindgen(constructor)]
    pub fn new(spans: bool, sample_rate: f64, metrics: &str) -> RuntimeHandle {
        let telemetry = telemetry();
        let runtime = TaskRuntime::new(RuntimeConfig { spans, sample_rate, metrics: false });
        runtime.set_page_errors(errors::of_call);
        let metrics = match metrics {
            "on" => Metrics::On,
            "off" => Metrics::Off,
            _ => Metrics::Auto,
        };
        let page = Rc::new(Page {
            measures: RefCell::new(
                spans.then(|| PerformanceMeasures::new(&telemetry, runtime.id(), BrowserPerformance)),
            ),
            reader: telemetry.metrics_reader(runtime.id()),
            listeners: Listeners::new(telemetry, runtime.id()),
            runtime,
            tasks: RefCell::default(),
            pokes: Pokes::default(),
            metrics,
            demand: Cell::new(0),
        });
        page.apply();
        let weak = Rc::downgrade(&page);
        page.runtime.on_drained(move || {
            if let Some(page) = weak.upgrade() {
                page.hand_on();
            }
        });
        RuntimeHandle(page)
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
            errors::config(option, &error.to_string())
        })?;
        let mut tasks = self.0.tasks.borrow_mut();
        tasks.retain(|entry| entry.task.state().is_some());
        tasks.push(Entry { task: task.clone(), name });
        Ok(TaskHandle { task, clock: self.0.runtime.clock(), remains: RefCell::default() })
    }

    /// Cancels every call with this key.
    pub fn abort_key(&self, key: &str) {
        self.0.runtime.abort_key(key);
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
        let page = Rc::downgrade(&self.0);
        let ended = move || {
            if let Some(page) = page.upgrade() {
                page.hand_on();
            }
        };
        TraceHandle::new(self.0.runtime.create_trace(name.as_deref(), parent), Rc::new(ended))
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
        self.0.listeners.add(id, listener, Wishes { kinds, tasks, batch });
        id
    }

    /// Takes a listener off.
    pub fn unsubscribe_events(&self, id: u32) {
        if self.0.listeners.remove(id) {
            self.0.demand(-1);
        }
    }

    /// A snapshot stream of its own for one reader.
    pub fn frames(&self) -> FrameStream {
        FrameStream::new(self.0.clone())
    }

    /// Aggregates as a plain object.
    pub fn telemetry(&self) -> Result<JsValue, JsValue> {
        crate::aggregates::of(&self.0)
    }

    /// Sends telemetry to a collector.
    pub fn export_otlp(&self, options: &JsValue) -> Result<OtlpHandle, JsValue> {
        OtlpHandle::start(&self.0, options)
    }
}
