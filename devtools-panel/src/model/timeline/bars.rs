//! The timeline as shapes: which bars a stretch of time shows, and what is under the pointer.

use super::super::store::{Call, CallOutcome, DEFAULT_ROWS_PER_LANE, Store};
use super::lanes::Layout;
use super::scale::Scale;

/// How wide a call's bar is at least, in CSS pixels, for the spans of its handler to be drawn in it.
const CHILDREN_FROM: f64 = 12.0;

/// A rectangle to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bar {
    /// Left edge.
    pub(crate) x: f64,
    /// Width, at least one pixel.
    pub(crate) width: f64,
    /// Top.
    pub(crate) y: f64,
    /// What it stands for.
    pub(crate) part: Part,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// Time in a phase (its place in [`crate::model::PHASES`]).
    Phase(usize),
    /// A call that did not end well; drawn over its phases.
    Ended(CallOutcome),
    /// A span that the call's handler opened; whether it failed.
    Child(bool),
}

/// The bars of the calls in sight. Calls narrower than a pixel that would lie on the one drawn before are left out,
/// unless they did not end well; so that the number of bars follows the width, not the number of calls.
pub(crate) fn bars(store: &Store, layout: &Layout, scale: Scale) -> Vec<Bar> {
    // Up to where each row of each lane is drawn.
    let mut drawn_to = vec![f64::NEG_INFINITY; store.history().lane_numbers() * DEFAULT_ROWS_PER_LANE];
    let mut bars = Vec::new();
    for call in store.history().iter() {
        // With as many calls as there are, what is decided for each has to be little.
        if call.end() < scale.from || call.bar_start() > scale.to {
            continue;
        }
        let Some(y) = layout.bar_y(call) else { continue };
        let (left, right) = scale.clip(call.bar_start(), call.end());
        let narrow = right - left < 1.5;
        if let Some(covered) = drawn_to.get_mut(call.lane * DEFAULT_ROWS_PER_LANE + call.row) {
            if narrow && call.outcome == CallOutcome::Ok && left.floor() <= *covered {
                continue;
            }
            *covered = covered.max(if narrow { left.floor() } else { (right - 0.5).floor() });
        }
        if narrow {
            // A call that was refused was in none.
            bars.extend(longest_phase(call).map(|phase| Bar {
                x: left.floor(),
                width: 1.0,
                y,
                part: Part::Phase(phase),
            }));
        } else {
            phase_bars(call, scale, y, &mut bars);
            if right - left >= CHILDREN_FROM {
                child_bars(store, call, scale, y, &mut bars);
            }
        }
        if call.outcome != CallOutcome::Ok {
            let width = (right - left).max(2.0);
            bars.push(Bar { x: left, width, y, part: Part::Ended(call.outcome) });
        }
    }
    bars
}

fn phase_bars(call: &Call, scale: Scale, y: f64, bars: &mut Vec<Bar>) {
    let start = call.bar_start();
    bars.extend(call.phases().filter(|(_, _, to)| *to > start).filter_map(|(phase, from, to)| {
        let (left, right) = scale.clip(from.max(start), to);
        (right - left > 0.05).then_some(Bar { x: left, width: right - left, y, part: Part::Phase(phase) })
    }));
}

fn child_bars(store: &Store, call: &Call, scale: Scale, y: f64, bars: &mut Vec<Bar>) {
    for child in store.handler_spans().of_call(&call.span.call_id) {
        let (left, right) = scale.clip(child.start, child.start + child.duration_ms);
        if right > left {
            let part = Part::Child(child.error.is_some());
            bars.push(Bar { x: left, width: (right - left - 0.5).max(1.0), y, part });
        }
    }
}

fn longest_phase(call: &Call) -> Option<usize> {
    let in_bar = call.phases().filter(|(_, _, to)| *to > call.bar_start());
    in_bar.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1))).map(|(phase, _, _)| phase)
}

/// The call drawn at a point, or close beside it.
pub(crate) fn call_at(store: &Store, layout: &Layout, scale: Scale, x: f64, y: f64) -> Option<u64> {
    const REACH: f64 = 3.0;
    let metrics = layout.metrics()?;
    let (group, lane) = layout.at(y)?;
    let lane = lane?;
    let row = ((y - lane.y - metrics.gap / 2.0) / (metrics.bar + metrics.gap)).max(0.0) as usize;
    let mut best: Option<(f64, u64)> = None;
    for call in store.history().iter().filter(|call| call.row == row && call.span.worker_index == lane.worker)
    {
        let (left, right) = (scale.x(call.bar_start()), scale.x(call.end()));
        let distance = (left - x).max(x - right).max(0.0);
        let closer = best.is_none_or(|(least, _)| distance <= least);
        if distance <= REACH && closer && call.span.task_id == group.task_id {
            best = Some((distance, call.number));
        }
    }
    best.map(|(_, number)| number)
}

