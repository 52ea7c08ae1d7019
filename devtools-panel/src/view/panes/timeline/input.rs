//! What the pointer, the wheel and the keys do to the timeline.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{HtmlElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::gutter;
use super::paint::AXIS;
use crate::model::{Edge, Spot, TimelineAction, TimelineState};
use crate::view::dom::Listeners;
use crate::view::host::Own;

/// How far the pointer must go, in CSS pixels, for a press to become a drag.
const DRAG_FROM: f64 = 4.0;

/// A press of the pointer's button.
#[derive(Clone, Copy)]
struct Press {
    /// Where it began, in pixels of the window.
    begun: f64,
    /// Where it last was.
    last: f64,
    /// Whether it became a drag.
    dragged: bool,
    /// Whether it marks a stretch of time instead of moving through it.
    marks: bool,
}

/// The canvas, and what scrolls it.
#[derive(Clone)]
struct Lanes {
    canvas: HtmlElement,
    scroller: HtmlElement,
}

impl Lanes {
    /// Width of the lanes, and where their left edge is in the window.
    fn across(&self) -> (f64, f64) {
        let bounds = self.canvas.get_bounding_client_rect();
        let gutter = gutter(bounds.width());
        ((bounds.width() - gutter).max(1.0), bounds.left() + gutter)
    }

    /// Where in the lanes a pointer is; `None` over the labels and the times.
    fn spot(&self, event: &PointerEvent) -> Option<Spot> {
        let (width, left) = self.across();
        let x = f64::from(event.client_x()) - left;
        let y = f64::from(event.client_y()) - self.canvas.get_bounding_client_rect().top();
        let scrolled = f64::from(self.scroller.scroll_top());
        (x >= 0.0 && y >= AXIS).then_some(Spot { width, x, y: y - AXIS + scrolled })
    }
}

/// A drag moves through time, with Shift it marks a stretch of it; a press chooses a call.
pub(super) fn listen_to_pointer(
    canvas: &HtmlElement,
    scroller: &HtmlElement,
    own: &Own<TimelineState>,
    listeners: &mut Listeners,
) {
    let lanes = Lanes { canvas: canvas.clone(), scroller: scroller.clone() };
    let press: Rc<Cell<Option<Press>>> = Rc::default();
    let begun = press.clone();
    listeners.on(canvas, "pointerdown", move |event: PointerEvent| {
        if event.button() == 0 {
            let x = event.client_x().into();
            begun.set(Some(Press { begun: x, last: x, dragged: false, marks: event.shift_key() }));
        }
    });
    let (dragging, moved, over) = (press.clone(), own.clone(), lanes.clone());
    listeners.on(canvas, "pointermove", move |event: PointerEvent| {
        let x = f64::from(event.client_x());
        match dragging.get() {
            Some(press) if press.dragged || (x - press.begun).abs() >= DRAG_FROM => {
                let (width, left) = over.across();
                // Without the capture the drag ends at the canvas's edge, nothing worse.
                let _ = over.canvas.set_pointer_capture(event.pointer_id());
                dragging.set(Some(Press { last: x, dragged: true, ..press }));
                moved.send(if press.marks {
                    TimelineAction::Mark { width, from: press.begun - left, to: x - left }
                } else {
                    TimelineAction::Pan((press.last - x) / width)
                });
            }
            Some(_) => {}
            None => moved.send(TimelineAction::Point(over.spot(&event))),
        }
    });
    let (ended, pressed) = (press.clone(), own.clone());
    listeners.on(canvas, "pointerup", move |event: PointerEvent| {
        let press = ended.take().filter(|press| !press.dragged);
        if let (Some(_), Some(spot)) = (press, lanes.spot(&event)) {
            pressed.send(TimelineAction::Press(spot));
        }
    });
    let (lost, left) = (press, own.clone());
    listeners.on(canvas, "pointercancel", move |_: PointerEvent| lost.set(None));
    listeners.on(canvas, "pointerleave", move |_: PointerEvent| left.send(TimelineAction::Point(None)));
}

/// The wheel alone scrolls, as everywhere; with Control (or the pinch of a touchpad) it zooms to the pointer, sideways
/// (or with Shift) it moves through time.
pub(super) fn listen_to_wheel_and_keys(
    canvas: &HtmlElement,
    own: &Own<TimelineState>,
    listeners: &mut Listeners,
) {
    let (wheel, lanes) = (own.clone(), Lanes { canvas: canvas.clone(), scroller: canvas.clone() });
    listeners.on(canvas, "wheel", move |event: WheelEvent| {
        let (width, left) = lanes.across();
        let sideways = if event.shift_key() { event.delta_x() + event.delta_y() } else { event.delta_x() };
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            let anchor = (f64::from(event.client_x()) - left) / width;
            wheel.send(TimelineAction::Zoom { factor: (event.delta_y() * 0.002).exp(), anchor });
        } else if event.shift_key() || sideways.abs() > event.delta_y().abs() {
            event.prevent_default();
            wheel.send(TimelineAction::Pan(sideways / width));
        }
    });
    let keys = own.clone();
    listeners.on(canvas, "keydown", move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if let Some(action) = keys.read(|state| of_key(&event.key(), state)) {
            event.prevent_default();
            keys.send(action);
        }
    });
}

fn of_key(key: &str, state: &TimelineState) -> Option<TimelineAction> {
    Some(match key {
        "ArrowRight" => TimelineAction::Step(1),
        "ArrowLeft" => TimelineAction::Step(-1),
        "+" | "=" => TimelineAction::Zoom { factor: 0.5, anchor: 0.5 },
        "-" => TimelineAction::Zoom { factor: 2.0, anchor: 0.5 },
        "a" | "A" => TimelineAction::Pan(-0.25),
        "d" | "D" => TimelineAction::Pan(0.25),
        "f" | "F" => TimelineAction::Follow(!state.window.follows()),
        "[" => TimelineAction::MarkCall(Edge::Begin),
        "]" => TimelineAction::MarkCall(Edge::End),
        "z" | "Z" => TimelineAction::ShowMarked,
        "Escape" if state.selected.is_some() => TimelineAction::Deselect,
        "Escape" => TimelineAction::Unmark,
        _ => return None,
    })
}
