//! Workers that run the page's own module.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Worker, WorkerOptions, WorkerType};

#[wasm_bindgen]
extern "C" {
    /// Where the page's wasm-bindgen JavaScript came from: this line becomes a part of it.
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static GLUE: JsValue;
}

/// Makes workers that share the module this code was compiled into: it is compiled once, however many workers run it.
///
/// `entry` is the `#[wasm_bindgen]` function that exposes their handlers ([`crate::worker::expose`]); `name` is what
/// the browser's tools call them. Each worker is an instance of its own, with memory of its own: statics and thread
/// locals are not shared with the page. A `#[wasm_bindgen(start)]` function runs in every instance, the workers'
/// included; a page is better begun by a function that its script calls.
///
/// Works in modules bound with wasm-bindgen's target `web`.
///
/// # Errors
/// The returned function fails where the browser makes no worker, such as under a Content-Security-Policy without
/// `worker-src 'self'`. An `entry` that is not exported shows as a crash of the task.
pub fn page_worker(entry: &str, name: &str) -> impl Fn() -> Result<Worker, JsValue> + use<> {
    let (entry, name) = (JsValue::from_str(entry), name.to_owned());
    move || {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&name);
        let script = wasm_bindgen::link_to!(module = "/js/rust-worker.js");
        let worker = Worker::new_with_options(&script, &options)?;
        let start = Object::new();
        Reflect::set(&start, &"module".into(), &wasm_bindgen::module())?;
        Reflect::set(&start, &"glue".into(), &GLUE.with(JsValue::clone))?;
        Reflect::set(&start, &"entry".into(), &entry)?;
        worker.post_message(&start)?;
        Ok(worker)
    }
}
