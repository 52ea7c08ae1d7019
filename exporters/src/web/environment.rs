//! What the page (or the worker) says about itself: clock, origin, visibility, browser.

use atelier_telemetry::{monotonic_ms_now, unix_nano_now};
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use super::listener::EventTarget;
use crate::config::AttributeValue;
use crate::pipeline::Now;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> Result<String, JsValue>;
}

/// Now, on the clock the runtime uses: what is said about time agrees with the spans.
pub(super) fn now() -> Now {
    Now { monotonic_ms: monotonic_ms_now() as u64, unix_nano: unix_nano_now() }
}

/// The system's clock, in milliseconds since the epoch: the one that all tabs share, today and tomorrow.
pub(super) fn clock_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Whether the browser is sure that nothing can be reached.
pub(super) fn is_offline() -> bool {
    global(&["navigator", "onLine"]).and_then(|online| online.as_bool()) == Some(false)
}

/// What `online` and `offline` happen to, in pages and workers.
pub(super) fn scope() -> EventTarget {
    js_sys::global().unchecked_into()
}

/// A property of a property … of the global object, where there is one.
pub(super) fn global(path: &[&str]) -> Option<JsValue> {
    let mut value: JsValue = js_sys::global().into();
    for name in path {
        value = Reflect::get(&value, &JsValue::from_str(name)).ok()?;
        if value.is_undefined() || value.is_null() {
            return None;
        }
    }
    Some(value)
}

fn text(path: &[&str]) -> Option<String> {
    global(path)?.as_string()
}

/// The page's window and document; none in a worker.
pub(super) fn window_and_document() -> Option<(EventTarget, EventTarget)> {
    Some((global(&["window"])?.unchecked_into(), global(&["document"])?.unchecked_into()))
}

/// Whether the page cannot be seen. A worker can never be.
pub(super) fn is_hidden() -> bool {
    text(&["document", "visibilityState"]).as_deref() == Some("hidden")
}

/// A path on the page's origin as a URL, whatever `<base>` says; anything else as it is.
pub(super) fn absolute(url: String) -> String {
    match text(&["location", "origin"]) {
        // Pages without an origin of their own say "null".
        Some(origin) if url.starts_with('/') && origin != "null" => origin + &url,
        _ => url,
    }
}

/// Attributes of the resource (semantic conventions, "Service", "Browser" and "User agent"). What the browser gives no hint
/// about stays unset.
///
/// `service.instance.id` is another for each exporter: each counts its metrics by itself, in a tab among many that may be
/// open, and a series may have one writer only (metrics data model, "Single-Writer"). An insecure context has no
/// `crypto.randomUUID` and leaves it out.
pub(super) fn attributes() -> Vec<(String, AttributeValue)> {
    let mut attributes: Vec<(String, AttributeValue)> = Vec::new();
    let mut add = |name: &str, value: Option<AttributeValue>| {
        attributes.extend(value.map(|value| (name.to_owned(), value)));
    };
    add("service.instance.id", random_uuid().ok().map(AttributeValue::String));
    let hint = |name| global(&["navigator", "userAgentData", name]);
    add("user_agent.original", text(&["navigator", "userAgent"]).map(AttributeValue::String));
    add("browser.language", text(&["navigator", "language"]).map(AttributeValue::String));
    add("browser.mobile", hint("mobile").and_then(|mobile| mobile.as_bool()).map(AttributeValue::Bool));
    let platform = hint("platform").and_then(|platform| platform.as_string());
    add("browser.platform", platform.filter(|platform| !platform.is_empty()).map(AttributeValue::String));
    add("browser.brands", hint("brands").and_then(brands).map(AttributeValue::Strings));
    attributes
}

/// Each brand with its version, a space between.
fn brands(list: JsValue) -> Option<Vec<String>> {
    let list: Array = list.dyn_into().ok()?;
    let brands: Vec<String> = list
        .iter()
        .filter_map(|entry| {
            let text = |name: &str| Reflect::get(&entry, &JsValue::from_str(name)).ok()?.as_string();
            Some(format!("{} {}", text("brand")?, text("version")?))
        })
        .collect();
    (!brands.is_empty()).then_some(brands)
}
