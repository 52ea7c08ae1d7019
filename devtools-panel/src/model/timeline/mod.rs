//! The pane of the timeline: which stretch of time it shows of which calls, and which call is looked at.

mod bars;
mod call;
mod lanes;
mod range;
mod scale;
mod window;

pub(crate) use bars::{Bar, Part, bars, call_box};
pub(crate) use call::{BoxTold, CallCopies, CallDetails, ChildShare, describe_call};
pub(crate) use lanes::{Group, Layout, METRICS};
pub(crate) use range::{RangeSummary, summarize};
pub(crate) use scale::{Scale, time_ticks};

use super::pane::PaneState;
use super::store::Store;
use bars::call_at;
use window::Window;

/// How the timeline is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimelineState {
    /// What the timeline shows.
    pub(crate) window: Window,
    /// The task whose calls are shown, by its id; all of them when there is none.
    pub(crate) only_task: Option<String>,
    /// The call under the pointer.
    pub(crate) hovered: Option<u64>,
    /// The call whose details are shown.
    pub(crate) selected: Option<u64>,
    /// A stretch of time that was marked: from one moment to another, whichever is earlier.
    marked: Option<(f64, f64)>,
}

/// Something a user did to the timeline.
#[derive(Clone, Debug)]
pub(crate) enum TimelineAction {
    /// Switched following on or off.
    Follow(bool),
    /// Zoomed: shows `factor` times as much, around the place at `anchor` (0 to 1).
    Zoom {
        /// Below 1 is nearer.
        factor: f64,
        /// 0 is the left edge.
        anchor: f64,
    },
    /// Moved by a share of its width.
    Pan(f64),
    /// Moved the pointer over the lanes, or off them.
    Point(Option<Spot>),
    /// Pressed at a place in the lanes.
    Press(Spot),
    /// Went to the next (or the one before) of the calls.
    Step(isize),
    /// Closed the details.
    Deselect,
    /// Drags a mark over the lanes, from one place to another, both in pixels from their left edge.
    Mark {
        /// The width of the lanes.
        width: f64,
        /// Where the drag began.
        from: f64,
        /// Where it is.
        to: f64,
    },
    /// Marks from, or to, the selected call: its beginning or its end.
    MarkCall(Edge),
    /// Takes the mark away.
    Unmark,
    /// Shows the marked stretch as a whole.
    ShowMarked,
    /// Selects the call with this span id, and shows it.
    ShowCall(String),
    /// Asked for the calls of one task, or of all.
    OnlyTask(Option<String>),
    /// Scrolled or resized: only what is seen of it changes.
    Look,
}

/// An end of a marked stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Where it begins.
    Begin,
    /// Where it ends.
    End,
}

/// A point in the lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// The width of the lanes on the screen, CSS pixels.
    pub(crate) width: f64,
    /// From their left edge.
    pub(crate) x: f64,
    /// From their top, scrolled away or not.
    pub(crate) y: f64,
}

impl PaneState for TimelineState {
    type Action = TimelineAction;

    fn update(&mut self, action: TimelineAction, store: &Store) {
        let now = store.now().unwrap_or(0.0);
        match action {
            TimelineAction::Follow(follow) => self.window.set_follow(follow, now),
            TimelineAction::Zoom { factor, anchor } => self.window.zoom(factor, anchor),
            TimelineAction::Pan(share) => self.window.pan(share, now),
            TimelineAction::Point(spot) => self.hovered = spot.and_then(|spot| self.call_at(spot, store)),
            TimelineAction::Press(spot) => self.selected = self.call_at(spot, store),
            TimelineAction::Step(steps) => self.step(steps, store),
            TimelineAction::Deselect => self.selected = None,
            TimelineAction::Mark { width, from, to } => {
                let scale = self.scale(store, width);
                // What is marked must stand still to be read.
                self.window.set_follow(false, now);
                self.marked = Some((scale.moment(from), scale.moment(to)));
            }
            TimelineAction::MarkCall(edge) => self.mark_call(edge, store),
            TimelineAction::Unmark => self.marked = None,
            TimelineAction::ShowMarked => {
                if let Some((from, to)) = self.marked() {
                    self.window.show_all_of(from, to);
                }
            }
            TimelineAction::ShowCall(span_id) => self.show_call(&span_id, store),
            TimelineAction::OnlyTask(task) => self.show_only(task, store),
            TimelineAction::Look => {}
        }
    }

    fn another_store(&mut self, store: &Store) {
        *self = TimelineState { window: self.window, ..TimelineState::default() };
        self.window.set_follow(true, store.now().unwrap_or(0.0));
    }
}

impl TimelineState {
    /// The lanes that it shows.
    pub(crate) fn layout(&self, store: &Store) -> Layout {
        lanes::layout(store, METRICS, self.only_task.as_deref())
    }

    /// The stretch of time that it shows, over a width.
    pub(crate) fn scale(&self, store: &Store, width: f64) -> Scale {
        Scale::of(&self.window, store.now().unwrap_or(0.0), width)
    }

    /// The stretch of time that is marked, the earlier moment first.
    pub(crate) fn marked(&self) -> Option<(f64, f64)> {
        self.marked.map(|(one, other)| (one.min(other), one.max(other)))
    }

    fn mark_call(&mut self, edge: Edge, store: &Store) {
        let Some(call) = self.selected.and_then(|number| store.history().get(number)) else { return };
        let (start, end) = (call.span.start, call.end());
        let (from, to) = self.marked().unwrap_or((start, end));
        self.marked = Some(match edge {
            Edge::Begin => (start, to.max(start)),
            Edge::End => (from.min(end), end),
        });
    }

