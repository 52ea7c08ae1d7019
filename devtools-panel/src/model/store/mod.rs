//! One runtime as its stream of frames tells it: a fold over frames, so that the same frames give the same store. What
//! needs every frame is a field here, taken in [`Store::apply`], with a file of its own beside this one.

mod black_boxes;
mod events;
mod handler_spans;
mod history;
mod long_tasks;
mod marks;
mod samples;
mod texts;
mod traces;

use std::collections::{HashMap, HashSet};

use atelier_telemetry::frame::{
    FRAME_VERSION, Finding, Frame, FrameKind, HandlerSpanFrame, LedgerRow, SpanFrame, TaskFrame,
};

use black_boxes::BlackBoxes;
#[cfg(test)]
pub(crate) use events::DEFAULT_EVENTS_KEPT;
pub(crate) use events::{Events, KeptEvent};
use handler_spans::HandlerSpans;
pub(crate) use history::{Call, CallOutcome, DEFAULT_ROWS_PER_LANE, History, LaneRows, PHASES};
pub(crate) use long_tasks::LongTask;
use long_tasks::LongTasks;
pub(crate) use marks::Happening;
use marks::Marks;
use samples::Samples;
use traces::Traces;

/// Why a frame was not taken. The panel shows the sentence and lives on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FrameProblem {
    /// The frame's shape is another version's.
    #[error(
        "The runtime speaks version {0} of the snapshot stream, this panel version {FRAME_VERSION}: load both from the same package."
    )]
    Version(u32),
    /// A delta came before any full frame, or after a gap.
    #[error("A part of the snapshot stream is missing; the panel waits for the next full frame.")]
    Gap,
}

/// A task with its recent past.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Its last state.
    pub(crate) frame: TaskFrame,
    /// Its recent past.
    pub(crate) samples: Samples,
}

/// What the panel knows of one runtime. A clone shares what is large with it: calls, traces, handlers' spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    tasks: Vec<Task>,
    places: HashMap<String, usize>,
    history: History,
    handler_spans: HandlerSpans,
    traces: Traces,
    black_boxes: BlackBoxes,
    marks: Marks,
    long_tasks: LongTasks,
    events: Events,
    ledger: Vec<LedgerRow>,
    findings: Vec<Finding>,
    last: Option<(u64, f64)>,
    in_step: bool,
    frames_lost: u64,
    calls_dropped: u64,
    calls_refused: u64,
}

impl Store {
    /// Takes the next frame of the stream. What a delta after a gap says of single tasks is right and is taken, but
    /// others may be out of date until a full frame comes; that is reported as [`FrameProblem::Gap`].
    pub(crate) fn apply(&mut self, frame: Frame) -> Result<(), FrameProblem> {
        if frame.version != FRAME_VERSION {
            return Err(FrameProblem::Version(frame.version));
        }
        let follows = self.last.is_some_and(|(seq, _)| seq.checked_add(1) == Some(frame.seq));
        let frame_before = self.last.map(|(_, ts)| ts);
        self.last = Some((frame.seq, frame.ts));
        self.frames_lost = self.frames_lost.saturating_add(frame.lost);
        self.calls_dropped = self.calls_dropped.saturating_add(frame.spans_dropped);
        self.in_step = frame.kind == FrameKind::Full || (self.in_step && follows);
        match frame.kind {
            FrameKind::Full => self.replace_tasks(frame.tasks, frame.ts, frame_before),
            FrameKind::Delta => {
                for task in frame.tasks {
                    self.put_task(task, frame.ts, frame_before);
                }
                self.remove_tasks(&frame.removed);
            }
        }
        for trace in frame.traces {
            self.calls_refused += u64::from(!self.traces.push(trace));
        }
        frame.black_boxes.into_iter().for_each(|it| self.black_boxes.push(it));
        self.take_calls(frame.spans, frame.handler_spans);
        self.events.take(frame.events, frame.events_dropped);
        self.ledger = frame.ledger;
        self.findings = frame.findings;
        if self.in_step { Ok(()) } else { Err(FrameProblem::Gap) }
    }

