//! The timeline's drawing besides calls: the busy main thread, moments with a mark, the stretch that a user marked.

use web_sys::CanvasRenderingContext2d;

use super::paint::{AXIS, FONT, View};
use crate::model::{Happening, Layout, METRICS, Scale, Store, TimelineState};
use crate::view::palette::Palette;

/// How far apart marks of one task are at least, in CSS pixels: closer ones are drawn as one.
const MARKS_APART: f64 = 6.0;

/// What stands for a crash, and for a call that a full queue refused.
pub(super) const CRASH_SIGN: &str = "✕";
pub(super) const FULL_SIGN: &str = "▾";

/// The long tasks of the page's main thread, in a lane above all tasks.
pub(super) fn paint_main_thread(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    store: &Store,
    layout: &Layout,
    scale: Scale,
) {
    let Some(top) = layout.main_thread else { return };
    context.set_fill_style_str(&palette.rejected);
    for task in store.long_tasks().between(scale.from, scale.to) {
        let (left, right) = scale.clip(task.start, task.end());
        context.fill_rect(left, top + METRICS.gap, (right - left).max(1.0), METRICS.bar);
    }
}

/// Crashes and refused calls, in the head of their task.
pub(super) fn paint_marks(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    store: &Store,
    layout: &Layout,
    scale: Scale,
) {
    context.set_font(FONT);
    context.set_text_align("center");
    let mut last: Option<(&str, bool, f64)> = None;
    for mark in store.marks().iter().filter(|mark| mark.ts >= scale.from && mark.ts <= scale.to) {
        let Some(group) = layout.group(&mark.task_id) else { continue };
        let (x, crash) = (scale.x(mark.ts).round(), matches!(mark.what, Happening::Crash { .. }));
        let near = |&(task, was_crash, at): &(&str, bool, f64)| {
            task == mark.task_id && was_crash == crash && x - at < MARKS_APART
        };
        if last.as_ref().is_some_and(near) {
            continue;
        }
        last = Some((&mark.task_id, crash, x));
        context.set_fill_style_str(if crash { &palette.error } else { &palette.rejected });
        let bottom = if crash { group.bottom(METRICS) } else { group.y + METRICS.head };
        context.fill_rect(x, group.y + 2.0, 1.0, bottom - group.y - 2.0);
        let _ = context.fill_text(if crash { CRASH_SIGN } else { FULL_SIGN }, x, group.y + 9.0);
    }
    context.set_text_align("left");
}

/// What is beside the stretch that a user marked goes back a little.
pub(super) fn paint_marked(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    state: &TimelineState,
    scale: Scale,
    view: View,
) {
    let Some((from, to)) = state.marked() else { return };
    let (left, right) = scale.clip(from, to);
    let (top, height) = (view.scrolled, view.height - AXIS);
    context.set_fill_style_str(&palette.head);
    context.set_global_alpha(0.65);
    context.fill_rect(0.0, top, left.max(0.0), height);
    context.fill_rect(right, top, (scale.width - right).max(0.0), height);
    context.set_global_alpha(1.0);
    context.set_fill_style_str(&palette.accent);
    context.fill_rect(left.round() - 1.0, top, 1.0, height);
    context.fill_rect(right.round(), top, 1.0, height);
}
