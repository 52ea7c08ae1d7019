//! When the page's main thread was busy for long ("Long Tasks API"): what makes replies late.

use std::collections::VecDeque;

/// How many long tasks a panel keeps. When full, the oldest go.
pub(crate) const DEFAULT_LONG_TASKS_KEPT: usize = 5_000;

/// A stretch of time in which the main thread did nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LongTask {
    /// When it began, milliseconds since the Unix epoch.
    pub(crate) start: f64,
    /// How long it took, milliseconds.
    pub(crate) duration_ms: f64,
}

impl LongTask {
    /// When it ended.
    pub(crate) fn end(&self) -> f64 {
        self.start + self.duration_ms
    }
}

/// The long tasks kept, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct LongTasks {
    tasks: VecDeque<LongTask>,
}

impl LongTasks {
    /// Takes one. Times that are no numbers cannot be drawn.
    pub(crate) fn push(&mut self, task: LongTask) {
        if !(task.start.is_finite() && task.duration_ms.is_finite() && task.duration_ms > 0.0) {
            return;
        }
        if self.tasks.len() >= DEFAULT_LONG_TASKS_KEPT {
            self.tasks.pop_front();
        }
        self.tasks.push_back(task);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Those that lie between two moments, or partly so.
    pub(crate) fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &LongTask> {
        self.tasks.iter().filter(move |task| task.end() >= from && task.start <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded_and_found_by_time() {
        let mut tasks = LongTasks::default();
        for step in 0..DEFAULT_LONG_TASKS_KEPT + 1 {
            tasks.push(LongTask { start: step as f64 * 100.0, duration_ms: 60.0 });
        }
        tasks.push(LongTask { start: f64::NAN, duration_ms: 1.0 });
        assert_eq!(tasks.between(0.0, f64::MAX).count(), DEFAULT_LONG_TASKS_KEPT);
        assert_eq!(tasks.between(150.0, 210.0).map(|task| task.start).collect::<Vec<_>>(), [100.0, 200.0]);
    }
}
