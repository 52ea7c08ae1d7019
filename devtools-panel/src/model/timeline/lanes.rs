//! Where lanes lie: the main thread's, then every task's workers, from the top down.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::store::{Call, LaneRows, Store};

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

/// Every lane, from the top down.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The top of the main thread's lane; `None` when it was never busy for long.
    pub(crate) main_thread: Option<f64>,
    /// The tasks.
    pub(crate) groups: Vec<Group>,
    /// The height of all.
    pub(crate) height: f64,
    metrics: Option<Metrics>,
    /// The tops of the lanes with calls, by their numbers.
    tops: Vec<Option<f64>>,
    /// The places of the groups, by their tasks.
    places: HashMap<String, usize>,
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

impl Group {
    /// Where it ends.
    pub(crate) fn bottom(&self, metrics: Metrics) -> f64 {
        self.lanes.last().map_or(self.y + metrics.head, |lane| lane.y + lane.height)
    }
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

/// Lays the lanes out: tasks in the store's order, then tasks that are gone and still have calls to show. With `only`,
/// the task of that id alone.
pub(crate) fn layout(store: &Store, metrics: Metrics, only: Option<&str>) -> Layout {
    let mut rows: HashMap<&str, BTreeMap<Option<u32>, LaneRows<'_>>> = HashMap::new();
    let mut gone = BTreeSet::new();
    for lane in store.history().lanes() {
        rows.entry(lane.task).or_default().insert(lane.worker, lane);
        if store.task(lane.task).is_none() {
            gone.insert(lane.task);
        }
    }
    let living = store.tasks().iter().map(|task| {
        let label = task.frame.task_name.as_deref().unwrap_or(&task.frame.task_id);
        let workers: Vec<u32> = task.frame.workers.iter().map(|worker| worker.index).collect();
        (task.frame.task_id.as_str(), label, workers)
    });
    let main_thread = (!store.long_tasks().is_empty()).then_some(0.0);
    let mut y = if main_thread.is_some() { metrics.bar + 3.0 * metrics.gap } else { 0.0 };
    let mut tops = vec![None; store.history().lane_numbers()];
    let mut groups: Vec<Group> = Vec::new();
    let shown = |id: &str| only.is_none_or(|only| only == id);
    let all = living.chain(gone.into_iter().map(|id| (id, id, Vec::new())));
    for (id, label, alive) in all.filter(|(id, _, _)| shown(id)) {
        let with_calls = rows.remove(id).unwrap_or_default();
        let workers: BTreeSet<u32> =
            alive.into_iter().chain(with_calls.keys().filter_map(|worker| *worker)).collect();
        let never = with_calls.contains_key(&None).then_some(None);
        let top = y;
        y += metrics.head;
        let mut lanes = Vec::new();
        for worker in workers.into_iter().map(Some).chain(never) {
            let with_calls = with_calls.get(&worker);
            if let Some(place) = with_calls.and_then(|lane| tops.get_mut(lane.lane)) {
                *place = Some(y);
            }
            let height = metrics.rows(with_calls.map_or(1, |lane| lane.rows)) + metrics.gap;
            lanes.push(Lane { worker, y, height });
            y += height;
        }
        groups.push(Group { task_id: id.to_owned(), label: label.to_owned(), y: top, lanes });
    }
    let places = groups.iter().enumerate().map(|(place, group)| (group.task_id.clone(), place)).collect();
    Layout { main_thread, groups, height: y, metrics: Some(metrics), tops, places }
}

impl Metrics {
    /// The height of so many rows of bars.
    fn rows(self, count: usize) -> f64 {
        count as f64 * (self.bar + self.gap)
    }
}

impl Layout {
    /// The sizes it was made with; `None` for one of nothing.
    pub(crate) fn metrics(&self) -> Option<Metrics> {
        self.metrics
    }

    /// The top of a call's bar; `None` when its lane is not shown.
    pub(crate) fn bar_y(&self, call: &Call) -> Option<f64> {
        let metrics = self.metrics?;
        let top = self.tops.get(call.lane).copied().flatten()?;
        Some(top + metrics.gap + metrics.rows(call.row))
    }

    /// How far to scroll for a call's bar to be in sight, where `room` pixels of the lanes are and they are scrolled so far.
    /// `None` when it is in sight, or not shown at all.
    pub(crate) fn scroll_to(&self, call: &Call, scrolled: f64, room: f64) -> Option<f64> {
        let (top, height) = (self.bar_y(call)?, self.metrics?.bar);
        let in_sight = top >= scrolled && top + height <= scrolled + room;
        (!in_sight).then(|| (top + (height - room) / 2.0).max(0.0))
    }

    /// The task, and its lane if one is there, at a height.
    pub(crate) fn at(&self, y: f64) -> Option<(&Group, Option<&Lane>)> {
        let metrics = self.metrics?;
        let group = self.groups.iter().find(|group| y >= group.y && y < group.bottom(metrics))?;
        Some((group, group.lanes.iter().find(|lane| y >= lane.y && y < lane.y + lane.height)))
    }

    /// The task with this id.
    pub(crate) fn group(&self, task: &str) -> Option<&Group> {
        self.groups.get(*self.places.get(task)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task, worker};
    use crate::model::store::LongTask;

    const SMALL: Metrics = Metrics { bar: 10.0, gap: 2.0, head: 20.0 };

    fn store() -> Store {
        let mut store = Store::default();
        let mut named = task("a");
        named.task_name = Some("resize".to_owned());
        named.workers = vec![worker(1, 0)];
        let mut frame = full(1, 1000.0, vec![named]);
        frame.spans =
            vec![span("a", Some(0), 0.0, 10.0), span("a", None, 0.0, 1.0), span("old", Some(0), 0.0, 1.0)];
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn lanes_are_the_workers_alive_and_those_with_calls() {
        let store = store();
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
    fn lanes_are_scrolled_to_a_call_that_is_out_of_sight() {
        let store = store();
        let layout = layout(&store, SMALL, None);
        // Its bar lies from 84 to 94.
        let last = store.history().get(2).unwrap();
        assert_eq!([layout.scroll_to(last, 0.0, 94.0), layout.scroll_to(last, 84.0, 10.0)], [None, None]);
        assert_eq!([layout.scroll_to(last, 0.0, 50.0), layout.scroll_to(last, 85.0, 50.0)], [Some(64.0); 2]);
        let first = store.history().get(0).unwrap();
        assert_eq!(layout.scroll_to(first, 60.0, 80.0), Some(0.0), "not above the first lane");
    }

    #[test]
    fn the_main_thread_has_a_lane_once_it_was_busy() {
        let mut store = store();
        store.take_long_task(LongTask { start: 0.0, duration_ms: 80.0 });
        let layout = layout(&store, SMALL, Some("a"));
        assert_eq!((layout.main_thread, layout.groups[0].y), (Some(0.0), 16.0));
        let call = store.history().get(0).unwrap();
        assert_eq!(layout.bar_y(call), Some(38.0));
        assert_eq!(layout.bar_y(store.history().get(2).unwrap()), None, "its task is not shown");
        let found = layout.at(40.0).map(|(group, lane)| (group.task_id.as_str(), lane.unwrap().worker));
        assert_eq!(found, Some(("a", Some(0))));
        assert!(layout.at(20.0).is_some_and(|(_, lane)| lane.is_none()) && layout.at(5.0).is_none());
    }
}
