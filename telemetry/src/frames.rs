//! The snapshot stream: makes the frames for one reader.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::account::Signal;
use crate::black_box::{BlackBox, BoxedFact};
use crate::frame::{
    BlackBoxFrame, BoxedFactFrame, FRAME_VERSION, Frame, FrameKind, HandlerSpanFrame, SpanFrame, TaskFrame,
    TraceFrame,
};
use crate::frame_events::FrameEvents;
use crate::record::{HandlerSpanRecord, Record, SpanRecord, TraceRecord};
use crate::subscription::Subscription;
use crate::telemetry::Telemetry;

/// How many ended calls a frame carries at most. The oldest ones are left out, counted in [`Frame::spans_dropped`] and
/// in the ledger.
pub const DEFAULT_FRAME_SPANS: usize = 512;

/// After how many frames a full one comes again, so that a reader who missed something is right again: ten seconds at
/// four frames a second.
pub const DEFAULT_FULL_FRAME_EVERY: u64 = 40;

/// Makes the frames of the snapshot stream for one reader. Dropping it ends the stream.
#[must_use = "dropping a frame reader ends its stream"]
#[derive(Debug)]
pub struct FrameReader {
    telemetry: Telemetry,
    runtime: u64,
    name: Box<str>,
    calls: Subscription,
    /// Present while the reader wants events.
    events: Option<FrameEvents>,
    seq: u64,
    lost: u64,
    full_next: bool,
    deltas: u64,
    spans_dropped: u64,
    /// The number of the last black box it had.
    boxes: u64,
    sent: FxHashMap<String, TaskFrame>,
}

impl FrameReader {
    pub(crate) fn new(telemetry: Telemetry, runtime: u64, name: &str, calls: Subscription) -> FrameReader {
        FrameReader {
            telemetry,
            runtime,
            name: name.into(),
            calls,
            events: None,
            seq: 0,
            lost: 0,
            full_next: true,
            deltas: 0,
            spans_dropped: 0,
            boxes: 0,
            sent: FxHashMap::default(),
        }
    }

    /// The next frame. `tasks` are the runtime's tasks as they are now; their distributions are filled in here. The
    /// first frame is full and has `seq` 0. The calls in the frame count as delivered.
    pub fn next(&mut self, now_unix_ms: f64, mut tasks: Vec<TaskFrame>) -> Frame {
        self.fill_in(&mut tasks);
        let removed = self.removed(&tasks);
        let full = self.full_next || self.deltas + 1 >= DEFAULT_FULL_FRAME_EVERY;
        tasks.retain(|task| {
            let changed = self.sent.get(&task.task_id) != Some(task);
            if changed {
                self.sent.insert(task.task_id.clone(), task.clone());
            }
            changed || full
        });
        let ended = self.ended();
        let (events, events_dropped) = self.events.as_mut().map(FrameEvents::take).unzip();
        let frame = Frame {
            version: FRAME_VERSION,
            seq: self.seq,
            ts: now_unix_ms,
            kind: if full { FrameKind::Full } else { FrameKind::Delta },
            lost: std::mem::take(&mut self.lost),
            tasks,
            removed,
            spans: ended.spans,
            handler_spans: ended.handler_spans,
            traces: ended.traces,
            black_boxes: self.black_boxes(),
            spans_dropped: ended.dropped,
            events,
            events_dropped: events_dropped.unwrap_or_default(),
            ledger: self.telemetry.ledger(self.runtime),
            findings: self.telemetry.findings(self.runtime, (now_unix_ms * 1e6) as u64),
        };
        self.seq += 1;
        self.full_next = false;
        self.deltas = if full { 0 } else { self.deltas + 1 };
        frame
    }

    /// The reader was too slow for `n` frames, which were not made or did not reach it: the next one says so and is
    /// full. The calls of frames that were not made come with the next one, as far as they fit.
    pub fn skipped(&mut self, n: u64) {
        if n > 0 {
            self.lost = self.lost.saturating_add(n);
            self.full_next = true;
        }
    }

    /// Whether frames have the events of `subscribeEvents` listeners from now on, at most [`DEFAULT_FRAME_EVENTS`] each; at
    /// first they have not. Events are made only meanwhile. The ledger calls them the reader's with `:events`.
    ///
    /// [`DEFAULT_FRAME_EVENTS`]: crate::DEFAULT_FRAME_EVENTS
    ///
    /// ```
    /// let telemetry = atelier_telemetry::Telemetry::new();
    /// let mut frames = telemetry.frames(1, "mine");
    /// assert!(frames.next(0.0, Vec::new()).events.is_none());
    /// frames.take_events(true);
    /// assert_eq!(frames.next(250.0, Vec::new()).events, Some(Vec::new()));
    /// ```
    pub fn take_events(&mut self, wanted: bool) {
        if wanted != self.events.is_some() {
            self.events = wanted.then(|| FrameEvents::begin(&self.telemetry, self.runtime, &self.name));
        }
    }

    /// The next frame will be full.
    pub fn start_over(&mut self) {
        self.full_next = true;
    }

    fn fill_in(&self, tasks: &mut [TaskFrame]) {
        let ids = tasks.iter().map(|task| task.task_id.as_str());
        let distributions = self.telemetry.distributions_by_id(self.runtime, ids);
        for (task, distributions) in tasks.iter_mut().zip(distributions) {
            task.wait = distributions.wait;
            task.run = distributions.run;
            task.duration = distributions.duration;
            task.exemplars = distributions.exemplars;
        }
    }

