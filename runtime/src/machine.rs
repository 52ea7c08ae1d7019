//! What the page knows of the machine it runs on.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Navigator;
    #[wasm_bindgen(method, getter, js_name = hardwareConcurrency)]
    fn hardware_concurrency(this: &Navigator) -> Option<u32>;
}

/// Its processors, as far as the browser says.
pub(crate) fn cores() -> Option<u32> {
    NAVIGATOR.with(Navigator::hardware_concurrency)
}
