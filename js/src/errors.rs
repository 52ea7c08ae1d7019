//! Errors on their way to JavaScript; the classes are in `npm/errors.js`.

use atelier_runtime::{AbortCause, CallError, Crash};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[wasm_bindgen(raw_module = "../errors.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = abortError)]
    fn abort_error(cause: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = abortedBySignal)]
    fn aborted_by_signal(signal: &AbortSignal) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = abortedByTimeout)]
    fn aborted_by_timeout(task: &str, timeout_ms: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = namedError)]
    fn named_error(name: &str, message: &str, cause: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = remoteError)]
    fn remote_error(described: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = crashCause)]
    fn crash_cause(
        name: Option<&str>,
        message: &str,
        stack: Option<&str>,
        filename: Option<&str>,
        line: Option<u32>,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = workerCrashedError)]
    fn worker_crashed_error(
        task_id: &str,
        worker_index: Option<u32>,
        kind: &str,
        cause: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = settingError)]
    fn setting_error(message: &str, option: &str, out_of_range: bool) -> JsValue;
}

/// The error of a call, and what cancelled it where that is known. Where the page keeps even errors from being made (a frozen
/// prototype, say), it is what was thrown then: a call that fails must not keep others from ending.
pub(crate) fn of_call(error: &CallError, cause: Option<&AbortCause>) -> JsValue {
    let made = match error {
        CallError::Aborted(_) => match cause {
            Some(AbortCause::Signal(signal)) => aborted_by_signal(signal),
            Some(AbortCause::Timeout { task, timeout }) => {
                aborted_by_timeout(task, timeout.as_secs_f64() * 1e3)
            }
            Some(AbortCause::Key(reason)) => abort_error(reason),
            _ => abort_error(&JsValue::UNDEFINED),
        },
        CallError::Crashed(crash) => {
            worker_crashed_error(&crash.task_id, crash.worker_index, crash.kind.name(), &cause_of(crash))
        }
        CallError::Handler(error) => remote_error(error.described()),
        // What was thrown is given on as it is: a value of the handler's own, or the browser's DataCloneError.
        CallError::Thrown(value) | CallError::NotSent(value) => Ok(value.clone()),
        // A factory's own error says more than ours could.
        CallError::NoWorker(cause) if cause.is_object() => Ok(cause.clone()),
        CallError::NoWorker(thrown) => named_error(error.name(), &error.message(), thrown),
        other => named_error(other.name(), &other.message(), &JsValue::UNDEFINED),
    };
    made.unwrap_or_else(|thrown| thrown)
}

/// The cause of a crash.
pub(crate) fn cause_of(crash: &Crash) -> JsValue {
    let cause = &crash.cause;
    crash_cause(
        cause.name.as_deref(),
        &cause.message,
        cause.stack.as_deref(),
        cause.filename.as_deref(),
        cause.line,
    )
    .unwrap_or_else(|thrown| thrown)
}

/// A setting of the wrong type.
pub(crate) fn wrong_type(option: &str, message: &str) -> JsValue {
    setting_error(message, option, false)
}

/// A setting of the right type with a value that is not possible.
pub(crate) fn out_of_range(option: &str, message: &str) -> JsValue {
    setting_error(message, option, true)
}
