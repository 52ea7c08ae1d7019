//! One event in all its fields.

use std::cell::RefCell;

use web_sys::{Event, HtmlElement};

use crate::model::{EventDetails, EventsAction, EventsState};
use crate::view::cells::facts;
use crate::view::dom::{Listeners, Live, Make, Told, clear, must};
use crate::view::host::{Host, Own};

/// How many characters of a field are shown unopened.
const FIELD_CHARACTERS: usize = 120;

/// The fields beside the list.
pub(super) struct EventPane {
    host: Host,
    make: Make,
    pane: Live,
    content: HtmlElement,
    shown: RefCell<Option<EventDetails>>,
    /// Of what is in the content now.
    inside: RefCell<Listeners>,
    _listeners: Listeners,
}

impl EventPane {
    pub(super) fn new(host: &Host, own: &Own<EventsState>) -> EventPane {
        let make = &host.make;
        let mut listeners = Listeners::default();
        let content = make.element("div", "event-content").attr("aria-live", "polite");
        let close = make.button("icon", "✕", "Close the fields");
        let own = own.clone();
        listeners.on(&close, "click", move |_: Event| own.send(EventsAction::Choose(None)));
        let tools = make.element("div", "call-tools").with([&close]);
        let pane = make
            .element("aside", "event-details")
            .attr("aria-label", "Fields of an event")
            .attr("tabindex", "0")
            .with([&tools, &content]);
        EventPane {
            host: host.clone(),
            make: make.clone(),
            pane: Live::new(pane),
            content,
            shown: RefCell::default(),
            inside: RefCell::default(),
            _listeners: listeners,
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.pane.element
    }

    pub(super) fn draw(&self, details: Option<EventDetails>) {
        self.pane.show(details.is_some());
        if *self.shown.borrow() == details {
            return;
        }
        clear(&self.content);
        let mut listeners = Listeners::default();
        if let Some(details) = &details {
            self.fill(details, &mut listeners);
        }
        *self.inside.borrow_mut() = listeners;
        *self.shown.borrow_mut() = details;
    }

    fn fill(&self, details: &EventDetails, listeners: &mut Listeners) {
        let make = &self.make;
        let kind = make.text("span", "chip", details.kind.name()).attr("data-kind", details.kind.name());
        let title = make.text("strong", "call-title", &details.name);
        must(self.content.append_child(&make.element("div", "call-head").with([&kind, &title])));
        let fields = details.fields.iter().map(|(name, value)| (*name, value.as_str()));
        must(self.content.append_child(&facts(make, fields, FIELD_CHARACTERS)));
        for (label, link) in &details.links {
            let button = make.text("button", "toggle", label).attr("type", "button");
            let (panel, link) = (self.host.panel.clone(), link.clone());
            listeners.on(&button, "click", move |_: Event| panel.open(&link));
            must(self.content.append_child(&button));
        }
    }
}
