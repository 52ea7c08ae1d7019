//! Buttons that put a call on the clipboard.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement};

use crate::model::CallCopies;
use crate::view::dom::{Listeners, Make, Told, must};

#[wasm_bindgen]
extern "C" {
    type Clipboard;
    /// Absent where the page is not served securely.
    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = clipboard)]
    static CLIPBOARD: Option<Clipboard>;
    #[wasm_bindgen(method, js_name = writeText)]
    fn write_text(this: &Clipboard, text: &str) -> js_sys::Promise;
}

/// A row of buttons for one call, and their listeners.
pub(super) fn copy_row(make: &Make, copies: &CallCopies, listeners: &mut Listeners) -> HtmlElement {
    let row = make.element("div", "copies").with([&make.text("span", "", "Copy as")]);
    let said = make.element("span", "copied").attr("role", "status");
    for (label, text) in
        [("text", &copies.text), ("JSON", &copies.json), ("traceparent", &copies.traceparent)]
    {
        let button = make
            .text("button", "toggle", label)
            .attr("type", "button")
            .attr("aria-label", &format!("Copy the call as {label}"));
        let (text, said) = (text.clone(), said.clone());
        listeners.on(&button, "click", move |_: Event| copy(&text, said.clone()));
        must(row.append_child(&button));
    }
    row.with([&said])
}

/// The page may forbid it, or not be served securely: then the panel says so.
fn copy(text: &str, said: HtmlElement) {
    let written = CLIPBOARD.with(|clipboard| clipboard.as_ref().map(|clipboard| clipboard.write_text(text)));
    let Some(written) = written else {
        said.set_text_content(Some("This page has no clipboard: it is not served securely."));
        return;
    };
    let failed = said.clone();
    let done = Closure::once_into_js(move |_: JsValue| said.set_text_content(Some("Copied.")));
    let refused = Closure::once_into_js(move |_: JsValue| {
        failed.set_text_content(Some("The browser refused to copy."))
    });
    let then = must(js_sys::Reflect::get(&written, &"then".into()));
    must(then.unchecked_ref::<js_sys::Function>().call2(&written, &done, &refused));
}
