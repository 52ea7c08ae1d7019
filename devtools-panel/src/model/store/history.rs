//! The calls that ended lately, each with the lane it is drawn in. Bounded.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use atelier_telemetry::frame::SpanFrame;

use super::texts::{DEFAULT_CHARACTERS_KEPT, DEFAULT_NAME_CHARACTERS_KEPT, bytes_of, shorten};

/// How many calls a panel keeps of one runtime. When full, the oldest go and are counted as evicted. They take about half
/// a kilobyte each, in the panel's own memory.
pub(crate) const DEFAULT_CALLS_KEPT: usize = 100_000;
/// How many rows the calls of one worker may be drawn in. Calls that overlap more than that share the last row.
pub(crate) const DEFAULT_ROWS_PER_LANE: usize = 4;
/// How many calls keep the stack of their error; older ones lose theirs. A stack has four kilobytes at most.
pub(crate) const DEFAULT_STACKS_KEPT: usize = 2_000;
/// How many bytes of errors and names all calls may have together; beyond, the oldest calls go as well.
pub(crate) const DEFAULT_CALL_TEXT_KEPT: usize = 32 * 1024 * 1024;

/// The phases of a call, in the order of [`SpanFrame::phases`].
pub(crate) const PHASES: [&str; 5] = ["admission", "queue", "delivery", "run", "reply"];

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    /// It returned.
    Ok,
    /// It failed, or ended in a way this panel does not know.
    Error,
    /// It was cancelled.
    Canceled,
    /// It was refused or dropped.
    Rejected,
}

impl CallOutcome {
    fn from_name(name: &str) -> CallOutcome {
        match name {
            "ok" => CallOutcome::Ok,
            "canceled" => CallOutcome::Canceled,
            "rejected" => CallOutcome::Rejected,
            _ => CallOutcome::Error,
        }
    }
}

/// A call that ended.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What the stream said.
    pub(crate) span: SpanFrame,
    /// How it ended.
    pub(crate) outcome: CallOutcome,
    /// The lane it is drawn in, by the number that [`LaneRows::lane`] has.
    pub(crate) lane: usize,
    /// The row within its lane.
    pub(crate) row: usize,
    /// Counts up by one for each call; names it while it is kept.
    pub(crate) number: u64,
}

impl Call {
    /// Milliseconds before a worker got it.
    fn queued_ms(&self) -> f64 {
        self.span.phases[..2].iter().flatten().sum::<f64>().clamp(0.0, self.span.duration_ms.max(0.0))
    }

    /// When its bar begins: when a worker got it, or, if none did, when it was made. Waiting calls overlap without
    /// end, so that their waits are drawn for the selected call only.
    pub(crate) fn bar_start(&self) -> f64 {
        if self.span.worker_index.is_some() { self.span.start + self.queued_ms() } else { self.span.start }
    }

    /// When it was settled.
    pub(crate) fn end(&self) -> f64 {
        self.span.start + self.span.duration_ms
    }

    /// The phases it went through: which, from when, until when (milliseconds since the Unix epoch).
    pub(crate) fn phases(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        let mut from = self.span.start;
        self.span.phases.iter().enumerate().filter_map(move |(phase, length)| {
            let length = (*length)?.max(0.0);
            let start = from;
            from += length;
            Some((phase, start, from))
        })
    }
}

/// The place where calls of one worker are drawn; `None` for calls that never reached one.
type LaneKey = (String, Option<u32>);

/// What is known of a lane that has calls: its number, how many, and for each of its rows when the last one in it ended.
#[derive(Clone, Debug)]
struct Lane {
    number: usize,
    calls: usize,
    rows: Vec<f64>,
}

/// A lane that has calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneRows<'a> {
    /// Its number, which no other lane has now.
    pub(crate) lane: usize,
    /// The task's id.
    pub(crate) task: &'a str,
    /// The worker's place; `None` for calls that never reached one.
    pub(crate) worker: Option<u32>,
    /// How many rows its calls took.
    pub(crate) rows: usize,
}

/// The calls kept, oldest end first. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    calls: VecDeque<Rc<Call>>,
    lanes: BTreeMap<LaneKey, Lane>,
    next_lane: usize,
    /// Numbers of lanes that are gone, for those to come.
    free_lanes: Vec<usize>,
    next_number: u64,
    /// The numbers of the calls with a stack, oldest first.
    with_stack: VecDeque<u64>,
    text_bytes: usize,
}

