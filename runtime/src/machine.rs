//! What the page knows of the machine it runs on.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;
    #[wasm_bindgen(method, getter, js_name = hardwareConcurrency)]
    fn hardware_concurrency(this: &Navigator) -> Option<u32>;
}

/// Its processors, as far as the browser says. Servers that render pages have no `navigator`, and make runtimes all the same.
pub(crate) fn cores() -> Option<u32> {
    NAVIGATOR.with(|navigator| navigator.as_ref()?.hardware_concurrency())
}
