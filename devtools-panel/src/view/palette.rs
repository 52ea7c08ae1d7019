//! The style sheet's colours, for the canvas.

use wasm_bindgen::JsValue;
use web_sys::{CssStyleDeclaration, Element};

use super::dom::must;
use crate::model::CallOutcome;

/// Colours as the canvas takes them.
#[derive(Clone, Debug)]
pub(crate) struct Palette {
    pub(crate) text: String,
    pub(crate) muted: String,
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) surface: String,
    pub(crate) accent: String,
    pub(crate) phases: [String; 5],
    pub(crate) error: String,
    pub(crate) canceled: String,
    pub(crate) rejected: String,
}

impl Palette {
    /// The colours in force at an element; `None` when it is not in a document.
    pub(crate) fn of(element: &Element) -> Option<Palette> {
        let style = must(web_sys::window()?.get_computed_style(element))?;
        let read = |name: &str| -> String { property(&style, name) };
        Some(Palette {
            text: read("--atelier-text"),
            muted: read("--atelier-muted"),
            line: read("--atelier-line"),
            head: read("--atelier-raised"),
            surface: read("--atelier-surface"),
            accent: read("--atelier-accent"),
            phases: [
                "--atelier-admission",
                "--atelier-queue",
                "--atelier-delivery",
                "--atelier-run",
                "--atelier-reply",
            ]
            .map(read),
            error: read("--atelier-error"),
            canceled: read("--atelier-canceled"),
            rejected: read("--atelier-rejected"),
        })
    }

    /// The colour of an end.
    pub(crate) fn outcome(&self, outcome: CallOutcome) -> &str {
        match outcome {
            CallOutcome::Ok => &self.phases[3],
            CallOutcome::Error => &self.error,
            CallOutcome::Canceled => &self.canceled,
            CallOutcome::Rejected => &self.rejected,
        }
    }
}

fn property(style: &CssStyleDeclaration, name: &str) -> String {
    style.get_property_value(name).map_err(|_: JsValue| ()).unwrap_or_default().trim().to_owned()
}
