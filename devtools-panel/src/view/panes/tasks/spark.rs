//! A sparkline: the shape of the last seconds.

use std::cell::RefCell;

use web_sys::HtmlElement;

use crate::view::canvas::Canvas;
use crate::view::dom::Make;
use crate::view::palette::Palette;

const WIDTH: f64 = 64.0;
const HEIGHT: f64 = 18.0;

/// A small chart without axes.
pub(crate) struct Spark {
    canvas: Canvas,
    drawn: RefCell<(Vec<f64>, String)>,
}

impl Spark {
    pub(crate) fn new(make: &Make) -> Spark {
        let canvas = Canvas::new(make, "spark");
        let _ = canvas.element().set_attribute("aria-hidden", "true");
        Spark { canvas, drawn: RefCell::default() }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        self.canvas.element()
    }

    pub(crate) fn draw(&self, values: &[f64], palette: &Palette) {
        let wanted = (values.to_vec(), palette.accent.clone());
        if *self.drawn.borrow() == wanted {
            return;
        }
        *self.drawn.borrow_mut() = wanted;
        let Some(context) = self.canvas.begin(WIDTH, HEIGHT) else { return };
        let top = values.iter().copied().fold(0.0, f64::max);
        let step = WIDTH / values.len().saturating_sub(1).max(1) as f64;
        let y =
            |value: f64| if top > 0.0 { HEIGHT - 1.5 - value / top * (HEIGHT - 4.0) } else { HEIGHT - 1.5 };
        context.begin_path();
        for (place, value) in values.iter().enumerate() {
            context.line_to(place as f64 * step, y(*value));
        }
        context.set_stroke_style_str(if top > 0.0 { &palette.accent } else { &palette.line });
        context.set_line_width(1.25);
        context.stroke();
        if top > 0.0 {
            context.line_to(WIDTH, HEIGHT);
            context.line_to(0.0, HEIGHT);
            context.set_global_alpha(0.15);
            context.set_fill_style_str(&palette.accent);
            context.fill();
            context.set_global_alpha(1.0);
        }
    }
}
