//! A canvas that keeps as many pixels as its screen shows.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement};

use super::dom::Make;

/// A canvas with its two-dimensional context.
pub(crate) struct Canvas {
    element: HtmlCanvasElement,
    context: Option<CanvasRenderingContext2d>,
}

impl Canvas {
    pub(crate) fn new(make: &Make, class: &str) -> Canvas {
        let element: HtmlCanvasElement = make.element("canvas", class).unchecked_into();
        let context = element.get_context("2d").ok().flatten().map(JsCast::unchecked_into);
        Canvas { element, context }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.element
    }

    /// Makes the canvas this large (CSS pixels), wipes it, and gives its context, scaled so that one unit is one CSS
    /// pixel. `None` when the browser gives no context or there is nothing to draw on.
    pub(crate) fn begin(&self, width: f64, height: f64) -> Option<&CanvasRenderingContext2d> {
        let context = self.context.as_ref()?;
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 4.0);
        let (wide, high) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
        if wide == 0 || high == 0 {
            return None;
        }
        if (self.element.width(), self.element.height()) != (wide, high) {
            self.element.set_width(wide);
            self.element.set_height(high);
            let style = self.element.style();
            let _ = style.set_property("width", &format!("{width}px"));
            let _ = style.set_property("height", &format!("{height}px"));
        }
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, width, height);
        Some(context)
    }
}
