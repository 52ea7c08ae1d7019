//! Tasks for `npm/task.js`.

use std::rc::Rc;
use std::time::Duration;

use atelier_runtime::core::Priority;
use atelier_runtime::{CallOptions, Task};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::page::Page;
use crate::snapshot::Remaining;
use crate::{snapshot, trace};

/// In the order of `npm/call-options.js`'s list.
const PRIORITIES: [Priority; 3] = [Priority::UserBlocking, Priority::UserVisible, Priority::Background];

/// A task.
#[wasm_bindgen]
pub struct TaskHandle {
    pub(crate) task: Task,
    /// Whoever still calls the task is told of, also where nobody holds the runtime any more.
    pub(crate) page: Rc<Page>,
    pub(crate) remains: Remaining,
}

#[wasm_bindgen]
impl TaskHandle {
    /// The number of a method, for calls.
    pub fn method(&self, name: &str) -> u32 {
        self.task.method(name)
    }

    /// Calls a method with the payload that was handed over just before. `trace` is a trace's number, `priority` a place
    /// in `npm/call-options.js`'s list.
    pub fn dispatch(
        &self,
        method: u32,
        key: Option<String>,
        signal: Option<AbortSignal>,
        trace: Option<u32>,
        priority: u8,
        grace_ms: Option<f64>,
    ) {
        let options = CallOptions {
            key,
            signal,
            trace: trace.and_then(trace::find),
            priority: PRIORITIES[usize::from(priority) % PRIORITIES.len()],
            grace: grace_ms.map(|millis| Duration::try_from_secs_f64(millis / 1e3).unwrap_or(Duration::MAX)),
            ..CallOptions::default()
        };
        self.task.dispatch_handed(method, options);
    }

    /// The task's state as a plain object.
    pub fn state(&self) -> Result<JsValue, JsValue> {
        snapshot::state(&self.task, self.remains.borrow().as_ref(), self.page.runtime.clock())
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
        snapshot::dispose(&self.task, &self.remains, self.page.runtime.clock());
    }
}
