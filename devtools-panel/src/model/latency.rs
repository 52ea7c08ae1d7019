//! The pane of latency: how long calls take, as a percentile curve and as a heatmap over time.

use super::pane::PaneState;
use super::store::{Call, PHASES, Store};

/// How many calls are looked at, at most: the latest ones.
pub(crate) const DEFAULT_LATENCY_CALLS: usize = 20_000;
/// Rows of the heatmap.
pub(crate) const HEAT_ROWS: usize = 28;
/// The percentiles that are told as numbers, as HdrHistogram's users know them.
pub(crate) const PERCENTILES: [f64; 6] = [50.0, 90.0, 95.0, 99.0, 99.9, 100.0];
/// How many nines the curve goes to: 99.99 %.
pub(crate) const MOST_NINES: f64 = 4.0;

/// What is measured of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Measured {
    /// From the call to its settlement.
    #[default]
    Whole,
    /// One phase, by its place in [`PHASES`].
    Phase(usize),
}

impl Measured {
    /// All there is, in the order it is offered.
    pub(crate) fn all() -> impl Iterator<Item = Measured> {
        std::iter::once(Measured::Whole).chain((0..PHASES.len()).map(Measured::Phase))
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Measured::Whole => "whole call",
            Measured::Phase(phase) => PHASES[phase.min(PHASES.len() - 1)],
        }
    }

    fn of(self, call: &Call) -> Option<f64> {
        match self {
            Measured::Whole => Some(call.span.duration_ms),
            Measured::Phase(phase) => call.span.phases.get(phase).copied().flatten(),
        }
    }
}

/// How latency is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct LatencyState {
    /// The task whose calls are measured, by its id; those of all tasks when there is none.
    pub(crate) task: Option<String>,
    /// What is measured.
    pub(crate) measured: Measured,
}

/// Something a user did to it.
#[derive(Clone, Debug)]
pub(crate) enum LatencyAction {
    /// Chose a task, by its id, or all.
    Task(Option<String>),
    /// Chose what is measured, by its place in [`Measured::all`].
    Measured(usize),
    /// Resized: only what is drawn changes.
    Look,
}

impl PaneState for LatencyState {
    type Action = LatencyAction;

    fn update(&mut self, action: LatencyAction, _store: &Store) {
        match action {
            LatencyAction::Task(task) => self.task = task,
            LatencyAction::Measured(place) => self.measured = Measured::all().nth(place).unwrap_or_default(),
            LatencyAction::Look => {}
        }
    }

    fn another_store(&mut self, _store: &Store) {
        self.task = None;
    }
}

/// One call as it is measured here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point<'a> {
    /// How long, milliseconds.
    pub(crate) value: f64,
    /// When the call ended, milliseconds since the Unix epoch.
    pub(crate) ts: f64,
    /// The call's span.
    pub(crate) span_id: &'a str,
}

/// The calls measured, the shortest first.
#[derive(Debug, Default)]
pub(crate) struct Latency<'a> {
    points: Vec<Point<'a>>,
}

/// Measures the latest calls.
pub(crate) fn measure<'a>(store: &'a Store, state: &LatencyState) -> Latency<'a> {
    let shown = |task: &str| state.task.as_deref().is_none_or(|only| only == task);
    let calls = store.history().iter().rev().filter(|call| shown(&call.span.task_id));
    let point = |call: &'a Call| {
        let value = state.measured.of(call)?;
        Some(Point { value, ts: call.end(), span_id: call.span.span_id.as_str() })
    };
    let mut points: Vec<_> = calls.filter_map(point).take(DEFAULT_LATENCY_CALLS).collect();
    points.sort_by(|a, b| a.value.total_cmp(&b.value));
    Latency { points }
}

impl<'a> Latency<'a> {
    /// How many calls.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there may be more calls, older ones, that were not looked at.
    pub(crate) fn is_of_latest_only(&self) -> bool {
        self.points.len() >= DEFAULT_LATENCY_CALLS
    }

