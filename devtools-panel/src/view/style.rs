//! The panel's style sheet, adopted by the shadow root that the panel is in.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::panes::PANES;
use super::recordings;

/// What panes share; each pane's own rules come after it.
const SHARED: [&str; 5] = [
    include_str!("theme.css"),
    include_str!("panel.css"),
    include_str!("settings.css"),
    include_str!("tables.css"),
    recordings::STYLE,
];
/// What is different on a narrow panel; last, so that it wins.
const NARROW: &str = include_str!("narrow.css");

#[wasm_bindgen]
extern "C" {
    /// A constructed style sheet: the kind that a content security policy without inline styles lets pass.
    type CSSStyleSheet;
    #[wasm_bindgen(constructor)]
    fn new() -> CSSStyleSheet;
    #[wasm_bindgen(method, js_name = replaceSync)]
    fn replace_sync(this: &CSSStyleSheet, text: &str);

    /// A document or a shadow root.
    type Styled;
    #[wasm_bindgen(method, getter, js_name = adoptedStyleSheets)]
    fn adopted(this: &Styled) -> js_sys::Array;
    #[wasm_bindgen(method, setter, js_name = adoptedStyleSheets)]
    fn set_adopted(this: &Styled, sheets: &js_sys::Array);
}

/// The style sheet of one panel; its root lets go of it when this is dropped.
pub(crate) struct Adopted {
    root: Styled,
    sheet: JsValue,
}

impl Adopted {
    /// Gives the panel's styles to the tree that `element` is in.
    pub(crate) fn around(element: &Element) -> Adopted {
        let root: Styled = element.get_root_node().unchecked_into();
        let sheet = CSSStyleSheet::new();
        let text = SHARED.into_iter().chain(PANES.iter().map(|pane| pane.style)).chain([NARROW]);
        sheet.replace_sync(&text.collect::<String>());
        let sheet: JsValue = sheet.into();
        // A new array: adopted sheets are replaced, not changed, in browsers that do not let the list itself change.
        root.set_adopted(&root.adopted().concat(&js_sys::Array::of1(&sheet)));
        Adopted { root, sheet }
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        let rest = self.root.adopted().iter().filter(|sheet| *sheet != self.sheet).collect();
        self.root.set_adopted(&rest);
    }
}
