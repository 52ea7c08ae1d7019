//! The button that keeps a task at the top.

use web_sys::{Event, HtmlElement};

use crate::model::{TasksAction, TasksState, cut};
use crate::view::dom::{Listeners, Live, Make, Told};
use crate::view::host::Own;

/// The button.
pub(super) struct PinButton {
    button: Live,
    _listeners: Listeners,
}

impl PinButton {
    pub(super) fn new(make: &Make, own: &Own<TasksState>, id: &str) -> PinButton {
        let button = make.element("button", "pin").attr("type", "button");
        let (own, id) = (own.clone(), id.to_owned());
        let mut listeners = Listeners::default();
        listeners.on(&button, "click", move |_: Event| own.send(TasksAction::Pin(id.clone())));
        PinButton { button: Live::new(button), _listeners: listeners }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.button.element
    }

    pub(super) fn draw(&self, pinned: bool, label: &str) {
        self.button.attr("aria-pressed", if pinned { "true" } else { "false" });
        self.button.attr("aria-label", &format!("Keep {} at the top", cut(label, 60).0));
        self.button.text(if pinned { "★" } else { "☆" });
        self.button
            .attr("title", if pinned { "Stays at the top; press to let it go" } else { "Keep at the top" });
    }
}
