//! The page's clock, and the browser's timers as values that stop when dropped.

use std::cell::Cell;
use std::time::Duration;

use atelier_core::{Epoch, Instant, Monotonic, unix_nano_of_millis};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/clock.js")]
extern "C" {
    fn now() -> f64;
    #[wasm_bindgen(js_name = timeOrigin)]
    fn time_origin() -> f64;
    #[wasm_bindgen(js_name = wallClock)]
    fn wall_clock() -> f64;

    type Timer;
    #[wasm_bindgen(constructor)]
    fn new(callback: &JsValue, millis: f64) -> Timer;
    #[wasm_bindgen(method, js_name = isLost)]
    fn is_lost(this: &Timer) -> bool;
    #[wasm_bindgen(method, js_name = isFake)]
    fn is_fake(this: &Timer) -> bool;
    #[wasm_bindgen(method)]
    fn stop(this: &Timer);
}

/// The longest delay `setTimeout` takes (HTML, "timers": a signed 32-bit integer); longer waits are cut into several.
pub(crate) const MAX_WAIT: Duration = Duration::from_millis(2_147_483_647);

/// How much too early a timer may ring and the clock still be right: clocks are coarse, to a tenth of a second where a browser
/// resists fingerprinting.
const MAX_EARLY_NANOS: u64 = 1_000_000_000;

thread_local! {
    /// The moments of the page, for all its runtimes.
    static MONOTONIC: Cell<Monotonic> = Cell::default();
    /// The one place of the page's clock, as the browser shows it, in the Unix epoch.
    static EPOCH: Cell<Epoch> = Cell::new(Epoch::new(unix_nano_of_millis(time_origin())));
}

/// What the browser's clock shows.
fn shown() -> Instant {
    // Rounded: what the browser cut to its steps would come out a nanosecond short, now and then.
    Instant::from_nanos((now() * 1e6).round_ties_even() as u64)
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
        Clock { origin_ms: time_origin() }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        let mut monotonic = MONOTONIC.get();
        let now = monotonic.read(shown());
        MONOTONIC.set(monotonic);
        now
    }

    /// A moment as nanoseconds since the Unix epoch.
    pub fn unix_nanos(&self, at: Instant) -> u64 {
        let ahead = MONOTONIC.get().ahead();
        EPOCH.get().unix_nano(at).saturating_sub(ahead)
    }

    /// A moment as milliseconds since the Unix epoch.
    pub fn unix_millis(&self, at: Instant) -> f64 {
        self.unix_nanos(at) as f64 / 1e6
    }

    /// Looks whether the machine has slept, or its clock was set, since the last time, if that was a while ago. Gives where the
    /// zero of the browser's clock is now, in nanoseconds since the Unix epoch.
    pub(crate) fn look(&self, now: Instant) -> u64 {
        let mut epoch = EPOCH.get();
        if epoch.is_due(MONOTONIC.get().shown(now)) {
            let (before, wall, after) = (shown(), wall_clock(), shown());
            if wall.is_finite() {
                epoch.look(unix_nano_of_millis(wall), before, after);
                EPOCH.set(epoch);
            }
        }
        epoch.origin_unix_nano()
    }

    /// A timer that was set for this moment rang. Where timers are faked that is what time it is, and where the clock stands
    /// still it must go on.
    pub(crate) fn rang(&self, timeout: &Timeout, at: Instant) {
        let early = at.since(self.now()).as_nanos() as u64;
        if early > MAX_EARLY_NANOS || early > 0 && timeout.0.is_fake() {
            let mut monotonic = MONOTONIC.get();
            monotonic.at_least(at);
            MONOTONIC.set(monotonic);
        }
    }

    /// The zero of the browser's clock as the browser has it, in nanoseconds since the Unix epoch: whoever is told nothing else
    /// takes it for granted.
    pub(crate) fn browsers_origin(&self) -> u64 {
        unix_nano_of_millis(self.origin_ms)
    }

    /// Nanoseconds between the page's origin, as moments count from it, and a time that a worker gave in milliseconds since the
    /// Unix epoch.
    pub(crate) fn since_origin(&self, worker_unix_millis: f64) -> i64 {
        let ahead = i64::try_from(MONOTONIC.get().ahead()).unwrap_or(i64::MAX);
        (((worker_unix_millis - self.origin_ms) * 1e6) as i64).saturating_add(ahead)
    }
}

/// Now, in milliseconds since the Unix epoch, on the clock of this page or worker as the browser gives it.
pub(crate) fn unix_millis() -> f64 {
    time_origin() + now()
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}

/// A running timer; dropping it stops it.
#[must_use]
pub(crate) struct Timeout(Timer);

impl Timeout {
    /// Calls `callback` once, after a wait of at most [`MAX_WAIT`] or a little later. It must outlive the timeout.
    pub(crate) fn set(callback: &JsValue, wait: Duration) -> Timeout {
        // Rounded up: a timer that fires a fraction too early would only have to be set again.
        Timeout(Timer::new(callback, (wait.as_secs_f64() * 1e3).ceil()))
    }

    /// Whether the page has other timers now, so that this one may never ring.
    pub(crate) fn is_lost(&self) -> bool {
        self.0.is_lost()
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        self.0.stop();
    }
}
