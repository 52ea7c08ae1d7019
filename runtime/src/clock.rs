//! The page's clock, and the browser's timers as values that stop when dropped.

use std::cell::Cell;

use atelier_core::{Epoch, Instant, unix_nano_of_millis};
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
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// The longest delay `setTimeout` takes (HTML, "timers": a signed 32-bit integer); longer waits are cut into several.
const MAX_DELAY_MS: f64 = 2_147_483_647.0;

thread_local! {
    /// The one place of the page's clock in the Unix epoch, for all runtimes of the page.
    static EPOCH: Cell<Epoch> = Cell::new(Epoch::new(unix_nano_of_millis(origin_millis())));
}

fn origin_millis() -> f64 {
    PERFORMANCE.with(Performance::time_origin)
}

/// Moments of the page: monotonic, with the epoch kept beside.
///
/// The two are told apart, because the monotonic clock may stand still while the machine sleeps: durations leave out that
/// time, as the browser's timers do, and what happens after it gets the right time of day.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// As the browser has it, which is what workers count from.
    origin_ms: f64,
}

impl Clock {
    /// The page's clock.
    pub fn new() -> Clock {
        Clock { origin_ms: origin_millis() }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        // Rounded: what the browser cut to its steps would come out a nanosecond short, now and then.
        Instant::from_nanos((performance_now() * 1e6).round_ties_even() as u64)
    }

    /// A moment as nanoseconds since the Unix epoch.
    pub fn unix_nanos(&self, at: Instant) -> u64 {
        EPOCH.get().unix_nano(at)
    }

    /// A moment as milliseconds since the Unix epoch.
    pub fn unix_millis(&self, at: Instant) -> f64 {
        self.unix_nanos(at) as f64 / 1e6
    }

    /// Looks whether the machine has slept since the last time, if that was a while ago. Gives where the monotonic clock's
    /// zero is now, in nanoseconds since the Unix epoch.
    pub(crate) fn look(&self, now: Instant) -> u64 {
        let mut epoch = EPOCH.get();
        if epoch.is_due(now) {
            let wall = unix_nano_of_millis(date_now());
            // Read after the wall clock: a wait between the two looks like less of a sleep, not like one.
            epoch.look(wall, self.now());
            EPOCH.set(epoch);
        }
        epoch.origin_unix_nano()
    }

    /// The monotonic clock's zero as the browser has it, in nanoseconds since the Unix epoch: whoever is told nothing else
    /// takes it for granted.
    pub(crate) fn browsers_origin(&self) -> u64 {
        unix_nano_of_millis(self.origin_ms)
    }

    /// Nanoseconds between the page's origin, as the browser has it, and a time that a worker gave in milliseconds since
    /// the Unix epoch.
    pub(crate) fn since_origin(&self, worker_unix_millis: f64) -> i64 {
        ((worker_unix_millis - self.origin_ms) * 1e6) as i64
    }
}

/// Now, in milliseconds since the Unix epoch, on the clock of this page or worker as the browser gives it.
pub(crate) fn unix_millis() -> f64 {
    origin_millis() + performance_now()
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