    /// The call at a percentile, 0 to 100 (nearest rank).
    pub(crate) fn at(&self, percentile: f64) -> Option<Point<'a>> {
        // What a division leaves behind the comma must not lead to the next call.
        const NOISE: f64 = 1e-6;
        let rank = (percentile.clamp(0.0, 100.0) / 100.0 * self.points.len() as f64 - NOISE).ceil() as usize;
        self.points.get(rank.saturating_sub(1)).copied()
    }

    /// The longest, milliseconds.
    pub(crate) fn most(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.value)
    }

    /// When the first and the last of them ended; `None` without calls. Never the same moment.
    pub(crate) fn times(&self) -> Option<(f64, f64)> {
        let ends = self.points.iter().map(|point| point.ts);
        let (first, last) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), ts| (first.min(ts), last.max(ts)));
        (!self.points.is_empty()).then_some((first, last.max(first + 1.0)))
    }

    /// The curve as values at `steps` places from the left to the right edge, where each further nine has the same
    /// width.
    pub(crate) fn curve(&self, steps: usize) -> Vec<f64> {
        let share = |step: usize| step as f64 / steps.saturating_sub(1).max(1) as f64;
        (0..steps).filter_map(|step| Some(self.at(percentile_at(share(step)))?.value)).collect()
    }

    /// How many calls ended in each of `columns` equal parts of the time from `from` to `to`, by how long they took: the
    /// rows are powers from the shortest to the longest. Column after column, each from the shortest up.
    pub(crate) fn heat(&self, from: f64, to: f64, columns: usize) -> Vec<u32> {
        let mut cells = vec![0_u32; columns * HEAT_ROWS];
        let rows = self.rows();
        for point in &self.points {
            let column = (point.ts - from) / (to - from) * columns as f64;
            if !(column >= 0.0 && column <= columns as f64) {
                continue;
            }
            let place = (column as usize).min(columns.saturating_sub(1)) * HEAT_ROWS + rows.of(point.value);
            if let Some(cell) = cells.get_mut(place) {
                *cell += 1;
            }
        }
        cells
    }

    /// Which durations the heatmap's rows stand for.
    pub(crate) fn rows(&self) -> Rows {
        let least = self.points.iter().map(|point| point.value).find(|&value| value > 0.0);
        let least = least.unwrap_or(0.01).max(0.001);
        Rows { least: least.ln(), most: self.most().max(least * 1.01).ln() }
    }

    /// The call that is closest to a duration among those that ended close to a moment; how close is counted in cells of
    /// `cell_ms`.
    pub(crate) fn near(&self, ts: f64, row: usize, cell_ms: f64) -> Option<Point<'a>> {
        let rows = self.rows();
        let in_cell = |point: &&Point<'_>| (point.ts - ts).abs() <= cell_ms && rows.of(point.value) == row;
        self.points
            .iter()
            .filter(in_cell)
            .min_by(|a, b| (a.ts - ts).abs().total_cmp(&(b.ts - ts).abs()))
            .copied()
    }
}

/// Durations as rows of the heatmap, in equal powers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    least: f64,
    most: f64,
}

impl Rows {
    /// The row of a duration.
    pub(crate) fn of(self, value: f64) -> usize {
        let share = (value.max(f64::MIN_POSITIVE).ln() - self.least) / (self.most - self.least);
        ((share * HEAT_ROWS as f64).max(0.0) as usize).min(HEAT_ROWS - 1)
    }

    /// The duration at a row's lower edge, milliseconds.
    pub(crate) fn value(self, row: usize) -> f64 {
        (self.least + (self.most - self.least) * row as f64 / HEAT_ROWS as f64).exp()
    }
}

