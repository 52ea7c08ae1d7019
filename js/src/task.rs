//! Tasks for `npm/task.js`.

use atelier_runtime::{CallOptions, Clock, Task};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::snapshot;
use crate::trace::TraceHandle;

/// A task.
#[wasm_bindgen]
pub struct TaskHandle {
    pub(crate) task: Task,
    pub(crate) clock: Clock,
}

#[wasm_bindgen]
impl TaskHandle {
    /// The number of a method, for calls.
    pub fn method(&self, name: &str) -> u32 {
        self.task.method(name)
    }

    /// Calls a method with the payload that was handed over just before.
    pub fn dispatch(&self, method: u32, key: Option<String>, signal: Option<AbortSignal>) {
        self.task.dispatch_handed(method, CallOptions { key, signal, ..CallOptions::default() });
    }

    /// The same under a trace.
    pub fn dispatch_traced(
        &self,
        trace: &TraceHandle,
        method: u32,
        key: Option<String>,
        signal: Option<AbortSignal>,
    ) {
        let trace = Some(trace.trace.clone());
        self.task.dispatch_handed(method, CallOptions { key, signal, trace, ..CallOptions::default() });
    }

    /// The task's state as a plain object.
    pub fn state(&self) -> Result<JsValue, JsValue> {
        snapshot::state(&self.task, self.clock)
    }

    /// Lets the workers start again.
    pub fn start_workers(&self) {
        self.task.start_workers();
    }

    /// Stops the workers; what they had goes back to the front of the queue.
    pub fn stop_workers(&self) {
        self.task.stop_workers();
    }

    /// Ends the task.
    pub fn dispose(&self) {
        self.task.dispose();
    }
}
