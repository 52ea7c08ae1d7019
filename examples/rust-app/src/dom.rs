//! The few things this page does to its elements. One that is missing is a mistake in index.html, found at the start
//! for buttons and passed over for texts.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlButtonElement, HtmlElement, HtmlInputElement, HtmlProgressElement};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn find<T: JsCast>(id: &str) -> Option<T> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Calls `act` at every click.
pub(crate) fn on_click(id: &str, act: impl Fn() + 'static) -> Result<(), JsError> {
    let button: HtmlButtonElement =
        find(id).ok_or_else(|| JsError::new(&format!("the page has no button '{id}'")))?;
    let act = Closure::<dyn Fn()>::new(act);
    button.set_onclick(Some(act.as_ref().unchecked_ref()));
    // The button is there for as long as the page.
    act.forget();
    Ok(())
}

/// A function that calls `act` at the next frame.
pub(crate) fn at_frame(act: impl Fn() + 'static) -> impl Fn() + 'static {
    let act = Rc::new(Closure::<dyn Fn()>::new(act));
    move || {
        if let Some(window) = web_sys::window() {
            // It fails only in a page that is gone.
            let _ = window.request_animation_frame((*act).as_ref().unchecked_ref());
        }
    }
}

pub(crate) fn show(id: &str, text: &str) {
    tell(id, text, false);
}

pub(crate) fn show_error(id: &str, text: &str) {
    tell(id, text, true);
}

fn tell(id: &str, text: &str, is_error: bool) {
    if let Some(element) = find::<Element>(id) {
        element.set_text_content(Some(text));
        // Only its own class: the element may have others.
        let _ = element.class_list().toggle_with_force("error", is_error);
    }
}

/// The number in an input, or what the browser says is wrong with it.
pub(crate) fn number(id: &str) -> Result<u32, String> {
    let Some(input) = find::<HtmlInputElement>(id) else { return Err(format!("there is no input '{id}'")) };
    match input.value().parse() {
        Ok(number) if input.check_validity() => Ok(number),
        _ => Err(input.validation_message().unwrap_or_default()),
    }
}

pub(crate) fn set_progress(id: &str, part: f64) {
    if let Some(bar) = find::<HtmlProgressElement>(id) {
        bar.set_value(part);
    }
}

/// Whether what a button begins is under way: then it is off, and the button that cancels it is on.
pub(crate) fn set_busy(id: &str, busy: bool) {
    for (id, disabled) in [(id.to_owned(), busy), (format!("cancel-{id}"), !busy)] {
        if let Some(button) = find::<HtmlButtonElement>(&id) {
            button.set_disabled(disabled);
        }
    }
}

pub(crate) fn set_hidden(id: &str, hidden: bool) {
    if let Some(element) = find::<HtmlElement>(id) {
        element.set_hidden(hidden);
    }
}

/// The processors that the browser tells of.
pub(crate) fn processors() -> u32 {
    web_sys::window().map_or(1, |window| window.navigator().hardware_concurrency().max(1.0) as u32)
}

/// Whether the page's address asks for something, as `?console` does.
pub(crate) fn is_asked_for(what: &str) -> bool {
    let query = web_sys::window().and_then(|window| window.location().search().ok());
    query.is_some_and(|query| query.trim_start_matches('?').split('&').any(|each| each == what))
}