    /// Forgets the tasks that are gone and gives their ids, in order.
    fn removed(&mut self, tasks: &[TaskFrame]) -> Vec<String> {
        let present: FxHashSet<&str> = tasks.iter().map(|task| task.task_id.as_str()).collect();
        let mut removed: Vec<String> =
            self.sent.extract_if(|id, _| !present.contains(id.as_str())).map(|(id, _)| id).collect();
        removed.sort();
        removed
    }

    /// The black boxes that were closed since the frame before.
    fn black_boxes(&mut self) -> Vec<BlackBoxFrame> {
        let closed = self.telemetry.closed_black_boxes(self.runtime, self.boxes);
        self.boxes = closed.last().map_or(self.boxes, |last| last.number);
        closed.iter().map(|it| BlackBoxFrame::from(&**it)).collect()
    }

    /// What ended since the frame before.
    fn ended(&mut self) -> Ended {
        let records = self.calls.drain(DEFAULT_FRAME_SPANS);
        self.calls.delivered(Signal::Spans, records.len() as u64);
        let mut ended = Ended::default();
        for record in &records {
            match record {
                Record::Span(call) => ended.spans.push(SpanFrame::from(&**call)),
                Record::Handler(span) => ended.handler_spans.push(HandlerSpanFrame::from(&**span)),
                Record::Trace(trace) => ended.traces.push(TraceFrame::from(&**trace)),
                Record::Metric(_) | Record::Log(_) => {}
            }
        }
        let dropped = self.calls.total_dropped(Signal::Spans);
        ended.dropped = dropped.saturating_sub(std::mem::replace(&mut self.spans_dropped, dropped));
        ended
    }
}

/// What ended since the frame before, and how much of it did not fit.
#[derive(Default)]
struct Ended {
    spans: Vec<SpanFrame>,
    handler_spans: Vec<HandlerSpanFrame>,
    traces: Vec<TraceFrame>,
    dropped: u64,
}

impl From<&SpanRecord> for SpanFrame {
    fn from(call: &SpanRecord) -> SpanFrame {
        SpanFrame {
            trace_id: format!("{:032x}", call.trace_id),
            span_id: format!("{:016x}", call.span_id),
            parent_span_id: call.parent_span_id.map(|id| format!("{id:016x}")),
            trace_name: call.trace_name.as_deref().map(str::to_owned),
            call_id: call.call_id.to_string(),
            task_id: call.task.id.to_string(),
            method: call.method.to_string(),
            worker_index: call.worker_index,
            attempt: call.attempt,
            start: call.start_unix_nano as f64 / 1e6,
            duration_ms: call.duration() * 1e3,
            outcome: call.outcome.name().to_owned(),
            error_type: call.error_type.as_deref().map(str::to_owned),
            error: call.error_message.as_deref().map(str::to_owned),
            error_stack: call.error_stack.as_deref().map(str::to_owned),
            phases: call.phases.0.map(|phase| phase.map(|seconds| seconds * 1e3)),
        }
    }
}

impl From<&HandlerSpanRecord> for HandlerSpanFrame {
    fn from(span: &HandlerSpanRecord) -> HandlerSpanFrame {
        HandlerSpanFrame {
            trace_id: format!("{:032x}", span.trace_id),
            span_id: format!("{:016x}", span.span_id),
            parent_span_id: format!("{:016x}", span.parent_span_id),
            name: span.name.to_string(),
            call_id: span.call_id.to_string(),
            task_id: span.task.id.to_string(),
            worker_index: span.worker_index,
            start: span.start_unix_nano as f64 / 1e6,
            duration_ms: span.end_unix_nano.saturating_sub(span.start_unix_nano) as f64 / 1e6,
            error: span.error_message.as_deref().map(str::to_owned),
            attributes: span.attributes.as_deref().map(str::to_owned),
        }
    }
}

impl From<&BlackBox> for BlackBoxFrame {
    fn from(of: &BlackBox) -> BlackBoxFrame {
        BlackBoxFrame {
            number: of.number,
            task_id: of.task.id.to_string(),
            worker_index: of.worker_index,
            cause: of.cause.as_deref().unwrap_or_default().to_owned(),
            facts: of.facts.iter().map(BoxedFactFrame::from).collect(),
        }
    }
}

impl From<&BoxedFact> for BoxedFactFrame {
    fn from(fact: &BoxedFact) -> BoxedFactFrame {
        BoxedFactFrame {
            ts: fact.time_unix_nano as f64 / 1e6,
            fact: fact.fact.name().to_owned(),
            call_id: fact.call_id.map(|id| id.to_string()),
            method: fact.method.as_deref().map(str::to_owned),
        }
    }
}

impl From<&TraceRecord> for TraceFrame {
    fn from(trace: &TraceRecord) -> TraceFrame {
        TraceFrame {
            trace_id: format!("{:032x}", trace.trace_id),
            span_id: format!("{:016x}", trace.span_id),
            parent_span_id: trace.parent_span_id.map(|id| format!("{id:016x}")),
            name: trace.name.as_deref().map(str::to_owned),
            start: trace.start_unix_nano as f64 / 1e6,
            duration_ms: trace.end_unix_nano.saturating_sub(trace.start_unix_nano) as f64 / 1e6,
            status: trace.status.name().to_owned(),
            error: trace.error_message.as_deref().map(str::to_owned),
        }
    }
}
