//! The only part that touches the browser: the sink for the Performance panel, and the clock.

use std::cell::Cell;
use std::fmt;

use atelier_core::{Epoch, Instant, unix_nano_of_millis};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::performance::{GROUP_TEXT, Measure, Stamp, TimelineSink};

#[wasm_bindgen(module = "/js/performance.js")]
extern "C" {
    #[wasm_bindgen(js_name = timeOrigin)]
    fn time_origin() -> f64;

    /// Milliseconds since the time origin.
    fn now() -> f64;

    /// Milliseconds since the Unix epoch, whole ones, as the page has them; `NaN` where it has none.
    #[wasm_bindgen(js_name = wallClock)]
    fn wall_clock() -> f64;

    /// The message of what went wrong, if something did.
    fn measure(name: &str, start: f64, end: f64, detail_json: &str, clear_first: bool) -> Option<String>;

    type Stamps;

    #[wasm_bindgen(constructor)]
    fn new() -> Stamps;

    #[wasm_bindgen(method)]
    fn text(this: &Stamps, number: u32, text: &str);

    /// The message of what went wrong, if something did.
    #[wasm_bindgen(method)]
    fn stamp(
        this: &Stamps,
        label: u32,
        call: f64,
        start: f64,
        end: f64,
        track: u32,
        group: u32,
        color: u32,
    ) -> Option<String>;
}

thread_local! {
    /// Where the page's clock stands in the Unix epoch.
    static EPOCH: Cell<Epoch> = Cell::new(Epoch::new(unix_nano_of_millis(time_origin())));
}

fn monotonic() -> Instant {
    Instant::from_nanos((now() * 1e6).round_ties_even() as u64)
}

/// Milliseconds since the page's clock began.
pub(crate) fn monotonic_ms_now() -> f64 {
    now()
}

/// Now, in nanoseconds since the Unix epoch.
pub(crate) fn unix_nano_now() -> u64 {
    let (mut epoch, now) = (EPOCH.get(), monotonic());
    if epoch.is_due(now) {
        let wall = wall_clock();
        if wall.is_finite() {
            epoch.look(unix_nano_of_millis(wall), now, monotonic());
            EPOCH.set(epoch);
        }
    }
    epoch.unix_nano(now)
}

/// The runtime's clock counts from this.
pub(crate) fn count_from(origin_unix_nano: u64) {
    let mut epoch = EPOCH.get();
    epoch.count_from(origin_unix_nano);
    EPOCH.set(epoch);
}

/// The browser's Performance timeline, and the tracks of its profiler.
pub struct BrowserPerformance {
    stamps: Stamps,
}

impl BrowserPerformance {
    /// That of this page.
    pub fn new() -> BrowserPerformance {
        BrowserPerformance { stamps: Stamps::new() }
    }
}

impl Default for BrowserPerformance {
    fn default() -> BrowserPerformance {
        BrowserPerformance::new()
    }
}

impl fmt::Debug for BrowserPerformance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BrowserPerformance").finish_non_exhaustive()
    }
}

impl TimelineSink for BrowserPerformance {
    fn time_origin_unix_ms(&self) -> f64 {
        EPOCH.get().origin_unix_nano() as f64 / 1e6
    }

    fn measure(&mut self, entry: &Measure) -> Result<(), String> {
        // One string that is parsed over there costs a third of building the object field by field across the border.
        let detail = serde_json::to_string(&entry.detail).map_err(|error| error.to_string())?;
        done(measure(entry.name, entry.start, entry.end, &detail, entry.clear_first))
    }

    fn text(&mut self, number: u32, text: &str) {
        self.stamps.text(number, text);
    }

    fn stamp(&mut self, stamp: &Stamp) -> Result<(), String> {
        let call = stamp.call_id.map_or(-1.0, |call| call as f64);
        let Stamp { label, start, end, track, color, .. } = *stamp;
        done(self.stamps.stamp(label, call, start, end, track, GROUP_TEXT, color))
    }
}

fn done(problem: Option<String>) -> Result<(), String> {
    problem.map_or(Ok(()), Err)
}