impl History {
    /// Takes a call. Times that are no numbers would make everything after them undrawable; such a call is refused.
    pub(crate) fn push(&mut self, mut span: SpanFrame) -> bool {
        if !(span.start.is_finite() && span.duration_ms.is_finite() && span.duration_ms >= 0.0) {
            return false;
        }
        if span.phases.iter().flatten().any(|length| !length.is_finite()) {
            span.phases = [None; 5];
        }
        span.error.iter_mut().for_each(|error| shorten(error, DEFAULT_CHARACTERS_KEPT));
        span.trace_name.iter_mut().for_each(|name| shorten(name, DEFAULT_NAME_CHARACTERS_KEPT));
        self.text_bytes += text_bytes(&span);
        let outcome = CallOutcome::from_name(&span.outcome);
        let mut call = Call { outcome, span, lane: 0, row: 0, number: self.next_number };
        self.next_number += 1;
        if call.span.error_stack.is_some() {
            self.keep_stack_of(call.number);
        }
        (call.lane, call.row) = self.place(&call);
        self.calls.push_back(Rc::new(call));
        while self.calls.len() > DEFAULT_CALLS_KEPT || self.text_bytes > DEFAULT_CALL_TEXT_KEPT {
            self.evict();
        }
        true
    }

    /// Of so many failures at most: one more, one less.
    fn keep_stack_of(&mut self, number: u64) {
        self.with_stack.push_back(number);
        if self.with_stack.len() <= DEFAULT_STACKS_KEPT {
            return;
        }
        if let Some(oldest) = self.with_stack.pop_front().and_then(|number| self.place_of(number)) {
            Rc::make_mut(&mut self.calls[oldest]).span.error_stack = None;
        }
    }

    /// The call's lane, and the first row in it that is free since the call's bar began. Calls arrive in the order of
    /// their ends, so that a row's last end is all there is to know, and no call ever changes its row.
    fn place(&mut self, call: &Call) -> (usize, usize) {
        const CLOCK_NOISE_MS: f64 = 0.02;
        let key = (call.span.task_id.clone(), call.span.worker_index);
        let lane = self.lanes.entry(key).or_insert_with(|| {
            let number = self.free_lanes.pop().unwrap_or_else(|| {
                self.next_lane += 1;
                self.next_lane - 1
            });
            Lane { number, calls: 0, rows: Vec::new() }
        });
        lane.calls += 1;
        let rows = &mut lane.rows;
        let free = rows.iter().position(|&end| end <= call.bar_start() + CLOCK_NOISE_MS);
        let row = match free {
            Some(row) => row,
            None if rows.len() < DEFAULT_ROWS_PER_LANE => {
                rows.push(0.0);
                rows.len() - 1
            }
            None => rows.len() - 1,
        };
        rows[row] = rows[row].max(call.end());
        (lane.number, row)
    }

    /// The oldest call goes, and with its last call a lane: however many tasks come and go, there are no more lanes than
    /// calls.
    fn evict(&mut self) {
        let Some(oldest) = self.calls.pop_front() else { return };
        self.text_bytes -= text_bytes(&oldest.span);
        let key = (oldest.span.task_id.clone(), oldest.span.worker_index);
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        lane.calls = lane.calls.saturating_sub(1);
        if lane.calls == 0 {
            self.free_lanes.push(lane.number);
            self.lanes.remove(&key);
        }
    }

    /// The calls, oldest end first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Call> + ExactSizeIterator {
        self.calls.iter().map(|call| &**call)
    }

    /// The call with this number, while it is kept.
    pub(crate) fn get(&self, number: u64) -> Option<&Call> {
        self.calls.get(self.place_of(number)?).map(|call| &**call)
    }

    /// The same, for somebody who wants it longer than it is kept.
    pub(crate) fn share(&self, number: u64) -> Option<Rc<Call>> {
        self.calls.get(self.place_of(number)?).cloned()
    }

    /// Where the call with this number is, while it is kept.
    fn place_of(&self, number: u64) -> Option<usize> {
        let first = self.calls.front()?.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        (place < self.calls.len()).then_some(place)
    }

    /// How many calls were taken and are no longer kept.
    pub(crate) fn evicted(&self) -> u64 {
        self.next_number - self.calls.len() as u64
    }

    /// The lanes that have calls, by task and worker.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = LaneRows<'_>> {
        self.lanes.iter().map(|((task, worker), lane)| LaneRows {
            lane: lane.number,
            task,
            worker: *worker,
            rows: lane.rows.len(),
        })
    }

    /// One more than the greatest number of a lane.
    pub(crate) fn lane_numbers(&self) -> usize {
        self.next_lane
    }
}

