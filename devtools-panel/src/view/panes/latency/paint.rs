//! The drawings of the pane of latency, and which call is where in them.

use web_sys::CanvasRenderingContext2d;

use crate::model::{HEAT_ROWS, Latency, PERCENTILES, clock_time, milliseconds, percentile_at, share_of};
use crate::view::palette::Palette;

const FONT: &str = "11px ui-sans-serif, system-ui, sans-serif";
/// Room for the durations at the left and for what is below.
const LEFT: f64 = 58.0;
const BELOW: f64 = 20.0;
const ABOVE: f64 = 8.0;
const RIGHT: f64 = 14.0;
/// How wide a column of the heatmap is about, in CSS pixels.
const COLUMN: f64 = 7.0;
/// The most places along the curve that lead to a call.
const PLACES: usize = 200;

/// Which call a place in a drawing leads to: rectangles, the first one that is hit counts.
#[derive(Debug, Default)]
pub(super) struct Aim {
    places: Vec<(f64, f64, f64, f64, String)>,
}

impl Aim {
    /// The span id of the call at a place.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<&str> {
        let hit = |(left, top, right, bottom, _): &&(f64, f64, f64, f64, String)| {
            x >= *left && x < *right && y >= *top && y < *bottom
        };
        self.places.iter().find(hit).map(|place| place.4.as_str())
    }
}

/// The curve of percentiles: each further nine has the same width, as HdrHistogram draws it.
pub(super) fn paint_curve(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    latency: &Latency<'_>,
    (width, height): (f64, f64),
) -> Aim {
    let (wide, high) = (width - LEFT - RIGHT, height - ABOVE - BELOW);
    if wide <= 0.0 || high <= 0.0 {
        return Aim::default();
    }
    let most = latency.most().max(f64::MIN_POSITIVE);
    let x = |share: f64| LEFT + share * wide;
    let y = |value: f64| ABOVE + (1.0 - value / most) * high;
    context.set_font(FONT);
    context.set_text_baseline("middle");
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line(context, palette, (LEFT, y(part * most)), (wide, 1.0));
        label(context, palette, &milliseconds(part * most), (LEFT - 6.0, y(part * most)), "right");
    }
    for percentile in PERCENTILES.into_iter().filter(|percentile| *percentile < 100.0) {
        let at = x(share_of(percentile));
        line(context, palette, (at, ABOVE), (1.0, high));
        // p95 lies too close to p90 to have a name of its own.
        if percentile != 95.0 {
            label(context, palette, &format!("p{percentile}"), (at, height - BELOW / 2.0), "center");
        }
    }
    label(context, palette, "max", (x(1.0), height - BELOW / 2.0), "center");
    let values = latency.curve(wide as usize);
    context.begin_path();
    let step = wide / values.len().saturating_sub(1).max(1) as f64;
    for (place, value) in values.iter().enumerate() {
        context.line_to(LEFT + place as f64 * step, y(*value));
    }
    context.set_stroke_style_str(&palette.accent);
    context.set_line_width(1.5);
    context.stroke();
    let place = |number: usize| {
        let share = (number as f64 + 0.5) / PLACES as f64;
        let (left, right) = (x(number as f64 / PLACES as f64), x((number + 1) as f64 / PLACES as f64));
        let call = latency.at(percentile_at(share))?.span_id.to_owned();
        Some((left, 0.0, right + 0.01, height, call))
    };
    Aim { places: (0..PLACES).filter_map(place).collect() }
}

/// The heatmap: time across, durations in equal powers up, more calls more colour.
pub(super) fn paint_heat(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    latency: &Latency<'_>,
    (width, height): (f64, f64),
    zone_offset_minutes: f64,
) -> Aim {
    let (wide, high) = (width - LEFT - RIGHT, height - ABOVE - BELOW);
    let Some((from, to)) = latency.times().filter(|_| wide > 0.0 && high > 0.0) else {
        return Aim::default();
    };
    let columns = ((wide / COLUMN) as usize).max(1);
    let (cell_width, cell_height) = (wide / columns as f64, high / HEAT_ROWS as f64);
    let cells = latency.heat(from, to, columns);
    let most = f64::from(cells.iter().copied().max().unwrap_or(1).max(1));
    let rows = latency.rows();
    let cell_ms = (to - from) / columns as f64;
    let mut aim = Aim::default();
    context.set_fill_style_str(&palette.phases[3]);
    for (place, number) in cells.iter().enumerate().filter(|(_, number)| **number > 0) {
        let (column, row) = (place / HEAT_ROWS, place % HEAT_ROWS);
        let (left, top) = (LEFT + column as f64 * cell_width, ABOVE + high - (row + 1) as f64 * cell_height);
        // The square root, so that a single slow call is not invisible beside thousands of fast ones.
        context.set_global_alpha(0.18 + 0.82 * (f64::from(*number) / most).sqrt());
        context.fill_rect(left, top, cell_width - 0.5, cell_height - 0.5);
        let middle = from + (column as f64 + 0.5) * cell_ms;
        if let Some(call) = latency.near(middle, row, cell_ms) {
            let (right, bottom) = (left + cell_width, top + cell_height);
            aim.places.push((left, top, right, bottom, call.span_id.to_owned()));
        }
    }
    context.set_global_alpha(1.0);
    context.set_font(FONT);
    context.set_text_baseline("middle");
    for row in [0, HEAT_ROWS / 2, HEAT_ROWS] {
        let at = ABOVE + high - row as f64 * cell_height;
        line(context, palette, (LEFT, at), (wide, 1.0));
        label(context, palette, &milliseconds(rows.value(row)), (LEFT - 6.0, at), "right");
    }
    for (at, moment, align) in [(LEFT, from, "left"), (LEFT + wide, to, "right")] {
        label(context, palette, &clock_time(moment, zone_offset_minutes), (at, height - BELOW / 2.0), align);
    }
    aim
}

fn line(context: &CanvasRenderingContext2d, palette: &Palette, at: (f64, f64), size: (f64, f64)) {
    context.set_fill_style_str(&palette.line);
    context.fill_rect(at.0.round(), at.1.round(), size.0, size.1);
}

fn label(context: &CanvasRenderingContext2d, palette: &Palette, text: &str, (x, y): (f64, f64), align: &str) {
    context.set_text_align(align);
    context.set_fill_style_str(&palette.muted);
    let _ = context.fill_text(text, x, y);
    context.set_text_align("left");
}
