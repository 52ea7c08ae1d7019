//! Trace and span ids.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(array: &js_sys::Uint32Array);
}

/// A source of random ids (xorshift128+), seeded by the browser once: `getRandomValues` per call would cost more than
/// everything else a call does.
#[derive(Debug)]
pub(crate) struct Ids {
    state: Cell<(u64, u64)>,
}

impl Ids {
    pub(crate) fn new() -> Ids {
        let seed = js_sys::Uint32Array::new_with_length(4);
        get_random_values(&seed);
        let word = |at: u32| u64::from(seed.get_index(at)) << 32 | u64::from(seed.get_index(at + 1));
        // All zeros would stay all zeros.
        Ids { state: Cell::new((word(0) | 1, word(2))) }
    }

    fn next(&self) -> u64 {
        let (mut x, y) = self.state.get();
        x ^= x << 23;
        x ^= x >> 17;
        x ^= y ^ (y >> 26);
        self.state.set((y, x));
        x.wrapping_add(y)
    }

    /// 16 bytes, never zero.
    pub(crate) fn trace_id(&self) -> u128 {
        (u128::from(self.next()) << 64 | u128::from(self.next())).max(1)
    }

    /// 8 bytes, never zero.
    pub(crate) fn span_id(&self) -> u64 {
        self.next().max(1)
    }
}