/// Its texts that may be of any length, but for the stack, which has a bound of its own.
fn text_bytes(span: &SpanFrame) -> usize {
    bytes_of([span.error.as_ref(), span.trace_name.as_ref(), Some(&span.method)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::span;

    #[test]
    fn calls_that_overlap_on_a_worker_get_rows_of_their_own() {
        let mut history = History::default();
        for (start, duration) in [(0.0, 10.0), (5.0, 10.0), (11.0, 20.0), (16.0, 16.0)] {
            assert!(history.push(span("t", Some(0), start, duration)));
        }
        assert_eq!(history.iter().map(|call| call.row).collect::<Vec<_>>(), [0, 1, 0, 1]);
    }

    #[test]
    fn a_wait_in_the_queue_takes_no_row() {
        let mut history = History::default();
        history.push(span("t", Some(0), 0.0, 10.0));
        let mut waited = span("t", Some(0), 0.0, 20.0);
        waited.phases = [None, Some(10.0), Some(0.0), Some(10.0), Some(0.0)];
        history.push(waited);
        assert_eq!(history.iter().map(|call| call.row).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn rows_and_calls_are_bounded() {
        let mut history = History::default();
        for _ in 0..DEFAULT_CALLS_KEPT + 10 {
            history.push(span("t", Some(0), 0.0, 1e6));
        }
        assert_eq!(history.iter().len(), DEFAULT_CALLS_KEPT);
        assert_eq!(history.evicted(), 10);
        assert_eq!(history.lanes().map(|lane| lane.rows).collect::<Vec<_>>(), [DEFAULT_ROWS_PER_LANE]);
        assert!(history.get(9).is_none() && history.get(10).is_some_and(|call| call.number == 10));
    }

    #[test]
    fn tasks_that_come_and_go_leave_no_lanes_behind() {
        let mut history = History::default();
        for task in 0..3 * DEFAULT_CALLS_KEPT / 100 {
            let id = format!("task-{task}");
            (0..100).for_each(|n| assert!(history.push(span(&id, Some(n % 2), f64::from(n), 1.0))));
        }
        let lanes = DEFAULT_CALLS_KEPT / 100 * 2;
        assert_eq!((history.lanes().count(), history.lane_numbers() <= lanes + 2), (lanes, true));
        let mut numbers: Vec<_> = history.lanes().map(|lane| lane.lane).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), lanes, "no two lanes have the same number");
    }

    #[test]
    fn times_that_are_no_numbers_are_refused() {
        let mut history = History::default();
        assert!(!history.push(span("t", None, f64::NAN, 1.0)));
        assert!(!history.push(span("t", None, 0.0, f64::INFINITY)));
        assert!(!history.push(span("t", None, 0.0, -1.0)));
        let mut odd = span("t", Some(0), 0.0, 1.0);
        odd.phases = [Some(f64::NAN), None, None, None, None];
        assert!(history.push(odd));
        assert_eq!(history.iter().map(|call| call.bar_start()).collect::<Vec<_>>(), [0.0]);
    }

    #[test]
    fn the_stacks_of_the_latest_failures_are_kept() {
        let mut history = History::default();
        for _ in 0..DEFAULT_STACKS_KEPT + 5 {
            history.push(SpanFrame { error_stack: Some("at".to_owned()), ..span("t", None, 0.0, 1.0) });
            history.push(span("t", None, 0.0, 1.0));
        }
        let kept: Vec<u64> =
            history.iter().filter(|call| call.span.error_stack.is_some()).map(|call| call.number).collect();
        assert_eq!((kept.len(), kept[0]), (DEFAULT_STACKS_KEPT, 10));
    }

    #[test]
    fn long_errors_are_cut() {
        let mut history = History::default();
        let error = format!("a line\n{}", "é".repeat(100_000));
        history.push(SpanFrame { error: Some(error), ..span("t", None, 0.0, 1.0) });
        let kept = history.get(0).and_then(|call| call.span.error.clone()).unwrap();
        assert_eq!(kept.chars().count(), DEFAULT_CHARACTERS_KEPT + 1);
        assert!(kept.starts_with("a line\né"), "as it was");
    }

    #[test]
    fn their_texts_are_bounded_together() {
        let mut history = History::default();
        let failed = || SpanFrame { error: Some("é".repeat(10_000)), ..span("t", Some(0), 0.0, 1.0) };
        let fit = DEFAULT_CALL_TEXT_KEPT / text_bytes(&failed());
        for _ in 0..fit + 10 {
            assert!(history.push(failed()));
        }
        assert_eq!((history.iter().len(), history.evicted()), (fit, 10));
        // What is longer than all may be is not kept, and nothing else either; the next one is.
        history
            .push(SpanFrame { method: "m".repeat(DEFAULT_CALL_TEXT_KEPT + 1), ..span("t", None, 0.0, 1.0) });
        assert_eq!((history.iter().len(), history.lanes().count(), history.text_bytes), (0, 0, 0));
        assert!(history.push(failed()) && history.iter().len() == 1);
    }
}
