//! The tasks as rows, and their sum.

use crate::model::gauges::Gauge;
use crate::model::store::{Store, Task};

/// Parts that a sparkline has.
pub(crate) const SPARK_BUCKETS: usize = 30;
/// The time a sparkline shows, in milliseconds.
const SPARK_MS: f64 = 15_000.0;
/// The time a rate is taken over, in milliseconds: long enough to be steady, short enough to follow.
const RATE_MS: f64 = 2_000.0;

/// All tasks together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Overview {
    /// Calls settled per second.
    pub(crate) rate: f64,
    /// Calls at workers.
    pub(crate) in_flight: u64,
    /// Calls in queues, or whose callers wait for a place.
    pub(crate) queued: u64,
    /// Workers alive.
    pub(crate) workers: u64,
    /// Calls that failed.
    pub(crate) failed: u64,
    /// Workers that crashed.
    pub(crate) crashed: u64,
}

/// What a row of the table shows beside the task itself.
#[derive(Clone, Debug)]
pub(crate) struct TaskRow<'store> {
    /// The task.
    pub(crate) task: &'store Task,
    /// Calls at workers, against their limit.
    pub(crate) in_flight: Gauge,
    /// Calls in the queue, against their limit.
    pub(crate) pending: Gauge,
    /// Calls whose callers wait; nothing limits them.
    pub(crate) waiting: Gauge,
    /// Calls settled per second.
    pub(crate) rate: f64,
    /// The rate of the last while, oldest first.
    pub(crate) spark: Vec<f64>,
}

impl TaskRow<'_> {
    /// The task's name, or its id when it has none.
    pub(crate) fn label(&self) -> &str {
        self.task.frame.task_name.as_deref().unwrap_or(&self.task.frame.task_id)
    }
}

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortColumn {
    /// Name.
    Task,
    /// Calls settled per second.
    Rate,
    /// Calls at workers.
    InFlight,
    /// Calls in the queue.
    Pending,
    /// Calls whose callers wait.
    Waiting,
    /// The 95th percentile of the wait.
    Wait,
    /// The 95th percentile of the run.
    Run,
    /// Calls that failed.
    Failed,
    /// Crashes.
    Crashes,
}

/// A column and a direction; without one, rows stay in the order in which tasks were defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortOrder {
    /// The column.
    pub(crate) column: SortColumn,
    /// From the greatest down.
    pub(crate) descending: bool,
}

impl SortOrder {
    /// What a press on a column's head does: first the greatest on top (names: A on top), then the reverse, then none.
    pub(crate) fn after_press(current: Option<SortOrder>, column: SortColumn) -> Option<SortOrder> {
        let first = SortOrder { column, descending: column != SortColumn::Task };
        match current {
            Some(order) if order == first => Some(SortOrder { column, descending: !first.descending }),
            Some(order) if order.column == column => None,
            _ => Some(first),
        }
    }
}

/// The rows whose name or id contains `filter` (upper and lower case alike), sorted.
pub(crate) fn task_rows<'store>(
    store: &'store Store,
    filter: &str,
    order: Option<SortOrder>,
) -> Vec<TaskRow<'store>> {
    let now = store.now().unwrap_or(0.0);
    let needle = filter.trim().to_lowercase();
    let matches = |text: &str| needle.is_empty() || text.to_lowercase().contains(&needle);
    let mut rows: Vec<_> = store
        .tasks()
        .iter()
        .filter(|task| matches(&task.frame.task_id) || task.frame.task_name.as_deref().is_some_and(matches))
        .map(|task| row(task, now))
        .collect();
    if let Some(order) = order {
        rows.sort_by(|a, b| {
            let ascending = if order.column == SortColumn::Task {
                a.label().to_lowercase().cmp(&b.label().to_lowercase())
            } else {
                value(a, order.column).total_cmp(&value(b, order.column))
            };
            if order.descending { ascending.reverse() } else { ascending }
        });
    }
    rows
}

