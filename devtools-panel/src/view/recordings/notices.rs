//! What was told and can be dismissed: recordings that are there to be saved, files that could not be opened.

use std::cell::RefCell;

use web_sys::{Event, HtmlElement};

use super::{Ask, FileAsk};
use crate::model::{Notice, State};
use crate::view::dom::{Listeners, Live, Told, clear, must};
use crate::view::host::Host;

/// The list of them, made again when it changes, which is seldom.
pub(crate) struct NoticesView {
    list: Live,
    shown: RefCell<Vec<u64>>,
    listeners: RefCell<Listeners>,
    host: Host,
}

impl NoticesView {
    pub(crate) fn new(host: &Host) -> NoticesView {
        let list = host.make.element("div", "notices").attr("role", "status");
        let (shown, listeners) = (RefCell::default(), RefCell::default());
        NoticesView { list: Live::new(list), shown, listeners, host: host.clone() }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.list.element
    }

    pub(crate) fn draw(&self, state: &State) {
        let notices = state.notices.list();
        let numbers: Vec<u64> = notices.iter().map(|(number, _)| *number).collect();
        if *self.shown.borrow() == numbers {
            return;
        }
        *self.shown.borrow_mut() = numbers;
        *self.listeners.borrow_mut() = Listeners::default();
        clear(&self.list.element);
        for (number, notice) in notices {
            must(self.list.element.append_child(&self.row(*number, notice)));
        }
    }

    fn row(&self, number: u64, notice: &Notice) -> HtmlElement {
        let make = &self.host.make;
        let (kind, text) = match notice {
            Notice::Problem(text) => ("problem", text),
            Notice::Recorded { text, .. } => ("recorded", text),
        };
        let row = make.element("div", "notice").attr("data-notice", kind);
        let row = row.with([&make.text("span", "notice-text", text)]);
        if let Notice::Recorded { file, .. } = notice {
            let save = make.button("toggle", "Save", "Save the recording’s file");
            let open = make.button("toggle", "Open here", "Open here: look at it in this panel");
            self.on(&save, Ask::File(FileAsk::Save, *file));
            self.on(&open, Ask::File(FileAsk::Open, *file));
            must(row.append_child(&save));
            must(row.append_child(&open));
        }
        let dismiss = make.button("icon", "✕", "Dismiss");
        self.on(&dismiss, Ask::Dismiss(number));
        row.with([&dismiss])
    }

    fn on(&self, button: &HtmlElement, ask: Ask) {
        let panel = self.host.panel.clone();
        self.listeners.borrow_mut().on(button, "click", move |_: Event| panel.ask(ask.clone()));
    }
}
