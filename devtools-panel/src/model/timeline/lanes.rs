//! The timeline as shapes: where lanes lie, which bars a stretch of time shows, what is under the pointer.

use std::collections::{BTreeSet, HashMap};

use super::window::Window;
use crate::model::format::clock_time;
use crate::model::store::{Call, CallOutcome, Store};

/// Sizes in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metrics {
    /// Height of a bar.
    pub(crate) bar: f64,
    /// Space between bars, and above and below them in a lane.
    pub(crate) gap: f64,
    /// Height of a task's head, where its queue is drawn.
    pub(crate) head: f64,
}

/// The sizes the panel draws with.
pub(crate) const METRICS: Metrics = Metrics { bar: 12.0, gap: 2.0, head: 30.0 };

/// Every task with its lanes, from the top down.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The tasks.
    pub(crate) groups: Vec<Group>,
    /// The height of all.
    pub(crate) height: f64,
    metrics: Option<Metrics>,
}

/// A task's lanes.
#[derive(Debug)]
pub(crate) struct Group {
    /// The task's id.
    pub(crate) task_id: String,
    /// Its name, or its id.
    pub(crate) label: String,
    /// The top of its head.
    pub(crate) y: f64,
    /// Its workers, by place; then calls that never reached one.
    pub(crate) lanes: Vec<Lane>,
}

/// One worker's calls.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The worker's place; `None` for calls that never reached one.
    pub(crate) worker: Option<u32>,
    /// Its top.
    pub(crate) y: f64,
    /// Its height.
    pub(crate) height: f64,
}

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
}

/// Where calls are on the screen: a stretch of time over a width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// The left edge, milliseconds since the Unix epoch.
    pub(crate) from: f64,
    /// The right edge.
    pub(crate) to: f64,
    /// The width in CSS pixels.
    pub(crate) width: f64,
}

impl Scale {
    /// A window over a width, while the stream is at `now`.
    pub(crate) fn of(window: &Window, now: f64, width: f64) -> Scale {
        let (from, to) = window.range(now);
        Scale { from, to, width: width.max(1.0) }
    }

    /// The place of a moment.
    pub(crate) fn x(self, moment: f64) -> f64 {
        (moment - self.from) / (self.to - self.from) * self.width
    }
}

/// Lays the lanes out: tasks in the store's order, then tasks that are gone and still have calls to show. With `only`,
/// the task of that id alone.
pub(crate) fn layout(store: &Store, metrics: Metrics, only: Option<&str>) -> Layout {
    let mut rows: HashMap<&str, Vec<(Option<u32>, usize)>> = HashMap::new();
    let mut gone = BTreeSet::new();
    for (task, worker, count) in store.history().lanes() {
        rows.entry(task).or_default().push((worker, count));
        if store.task(task).is_none() {
            gone.insert(task);
        }
    }
    let living = store.tasks().iter().map(|task| {
        let label = task.frame.task_name.as_deref().unwrap_or(&task.frame.task_id);
        let workers: Vec<u32> = task.frame.workers.iter().map(|worker| worker.index).collect();
        (task.frame.task_id.as_str(), label, workers)
    });
    let mut y = 0.0;
    let mut groups = Vec::new();
    let shown = |id: &str| only.is_none_or(|only| only == id);
    let all = living.chain(gone.into_iter().map(|id| (id, id, Vec::new())));
    for (id, label, alive) in all.filter(|(id, _, _)| shown(id)) {
        let with_calls: HashMap<Option<u32>, usize> =
            rows.remove(id).unwrap_or_default().into_iter().collect();
        let workers: BTreeSet<u32> =
            alive.into_iter().chain(with_calls.keys().filter_map(|worker| *worker)).collect();
        let never = with_calls.contains_key(&None).then_some(None);
        let top = y;
        y += metrics.head;
        let mut lanes = Vec::new();
        for worker in workers.into_iter().map(Some).chain(never) {
            let count = with_calls.get(&worker).copied().unwrap_or(1) as f64;
            let height = count * (metrics.bar + metrics.gap) + metrics.gap;
            lanes.push(Lane { worker, y, height });
            y += height;
        }
        groups.push(Group { task_id: id.to_owned(), label: label.to_owned(), y: top, lanes });
    }
    Layout { groups, height: y, metrics: Some(metrics) }
}

impl Layout {
    /// The top of a call's bar; `None` when its lane is gone.
    fn bar_y(&self, call: &Call) -> Option<f64> {
        let metrics = self.metrics?;
        let group = self.groups.iter().find(|group| group.task_id == call.span.task_id)?;
        let lane = group.lanes.iter().find(|lane| lane.worker == call.span.worker_index)?;
        Some(lane.y + metrics.gap + call.row as f64 * (metrics.bar + metrics.gap))
    }
}

