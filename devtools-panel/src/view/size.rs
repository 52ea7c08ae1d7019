//! What an element's size is watched with.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Element, ResizeObserver};

use super::dom::must;

/// Calls a function when an element gets another size, until this is dropped.
pub(crate) struct SizeWatch {
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

impl SizeWatch {
    pub(crate) fn new(element: &Element, resized: impl FnMut() + 'static) -> SizeWatch {
        let resized = Closure::<dyn FnMut()>::new(resized);
        let observer = must(ResizeObserver::new(resized.as_ref().unchecked_ref()));
        observer.observe(element);
        SizeWatch { observer, _resized: resized }
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