    /// The tasks, in the order they were first seen.
    pub(crate) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The task with this id.
    pub(crate) fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.get(*self.places.get(id)?)
    }

    /// The calls that ended lately.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// The spans that handlers opened lately.
    pub(crate) fn handler_spans(&self) -> &HandlerSpans {
        &self.handler_spans
    }

    /// The traces that ended lately.
    pub(crate) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// The last facts of workers that died lately.
    pub(crate) fn black_boxes(&self) -> &BlackBoxes {
        &self.black_boxes
    }

    /// What happened to the tasks lately.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The events that came lately.
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// When the page's main thread was busy for long.
    pub(crate) fn long_tasks(&self) -> &LongTasks {
        &self.long_tasks
    }

    /// Takes a long task of the page's main thread.
    pub(crate) fn take_long_task(&mut self, task: LongTask) {
        self.long_tasks.push(task);
    }

    /// What the linter said in the last frame, the worst first.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The ledger of the last frame.
    pub(crate) fn ledger(&self) -> &[LedgerRow] {
        &self.ledger
    }

    /// When the last frame was made, milliseconds since the Unix epoch; `None` before the first one.
    pub(crate) fn now(&self) -> Option<f64> {
        self.last.map(|(_, ts)| ts)
    }

    /// Frames the panel was too slow for.
    pub(crate) fn frames_lost(&self) -> u64 {
        self.frames_lost
    }

    /// Calls, handlers' spans and traces that ended and are not shown: did not fit a frame, made no sense, or are too
    /// old.
    pub(crate) fn calls_not_kept(&self) -> u64 {
        [self.calls_refused, self.history.evicted(), self.handler_spans.evicted(), self.traces.evicted()]
            .into_iter()
            .fold(self.calls_dropped, u64::saturating_add)
    }

    fn replace_tasks(&mut self, tasks: Vec<TaskFrame>, ts: f64, frame_before: Option<f64>) {
        let mut past: HashMap<String, Task> =
            self.tasks.drain(..).map(|task| (task.frame.task_id.clone(), task)).collect();
        self.places.clear();
        for task in tasks {
            if let Some(before) = past.remove(&task.task_id) {
                self.places.insert(task.task_id.clone(), self.tasks.len());
                self.tasks.push(before);
            }
            self.put_task(task, ts, frame_before);
        }
    }

    fn put_task(&mut self, frame: TaskFrame, ts: f64, frame_before: Option<f64>) {
        let place = *self.places.entry(frame.task_id.clone()).or_insert_with(|| {
            self.tasks.push(Task { frame: frame.clone(), samples: Samples::default() });
            self.tasks.len() - 1
        });
        let task = &mut self.tasks[place];
        self.marks.compare(&task.frame, &frame, ts);
        task.samples.record(&frame, ts, frame_before);
        task.frame = frame;
    }

    fn remove_tasks(&mut self, ids: &[String]) {
        if ids.is_empty() {
            return;
        }
        let gone: HashSet<&String> = ids.iter().collect();
        self.tasks.retain(|task| !gone.contains(&task.frame.task_id));
        self.places =
            self.tasks.iter().enumerate().map(|(place, task)| (task.frame.task_id.clone(), place)).collect();
    }

    fn take_calls(&mut self, spans: Vec<SpanFrame>, handler_spans: Vec<HandlerSpanFrame>) {
        for span in spans {
            if !self.history.push(span) {
                self.calls_refused += 1;
            }
        }
        for span in handler_spans {
            if !self.handler_spans.push(span) {
                self.calls_refused += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{delta, full, handler_span, ledger_row, span, task};
    use atelier_telemetry::frame::CrashFrame;

    fn ids(store: &Store) -> Vec<&str> {
        store.tasks().iter().map(|task| task.frame.task_id.as_str()).collect()
    }

    #[test]
    fn deltas_change_add_and_remove_tasks() {
        let mut store = Store::default();
        store.apply(full(1, 0.0, vec![task("a"), task("b")])).unwrap();
        let mut busy = task("b");
        busy.in_flight = 2;
        let mut frame = delta(2, 250.0, vec![busy, task("c")]);
        frame.removed = vec!["a".to_owned()];
        store.apply(frame).unwrap();
        assert_eq!(ids(&store), ["b", "c"]);
        assert_eq!(store.task("b").map(|task| task.frame.in_flight), Some(2));
        assert!(store.task("a").is_none());
    }

    #[test]
    fn a_full_frame_ends_a_gap() {
        let mut store = Store::default();
        assert_eq!(store.apply(delta(7, 0.0, vec![task("a")])), Err(FrameProblem::Gap));
        store.apply(full(8, 250.0, vec![task("a"), task("b")])).unwrap();
        store.apply(delta(9, 500.0, vec![])).unwrap();
        assert_eq!(store.apply(delta(11, 750.0, vec![])), Err(FrameProblem::Gap));
        assert_eq!(store.apply(delta(12, 1000.0, vec![])), Err(FrameProblem::Gap));
        let mut after_loss = full(13, 1250.0, vec![task("b")]);
        after_loss.lost = 3;
        store.apply(after_loss).unwrap();
        assert_eq!(ids(&store), ["b"]);
        assert_eq!(store.frames_lost(), 3);
    }

    #[test]
    fn a_full_frame_keeps_the_past_of_its_tasks() {
        let mut store = Store::default();
        store.apply(full(1, 0.0, vec![task("a")])).unwrap();
        store.apply(full(2, 250.0, vec![task("a")])).unwrap();
        assert_eq!(store.task("a").map(|task| task.samples.iter().count()), Some(2));
    }

    #[test]
    fn what_a_full_frame_tells_of_a_crash_is_marked() {
        let mut store = Store::default();
        store.apply(full(1, 0.0, vec![task("a")])).unwrap();
        let mut crashed = task("a");
        crashed.last_crash = Some(CrashFrame { ts: 200.0, worker_index: 0, message: "boom".to_owned() });
        store.apply(full(2, 250.0, vec![crashed])).unwrap();
        assert_eq!(store.marks().iter().map(|mark| mark.ts).collect::<Vec<_>>(), [200.0]);
    }

    #[test]
    fn another_version_is_refused_whole() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        frame.version = 99;
        assert_eq!(store.apply(frame), Err(FrameProblem::Version(99)));
        assert!(store.tasks().is_empty() && store.now().is_none());
    }

    #[test]
    fn calls_and_their_losses_add_up() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        frame.spans = vec![span("a", Some(0), 0.0, 1.0), span("a", Some(0), f64::NAN, 1.0)];
        frame.spans_dropped = 5;
        frame.ledger = vec![ledger_row("otlp:1", 3, 1, 0, 2)];
        frame.handler_spans = vec![handler_span("1", 0.0, 1.0), handler_span("1", f64::NAN, 1.0)];
        store.apply(frame).unwrap();
        assert_eq!(store.history().iter().len(), 1);
        assert_eq!(store.handler_spans().of_call("1").count(), 1);
        assert_eq!(store.calls_not_kept(), 7);
        assert_eq!(store.ledger().len(), 1);
    }

    #[test]
    fn a_frame_is_read_from_what_javascript_holds() {
        let text = r#"{"version":1,"seq":1,"ts":10.5,"kind":"full","tasks":[],"spans":[]}"#;
        let frame: Frame = serde_json::from_str(text).unwrap();
        assert_eq!(Store::default().apply(frame), Ok(()));
    }
}