/// The bars of the calls in sight. Calls narrower than a pixel that would lie on the one drawn before are left out,
/// unless they did not end well; so that the number of bars follows the width, not the number of calls.
pub(crate) fn bars(store: &Store, layout: &Layout, scale: Scale) -> Vec<Bar> {
    let mut tops: HashMap<(&str, Option<u32>), f64> = HashMap::new();
    for group in &layout.groups {
        tops.extend(group.lanes.iter().map(|lane| ((group.task_id.as_str(), lane.worker), lane.y)));
    }
    let Some(metrics) = layout.metrics else { return Vec::new() };
    let mut drawn_to: HashMap<u64, f64> = HashMap::new();
    let mut bars = Vec::new();
    for call in store.history().iter().filter(|call| call.end() >= scale.from && call.bar_start() <= scale.to)
    {
        let Some(top) = tops.get(&(call.span.task_id.as_str(), call.span.worker_index)) else { continue };
        let y = top + metrics.gap + call.row as f64 * (metrics.bar + metrics.gap);
        let (left, right) = clip(scale, call.bar_start(), call.end());
        let covered = drawn_to.entry(y.to_bits()).or_insert(f64::NEG_INFINITY);
        let narrow = right - left < 1.5;
        if narrow && call.outcome == CallOutcome::Ok && left.floor() <= *covered {
            continue;
        }
        *covered = covered.max(if narrow { left.floor() } else { (right - 0.5).floor() });
        if narrow {
            bars.push(Bar { x: left.floor(), width: 1.0, y, part: Part::Phase(longest_phase(call)) });
        } else {
            bars.extend(call.phases().filter(|(_, _, to)| *to > call.bar_start()).filter_map(
                |(phase, from, to)| {
                    let (left, right) = clip(scale, from.max(call.bar_start()), to);
                    (right - left > 0.05).then_some(Bar {
                        x: left,
                        width: right - left,
                        y,
                        part: Part::Phase(phase),
                    })
                },
            ));
        }
        if call.outcome != CallOutcome::Ok {
            let width = (right - left).max(2.0);
            bars.push(Bar { x: left, width, y, part: Part::Ended(call.outcome) });
        }
    }
    bars
}

fn clip(scale: Scale, from: f64, to: f64) -> (f64, f64) {
    (scale.x(from).max(-2.0), scale.x(to).min(scale.width + 2.0))
}

fn longest_phase(call: &Call) -> usize {
    let in_bar = call.phases().filter(|(_, _, to)| *to > call.bar_start());
    in_bar.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1))).map_or(3, |(phase, _, _)| phase)
}

/// The call drawn at a point, or close beside it.
pub(crate) fn call_at(store: &Store, layout: &Layout, scale: Scale, x: f64, y: f64) -> Option<u64> {
    const REACH: f64 = 3.0;
    let metrics = layout.metrics?;
    let (group, lane) = layout.groups.iter().find_map(|group| {
        let lane = group.lanes.iter().find(|lane| y >= lane.y && y < lane.y + lane.height)?;
        Some((group, lane))
    })?;
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
    let (left, right) = clip(scale, call.bar_start(), call.end());
    Some((left, right, layout.bar_y(call)?))
}

/// Round moments to draw lines at, with their times of day.
pub(crate) fn time_ticks(scale: Scale, zone_offset_minutes: f64) -> Vec<(f64, String)> {
    const APART: f64 = 110.0;
    let wanted = (scale.to - scale.from) * APART / scale.width.max(1.0);
    if !wanted.is_finite() || wanted <= 0.0 {
        return Vec::new();
    }
    let power = 10f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= wanted);
    // Beyond seconds, people read sixties.
    let sixties = [10_000.0, 15_000.0, 30_000.0, 60_000.0, 120_000.0, 300_000.0, 600_000.0, 1_800_000.0];
    let round =
        if wanted > 5_000.0 { sixties.into_iter().find(|step| *step >= wanted).or(step) } else { step };
    let step = round.unwrap_or(wanted);
    let first = (scale.from / step).ceil() as i64;
    let last = (scale.to / step).floor() as i64;
    (first..=last.min(first.saturating_add(100)))
        .map(|place| {
            let moment = place as f64 * step;
            let time = clock_time(moment, zone_offset_minutes);
            let shown = if step >= 1_000.0 { time[..8.min(time.len())].to_owned() } else { time };
            (scale.x(moment), shown)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};
    use atelier_telemetry::frame::{SpanFrame, WorkerFrame};

    const SMALL: Metrics = Metrics { bar: 10.0, gap: 2.0, head: 20.0 };
    const SCALE: Scale = Scale { from: 0.0, to: 1000.0, width: 1000.0 };

    fn store(spans: Vec<SpanFrame>) -> Store {
        let mut store = Store::default();
        let mut named = task("a");
        named.task_name = Some("resize".to_owned());
        named.workers = vec![WorkerFrame { index: 1, status: "ready".to_owned(), in_flight: 0 }];
        let mut frame = full(1, 1000.0, vec![named]);
        frame.spans = spans;
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn lanes_are_the_workers_alive_and_those_with_calls() {
        let store = store(vec![
            span("a", Some(0), 0.0, 10.0),
            span("a", None, 0.0, 1.0),
            span("old", Some(0), 0.0, 1.0),
        ]);
        let layout = layout(&store, SMALL, None);
        let seen: Vec<_> = layout
            .groups
            .iter()
            .map(|group| {
                (
                    group.label.as_str(),
                    group.y,
                    group.lanes.iter().map(|lane| lane.worker).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(seen, [("resize", 0.0, vec![Some(0), Some(1), None]), ("old", 62.0, vec![Some(0)])]);
        assert_eq!(layout.height, 96.0);
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
    fn ticks_are_round_and_bounded() {
        let labels: Vec<_> = time_ticks(SCALE, 0.0).into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels.first().map(String::as_str), Some("00:00:00.000"));
        assert_eq!(labels.len(), 6);
        let minutes = time_ticks(Scale { from: 0.0, to: 60_000.0, width: 700.0 }, 0.0);
        assert_eq!(minutes[1].1, "00:00:10");
        assert!(time_ticks(Scale { from: 0.0, to: 0.0, width: 0.0 }, 0.0).is_empty());
        assert!(time_ticks(Scale { from: 0.0, to: 1.0, width: 1e9 }, 0.0).len() <= 101);
    }
}
