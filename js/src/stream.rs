//! The snapshot stream for `subscribeFrames`.

use std::rc::Rc;

use atelier_telemetry::FrameReader;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::page::Page;
use crate::telemetry::{free_name, telemetry};

/// One reader's stream.
#[wasm_bindgen]
pub struct FrameStream {
    page: Rc<Page>,
    reader: FrameReader,
}

impl FrameStream {
    /// `name` is what the ledger calls the reader, with a number when there are several.
    pub(crate) fn new(page: Rc<Page>, name: &str) -> FrameStream {
        page.demand(1);
        let runtime = page.runtime.id();
        let reader = telemetry().frames(runtime, &free_name(runtime, name));
        FrameStream { page, reader }
    }
}

#[wasm_bindgen]
impl FrameStream {
    /// The next frame as a plain object.
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        let clock = self.page.runtime.clock();
        let frame = self.reader.next(clock.unix_millis(clock.now()), self.page.task_frames());
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        frame.serialize(&serializer).map_err(JsValue::from)
    }

    /// Whether frames carry events from now on.
    pub fn take_events(&mut self, wanted: bool) {
        self.reader.take_events(wanted);
    }

    /// The reader was too slow for `n` frames, or one did not reach it.
    pub fn skipped(&mut self, n: u32) {
        self.reader.skipped(u64::from(n));
    }
}

impl Drop for FrameStream {
    fn drop(&mut self) {
        self.page.demand(-1);
    }
}