/// The sum over all tasks.
pub(crate) fn overview(store: &Store) -> Overview {
    let now = store.now().unwrap_or(0.0);
    let mut sum = Overview::default();
    for task in store.tasks() {
        let frame = &task.frame;
        sum.rate += rate_of(task, now);
        sum.in_flight += u64::from(frame.in_flight);
        sum.queued += u64::from(frame.pending) + u64::from(frame.waiting);
        sum.workers += u64::from(frame.active_workers);
        sum.failed = sum.failed.saturating_add(frame.totals.failure);
        sum.crashed = sum.crashed.saturating_add(frame.totals.crashed);
    }
    sum
}

fn row(task: &Task, now: f64) -> TaskRow<'_> {
    let frame = &task.frame;
    TaskRow {
        task,
        in_flight: Gauge { value: frame.in_flight.into(), limit: Some(frame.max_in_flight.into()) },
        pending: Gauge { value: frame.pending.into(), limit: frame.max_queue_depth.map(u64::from) },
        waiting: Gauge { value: frame.waiting.into(), limit: None },
        rate: rate_of(task, now),
        spark: task.samples.rates(now - SPARK_MS, now, SPARK_BUCKETS),
    }
}

fn rate_of(task: &Task, now: f64) -> f64 {
    task.samples.rates(now - RATE_MS, now, 1)[0]
}

fn value(row: &TaskRow<'_>, column: SortColumn) -> f64 {
    let frame = &row.task.frame;
    match column {
        SortColumn::Task => 0.0,
        SortColumn::Rate => row.rate,
        SortColumn::InFlight => frame.in_flight.into(),
        SortColumn::Pending => frame.pending.into(),
        SortColumn::Waiting => frame.waiting.into(),
        SortColumn::Wait => frame.wait.p95,
        SortColumn::Run => frame.run.p95,
        SortColumn::Failed => frame.totals.failure as f64,
        SortColumn::Crashes => frame.totals.crashed as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{delta, full, task};

    fn store() -> Store {
        let mut store = Store::default();
        let mut beta = task("t-1");
        beta.task_name = Some("Beta".to_owned());
        let mut alpha = task("t-2");
        alpha.task_name = Some("alpha".to_owned());
        alpha.in_flight = 2;
        alpha.pending = 1;
        alpha.waiting = 3;
        store.apply(full(1, 0.0, vec![beta.clone(), alpha, task("plain")])).unwrap();
        beta.totals.success = 100;
        beta.totals.failure = 100;
        store.apply(delta(2, 2000.0, vec![beta])).unwrap();
        store
    }

    fn labels(store: &Store, filter: &str, order: Option<SortOrder>) -> Vec<String> {
        task_rows(store, filter, order).iter().map(|row| row.label().to_owned()).collect()
    }

    #[test]
    fn rows_are_filtered_by_name_and_id_and_sorted() {
        let store = store();
        assert_eq!(labels(&store, "", None), ["Beta", "alpha", "plain"]);
        assert_eq!(labels(&store, " ALPH", None), ["alpha"]);
        assert_eq!(labels(&store, "t-", None), ["Beta", "alpha"]);
        let by = |column, descending| Some(SortOrder { column, descending });
        assert_eq!(labels(&store, "", by(SortColumn::Task, false)), ["alpha", "Beta", "plain"]);
        assert_eq!(labels(&store, "", by(SortColumn::Waiting, true))[0], "alpha");
        assert_eq!(labels(&store, "", by(SortColumn::Rate, true))[0], "Beta");
    }

    #[test]
    fn the_sum_counts_every_task() {
        let sum = overview(&store());
        assert_eq!(
            sum,
            Overview { rate: 100.0, in_flight: 2, queued: 4, workers: 0, failed: 100, crashed: 0 }
        );
    }

    #[test]
    fn pressing_a_head_three_times_leads_back() {
        let first = SortOrder::after_press(None, SortColumn::Run);
        assert_eq!(first, Some(SortOrder { column: SortColumn::Run, descending: true }));
        let second = SortOrder::after_press(first, SortColumn::Run);
        assert_eq!(second, Some(SortOrder { column: SortColumn::Run, descending: false }));
        assert_eq!(SortOrder::after_press(second, SortColumn::Run), None);
        let other = SortOrder::after_press(second, SortColumn::Task);
        assert_eq!(other, Some(SortOrder { column: SortColumn::Task, descending: false }));
    }
}
