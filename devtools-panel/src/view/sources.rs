//! The choice between runtimes and recordings.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlSelectElement};

use super::dom::{Listeners, Live, Told, clear, must};
use super::host::Host;
use crate::model::{Origin, Source, State};

/// The choice; seen where there is one.
pub(crate) struct SourceChoice {
    select: Live,
    shown: RefCell<Vec<String>>,
    host: Host,
    _listeners: Listeners,
}

impl SourceChoice {
    pub(crate) fn new(host: &Host) -> SourceChoice {
        let mut listeners = Listeners::default();
        let select = host.make.element("select", "runtime").attr("aria-label", "Runtime");
        let (panel, chosen) = (host.panel.clone(), select.clone().unchecked_into::<HtmlSelectElement>());
        listeners.on(&select, "change", move |_: Event| {
            if let Ok(place) = usize::try_from(chosen.selected_index()) {
                panel.choose_runtime(place);
            }
        });
        let (select, shown) = (Live::new(select), RefCell::default());
        SourceChoice { select, shown, host: host.clone(), _listeners: listeners }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.select.element
    }

    pub(crate) fn draw(&self, state: &State) {
        let labels: Vec<String> = state.sources().iter().map(label).collect();
        let has_recordings = state.sources().iter().any(|source| source.replay().is_some());
        self.select.show(labels.len() > 1 || has_recordings);
        let select: &HtmlSelectElement = self.select.element.unchecked_ref();
        if *self.shown.borrow() != labels {
            clear(&self.select.element);
            for (place, label) in labels.iter().enumerate() {
                let option = self.host.make.text("option", "", label).attr("value", &place.to_string());
                must(select.append_child(&option));
            }
            *self.shown.borrow_mut() = labels;
        }
        let current = i32::try_from(state.current()).unwrap_or(-1);
        if select.selected_index() != current {
            select.set_selected_index(current);
        }
    }
}

/// Its name, with a mark while it is recorded.
fn label(source: &Source) -> String {
    match &source.origin {
        Origin::Runtime { recorder } if recorder.runs() => format!("{} ● recording", source.name),
        Origin::Runtime { .. } | Origin::Recording { .. } | Origin::Nothing => source.name.clone(),
    }
}
