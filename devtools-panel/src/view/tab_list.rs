//! The tabs: one stop of the Tab key, arrow keys between them.

use std::rc::Rc;

use web_sys::{Event, HtmlElement, KeyboardEvent};

use super::dom::{Listeners, Live, Make, Told, must};
use super::host::{Host, Pane};
use super::panes::PANES;
use crate::model::{State, Tabs, count};

/// The tabs.
pub(crate) struct TabList {
    list: Live,
    tabs: Rc<Vec<Tab>>,
    _listeners: Listeners,
}

struct Tab {
    button: Live,
    count: Live,
}

/// What a tab and its pane are called in the page.
pub(crate) fn id_of(name: &str) -> String {
    name.to_lowercase()
}

impl TabList {
    pub(crate) fn new(host: &Host) -> TabList {
        let make = &host.make;
        let mut listeners = Listeners::default();
        let list = make.element("div", "tabs").attr("role", "tablist").attr("aria-label", "Panes");
        let tabs: Rc<Vec<Tab>> = Rc::new(PANES.iter().map(|kind| tab(make, kind.name)).collect());
        for (place, tab) in tabs.iter().enumerate() {
            let panel = host.panel.clone();
            listeners.on(&tab.button.element, "click", move |_: Event| panel.choose_tab(place));
            must(list.append_child(&tab.button.element));
        }
        let (all, panel) = (tabs.clone(), host.panel.clone());
        listeners.on(&list, "keydown", move |event: KeyboardEvent| {
            let chosen =
                |tab: &Tab| tab.button.element.get_attribute("aria-selected").as_deref() == Some("true");
            let mut now = Tabs::new(PANES.iter().map(|kind| kind.name).collect());
            now.choose(all.iter().position(chosen).unwrap_or(0));
            let Some(next) = now.after_key(&event.key()) else { return };
            event.prevent_default();
            panel.choose_tab(next);
            if let Some(tab) = all.get(next) {
                must(tab.button.element.focus());
            }
        });
        TabList { list: Live::new(list), tabs, _listeners: listeners }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.list.element
    }

    /// Shows or hides all of them.
    pub(crate) fn show(&self, shown: bool) {
        self.list.show(shown);
    }

    pub(crate) fn draw(&self, state: &State, panes: &[Box<dyn Pane>]) {
        for ((place, tab), pane) in self.tabs.iter().enumerate().zip(panes) {
            let chosen = place == state.tabs.front();
            tab.button.attr("aria-selected", if chosen { "true" } else { "false" });
            tab.button.attr("tabindex", if chosen { "0" } else { "-1" });
            let number = pane.count(state.source());
            tab.count.show(number > 0);
            tab.count.text(&count(number as u64));
        }
    }
}

fn tab(make: &Make, name: &str) -> Tab {
    let id = id_of(name);
    let count = make.element("span", "tab-count");
    let button = make
        .element("button", "tab")
        .attr("type", "button")
        .attr("role", "tab")
        .attr("id", &format!("tab-{id}"))
        .attr("data-tab", &id)
        .attr("aria-controls", &format!("pane-{id}"))
        .with([&make.text("span", "", name), &count]);
    Tab { button: Live::new(button), count: Live::new(count) }
}
