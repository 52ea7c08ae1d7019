//! An event listener that goes when it is dropped.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Anything that events happen to.
    #[derive(Clone, Debug)]
    pub(super) type EventTarget;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add_event_listener(this: &EventTarget, kind: &str, listener: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove_event_listener(this: &EventTarget, kind: &str, listener: &JsValue) -> Result<(), JsValue>;
}

/// An event listener; dropping it takes it off.
#[derive(Debug)]
#[must_use]
pub(super) struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Closure<dyn FnMut()>,
}

impl Listener {
    pub(super) fn new(target: EventTarget, kind: &'static str, listener: impl FnMut() + 'static) -> Listener {
        let closure = Closure::<dyn FnMut()>::new(listener);
        // Where pages are rendered (Node), the global object is no target of events: none will come.
        let _ = target.add_event_listener(kind, closure.as_ref());
        Listener { target, kind, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Where it was not added, there is nothing to remove.
        let _ = self.target.remove_event_listener(self.kind, self.closure.as_ref());
    }
}
