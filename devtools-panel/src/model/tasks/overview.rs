//! A task as a row, and the sum over all of them.

use crate::model::gauges::Gauge;
use crate::model::store::{Store, Task};

/// Parts that a sparkline has.
pub(crate) const SPARK_BUCKETS: usize = 30;
/// The time a sparkline shows, in milliseconds.
pub(super) const SPARK_MS: f64 = 15_000.0;
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
    /// Whether it stays at the top.
    pub(crate) pinned: bool,
    /// Calls at workers, against their limit.
    pub(crate) in_flight: Gauge,
    /// Calls in the queue, against their limit.
    pub(crate) pending: Gauge,
    /// Calls whose callers wait; nothing limits them.
    pub(crate) waiting: Gauge,
    /// Calls settled per second.
    pub(crate) rate: f64,
    /// The rate of the last while, oldest first.
    pub(crate) rate_spark: Vec<f64>,
    /// How long the calls that got a worker in the last while had waited, oldest first, in milliseconds.
    pub(crate) wait_spark: Vec<f64>,
}

impl TaskRow<'_> {
    /// The task's name, or its id when it has none.
    pub(crate) fn label(&self) -> &str {
        label_of(self.task)
    }
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

pub(super) fn row(task: &Task, now: f64, pinned: bool) -> TaskRow<'_> {
    let frame = &task.frame;
    let in_flight_limit = (frame.max_in_flight != u32::MAX).then(|| frame.max_in_flight.into());
    TaskRow {
        task,
        pinned,
        in_flight: Gauge { value: frame.in_flight.into(), limit: in_flight_limit },
        pending: Gauge { value: frame.pending.into(), limit: frame.max_queue_depth.map(u64::from) },
        waiting: Gauge { value: frame.waiting.into(), limit: None },
        rate: rate_of(task, now),
        rate_spark: task.samples.rates(now - SPARK_MS, now, SPARK_BUCKETS),
        wait_spark: task.samples.waits(now - SPARK_MS, now, SPARK_BUCKETS),
    }
}

pub(super) fn label_of(task: &Task) -> &str {
    task.frame.task_name.as_deref().unwrap_or(&task.frame.task_id)
}

pub(super) fn rate_of(task: &Task, now: f64) -> f64 {
    task.samples.rates(now - RATE_MS, now, 1)[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{delta, full, task};

    #[test]
    fn the_sum_counts_every_task() {
        let mut store = Store::default();
        let (mut one, mut other) = (task("t-1"), task("t-2"));
        (other.in_flight, other.pending, other.waiting) = (2, 1, 3);
        store.apply(full(1, 0.0, vec![one.clone(), other])).unwrap();
        (one.totals.success, one.totals.failure) = (100, 100);
        store.apply(delta(2, 2000.0, vec![one])).unwrap();
        assert_eq!(
            overview(&store),
            Overview { rate: 100.0, in_flight: 2, queued: 4, workers: 0, failed: 100, crashed: 0 }
        );
    }
}