/// The percentile at a share of the curve's width: 0 at the left edge, 90 after one nine, 99 after two.
pub(crate) fn percentile_at(share: f64) -> f64 {
    100.0 * (1.0 - 10f64.powf(-share.clamp(0.0, 1.0) * MOST_NINES))
}

/// Where a percentile is, as a share of the curve's width.
pub(crate) fn share_of(percentile: f64) -> f64 {
    (-(1.0 - percentile / 100.0).max(1e-9).log10() / MOST_NINES).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};

    fn store() -> Store {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a"), task("b")]);
        // 1 to 1000 ms, in an order of their own; each call has its number as its span's id.
        frame.spans = (1..=1000u64)
            .map(|at| {
                let value = at * 10 % 1001;
                let mut call = span("a", Some(0), 0.0, value as f64);
                call.span_id = value.to_string();
                call
            })
            .collect();
        frame.spans.push(span("b", Some(0), 0.0, 5_000.0));
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn percentiles_are_calls_of_that_length() {
        let (store, mut state) = (store(), LatencyState::default());
        state.update(LatencyAction::Task(Some("a".to_owned())), &store);
        let latency = measure(&store, &state);
        let seen: Vec<_> = PERCENTILES
            .into_iter()
            .map(|percentile| latency.at(percentile).map(|point| (point.value, point.span_id)))
            .collect();
        let expected = [500, 900, 950, 990, 999, 1000].map(|value| (f64::from(value), value.to_string()));
        let expected: Vec<_> = expected.iter().map(|(value, id)| Some((*value, id.as_str()))).collect();
        assert_eq!(seen, expected);
        assert_eq!((latency.len(), measure(&store, &LatencyState::default()).most()), (1000, 5_000.0));
    }

    #[test]
    fn each_further_nine_has_the_same_width() {
        for (percentile, share) in [(0.0, 0.0), (90.0, 0.25), (99.0, 0.5), (99.9, 0.75), (100.0, 1.0)] {
            assert!((share_of(percentile) - share).abs() < 1e-9, "{percentile}");
        }
        assert!((percentile_at(0.5) - 99.0).abs() < 1e-9);
        let store = store();
        let curve =
            measure(&store, &LatencyState { task: Some("a".to_owned()), ..Default::default() }).curve(5);
        assert_eq!(curve, [1.0, 900.0, 990.0, 999.0, 1000.0]);
    }

    #[test]
    fn every_call_in_sight_is_in_one_cell_and_is_found_there() {
        let store = store();
        let latency = measure(&store, &LatencyState { task: Some("a".to_owned()), ..Default::default() });
        let cells = latency.heat(0.0, 1_000.0, 50);
        assert_eq!(cells.iter().sum::<u32>(), 1000);
        let rows = latency.rows();
        assert_eq!((rows.of(0.0), rows.of(1.0), rows.of(1_000.0)), (0, 0, HEAT_ROWS - 1));
        assert!((rows.value(0) - 1.0).abs() < 1e-9);
        let found = latency.near(500.0, rows.of(500.0), 20.0);
        assert_eq!(found.map(|point| point.value), Some(500.0));
        assert_eq!(latency.heat(0.0, 0.0, 50).len(), 50 * HEAT_ROWS);
    }

    #[test]
    fn a_phase_is_measured_where_calls_had_it() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        let mut call = span("a", Some(0), 0.0, 10.0);
        call.phases = [None, Some(4.0), Some(0.0), Some(6.0), None];
        frame.spans = vec![call, span("a", None, 0.0, 3.0)];
        store.apply(frame).unwrap();
        let mut state = LatencyState::default();
        let run = Measured::all().position(|measured| measured.name() == "run").unwrap();
        state.update(LatencyAction::Measured(run), &store);
        assert_eq!(measure(&store, &state).at(100.0).map(|point| point.value), Some(6.0));
        assert_eq!(measure(&store, &state).len(), 1);
        assert!(measure(&Store::default(), &state).at(50.0).is_none());
    }
}
