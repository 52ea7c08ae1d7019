//! What is above the tasks: what they are filtered by, table or queues, and the sums.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlSelectElement};

use crate::model::{StateFilter, Store, TasksAction, TasksState, count, overview, rate};
use crate::view::cells::filter_field;
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::Own;

/// The ways to see the tasks: what a user reads, and whether it is that of queues.
const VIEWS: [(&str, bool); 2] = [("Table", false), ("Queues", true)];

/// The bar.
pub(super) struct TasksBar {
    bar: HtmlElement,
    views: Vec<(bool, Live)>,
    stats: Vec<Live>,
}

impl TasksBar {
    pub(super) fn new(make: &Make, own: &Own<TasksState>, listeners: &mut Listeners) -> TasksBar {
        let asked = own.clone();
        let words = ("Filter tasks", "Filter tasks by name or id");
        let filter = filter_field(make, words, listeners, move |text| asked.send(TasksAction::Filter(text)));
        let only = state_choice(make, own, listeners);
        let choice =
            make.element("span", "choice").attr("role", "group").attr("aria-label", "How to see the tasks");
        let views = VIEWS.map(|(title, queues)| {
            let button = make.text("button", "toggle", title).attr("type", "button");
            let own = own.clone();
            listeners.on(&button, "click", move |_: Event| own.send(TasksAction::AsQueues(queues)));
            must(choice.append_child(&button));
            (queues, Live::new(button))
        });
        let (list, stats) = stats(make);
        TasksBar {
            bar: make.element("div", "bar").with([&filter, &only, &choice, &list]),
            views: views.into(),
            stats,
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.bar
    }

    pub(super) fn draw(&self, store: &Store, state: &TasksState) {
        for (queues, button) in &self.views {
            button.attr("aria-pressed", if *queues == state.as_queues { "true" } else { "false" });
        }
        let sum = overview(store);
        let numbers = [
            rate(sum.rate),
            count(sum.in_flight),
            count(sum.queued),
            count(sum.workers),
            count(sum.failed),
            count(sum.crashed),
        ];
        for (live, text) in self.stats.iter().zip(numbers) {
            live.attr("data-zero", if text == "0" { "true" } else { "false" });
            live.text(&text);
        }
    }
}

fn state_choice(make: &Make, own: &Own<TasksState>, listeners: &mut Listeners) -> HtmlElement {
    let select = make.element("select", "runtime state-filter").attr("aria-label", "Filter tasks by state");
    for (_, title) in StateFilter::ALL {
        must(select.append_child(&make.text("option", "", title)));
    }
    let (own, chosen) = (own.clone(), select.clone().unchecked_into::<HtmlSelectElement>());
    listeners.on(&select, "change", move |_: Event| {
        let place = usize::try_from(chosen.selected_index()).unwrap_or_default();
        if let Some((state, _)) = StateFilter::ALL.get(place) {
            own.send(TasksAction::Only(*state));
        }
    });
    select
}

fn stats(make: &Make) -> (HtmlElement, Vec<Live>) {
    let list = make.element("dl", "stats").attr("aria-label", "All tasks together");
    let names = [
        ("calls/s", "rate"),
        ("in flight", "inFlight"),
        ("queued", "queued"),
        ("workers", "workers"),
        ("failed", "failed"),
        ("crashed", "crashes"),
    ];
    let numbers = names.map(|(title, name)| {
        let number = make.element("dd", "").attr("data-stat", name);
        let stat = make.element("div", "stat").with([&make.text("dt", "", title), &number]);
        must(list.append_child(&stat));
        Live::new(number)
    });
    (list, numbers.into())
}