    fn show_call(&mut self, span_id: &str, store: &Store) {
        let Some(call) = store.history().iter().rev().find(|call| call.span.span_id == span_id) else {
            return;
        };
        if self.only_task.as_deref().is_some_and(|only| only != call.span.task_id) {
            self.only_task = None;
        }
        self.selected = Some(call.number);
        self.window.show(call.end(), store.now().unwrap_or(0.0));
    }

    fn call_at(&self, spot: Spot, store: &Store) -> Option<u64> {
        call_at(store, &self.layout(store), self.scale(store, spot.width), spot.x, spot.y)
    }

    /// Selects the call that ended `steps` after the selected one; without one, the latest. Shows it.
    fn step(&mut self, steps: isize, store: &Store) {
        let only = self.only_task.as_deref();
        let shown = |task: &str| only.is_none_or(|only| only == task);
        let mut calls = store.history().iter().filter(|call| shown(&call.span.task_id));
        let next = match self.selected {
            Some(number) if steps > 0 => {
                calls.filter(|call| call.number > number).nth(steps.unsigned_abs() - 1)
            }
            Some(number) if steps < 0 => {
                calls.rev().filter(|call| call.number < number).nth(steps.unsigned_abs() - 1)
            }
            Some(_) => None,
            None => calls.next_back(),
        };
        if let Some((number, end)) = next.map(|call| (call.number, call.end())) {
            self.selected = Some(number);
            self.window.show(end, store.now().unwrap_or(0.0));
        }
    }

    /// Shows the calls of one task only, and the latest of them if none is in sight.
    fn show_only(&mut self, task: Option<String>, store: &Store) {
        (self.hovered, self.selected) = (None, None);
        let latest = |id: &String| store.history().iter().rev().find(|call| call.span.task_id == *id);
        if let Some(end) = task.as_ref().and_then(latest).map(|call| call.end()) {
            self.window.show(end, store.now().unwrap_or(0.0));
        }
        self.only_task = task;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};

    fn store() -> Store {
        let mut store = Store::default();
        let mut frame = full(1, 10_000.0, vec![task("a"), task("b")]);
        frame.spans = vec![
            span("a", Some(0), 1_000.0, 500.0),
            span("b", Some(0), 1_000.0, 600.0),
            span("a", Some(0), 9_000.0, 500.0),
        ];
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn pressing_a_bar_selects_its_call_and_beside_it_none() {
        let (store, mut state) = (store(), TimelineState::default());
        let y = METRICS.head + METRICS.gap + 1.0;
        state.update(TimelineAction::Press(Spot { width: 1000.0, x: 925.0, y }), &store);
        assert_eq!(state.selected, Some(2));
        state.update(TimelineAction::Press(Spot { width: 1000.0, x: 500.0, y }), &store);
        assert_eq!(state.selected, None);
    }

    #[test]
    fn stepping_begins_at_the_latest_call_and_stops_at_the_ends() {
        let (store, mut state) = (store(), TimelineState::default());
        let mut selected_after = |steps| {
            state.update(TimelineAction::Step(steps), &store);
            state.selected
        };
        assert_eq!(
            [1, -1, -1, -1, 1, 1, 1].map(&mut selected_after),
            [Some(2), Some(1), Some(0), Some(0), Some(1), Some(2), Some(2)]
        );
    }

    #[test]
    fn the_calls_of_one_task_are_all_there_is_when_it_was_asked_for() {
        let (store, mut state) = (store(), TimelineState::default());
        state.update(TimelineAction::OnlyTask(Some("b".to_owned())), &store);
        let shown: Vec<_> = state.layout(&store).groups.into_iter().map(|group| group.task_id).collect();
        assert_eq!(shown, ["b"]);
        let (from, to) = state.window.range(10_000.0);
        assert!(from <= 1_600.0 && to >= 1_600.0, "its latest call is in sight: {from} to {to}");
        state.update(TimelineAction::Step(1), &store);
        state.update(TimelineAction::Step(-1), &store);
        assert_eq!(state.selected, Some(1), "no call of another task");
        state.update(TimelineAction::OnlyTask(None), &store);
        assert_eq!(state.layout(&store).groups.len(), 2);
    }

    #[test]
    fn a_mark_is_a_stretch_of_time_whichever_way_it_was_dragged() {
        let (store, mut state) = (store(), TimelineState::default());
        state.update(TimelineAction::Mark { width: 1000.0, from: 300.0, to: 100.0 }, &store);
        assert_eq!((state.marked(), state.window.follows()), (Some((1_000.0, 3_000.0)), false));
        state.update(TimelineAction::ShowMarked, &store);
        assert_eq!(state.window.range(10_000.0), (1_000.0, 3_000.0));
        state.update(TimelineAction::Unmark, &store);
        assert_eq!(state.marked(), None);
    }

    #[test]
    fn keys_mark_from_call_to_call() {
        let (store, mut state) = (store(), TimelineState::default());
        state.update(TimelineAction::ShowCall("b7ad6b7169203331".to_owned()), &store);
        assert_eq!(state.selected, Some(2), "the latest of that id");
        state.update(TimelineAction::MarkCall(Edge::End), &store);
        state.update(TimelineAction::Step(-2), &store);
        state.update(TimelineAction::MarkCall(Edge::Begin), &store);
        assert_eq!(state.marked(), Some((1_000.0, 9_500.0)));
    }

    #[test]
    fn another_runtime_has_calls_of_its_own() {
        let (store, mut state) = (store(), TimelineState::default());
        state.update(TimelineAction::Step(1), &store);
        state.update(TimelineAction::Follow(false), &store);
        state.another_store(&Store::default());
        assert_eq!((state.selected, state.window.follows()), (None, true));
    }
}
