//! The page's clock, and the browser's timers as values that stop when dropped.

use atelier_core::Instant;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    type Performance;
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;
    #[wasm_bindgen(method, getter, js_name = timeOrigin)]
    fn time_origin(this: &Performance) -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// The longest delay `setTimeout` takes (HTML, "timers": a signed 32-bit integer); longer waits are cut into several.
const MAX_DELAY_MS: f64 = 2_147_483_647.0;

/// Moments of the page: monotonic, with the epoch kept beside.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin_ms: f64,
}

impl Clock {
    /// The page's clock.
    pub fn new() -> Clock {
        Clock { origin_ms: PERFORMANCE.with(Performance::time_origin) }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        Instant::from_nanos((performance_now() * 1e6) as u64)
    }

    /// A moment as nanoseconds since the Unix epoch.
    pub fn unix_nanos(&self, at: Instant) -> u64 {
        (self.origin_ms * 1e6) as u64 + at.as_nanos()
    }

    /// A moment as milliseconds since the Unix epoch.
    pub fn unix_millis(&self, at: Instant) -> f64 {
        self.origin_ms + at.as_nanos() as f64 / 1e6
    }

    /// The moment of a time that a worker gave, in milliseconds since the Unix epoch.
    pub(crate) fn at_unix_millis(&self, millis: f64) -> Instant {
        Instant::from_nanos(((millis - self.origin_ms) * 1e6).max(0.0) as u64)
    }
}

/// Now, in milliseconds since the Unix epoch, on the clock of this page or worker as the browser gives it.
pub(crate) fn unix_millis() -> f64 {
    PERFORMANCE.with(Performance::time_origin) + performance_now()
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}

/// A running `setTimeout`; dropping it stops it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Timeout(JsValue);

impl Timeout {
    /// Calls `callback` once, `millis` from now or a little later. It must outlive the timeout.
    pub(crate) fn set(callback: &JsValue, millis: f64) -> Timeout {
        // Rounded up: a timer that fires a fraction too early would only have to be set again.
        Timeout(set_timeout(callback, millis.ceil().clamp(0.0, MAX_DELAY_MS)))
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}
