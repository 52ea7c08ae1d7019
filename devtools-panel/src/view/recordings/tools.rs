//! The button that records the runtime in front, and the one that opens a file.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{Event, HtmlElement};

use super::Ask;
use super::open::open_button;
use crate::model::{Origin, State};
use crate::view::dom::{Listeners, Live, Told};
use crate::view::host::Host;

/// The two buttons.
pub(crate) struct RecordTools {
    element: Live,
    record: Live,
    text: Live,
    runs: Rc<Cell<bool>>,
    _listeners: Listeners,
}

impl RecordTools {
    pub(crate) fn new(host: &Host) -> RecordTools {
        let (make, mut listeners) = (&host.make, Listeners::default());
        let text = make.element("span", "record-text");
        let dot = make.element("i", "record-dot").attr("aria-hidden", "true");
        let record = make.element("button", "record").attr("type", "button").with([&dot, &text]);
        let (panel, runs) = (host.panel.clone(), Rc::new(Cell::new(false)));
        let is_running = runs.clone();
        listeners.on(&record, "click", move |_: Event| panel.ask(Ask::Record(!is_running.get())));
        let open = open_button(host, "open", "Open…", &mut listeners);
        let element = make.element("div", "record-tools").with([&record, &open]);
        let (element, record, text) = (Live::new(element), Live::new(record), Live::new(text));
        RecordTools { element, record, text, runs, _listeners: listeners }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.element.element
    }

    pub(crate) fn draw(&self, state: &State) {
        self.element.show(!matches!(state.source().origin, Origin::Nothing));
        let Origin::Runtime { recorder } = &state.source().origin else {
            self.record.show(false);
            return;
        };
        self.record.show(true);
        self.runs.set(recorder.runs());
        self.record.attr("data-state", if recorder.runs() { "running" } else { "idle" });
        self.record.attr("aria-disabled", if recorder.can_be_pressed() { "false" } else { "true" });
        let (text, label) = (recorder.text(), recorder.label());
        self.record.attr("title", &label);
        self.record.attr("aria-label", &format!("{text}: {label}"));
        self.text.text(&text);
    }
}
