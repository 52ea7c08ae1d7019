//! Moments worth a mark in the timeline: crashes, and calls that a full queue refused.

use std::collections::VecDeque;

use atelier_telemetry::frame::TaskFrame;

use crate::model::format::cut;

/// How many marks a panel keeps of one runtime. When full, the oldest go.
pub(crate) const DEFAULT_MARKS_KEPT: usize = 2_000;
/// How many characters of a crash's message are kept.
const MESSAGE_CHARACTERS: usize = 200;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// A worker crashed or hung.
    Crash {
        /// Its place in the pool.
        worker: u32,
        /// What it said.
        message: String,
    },
    /// So many calls were refused or dropped since the frame before.
    Refused(u64),
}

/// A moment of a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// When, milliseconds since the Unix epoch.
    pub(crate) ts: f64,
    /// The task's id.
    pub(crate) task_id: String,
    /// What.
    pub(crate) what: Happening,
}

/// The marks kept, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    marks: VecDeque<Mark>,
}

impl Marks {
    /// Looks at what changed in a task since the frame before. A task that is new to the panel has no frame before:
    /// nobody knows when what it counts has happened.
    pub(crate) fn compare(&mut self, before: &TaskFrame, after: &TaskFrame, ts: f64) {
        if let Some(crash) =
            after.last_crash.as_ref().filter(|crash| before.last_crash.as_ref() != Some(crash))
        {
            let message = cut(&crash.message, MESSAGE_CHARACTERS).0;
            self.add(crash.ts, &after.task_id, Happening::Crash { worker: crash.worker_index, message });
        }
        let refused = after.totals.rejected.saturating_sub(before.totals.rejected);
        if refused > 0 {
            self.add(ts, &after.task_id, Happening::Refused(refused));
        }
    }

    /// The marks, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.marks.iter()
    }

    fn add(&mut self, ts: f64, task_id: &str, what: Happening) {
        if !ts.is_finite() {
            return;
        }
        if self.marks.len() >= DEFAULT_MARKS_KEPT {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { ts, task_id: task_id.to_owned(), what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::task;
    use atelier_telemetry::frame::CrashFrame;

    #[test]
    fn a_crash_is_marked_once_and_refusals_by_what_came_to_them() {
        let (mut marks, before) = (Marks::default(), task("a"));
        let mut after = task("a");
        after.last_crash = Some(CrashFrame { ts: 40.0, worker_index: 1, message: "boom".to_owned() });
        after.totals.rejected = 3;
        marks.compare(&before, &after, 50.0);
        marks.compare(&after, &after, 60.0);
        let seen: Vec<_> = marks.iter().map(|mark| (mark.ts, mark.what.clone())).collect();
        let crash = Happening::Crash { worker: 1, message: "boom".to_owned() };
        assert_eq!(seen, [(40.0, crash), (50.0, Happening::Refused(3))]);
    }

    #[test]
    fn marks_are_bounded_and_have_times() {
        let (mut marks, before) = (Marks::default(), task("a"));
        let mut after = task("a");
        after.totals.rejected = 1;
        for step in 0..DEFAULT_MARKS_KEPT + 5 {
            marks.compare(&before, &after, step as f64);
        }
        marks.compare(&before, &after, f64::NAN);
        assert_eq!(marks.iter().count(), DEFAULT_MARKS_KEPT);
        assert_eq!(marks.iter().next().map(|mark| mark.ts), Some(5.0));
    }
}
