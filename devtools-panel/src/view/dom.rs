//! The little of the DOM that the panel needs: elements, listeners that go when dropped, values written when they change.
//!
//! Text is always text: nothing here reads HTML, and styles go through the style sheet's object model, so that a
//! strict content security policy (trusted types included) has nothing to refuse.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;
use wasm_bindgen::{JsCast, throw_val};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement};

/// The value, or the browser's exception thrown on. The module around the panel takes it as a crash of the panel and
/// closes it; there is nothing better to do when the page refuses to make an element.
pub(crate) fn must<T>(result: Result<T, JsValue>) -> T {
    result.unwrap_or_else(|error| throw_val(error))
}

/// Makes elements.
#[derive(Clone, Debug)]
pub(crate) struct Make {
    document: Document,
}

impl Make {
    pub(crate) fn new(document: Document) -> Make {
        Make { document }
    }

    /// An element with a class (or several, or none).
    pub(crate) fn element(&self, tag: &str, class: &str) -> HtmlElement {
        let element: HtmlElement = must(self.document.create_element(tag)).unchecked_into();
        if !class.is_empty() {
            element.set_class_name(class);
        }
        element
    }

    /// An element with text in it.
    pub(crate) fn text(&self, tag: &str, class: &str, text: &str) -> HtmlElement {
        let element = self.element(tag, class);
        element.set_text_content(Some(text));
        element
    }

    /// A button; `label` is what it is called where its text does not say it.
    pub(crate) fn button(&self, class: &str, text: &str, label: &str) -> HtmlElement {
        self.text("button", class, text).attr("type", "button").attr("aria-label", label).attr("title", label)
    }
}

/// What elements are told while they are put together.
pub(crate) trait Told: Sized {
    /// With an attribute.
    fn attr(self, name: &str, value: &str) -> Self;
    /// With children.
    fn with<const N: usize>(self, children: [&HtmlElement; N]) -> Self;
}

impl Told for HtmlElement {
    fn attr(self, name: &str, value: &str) -> Self {
        must(self.set_attribute(name, value));
        self
    }

    fn with<const N: usize>(self, children: [&HtmlElement; N]) -> Self {
        for child in children {
            must(self.append_child(child));
        }
        self
    }
}

/// Removes an element's children.
pub(crate) fn clear(element: &Element) {
    element.set_text_content(None);
}

/// Puts children in this order. The one that has the focus stays where it is, and the others are moved around it: an element
/// that is moved loses the focus.
pub(crate) fn put_in_order(parent: &Element, children: &[&HtmlElement]) {
    let has_focus = |child: &&HtmlElement| {
        child.parent_element().as_ref() == Some(parent) && child.matches(":focus-within").unwrap_or(false)
    };
    let fixed = children.iter().find(|child| has_focus(child)).copied();
    // Those before the one that stays go before it, those after it to the end.
    let mut before = fixed;
    for child in children {
        if fixed == Some(*child) {
            before = None;
        } else {
            must(parent.insert_before(child, before.map(AsRef::as_ref)));
        }
    }
}

/// Listeners that end when this is dropped.
#[derive(Default)]
pub(crate) struct Listeners {
    active: Vec<Listener>,
}

/// Who is listened to, for what, by what.
type Listener = (EventTarget, &'static str, Closure<dyn FnMut(Event)>);

impl Listeners {
    /// Listens. The handler gets the event as the kind of event that it says it is.
    pub(crate) fn on<E: JsCast>(
        &mut self,
        target: &EventTarget,
        kind: &'static str,
        mut handler: impl FnMut(E) + 'static,
    ) {
        let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| handler(event.unchecked_into()));
        must(target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref()));
        self.active.push((target.clone(), kind, closure));
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (target, kind, closure) in &self.active {
            // Nothing is lost when the browser has let go of the listener already.
            let _ = target.remove_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
    }
}

/// What of an element is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Text,
    Attribute(&'static str),
    Style(&'static str),
}

/// An element that remembers what was written to it and leaves the page alone when nothing changed.
#[derive(Debug)]
pub(crate) struct Live {
    /// The element.
    pub(crate) element: HtmlElement,
    written: RefCell<Vec<(Slot, String)>>,
}

impl Live {
    pub(crate) fn new(element: HtmlElement) -> Live {
        Live { element, written: RefCell::default() }
    }

    /// Its text.
    pub(crate) fn text(&self, text: &str) {
        if self.changes(Slot::Text, text) {
            self.element.set_text_content(Some(text));
        }
    }

    /// An attribute.
    pub(crate) fn attr(&self, name: &'static str, value: &str) {
        if self.changes(Slot::Attribute(name), value) {
            must(self.element.set_attribute(name, value));
        }
    }

    /// A property of its style.
    pub(crate) fn style(&self, property: &'static str, value: &str) {
        if self.changes(Slot::Style(property), value) {
            must(self.element.style().set_property(property, value));
        }
    }

    /// Whether it is there to be seen.
    pub(crate) fn show(&self, shown: bool) {
        if self.changes(Slot::Attribute("hidden"), if shown { "" } else { "hidden" }) {
            self.element.set_hidden(!shown);
        }
    }

    fn changes(&self, slot: Slot, value: &str) -> bool {
        let mut written = self.written.borrow_mut();
        match written.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, last)) if last == value => false,
            Some((_, last)) => {
                value.clone_into(last);
                true
            }
            None => {
                written.push((slot, value.to_owned()));
                true
            }
        }
    }
}
