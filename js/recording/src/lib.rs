//! Converts recordings for `npm/recording.js`. A wasm of its own, because hardly any page converts any.

use atelier_exporters::recording::{Format, convert};
use wasm_bindgen::prelude::*;

/// What came of a recording.
#[wasm_bindgen]
pub struct Conversion {
    bytes: Vec<u8>,
    cut: bool,
    unknown: u64,
    media_type: &'static str,
}

#[wasm_bindgen]
impl Conversion {
    /// Converts a recording to the format of this name.
    ///
    /// # Errors
    /// It cannot be read, or there is no such format; the message says which.
    #[wasm_bindgen(constructor)]
    pub fn new(recording: &[u8], format: &str) -> Result<Conversion, JsError> {
        let format = Format::from_name(format).ok_or_else(|| JsError::new("there is no such format"))?;
        let mut bytes = Vec::new();
        let converted = convert(recording, format, &mut bytes)?;
        let media_type = format.media_type();
        Ok(Conversion { bytes, cut: converted.cut, unknown: converted.unknown, media_type })
    }

    /// The result.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Whether the recording was cut.
    #[wasm_bindgen(getter)]
    pub fn cut(&self) -> bool {
        self.cut
    }

    /// How many items were passed over.
    #[wasm_bindgen(getter)]
    pub fn unknown(&self) -> f64 {
        self.unknown as f64
    }

    /// The result's media type.
    #[wasm_bindgen(getter)]
    pub fn media_type(&self) -> String {
        self.media_type.to_owned()
    }
}
