//! The only part that touches the browser: the sink for Performance measures.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::performance::{Measure, MeasureSink};

#[wasm_bindgen(module = "/js/performance.js")]
extern "C" {
    #[wasm_bindgen(js_name = timeOrigin)]
    fn time_origin() -> f64;

    /// The message of what went wrong, if something did.
    fn measure(name: &str, start: f64, end: f64, detail: JsValue, clear_first: bool) -> Option<String>;
}

/// The browser's Performance timeline.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserPerformance;

impl MeasureSink for BrowserPerformance {
    fn time_origin_unix_ms(&self) -> f64 {
        time_origin()
    }

    fn write(&mut self, entry: &Measure) -> Result<(), String> {
        let detail =
            entry.detail.serialize(&Serializer::json_compatible()).map_err(|error| error.to_string())?;
        match measure(entry.name, entry.start, entry.end, detail, entry.clear_first) {
            None => Ok(()),
            Some(message) => Err(message),
        }
    }
}
