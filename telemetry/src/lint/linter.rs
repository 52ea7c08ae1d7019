//! Gathers the evidence of one runtime, and judges it.

use std::sync::Arc;

use atelier_core::names::{Clue, Metric};
use rustc_hash::FxHashMap;

use super::endings::{always_times_out, cancel_ignored, keys_unbounded};
use super::kinds::FindingKind;
use super::load::{calls_too_short, pool_idle, pool_too_small, queue_saturated};
use super::messages::{main_thread_blocked, payload_cloned};
use super::settings::Settings;
use super::view::View;
use super::watch::Watch;
use super::window::SECOND;
use super::workers::{retry_storm, worker_churn};
use crate::events::MetricFields;
use crate::frame::Finding;
use crate::record::TaskMeta;

/// How often evidence is judged at most, in seconds. Who reads sooner gets what was found the last time.
pub const DEFAULT_JUDGE_EVERY_SECONDS: u64 = 1;

const OF_A_TASK: [fn(&View<'_>) -> Option<Finding>; 9] = [
    always_times_out,
    retry_storm,
    queue_saturated,
    pool_too_small,
    cancel_ignored,
    worker_churn,
    payload_cloned,
    calls_too_short,
    pool_idle,
];

#[derive(Debug)]
struct Task {
    settings: Settings,
    /// Present when something was heard of it lately.
    watch: Option<Box<Watch>>,
}

/// The linter of one runtime.
#[derive(Debug, Default)]
pub(crate) struct Linter {
    tasks: FxHashMap<u64, Task>,
    aborted_keys: u64,
    judged: Option<u64>,
    findings: Vec<Finding>,
    /// Which of the findings were not there at the judgement before.
    appeared: Vec<usize>,
}

impl Linter {
    /// Learns of a task. That much is known even when nobody watches.
    pub(crate) fn define(&mut self, task: u64, settings: Settings) {
        self.tasks.insert(task, Task { settings, watch: None });
    }

    /// Forgets a task.
    pub(crate) fn dispose(&mut self, task: u64) {
        self.tasks.remove(&task);
    }

    /// Nobody watches any more: the evidence would only grow old.
    pub(crate) fn rest(&mut self) {
        let mut tasks = std::mem::take(&mut self.tasks);
        tasks.values_mut().for_each(|task| task.watch = None);
        *self = Linter { tasks, ..Linter::default() };
    }

    /// Times moved by so many nanoseconds. Forward is as if that long had passed.
    pub(crate) fn clock_moved(&mut self, by: i64) {
        if by < 0 {
            let watches = self.tasks.values_mut().filter_map(|task| task.watch.as_mut());
            watches.for_each(|watch| watch.set_back(by));
        }
    }

    /// Takes a metric's value.
    pub(crate) fn metric(&mut self, task: &Arc<TaskMeta>, metric: Metric, value: f64, fields: &MetricFields) {
        if let Some(watch) = self.watch(task) {
            watch.metric(metric, value, fields);
        }
    }

    /// Takes a clue, with the task and the method it is about.
    pub(crate) fn clue(
        &mut self,
        (clue, value): (Clue, f64),
        fields: &MetricFields,
        task: Option<&Arc<TaskMeta>>,
        method: Option<Arc<str>>,
    ) {
        if clue == Clue::KeysAborted {
            self.aborted_keys = value as u64;
        } else if let Some(watch) = task.and_then(|task| self.watch(task)) {
            watch.clue(clue, value, fields, method);
        }
    }

    /// None for a task that is disposed: what is still told of it is of no use to anyone.
    fn watch(&mut self, task: &Arc<TaskMeta>) -> Option<&mut Watch> {
        let Task { settings, watch } = self.tasks.get_mut(&task.handle)?;
        Some(watch.get_or_insert_with(|| Box::new(Watch::new(task.clone(), *settings))))
    }

    /// Judges if the last time was long enough ago; says whether it did.
    pub(crate) fn judge_if_due(&mut self, now: u64) -> bool {
        let due = |judged: u64| now < judged || now - judged >= DEFAULT_JUDGE_EVERY_SECONDS * SECOND;
        let is_due = self.judged.is_none_or(due);
        if is_due {
            self.judged = Some(now);
            self.judge(now);
        }
        is_due
    }

    /// What there was to be said at the last judgement, the worst first.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Those of them that were not there at the judgement before.
    pub(crate) fn appeared(&self) -> impl Iterator<Item = &Finding> {
        self.appeared.iter().filter_map(|&place| self.findings.get(place))
    }

    fn judge(&mut self, now: u64) {
        for task in self.tasks.values_mut() {
            task.watch.take_if(|watch| watch.is_spent(now));
            if let Some(watch) = &mut task.watch {
                watch.advance(now);
            }
        }
        let watches = self.tasks.values().filter_map(|task| task.watch.as_deref());
        let mut views: Vec<View<'_>> = watches.map(|watch| View::of(watch, now)).collect();
        views.sort_by_key(|view| view.watch.meta.handle);
        let of_tasks = views.iter().flat_map(|view| OF_A_TASK.iter().filter_map(|rule| rule(view)));
        let of_all = main_thread_blocked(&views).into_iter().chain(keys_unbounded(self.aborted_keys));
        let mut findings: Vec<Finding> = of_all.chain(of_tasks).collect();
        findings.sort_by_key(|finding| FindingKind::from_id(&finding.id).map(FindingKind::severity));
        let was_there = |new: &Finding| {
            self.findings.iter().any(|old| (&old.id, &old.task_id) == (&new.id, &new.task_id))
        };
        self.appeared = (0..findings.len()).filter(|&place| !was_there(&findings[place])).collect();
        self.findings = findings;
    }
}
