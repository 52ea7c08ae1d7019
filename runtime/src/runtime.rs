//! The Rust face of a runtime.

use std::cell::Cell;
use std::rc::Rc;

use atelier_core::{Keep, SpanContext, TaskConfig};
use wasm_bindgen::JsValue;
use web_sys::Worker;

use crate::clock::Clock;
use crate::driver::{Driver, Event, Reported, TaskEntry};
use crate::emit::{Emitter, Label};
use crate::error::{AbortCause, CallError, DefineError};
use crate::machine;
use crate::task::Task;
use crate::trace::Trace;

thread_local! {
    static NEXT_RUNTIME: Cell<u64> = const { Cell::new(1) };
}

/// What a runtime tells through `tracing`.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeConfig {
    /// Whether calls have spans.
    pub spans: bool,
    /// The part of the traces that is sampled, 0 to 1.
    pub sample_rate: f64,
    /// Whether metric events are emitted from the start.
    pub metrics: bool,
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig { spans: true, sample_rate: 1.0, metrics: true }
    }
}

/// Tasks and their workers. Several runtimes live side by side without touching each other.
#[derive(Clone)]
pub struct TaskRuntime {
    driver: Rc<Driver>,
    id: u64,
}

impl TaskRuntime {
    /// A runtime without tasks.
    pub fn new(config: RuntimeConfig) -> TaskRuntime {
        let id = NEXT_RUNTIME.replace(NEXT_RUNTIME.get() + 1);
        let rate = if config.sample_rate.is_nan() { 1.0 } else { config.sample_rate.clamp(0.0, 1.0) };
        TaskRuntime { driver: Driver::new(Emitter::new(id, config.metrics, config.spans), rate), id }
    }

    /// The runtime's number, unique in the page: what telemetry calls it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The clock that everything in this runtime is told by.
    pub fn clock(&self) -> Clock {
        // Nothing else may happen in the page for long.
        self.driver.look_at_the_clock(self.driver.clock.now());
        self.driver.clock
    }

    /// Defines a task; `factory` makes its workers.
    ///
    /// # Errors
    /// When the settings make no sense or the id is taken.
    pub fn define_task(
        &self,
        id: &str,
        name: Option<&str>,
        config: TaskConfig,
        factory: impl Fn() -> Result<Worker, JsValue> + 'static,
    ) -> Result<Task, DefineError> {
        let driver = &self.driver;
        if self.is_task_id_taken(id) {
            return Err(DefineError::DuplicateId(id.to_owned()));
        }
        let task = driver.core.borrow_mut().define_task(config.clone(), driver.clock.now())?;
        let id = Rc::<str>::from(id);
        let label = Label {
            handle: task.to_bits(),
            id: id.clone(),
            name: name.map(Rc::from),
            kind: config.task_type.name(),
        };
        driver.emitter.task_defined(&label, &config, machine::cores());
        let (factory, reported) = (Rc::new(factory), Reported::default());
        let entry = TaskEntry { label, factory, crash: None, slow: None, gauges: None, unmade: 0, reported };
        driver.tasks.borrow_mut().insert(task, entry);
        driver.drain();
        Ok(Task::new(driver.clone(), task, id, config))
    }

    /// Whether a task with this id is defined, and not disposed.
    pub fn is_task_id_taken(&self, id: &str) -> bool {
        self.driver.tasks.borrow().values().any(|entry| &*entry.label.id == id)
    }

    /// Begins a trace; with a parent it continues that one and shares its sampling decision.
    pub fn create_trace(&self, name: Option<&str>, parent: Option<SpanContext>) -> Trace {
        Trace::begin(self.driver.clone(), name, parent)
    }

    /// Cancels every call with this key, and later ones too until it is cleared.
    pub fn abort_key(&self, key: &str) {
        self.driver.tell(Event::AbortKey(key.into()));
    }

    /// The same for a reason, which becomes the `cause` of the calls' errors in JavaScript.
    pub fn abort_key_for(&self, key: &str, reason: JsValue) {
        self.driver.keys.borrow_mut().give_reason(key, reason);
        self.abort_key(key);
    }

    /// Why a key is aborted, if that was said.
    pub fn key_reason(&self, key: &str) -> Option<JsValue> {
        self.driver.keys.borrow().reason(key)
    }

    /// Whether a key is aborted.
    pub fn is_key_aborted(&self, key: &str) -> bool {
        let key = self.driver.keys.borrow().get(key);
        key.is_some_and(|key| self.driver.core.borrow().is_key_aborted(key))
    }

    /// Lets calls with this key through again.
    pub fn clear_key(&self, key: &str) {
        self.driver.tell(Event::ClearKey(key.into()));
    }

    /// Lets calls with any key through again.
    pub fn clear_all_keys(&self) {
        self.driver.tell(Event::ClearAllKeys);
    }

    /// Whether calls have spans.
    pub fn spans(&self) -> bool {
        self.driver.emitter.spans()
    }

    /// Says which calls are told of although their trace is not sampled; `None`, as it is at first, is none. Without spans
    /// none is told of in any case. Consumers of the telemetry get them if they ask for that.
    ///
    /// Their `traceparent` still says that they are not sampled, and what their handlers told is not gathered.
    pub fn set_keep(&self, keep: Option<Keep>) {
        self.driver.keep.set(keep);
    }

    /// Turns metric events on or off.
    pub fn set_metrics(&self, on: bool) {
        if self.driver.emitter.set_metrics(on) && on {
            self.driver.tell_present();
        }
    }

    /// Where JavaScript hands over the payloads of the calls that it makes with [`Task::dispatch_handed`]: an object with
    /// `hand(args, key, transfer, transferResult, resolve, reject)`.
    pub fn payloads(&self) -> JsValue {
        self.driver.slots.clone().into()
    }

    /// Says how the errors are made that promises of [`Task::dispatch_handed`] are rejected with.
    pub fn set_page_errors(&self, make: fn(&CallError, Option<&AbortCause>) -> JsValue) {
        self.driver.page_error.set(make);
    }

    /// Called whenever something happened and all of it is told: the moment to hand telemetry on.
    pub fn on_drained(&self, callback: impl Fn() + 'static) {
        self.driver.on_drained(Rc::new(callback));
    }
}
