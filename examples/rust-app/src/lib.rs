//! A page in Rust whose workers share its compiled module.
//!
//! The page's script calls `main_page`, every worker calls `numbers_worker`. Both are this module.

mod counts;
mod dom;
pub mod numbers;
mod page;

use wasm_bindgen::prelude::*;

/// Begins the page. No `#[wasm_bindgen(start)]`: that would run in the workers, too.
///
/// # Errors
/// The page lacks an element, or a task cannot be defined.
#[wasm_bindgen]
pub fn main_page() -> Result<(), JsError> {
    page::begin()
}

/// Begins a worker.
#[wasm_bindgen]
pub fn numbers_worker() {
    atelier_runtime::worker::expose(numbers::Numbers::default());
}
