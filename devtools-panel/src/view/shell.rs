//! What is around the panes: name, tabs, the choice of runtime and theme, a line for what is wrong.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_sys::{Event, HtmlElement, HtmlSelectElement, KeyboardEvent};

use super::delivery::DeliveryPane;
use super::dom::{Listeners, Live, Make, Told, must};
use super::send::Send;
use super::tasks::TasksPane;
use super::timeline::TimelinePane;
use crate::model::{Action, State, Tab};

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    pub(crate) fn from_name(name: &str) -> Theme {
        match name {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub(crate) fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Theme::System => "◐",
            Theme::Light => "☀",
            Theme::Dark => "☾",
        }
    }
}

/// The frame around the panes, and the panes.
pub(crate) struct Shell {
    root: Live,
    theme: Cell<Theme>,
    theme_button: Live,
    problem: Live,
    tabs: Rc<Vec<(Tab, Live)>>,
    panes: Vec<(Tab, Live)>,
    tasks: TasksPane,
    timeline: TimelinePane,
    delivery: DeliveryPane,
    _listeners: RefCell<Listeners>,
}

impl Shell {
    pub(crate) fn new(make: &Make, state: &State, send: &Send, on_close: Option<js_sys::Function>) -> Shell {
        let mut listeners = Listeners::default();
        let root = make.element("div", "panel");
        let top = make.element("header", "top").with([&brand(make)]);
        must(root.append_child(&top));
        let tabs = tab_list(make, send, &mut listeners);
        must(top.append_child(&tabs.0));
        let tools = make.element("div", "tools");
        if state.sources().len() > 1 {
            must(tools.append_child(&runtime_choice(make, state, send, &mut listeners)));
        }
        let theme_button = make.button("icon", "", "Theme");
        must(tools.append_child(&theme_button));
        if let Some(on_close) = on_close {
            let close = make.button("icon", "✕", "Close the panel");
            listeners.on(&close, "click", move |_: Event| {
                must(on_close.call0(&wasm_bindgen::JsValue::UNDEFINED));
            });
            must(tools.append_child(&close));
        }
        must(top.append_child(&tools));
        let problem = make.element("p", "problem").attr("role", "status");
        must(root.append_child(&problem));
        let (tasks, timeline) = (TasksPane::new(make, send), TimelinePane::new(make, send));
        let delivery = DeliveryPane::new(make);
        let panes = [tasks.element(), timeline.element(), delivery.element()];
        let panes = Tab::ALL.into_iter().zip(panes).map(|(tab, content)| {
            let id = tab.name().to_lowercase();
            let pane = make
                .element("section", "pane")
                .attr("role", "tabpanel")
                .attr("id", &format!("pane-{id}"))
                .attr("data-pane", &id)
                .attr("aria-labelledby", &format!("tab-{id}"))
                .with([content]);
            must(root.append_child(&pane));
            (tab, Live::new(pane))
        });
        Shell {
            panes: panes.collect(),
            root: Live::new(root),
            theme: Cell::new(Theme::System),
            theme_button: Live::new(theme_button),
            problem: Live::new(problem),
            tabs: tabs.1,
            tasks,
            timeline,
            delivery,
            _listeners: RefCell::new(listeners),
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.root.element
    }

    pub(crate) fn theme_button(&self) -> &HtmlElement {
        &self.theme_button.element
    }

    pub(crate) fn theme(&self) -> Theme {
        self.theme.get()
    }

    pub(crate) fn set_theme(&self, theme: Theme, system_is_light: bool) {
        self.theme.set(theme);
        let light = theme == Theme::Light || (theme == Theme::System && system_is_light);
        self.root.attr("data-shade", if light { "light" } else { "dark" });
        self.theme_button.text(theme.icon());
        let label = format!("Theme: {}. Press for {}.", theme.name(), theme.next().name());
        self.theme_button.attr("aria-label", &label);
        self.theme_button.attr("title", &label);
    }

    /// Draws the pane in front.
    pub(crate) fn draw(&self, state: &State) {
        let problem = state.source().problem.as_deref();
        self.problem.show(problem.is_some());
        self.problem.text(problem.unwrap_or_default());
        for (tab, button) in self.tabs.iter() {
            let chosen = *tab == state.tab;
            button.attr("aria-selected", if chosen { "true" } else { "false" });
            button.attr("tabindex", if chosen { "0" } else { "-1" });
        }
        for (tab, pane) in &self.panes {
            pane.show(*tab == state.tab);
        }
        match state.tab {
            Tab::Tasks => self.tasks.draw(state),
            Tab::Timeline => self.timeline.draw(state),
            Tab::Delivery => self.delivery.draw(state),
        }
    }
}

fn brand(make: &Make) -> HtmlElement {
    let mark = make.element("span", "mark").attr("aria-hidden", "true").with([
        &make.element("i", ""),
        &make.element("i", ""),
        &make.element("i", ""),
    ]);
    make.element("div", "brand").with([&mark, &make.text("span", "brand-name", "Atelier")])
}

/// The tabs: one stop of the Tab key, arrow keys between them.
fn tab_list(make: &Make, send: &Send, listeners: &mut Listeners) -> (HtmlElement, Rc<Vec<(Tab, Live)>>) {
    let list = make.element("div", "tabs").attr("role", "tablist").attr("aria-label", "Panes");
    let mut tabs = Vec::new();
    for tab in Tab::ALL {
        let id = tab.name().to_lowercase();
        let button = make
            .text("button", "tab", tab.name())
            .attr("type", "button")
            .attr("role", "tab")
            .attr("id", &format!("tab-{id}"))
            .attr("data-tab", &id)
            .attr("aria-controls", &format!("pane-{id}"));
        let chosen = send.clone();
        listeners.on(&button, "click", move |_: Event| chosen(Action::Tab(tab)));
        must(list.append_child(&button));
        tabs.push((tab, Live::new(button)));
    }
    let tabs = Rc::new(tabs);
    let (all, send) = (tabs.clone(), send.clone());
    listeners.on(&list, "keydown", move |event: KeyboardEvent| {
        let current = all
            .iter()
            .find(|(_, button)| button.element.get_attribute("aria-selected").as_deref() == Some("true"));
        let Some(current) = current.map(|(tab, _)| *tab) else { return };
        let next = match event.key().as_str() {
            "ArrowRight" => current.step(1),
            "ArrowLeft" => current.step(-1),
            "Home" => Tab::Tasks,
            "End" => Tab::Delivery,
            _ => return,
        };
        event.prevent_default();
        send(Action::Tab(next));
        if let Some((_, button)) = all.iter().find(|(tab, _)| *tab == next) {
            must(button.element.focus());
        }
    });
    (list, tabs)
}

fn runtime_choice(make: &Make, state: &State, send: &Send, listeners: &mut Listeners) -> HtmlElement {
    let select = make.element("select", "runtime").attr("aria-label", "Runtime");
    for (place, source) in state.sources().iter().enumerate() {
        must(select.append_child(&make.text("option", "", &source.name).attr("value", &place.to_string())));
    }
    let send = send.clone();
    let chosen: HtmlSelectElement = wasm_bindgen::JsCast::unchecked_into(select.clone());
    listeners.on(&select, "change", move |_: Event| {
        if let Ok(place) = usize::try_from(chosen.selected_index()) {
            send(Action::Runtime(place));
        }
    });
    select
}
