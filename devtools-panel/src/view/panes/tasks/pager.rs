//! Turns the pages, where there are more tasks than are shown at once.

use web_sys::{Event, HtmlElement};

use crate::model::{Direction, TaskPage, TasksAction, TasksState, count};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::Own;

/// The line below the tasks.
pub(super) struct Pager {
    line: Live,
    text: Live,
    back: Live,
    forward: Live,
}

impl Pager {
    pub(super) fn new(make: &Make, own: &Own<TasksState>, listeners: &mut Listeners) -> Pager {
        let text = make.element("span", "");
        let line = make.element("div", "more pager").with([&text]);
        let mut button = |title: &str, direction: Direction| {
            let button = make.text("button", "toggle", title).attr("type", "button");
            let own = own.clone();
            listeners.on(&button, "click", move |_: Event| own.send(TasksAction::Turn(direction)));
            must(line.append_child(&button));
            Live::new(button)
        };
        let (back, forward) = (button("‹ Before", Direction::Back), button("Next ›", Direction::Forward));
        Pager { line: Live::new(line), text: Live::new(text), back, forward }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.line.element
    }

    pub(super) fn draw(&self, page: &TaskPage<'_>) {
        let (first, shown) = (page.first, page.rows.len());
        self.line.show(shown < page.total);
        let number = |number: usize| count(number as u64);
        self.text.text(&format!(
            "Tasks {} to {} of {}; the filter finds any of them.",
            number(first + 1),
            number(first + shown),
            number(page.total)
        ));
        self.back.show(first > 0);
        self.forward.show(page.next_page().is_some());
    }
}
