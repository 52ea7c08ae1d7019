//! A stretch of time that a user marked, and what happened in it.

use super::super::store::{CallOutcome, PHASES, Store};

/// What happened in a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RangeSummary {
    /// How long it is, milliseconds.
    pub(crate) length_ms: f64,
    /// Calls that ended in it.
    pub(crate) calls: usize,
    /// Of these: failed, cancelled, rejected.
    pub(crate) not_ok: [usize; 3],
    /// The median duration of these, and the longest, milliseconds; `None` without calls.
    pub(crate) durations: Option<(f64, f64)>,
    /// The phase that took most of their time, and its share of it.
    pub(crate) longest_phase: Option<(&'static str, f64)>,
    /// How long the main thread was busy without a pause, milliseconds.
    pub(crate) main_thread_ms: f64,
}

/// Tells what happened between two moments; to one task, if it is named.
pub(crate) fn summarize(store: &Store, only: Option<&str>, (from, to): (f64, f64)) -> RangeSummary {
    let mut durations = Vec::new();
    let (mut not_ok, mut phases) = ([0; 3], [0.0; PHASES.len()]);
    let shown = |task: &str| only.is_none_or(|only| only == task);
    for call in store.history().iter().filter(|call| call.end() >= from && call.end() <= to) {
        if !shown(&call.span.task_id) {
            continue;
        }
        durations.push(call.span.duration_ms);
        match call.outcome {
            CallOutcome::Ok => {}
            CallOutcome::Error => not_ok[0] += 1,
            CallOutcome::Canceled => not_ok[1] += 1,
            CallOutcome::Rejected => not_ok[2] += 1,
        }
        for (phase, begun, ended) in call.phases() {
            phases[phase] += ended - begun;
        }
    }
    durations.sort_by(f64::total_cmp);
    let middle = durations.get(durations.len() / 2).copied();
    let spent: f64 = phases.iter().sum();
    let longest = PHASES.into_iter().zip(phases).max_by(|a, b| a.1.total_cmp(&b.1));
    let busy = store.long_tasks().between(from, to).map(|task| task.end().min(to) - task.start.max(from));
    RangeSummary {
        length_ms: to - from,
        calls: durations.len(),
        not_ok,
        durations: middle.zip(durations.last().copied()),
        longest_phase: longest.filter(|_| spent > 0.0).map(|(name, time)| (name, time / spent)),
        main_thread_ms: busy.sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};
    use crate::model::store::LongTask;

    #[test]
    fn it_tells_of_the_calls_that_ended_in_it() {
        let mut store = Store::default();
        let mut frame = full(1, 1000.0, vec![task("a"), task("b")]);
        let mut failed = span("a", Some(0), 100.0, 40.0);
        failed.outcome = "error".to_owned();
        failed.phases = [None, Some(30.0), Some(0.0), Some(10.0), Some(0.0)];
        frame.spans = vec![failed, span("b", Some(0), 100.0, 60.0), span("a", Some(0), 500.0, 10.0)];
        store.apply(frame).unwrap();
        store.take_long_task(LongTask { start: 150.0, duration_ms: 100.0 });
        let all = summarize(&store, None, (0.0, 200.0));
        assert_eq!((all.calls, all.not_ok, all.durations), (2, [1, 0, 0], Some((60.0, 60.0))));
        assert_eq!((all.longest_phase, all.main_thread_ms), (Some(("run", 0.7)), 50.0));
        assert_eq!(summarize(&store, Some("b"), (0.0, 200.0)).not_ok, [0, 0, 0]);
        let nothing = summarize(&store, None, (800.0, 900.0));
        assert_eq!((nothing.calls, nothing.durations, nothing.longest_phase), (0, None, None));
    }
}