/// Where a call's bar lies: left, right and top.
pub(crate) fn call_box(layout: &Layout, scale: Scale, call: &Call) -> Option<(f64, f64, f64)> {
    let (left, right) = scale.clip(call.bar_start(), call.end());
    Some((left, right, layout.bar_y(call)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, handler_span, span, task};
    use crate::model::timeline::lanes::{Metrics, layout};
    use atelier_telemetry::frame::SpanFrame;

    const SMALL: Metrics = Metrics { bar: 10.0, gap: 2.0, head: 20.0 };
    const SCALE: Scale = Scale { from: 0.0, to: 1000.0, width: 1000.0 };

    fn store(spans: Vec<SpanFrame>) -> Store {
        let mut store = Store::default();
        let mut frame = full(1, 1000.0, vec![task("a")]);
        frame.spans = spans;
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn a_bar_has_a_part_for_each_phase_after_the_queue() {
        let mut call = span("a", Some(0), 100.0, 100.0);
        call.phases = [Some(0.0), Some(40.0), Some(10.0), Some(45.0), Some(5.0)];
        let store = store(vec![call]);
        let layout = layout(&store, SMALL, None);
        let parts: Vec<_> =
            bars(&store, &layout, SCALE).iter().map(|bar| (bar.part, bar.x, bar.width, bar.y)).collect();
        assert_eq!(
            parts,
            [
                (Part::Phase(2), 140.0, 10.0, 22.0),
                (Part::Phase(3), 150.0, 45.0, 22.0),
                (Part::Phase(4), 195.0, 5.0, 22.0)
            ]
        );
    }

    #[test]
    fn many_small_calls_become_few_bars_and_failures_stay() {
        let mut spans: Vec<_> =
            (0..10_000).map(|at| span("a", Some(0), f64::from(at) / 10.0, 0.05)).collect();
        spans[5000].outcome = "error".to_owned();
        let store = store(spans);
        let layout = layout(&store, SMALL, None);
        let drawn = bars(&store, &layout, SCALE);
        assert!(drawn.len() <= 1010, "{} bars", drawn.len());
        assert_eq!(drawn.iter().filter(|bar| bar.part == Part::Ended(CallOutcome::Error)).count(), 1);
    }

    #[test]
    fn a_call_that_was_refused_is_drawn_as_that_and_as_no_phase() {
        let mut refused = span("a", None, 100.0, 0.0);
        refused.phases = [Some(0.0), None, None, None, None];
        refused.outcome = "rejected".to_owned();
        let store = store(vec![refused]);
        let drawn = bars(&store, &layout(&store, SMALL, None), SCALE);
        assert_eq!(
            drawn.iter().map(|bar| bar.part).collect::<Vec<_>>(),
            [Part::Ended(CallOutcome::Rejected)]
        );
    }

    #[test]
    fn calls_out_of_sight_are_left_out() {
        let store = store(vec![span("a", Some(0), -500.0, 100.0), span("a", Some(0), 1500.0, 100.0)]);
        assert_eq!(bars(&store, &layout(&store, SMALL, None), SCALE), []);
    }

    #[test]
    fn the_pointer_finds_the_call_under_it_and_close_to_it() {
        let store = store(vec![span("a", Some(0), 100.0, 50.0), span("a", Some(1), 100.0, 50.0)]);
        let layout = layout(&store, SMALL, None);
        let at = |x, y| call_at(&store, &layout, SCALE, x, y);
        assert_eq!((at(120.0, 25.0), at(152.0, 25.0), at(120.0, 40.0)), (Some(0), Some(0), Some(1)));
        assert_eq!((at(160.0, 25.0), at(120.0, 10.0), at(120.0, 500.0)), (None, None, None));
        let first = store.history().get(0).unwrap();
        assert_eq!(call_box(&layout, SCALE, first), Some((100.0, 150.0, 22.0)));
    }

    #[test]
    fn spans_of_handlers_are_drawn_where_there_is_room() {
        let mut store = store(vec![span("a", Some(0), 100.0, 50.0)]);
        let mut frame = full(2, 1000.0, vec![task("a")]);
        let mut failed = handler_span("1", 120.0, 10.0);
        failed.error = Some("no".to_owned());
        frame.handler_spans = vec![handler_span("1", 105.0, 10.0), failed];
        store.apply(frame).unwrap();
        let layout = layout(&store, SMALL, None);
        let children = |scale| {
            let all = bars(&store, &layout, scale);
            let child = |bar: &Bar| matches!(bar.part, Part::Child(_)).then_some((bar.x, bar.part));
            all.iter().filter_map(child).collect::<Vec<_>>()
        };
        assert_eq!(children(SCALE), [(105.0, Part::Child(false)), (120.0, Part::Child(true))]);
        assert_eq!(children(Scale { width: 100.0, ..SCALE }), []);
    }
}
