//! The only part that touches the browser: the sink for Performance measures, and the clock.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::performance::{Measure, MeasureSink};

#[wasm_bindgen(module = "/js/performance.js")]
extern "C" {
    #[wasm_bindgen(js_name = timeOrigin)]
    fn time_origin() -> f64;

    /// Milliseconds since the time origin.
    fn now() -> f64;

    /// The message of what went wrong, if something did.
    fn measure(name: &str, start: f64, end: f64, detail_json: &str, clear_first: bool) -> Option<String>;
}

/// Now, in nanoseconds since the Unix epoch. The two parts are rounded by themselves: their sum has too many digits.
pub(crate) fn unix_nano_now() -> u64 {
    (time_origin() * 1e6) as u64 + (now() * 1e6) as u64
}

/// The browser's Performance timeline.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserPerformance;

impl MeasureSink for BrowserPerformance {
    fn time_origin_unix_ms(&self) -> f64 {
        time_origin()
    }

    fn write(&mut self, entry: &Measure) -> Result<(), String> {
        // One string that is parsed over there costs a third of building the object field by field across the border.
        let detail = serde_json::to_string(&entry.detail).map_err(|error| error.to_string())?;
        match measure(entry.name, entry.start, entry.end, &detail, entry.clear_first) {
            None => Ok(()),
            Some(message) => Err(message),
        }
    }
}
