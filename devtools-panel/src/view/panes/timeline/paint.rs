//! The timeline's drawing: time across, a lane for each worker down.

use web_sys::CanvasRenderingContext2d;

use super::paint_marks::{paint_main_thread, paint_marked, paint_marks};
use crate::model::{
    Bar, Group, Layout, METRICS, Part, Scale, Store, TimelineState, bars, call_box, time_ticks,
};
use crate::view::palette::Palette;

/// Height of the strip with the times of day.
pub(crate) const AXIS: f64 = 22.0;
pub(super) const FONT: &str = "11px ui-sans-serif, system-ui, sans-serif";
const BOLD: &str = "600 11px ui-sans-serif, system-ui, sans-serif";

/// What of the lanes is on the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Size of the canvas.
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Width of the labels at the left.
    pub(crate) gutter: f64,
    /// How far the lanes are scrolled.
    pub(crate) scrolled: f64,
    /// The page's minutes ahead of UTC.
    pub(crate) zone: f64,
}

impl View {
    /// The tasks of which something is on the screen.
    fn in_sight(self, layout: &Layout) -> &[Group] {
        let groups = &layout.groups;
        let first = groups.partition_point(|group| group.bottom(METRICS) < self.scrolled);
        let last = groups.partition_point(|group| group.y < self.scrolled + self.height);
        &groups[first.min(last)..last]
    }
}

/// Draws the timeline.
pub(crate) fn paint(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    (store, state): (&Store, &TimelineState),
    layout: &Layout,
    view: View,
) {
    let scale = state.scale(store, view.width - view.gutter);
    context.set_text_baseline("middle");
    let groups = view.in_sight(layout);
    paint_lanes(context, palette, groups, view);
    let ticks = time_ticks(scale, view.zone);
    context.set_fill_style_str(&palette.line);
    for (x, _) in &ticks {
        context.fill_rect((view.gutter + x).round(), AXIS, 1.0, view.height - AXIS);
    }
    inside(context, view, || {
        let most: Vec<Option<u64>> =
            groups.iter().map(|group| paint_queue(context, palette, store, group, scale)).collect();
        paint_main_thread(context, palette, store, layout, scale);
        paint_bars(context, palette, &bars(store, layout, scale));
        paint_marks(context, palette, store, layout, scale);
        for (group, most) in groups.iter().zip(most) {
            paint_most_queued(context, palette, group, most, scale);
        }
        paint_marked(context, palette, state, scale, view);
        for (number, width) in [(state.hovered, 1.0), (state.selected, 2.0)] {
            let Some(call) = number.and_then(|number| store.history().get(number)) else { continue };
            let Some((left, right, y)) = call_box(layout, scale, call) else { continue };
            // The wait before the bar, thin: other calls' bars lie there too.
            for (phase, from, to) in call.phases().filter(|(_, _, to)| *to <= call.bar_start()) {
                context.set_fill_style_str(&palette.phases[phase]);
                context.fill_rect(
                    scale.x(from),
                    y + METRICS.bar / 2.0 - 1.5,
                    scale.x(to) - scale.x(from),
                    3.0,
                );
            }
            context.set_stroke_style_str(&palette.text);
            context.set_line_width(width);
            context.stroke_rect(left - 1.0, y - 1.0, (right - left).max(1.0) + 2.0, METRICS.bar + 2.0);
        }
    });
    paint_labels(context, palette, (layout, groups), view);
    paint_axis(context, palette, &ticks, view);
}

/// Draws in the coordinates of the lanes, clipped to where they are.
fn inside(context: &CanvasRenderingContext2d, view: View, draw: impl FnOnce()) {
    context.save();
    context.begin_path();
    context.rect(view.gutter, AXIS, view.width - view.gutter, view.height - AXIS);
    context.clip();
    let _ = context.translate(view.gutter, AXIS - view.scrolled);
    draw();
    context.restore();
}

fn paint_lanes(context: &CanvasRenderingContext2d, palette: &Palette, groups: &[Group], view: View) {
    for group in groups {
        let top = AXIS + group.y - view.scrolled;
        context.set_fill_style_str(&palette.head);
        context.fill_rect(0.0, top, view.width, METRICS.head);
        context.set_fill_style_str(&palette.line);
        context.fill_rect(0.0, top, view.width, 1.0);
        for lane in &group.lanes {
            context.fill_rect(
                view.gutter,
                AXIS + lane.y + lane.height - view.scrolled - 0.5,
                view.width,
                0.5,
            );
        }
    }
}

