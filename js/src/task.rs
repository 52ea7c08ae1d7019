//! Tasks for `npm/task.js`.

use std::cell::RefCell;

use atelier_runtime::{CallError, CallOptions, Clock, Task, Transfer};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::snapshot::Remains;
use crate::trace::TraceHandle;
use crate::{errors, snapshot};

/// A task.
#[wasm_bindgen]
pub struct TaskHandle {
    pub(crate) task: Task,
    pub(crate) clock: Clock,
    pub(crate) remains: RefCell<Option<Remains>>,
}

impl TaskHandle {
    fn dispatch_with(
        &self,
        method: &str,
        args: Array,
        options: CallOptions,
        resolve: Function,
        reject: Function,
    ) {
        let sink = move |result: Result<JsValue, CallError>| {
            // A promise's own functions do not throw.
            let _ = match result {
                Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
                Err(error) => reject.call1(&JsValue::UNDEFINED, &errors::of_call(&error)),
            };
        };
        self.task.dispatch(method, args, options, Box::new(sink));
    }
}

#[wasm_bindgen]
impl TaskHandle {
    /// Calls a method; one of the two functions is called once.
    #[expect(clippy::too_many_arguments, reason = "one crossing of the border a call")]
    pub fn dispatch(
        &self,
        method: &str,
        args: Array,
        key: Option<String>,
        signal: Option<AbortSignal>,
        transfer: Option<Array>,
        transfer_result: bool,
        resolve: Function,
        reject: Function,
    ) {
        let transfer = transfer.map_or(Transfer::Auto, Transfer::List);
        let options = CallOptions { key, signal, transfer, transfer_result, ..CallOptions::default() };
        self.dispatch_with(method, args, options, resolve, reject);
    }

    /// The same under a trace.
    #[expect(clippy::too_many_arguments, reason = "one crossing of the border a call")]
    pub fn dispatch_traced(
        &self,
        trace: &TraceHandle,
        method: &str,
        args: Array,
        key: Option<String>,
        signal: Option<AbortSignal>,
        transfer: Option<Array>,
        transfer_result: bool,
        resolve: Function,
        reject: Function,
    ) {
        let transfer = transfer.map_or(Transfer::Auto, Transfer::List);
        let trace = Some(trace.trace.clone());
        let options = CallOptions { key, signal, trace, transfer, transfer_result, ..CallOptions::default() };
        self.dispatch_with(method, args, options, resolve, reject);
    }

    /// The task's state as a plain object.
    pub fn state(&self) -> Result<JsValue, JsValue> {
        snapshot::state(&self.task, self.remains.borrow().as_ref(), self.clock)
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
        if let Some(remains) = Remains::of(&self.task, self.clock) {
            self.remains.replace(Some(remains));
        }
        self.task.dispose();
    }
}
