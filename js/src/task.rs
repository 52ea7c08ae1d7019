//! Tasks for `npm/task.js`.

use std::cell::RefCell;
use std::time::Duration;

use atelier_runtime::core::Priority;
use atelier_runtime::{CallError, CallOptions, Clock, Task, Transfer};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::snapshot::Remains;
use crate::{errors, snapshot, trace};

/// In the order of `npm/task.js`'s list.
const PRIORITIES: [Priority; 3] = [Priority::UserBlocking, Priority::UserVisible, Priority::Background];

/// A task.
#[wasm_bindgen]
pub struct TaskHandle {
    pub(crate) task: Task,
    pub(crate) clock: Clock,
    pub(crate) remains: RefCell<Option<Remains>>,
}

#[wasm_bindgen]
impl TaskHandle {
    /// Calls a method; one of the two functions is called once. `trace` is a trace's number, `priority` a place in
    /// `npm/task.js`'s list.
    #[expect(clippy::too_many_arguments, reason = "one crossing of the border a call")]
    pub fn dispatch(
        &self,
        method: &str,
        args: Array,
        key: Option<String>,
        signal: Option<AbortSignal>,
        trace: Option<u32>,
        transfer: Option<Array>,
        transfer_result: bool,
        priority: u8,
        grace_ms: Option<f64>,
        resolve: Function,
        reject: Function,
    ) {
        let options = CallOptions {
            key,
            signal,
            trace: trace.and_then(trace::find),
            transfer: transfer.map_or(Transfer::Auto, Transfer::List),
            transfer_result,
            priority: PRIORITIES[usize::from(priority) % PRIORITIES.len()],
            timeout: None,
            grace: grace_ms.map(|millis| Duration::try_from_secs_f64(millis / 1e3).unwrap_or(Duration::MAX)),
        };
        let sink = move |result: Result<JsValue, CallError>| {
            // A promise's own functions do not throw.
            let _ = match result {
                Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
                Err(error) => reject.call1(&JsValue::UNDEFINED, &errors::of_call(&error)),
            };
        };
        self.task.dispatch(method, args, options, Box::new(sink));
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