/// The calls pending or waiting, as an area in the task's head. Tells how many its full height is.
fn paint_queue(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    store: &Store,
    group: &Group,
    scale: Scale,
) -> Option<u64> {
    let task = store.task(&group.task_id)?;
    let in_sight = |ts: f64| ts <= scale.to;
    let top = Some(task.samples.most_queued(scale.from, scale.to)).filter(|top| *top > 0)?;
    let (base, room) = (group.y + METRICS.head, METRICS.head - 8.0);
    let height = |queued: u64| base - queued as f64 / top as f64 * room;
    let mut last: Option<(f64, u64)> = None;
    context.begin_path();
    for sample in task.samples.iter().filter(|sample| in_sight(sample.ts)) {
        let x = scale.x(sample.ts).max(-1.0);
        context.line_to(x, last.map_or(base, |(_, queued)| height(queued)));
        context.line_to(x, height(sample.queued()));
        last = Some((x, sample.queued()));
    }
    if let Some((_, queued)) = last {
        let end = scale.x(store.now().unwrap_or(scale.to)).min(scale.width + 1.0);
        context.line_to(end, height(queued));
        context.line_to(end, base);
    }
    context.close_path();
    context.set_fill_style_str(&palette.phases[1]);
    context.set_global_alpha(0.3);
    context.fill();
    context.set_global_alpha(1.0);
    Some(top)
}

/// How many the height of a task's queue is, in words: over all else, and with a border of their own.
fn paint_most_queued(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    group: &Group,
    most: Option<u64>,
    scale: Scale,
) {
    let Some(most) = most else { return };
    let (said, x, y) = (format!("queued, at most {most}"), scale.width - 6.0, group.y + 9.0);
    context.set_font(FONT);
    context.set_text_align("right");
    context.set_line_width(4.0);
    context.set_stroke_style_str(&palette.head);
    let _ = context.stroke_text(&said, x, y);
    context.set_fill_style_str(&palette.muted);
    let _ = context.fill_text(&said, x, y);
    context.set_text_align("left");
}

fn paint_bars(context: &CanvasRenderingContext2d, palette: &Palette, bars: &[Bar]) {
    // One colour after the other: changing it is what costs.
    for (phase, color) in palette.phases.iter().enumerate() {
        context.set_fill_style_str(color);
        for bar in bars.iter().filter(|bar| bar.part == Part::Phase(phase)) {
            context.fill_rect(bar.x, bar.y, bar.width.max(0.5), METRICS.bar);
        }
    }
    for (failed, color) in [(false, &palette.surface), (true, &palette.error)] {
        context.set_fill_style_str(color);
        for bar in bars.iter().filter(|bar| bar.part == Part::Child(failed)) {
            context.fill_rect(bar.x, bar.y + METRICS.bar - 4.0, bar.width, 3.0);
        }
    }
    for bar in bars {
        if let Part::Ended(outcome) = bar.part {
            context.set_fill_style_str(palette.outcome(outcome));
            context.fill_rect(bar.x, bar.y + METRICS.bar - 5.0, bar.width, 5.0);
            // An edge of full height only where there is room: among many small calls a few failures must not look
            // like all of them.
            if bar.width >= 4.0 {
                context.fill_rect(bar.x, bar.y, 2.0, METRICS.bar);
            }
        }
    }
}

fn paint_labels(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    (layout, groups): (&Layout, &[Group]),
    view: View,
) {
    context.save();
    context.begin_path();
    context.rect(0.0, AXIS, view.gutter - 6.0, view.height - AXIS);
    context.clip();
    if let Some(y) = layout.main_thread {
        context.set_font(FONT);
        context.set_fill_style_str(&palette.muted);
        let _ = context.fill_text("main thread", 10.0, AXIS + y + 9.0 - view.scrolled);
    }
    for group in groups {
        let top = AXIS + group.y - view.scrolled;
        context.set_font(BOLD);
        context.set_fill_style_str(&palette.text);
        // The canvas lays out a text of any length; a name's beginning is all that fits.
        let label: String = group.label.chars().take(60).collect();
        let _ = context.fill_text(&label, 10.0, top + METRICS.head / 2.0 + 1.0);
        context.set_font(FONT);
        context.set_fill_style_str(&palette.muted);
        for lane in &group.lanes {
            let label =
                lane.worker.map_or_else(|| "no worker".to_owned(), |worker| format!("worker {worker}"));
            let _ = context.fill_text(&label, 10.0, AXIS + lane.y + lane.height / 2.0 - view.scrolled);
        }
    }
    context.restore();
    context.set_fill_style_str(&palette.line);
    context.fill_rect(view.gutter - 1.0, AXIS, 1.0, view.height);
}

fn paint_axis(context: &CanvasRenderingContext2d, palette: &Palette, ticks: &[(f64, String)], view: View) {
    context.set_fill_style_str(&palette.surface);
    context.fill_rect(0.0, 0.0, view.width, AXIS);
    context.set_fill_style_str(&palette.line);
    context.fill_rect(0.0, AXIS - 1.0, view.width, 1.0);
    context.set_font(FONT);
    context.set_fill_style_str(&palette.muted);
    for (x, label) in ticks {
        let x = view.gutter + x;
        // About six pixels a character: a label that would be cut is left out.
        if x > view.gutter - 4.0 && x + 6.5 * label.len() as f64 + 4.0 < view.width {
            let _ = context.fill_text(label, x + 4.0, AXIS / 2.0);
        }
    }
}
