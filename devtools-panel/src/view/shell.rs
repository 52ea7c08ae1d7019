//! What is around the panes: name, tabs, the choice of runtime and theme, a line for what is wrong.

use wasm_bindgen::JsValue;
use web_sys::{Event, HtmlElement};

use super::dom::{Listeners, Live, Make, Told, must};
use super::host::{Host, Pane};
use super::panes::PANES;
use super::recordings::{DropTarget, NoticesView, RecordTools, ReplayBar, Welcome};
use super::settings::SettingsView;
use super::sources::SourceChoice;
use super::tab_list::{TabList, id_of};
use crate::model::{Link, Origin, Settings, Source, State, Theme};

/// The frame around the panes, and the panes, in the order of their tabs.
pub(crate) struct Shell {
    root: Live,
    settings: SettingsView,
    problem: Live,
    sources: SourceChoice,
    record: RecordTools,
    notices: NoticesView,
    replay: ReplayBar,
    welcome: Welcome,
    drop_target: DropTarget,
    tabs: TabList,
    sections: Vec<Live>,
    panes: Vec<Box<dyn Pane>>,
    _listeners: Listeners,
}

impl Shell {
    /// `docks` are the places the panel can be in.
    pub(crate) fn new(host: &Host, docks: &[String], on_close: Option<js_sys::Function>) -> Shell {
        let make = &host.make;
        let mut listeners = Listeners::default();
        let root = make.element("div", "panel");
        let tabs = TabList::new(host);
        let tools = make.element("div", "tools");
        let (sources, record) = (SourceChoice::new(host), RecordTools::new(host));
        must(tools.append_child(sources.element()));
        must(tools.append_child(record.element()));
        let settings = SettingsView::new(host, docks);
        must(tools.append_child(settings.element()));
        if let Some(on_close) = on_close {
            let close = make.button("icon", "✕", "Close the panel");
            listeners.on(&close, "click", move |_: Event| {
                must(on_close.call0(&JsValue::UNDEFINED));
            });
            must(tools.append_child(&close));
        }
        let top = make.element("header", "top").with([&brand(make), tabs.element(), &tools]);
        let problem = make.element("p", "problem").attr("role", "status");
        let (notices, replay) = (NoticesView::new(host), ReplayBar::new(host));
        let (welcome, drop_target) = (Welcome::new(host), DropTarget::new(host));
        let root = root.with([
            &top,
            notices.element(),
            replay.element(),
            &problem,
            welcome.element(),
            drop_target.element(),
        ]);
        let panes: Vec<_> = PANES.iter().map(|kind| (kind.new)(host)).collect();
        let sections = PANES.iter().zip(&panes).map(|(kind, pane)| {
            let section = section(make, kind.name, pane.element());
            must(root.append_child(&section));
            Live::new(section)
        });
        Shell {
            sections: sections.collect(),
            root: Live::new(root),
            settings,
            problem: Live::new(problem),
            sources,
            record,
            notices,
            replay,
            welcome,
            drop_target,
            tabs,
            panes,
            _listeners: listeners,
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.root.element
    }

    /// Shows the settings, and the colours that follow from them.
    pub(crate) fn draw_settings(&self, settings: &Settings, system_is_light: bool) {
        let theme = settings.theme;
        let light = theme == Theme::Light || (theme == Theme::System && system_is_light);
        self.root.attr("data-shade", if light { "light" } else { "dark" });
        self.settings.draw(settings);
    }

    /// The place of the first pane that shows what the link leads to.
    pub(crate) fn open(&self, link: &Link, source: &Source) -> Option<usize> {
        self.panes.iter().position(|pane| pane.open(link, source))
    }

    /// Another runtime is in front.
    pub(crate) fn another_source(&self, source: &Source) {
        for pane in &self.panes {
            pane.another_source(source);
        }
    }

    /// Whether a pane wants events.
    pub(crate) fn wants_events(&self, state: &State) -> bool {
        let front = state.tabs.front();
        self.panes.iter().enumerate().any(|(place, pane)| pane.wants_events(place == front))
    }

    /// Shows or hides that a file can be dropped.
    pub(crate) fn set_dropping(&self, dropping: bool) {
        self.drop_target.show(dropping);
    }

    /// Draws the pane in front.
    pub(crate) fn draw(&self, state: &State) {
        let source = state.source();
        let nothing = matches!(source.origin, Origin::Nothing);
        self.sources.draw(state);
        self.record.draw(state);
        self.notices.draw(state);
        self.replay.draw(state);
        self.welcome.show(nothing);
        self.tabs.show(!nothing);
        self.problem.show(source.problem.is_some());
        self.problem.text(source.problem.as_deref().unwrap_or_default());
        self.tabs.draw(state, &self.panes);
        let front = state.tabs.front();
        for (place, section) in self.sections.iter().enumerate() {
            section.show(place == front && !nothing);
        }
        if let (Some(pane), false) = (self.panes.get(front), nothing) {
            pane.draw(source);
        }
    }
}

fn section(make: &Make, name: &str, content: &HtmlElement) -> HtmlElement {
    let id = id_of(name);
    make.element("section", "pane")
        .attr("role", "tabpanel")
        .attr("id", &format!("pane-{id}"))
        .attr("data-pane", &id)
        .attr("aria-labelledby", &format!("tab-{id}"))
        .with([content])
}

fn brand(make: &Make) -> HtmlElement {
    let mark = make.element("span", "mark").attr("aria-hidden", "true").with([
        &make.element("i", ""),
        &make.element("i", ""),
        &make.element("i", ""),
    ]);
    make.element("div", "brand").with([&mark, &make.text("span", "brand-name", "Atelier")])
}
