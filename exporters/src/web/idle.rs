//! Idle time of the page or the worker.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::environment::global;
use crate::pipeline::DEFAULT_IDLE_WAIT_MS;

/// Calls back once there is nothing better to do, as far as the browser tells: `requestIdleCallback` (of pages), else
/// `scheduler.postTask` (of workers too). Where there is neither it never calls: whoever asks has a timer besides.
pub(super) fn when_idle(act: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(act);
    let told = |path: &[&str], name: &str, value: JsValue| {
        let function = global(path)?.dyn_into::<Function>().ok()?;
        let this = global(&path[..path.len() - 1]).unwrap_or_else(|| js_sys::global().into());
        let options = Object::new();
        Reflect::set(&options, &name.into(), &value).ok()?;
        function.call2(&this, &callback, &options).ok()
    };
    let timeout = JsValue::from_f64(DEFAULT_IDLE_WAIT_MS as f64);
    if told(&["requestIdleCallback"], "timeout", timeout).is_none() {
        let _ = told(&["scheduler", "postTask"], "priority", "background".into());
    }
}
