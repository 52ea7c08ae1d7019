//! The steps as handlers of a worker.

use atelier_runtime::worker::expose;
use serde_bytes::ByteBuf;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Analyzed, Decoded, Encoded, PhotoError, Pixels};

/// Answers the page's calls about photographs. Each task calls only the method it is named after; all their workers
/// share one compiled module.
#[derive(Debug)]
pub struct Photo;

#[atelier_runtime::handlers]
impl Photo {
    /// A file's bytes become pixels.
    pub fn decode(&self, file: ByteBuf) -> Result<Decoded, PhotoError> {
        crate::decode(&file)
    }

    /// The longer side becomes `longest_side` pixels.
    pub fn resize(&self, pixels: Pixels, longest_side: u32) -> Result<Pixels, PhotoError> {
        crate::resize(pixels, longest_side)
    }

    /// Says what the pixels show, and hands them on.
    pub fn analyze(&self, pixels: Pixels) -> Result<Analyzed, PhotoError> {
        crate::analyze(pixels)
    }

    /// Pixels become a JPEG of this quality (1 to 100).
    pub fn encode(&self, pixels: Pixels, quality: u8) -> Result<Encoded, PhotoError> {
        crate::encode(pixels, quality)
    }
}

/// The entry of a worker: `wasmWorker({ entry: 'photo_worker', … })` names it.
#[wasm_bindgen]
pub fn photo_worker() {
    expose(Photo);
}
