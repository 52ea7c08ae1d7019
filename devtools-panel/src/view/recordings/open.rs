//! A button that lets a user choose files.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use super::Ask;
use crate::view::dom::{Listeners, Told, must};
use crate::view::host::Host;

/// The endings and the type of recordings, for the browser's dialog.
const ACCEPTED: &str = ".atelier,application/x-atelier-recording";

/// A button with this class and text, and the input that it presses.
pub(super) fn open_button(host: &Host, class: &str, text: &str, listeners: &mut Listeners) -> HtmlElement {
    let make = &host.make;
    let input = make
        .element("input", "open-file")
        .attr("type", "file")
        .attr("accept", ACCEPTED)
        .attr("aria-label", "A recording's file");
    input.set_hidden(true);
    let chosen = input.clone().unchecked_into::<HtmlInputElement>();
    let panel = host.panel.clone();
    listeners.on(&input, "change", move |_: Event| {
        let files = js_sys::Reflect::get(&chosen, &"files".into()).unwrap_or_default();
        // A copy: the list is emptied with the input, which has to notice when the same file is chosen again.
        let files = js_sys::Array::from(&files);
        chosen.set_value("");
        panel.ask(Ask::Open(files));
    });
    let button =
        make.text("button", class, text).attr("type", "button").attr("title", "Open a recording’s file");
    let pressed = input.clone();
    listeners.on(&button, "click", move |_: Event| pressed.click());
    let around = make.element("span", "open-tool").with([&button]);
    must(around.append_child(&input));
    around
}
