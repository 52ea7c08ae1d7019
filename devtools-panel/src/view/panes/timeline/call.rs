//! The details of one call: its phases as a waterfall, its error, its facts.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Event, HtmlElement};

use super::copy::copy_row;
use super::failure;
use crate::model::{
    Call, CallCopies, CallDetails, ChildShare, Link, Store, TimelineAction, TimelineState, describe_call,
};
use crate::view::cells::{LongText, facts};
use crate::view::dom::{Listeners, Live, Make, Told, clear, must};
use crate::view::host::{Host, Own};

/// How many characters of an error, and of a fact, are shown unopened.
const ERROR_CHARACTERS: usize = 200;
const FACT_CHARACTERS: usize = 48;
/// How many characters of the name of a handler's span are shown unopened.
const CHILD_CHARACTERS: usize = 24;

/// The details beside the lanes.
pub(crate) struct CallPane {
    host: Host,
    make: Make,
    pane: Live,
    content: HtmlElement,
    held: RefCell<Option<Rc<Call>>>,
    shown: RefCell<Option<CallDetails>>,
    /// Of what is in the content now.
    inside: RefCell<Listeners>,
    _listeners: Listeners,
}

impl CallPane {
    pub(crate) fn new(host: &Host, own: &Own<TimelineState>) -> CallPane {
        let make = &host.make;
        let mut listeners = Listeners::default();
        let content = make.element("div", "call-content").attr("aria-live", "polite");
        let tools = make.element("div", "call-tools");
        let press = |text: &str, label: &str, action: TimelineAction, listeners: &mut Listeners| {
            let button = make.button("icon", text, label);
            let own = own.clone();
            listeners.on(&button, "click", move |_: Event| own.send(action.clone()));
            must(tools.append_child(&button));
        };
        press("‹", "The call that ended before", TimelineAction::Step(-1), &mut listeners);
        press("›", "The call that ended after", TimelineAction::Step(1), &mut listeners);
        press("✕", "Close the details", TimelineAction::Deselect, &mut listeners);
        let pane =
            make.element("aside", "call").attr("aria-label", "Details of a call").with([&tools, &content]);
        CallPane {
            host: host.clone(),
            make: make.clone(),
            pane: Live::new(pane),
            content,
            held: RefCell::default(),
            shown: RefCell::default(),
            inside: RefCell::default(),
            _listeners: listeners,
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.pane.element
    }

    pub(crate) fn draw(&self, store: &Store, state: &TimelineState, zone_offset_minutes: f64) {
        // It stays as long as it is looked at, though the store may need its place meanwhile.
        let before = self.held.take().filter(|call| Some(call.number) == state.selected);
        let held = state.selected.and_then(|number| store.history().share(number)).or(before);
        self.held.replace(held.clone());
        self.pane.show(held.is_some());
        let Some(call) = held.as_deref() else { return };
        let details = describe_call(store, call, zone_offset_minutes);
        self.pane.attr("data-span-id", &call.span.span_id);
        self.pane.attr("data-trace-id", &call.span.trace_id);
        self.pane.attr("data-call-id", &call.span.call_id);
        if self.shown.borrow().as_ref() != Some(&details) {
            self.fill(&details, &CallCopies::of(store, call, &details));
            *self.shown.borrow_mut() = Some(details);
        }
    }

    fn fill(&self, details: &CallDetails, copies: &CallCopies) {
        clear(&self.content);
        let title = LongText::new(&self.make, "call-title", FACT_CHARACTERS);
        title.show(&details.title);
        let outcome = self.make.text("span", "chip", &details.outcome).attr("data-state", &details.outcome);
        let head = self.make.element("div", "call-head").with([title.element(), &outcome]);
        must(self.content.append_child(&head));
        if let Some(error) = &details.error {
            let text = LongText::new(&self.make, "call-error", ERROR_CHARACTERS);
            text.show(error);
            must(self.content.append_child(text.element()));
        }
        if let Some(stack) = &details.stack {
            must(self.content.append_child(&failure::stack(&self.make, stack)));
        }
        must(self.content.append_child(&self.waterfall(details)));
        if let Some(told) = &details.black_box {
            must(self.content.append_child(&failure::black_box(&self.make, told)));
        }
        let told = details.facts.iter().map(|(name, value)| (*name, value.as_str()));
        must(self.content.append_child(&facts(&self.make, told, FACT_CHARACTERS)));
        let mut listeners = Listeners::default();
        let trace = self.make.text("button", "toggle", "Show its trace").attr("type", "button");
        let (panel, link) = (self.host.panel.clone(), Link::Trace(details.trace_id.clone()));
        listeners.on(&trace, "click", move |_: Event| panel.open(&link));
        must(self.content.append_child(&trace));
        must(self.content.append_child(&copy_row(&self.make, copies, &mut listeners)));
        *self.inside.borrow_mut() = listeners;
    }

    /// What is told of a handler's span beside its time: its error, its attributes.
    fn about_child(&self, child: &ChildShare) -> Option<HtmlElement> {
        let make = &self.make;
        let error = child.error.iter().map(|error| ("error", error.as_str()));
        let attributes = child.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let list = facts(make, error.chain(attributes), FACT_CHARACTERS);
        let cell = make.element("td", "").attr("colspan", "3").with([&list]);
        (list.child_element_count() > 0).then(|| make.element("tr", "child-about").with([&cell]))
    }

    fn waterfall(&self, details: &CallDetails) -> HtmlElement {
        let make = &self.make;
        let body = make.element("tbody", "");
        let line = |name: &HtmlElement, fill: HtmlElement, (from, share): (f64, f64), length: &str| {
            let style = fill.style();
            must(style.set_property("margin-left", &format!("{:.2}%", from * 100.0)));
            must(style.set_property("width", &format!("{:.2}%", share * 100.0)));
            let bar = make.element("td", "fall").with([&fill]);
            let row = make.element("tr", "").with([name, &bar, &make.text("td", "number", length)]);
            must(body.append_child(&row));
            row
        };
        for phase in &details.phases {
            let name = make.text("th", "", phase.name).attr("scope", "row");
            let fill = make.element("i", "").attr("data-phase", phase.name);
            line(&name, fill, (phase.from, phase.share), &phase.length).attr("data-phase", phase.name);
        }
        for child in &details.children {
            let text = LongText::new(make, "", CHILD_CHARACTERS);
            text.show(&child.name);
            let name = make.element("th", "child").attr("scope", "row").with([text.element()]);
            let outcome = if child.error.is_some() { "error" } else { "ok" };
            let fill = make.element("i", "").attr("data-child", outcome);
            line(&name, fill, (child.from, child.share), &child.length).attr("data-span", &child.name);
            if let Some(about) = self.about_child(child) {
                must(body.append_child(&about));
            }
        }
        let head = make.element("tr", "").with([
            &make.text("th", "", "Phase").attr("scope", "col"),
            &make.text("th", "", "When").attr("scope", "col"),
            &make.text("th", "number", "ms").attr("scope", "col"),
        ]);
        let head = make.element("thead", "").with([&head]);
        make.element("table", "phases").attr("aria-label", "Phases of the call").with([&head, &body])
    }
}
