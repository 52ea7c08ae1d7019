//! The pane of events: the raw stream, the newest on top, with filters, and one event in all its fields.

mod details;
mod list;

use std::cell::Cell;

use web_sys::{Event, HtmlElement};

use crate::model::{EventKind, EventsAction, EventsState, Source};
use crate::view::cells::{empty_state, filter_field};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::{Host, Own, Pane};
use details::EventPane;
use list::EventList;

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("events.css");

/// The pane.
pub(crate) struct EventsPane {
    own: Own<EventsState>,
    pane: HtmlElement,
    pause: Live,
    kinds: Vec<(EventKind, Live)>,
    shown: Live,
    paused: Live,
    lost: Live,
    body: Live,
    list: EventList,
    details: EventPane,
    waits: Live,
    empty: Live,
    no_match: Live,
    /// Whether it was ever in front: before that, nobody wants events.
    opened: Cell<bool>,
    _listeners: Listeners,
}

impl EventsPane {
    pub(crate) fn new(host: &Host) -> EventsPane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let pause = make
            .text("button", "toggle event-pause", "Pause")
            .attr("type", "button")
            .attr("title", "Whether the list stands still; what comes meanwhile is counted (P)");
        let (asked, pressed) = (own.clone(), pause.clone());
        listeners.on(&pause, "click", move |_: Event| {
            let paused = pressed.get_attribute("aria-pressed").as_deref() == Some("true");
            asked.send(EventsAction::Pause(!paused));
        });
        let kinds =
            EventKind::ALL.map(|kind| (kind, Live::new(kind_button(make, kind, &own, &mut listeners))));
        let group =
            make.element("div", "event-kinds").attr("role", "group").attr("aria-label", "Kinds of events");
        for (_, button) in &kinds {
            must(group.append_child(&button.element));
        }
        let (of_task, of_text): (Own<EventsState>, Own<EventsState>) = (own.clone(), own.clone());
        let words = ("Task", "Filter events by the id or name of their task");
        let task =
            filter_field(make, words, &mut listeners, move |text| of_task.send(EventsAction::Task(text)));
        let words = ("Filter text", "Filter events by any text in them");
        let text =
            filter_field(make, words, &mut listeners, move |text| of_text.send(EventsAction::Text(text)));
        let filters = make.element("div", "event-filters").with([&task, &text]);
        let shown = make.element("span", "about event-count");
        let bar = make.element("div", "bar").with([&pause, &group, &filters, &shown]);
        let paused = make.element("span", "event-paused");
        let lost = make.element("span", "event-lost");
        let notes = make.element("div", "event-notes").with([&paused, &lost]);
        let (list, details) = (EventList::new(make, &own), EventPane::new(host, &own));
        let body = make.element("div", "event-body").with([list.element(), details.element()]);
        let waits = empty_state(
            make,
            "No events in this stream yet",
            "They are gathered while this pane is open and until it is paused and left; nothing was gathered before.",
        );
        let empty = empty_state(
            make,
            "No events yet",
            "An event appears here when something is counted or measured, or when a call or a trace ends. Calls and \
             traces come while observability.spans is on, all others while observability.metrics is.",
        );
        let no_match =
            empty_state(make, "No event matches", "Press a kind, or clear a filter, to see more of them.");
        EventsPane {
            own,
            pane: make.element("div", "fill").with([&bar, &notes, &body, &waits, &empty, &no_match]),
            pause: Live::new(pause),
            kinds: kinds.into(),
            shown: Live::new(shown),
            paused: Live::new(paused),
            lost: Live::new(lost),
            body: Live::new(body),
            list,
            details,
            waits: Live::new(waits),
            empty: Live::new(empty),
            no_match: Live::new(no_match),
            opened: Cell::new(false),
            _listeners: listeners,
        }
    }

    fn draw_events(&self, source: &Source, state: &EventsState) {
        let store = &source.store;
        let zone = -js_sys::Date::new_0().get_timezone_offset();
        self.pause.attr("aria-pressed", pressed(state.is_paused()));
        for (kind, button) in &self.kinds {
            button.attr("aria-pressed", pressed(state.filter().has_kind(*kind)));
        }
        self.shown.text(&state.told_shown(store));
        let (paused, lost) = (state.told_paused(store, zone), state.told_lost(store));
        for (live, told) in [(&self.paused, paused), (&self.lost, lost)] {
            live.show(told.is_some());
            live.text(told.as_deref().unwrap_or_default());
        }
        let chosen = state.chosen(zone);
        let (none, narrow) = (state.len() == 0, state.filter().is_narrow());
        let told = store.events().were_told();
        self.body.show(!none || chosen.is_some());
        self.waits.show(none && !narrow && !told);
        self.empty.show(none && !narrow && told);
        self.no_match.show(none && narrow);
        self.list.draw(state, chosen.as_ref().map(|it| it.number), zone);
        self.details.draw(chosen);
    }
}

impl Pane for EventsPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        self.opened.set(true);
        self.own.update(EventsAction::Look, &source.store);
        self.own.read(|state| self.draw_events(source, state));
    }

    fn wants_events(&self, in_front: bool) -> bool {
        in_front || (self.opened.get() && !self.own.read(EventsState::is_paused))
    }

    fn another_source(&self, source: &Source) {
        self.own.another_store(&source.store);
        self.list.to_top();
    }
}

fn pressed(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

fn kind_button(
    make: &Make,
    kind: EventKind,
    own: &Own<EventsState>,
    listeners: &mut Listeners,
) -> HtmlElement {
    let button =
        make.text("button", "toggle", kind.name()).attr("type", "button").attr("data-kind", kind.name());
    let own = own.clone();
    listeners.on(&button, "click", move |_: Event| own.send(EventsAction::Kind(kind)));
    button
}
