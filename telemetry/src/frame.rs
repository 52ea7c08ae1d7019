//! The snapshot stream's types: what the panel and recordings take, and nothing else.
//!
//! A stream begins with a full frame; deltas follow, each with the tasks that changed and the spans that ended since
//! the frame before. Frames are numbered; a reader that was too slow finds [`Frame::lost`] above zero and a full frame.
//! In JavaScript a frame is a plain object with the same names in camel case; times are milliseconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::listener_event::ListenerEvent;

/// The version of this shape.
pub const FRAME_VERSION: u32 = 1;

/// Whether a frame stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameKind {
    /// Holds every task.
    Full,
    /// Holds the tasks that changed since the frame before.
    Delta,
}

/// One frame of the snapshot stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// [`FRAME_VERSION`].
    pub version: u32,
    /// Counts up by one for each frame made for this reader.
    pub seq: u64,
    /// When it was made, milliseconds since the Unix epoch.
    pub ts: f64,
    /// Full or delta.
    pub kind: FrameKind,
    /// Frames of this reader that were lost just before this one.
    #[serde(default)]
    pub lost: u64,
    /// Tasks: all of them (full) or the changed ones (delta).
    #[serde(default)]
    pub tasks: Vec<TaskFrame>,
    /// Ids of the tasks that are gone since the frame before.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Calls that ended since the frame before, oldest first, bounded.
    #[serde(default)]
    pub spans: Vec<SpanFrame>,
    /// Spans that the handlers of these calls opened, by call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handler_spans: Vec<HandlerSpanFrame>,
    /// Traces made by `createTrace` that ended since the frame before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<TraceFrame>,
    /// The last facts of the workers that died since the frame before; in the first frame, of those of late.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub black_boxes: Vec<BlackBoxFrame>,
    /// Calls, handlers' spans and traces that ended since the frame before and did not fit.
    #[serde(default)]
    pub spans_dropped: u64,
    /// What `subscribeEvents` listeners got since the frame before, oldest first, bounded; `None` unless the reader asked
    /// for events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<ListenerEvent>>,
    /// Events since the frame before that did not fit: they were older than those in [`Frame::events`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub events_dropped: u64,
    /// What became of what was emitted, by consumer and signal. Present in every frame.
    #[serde(default)]
    pub ledger: Vec<LedgerRow>,
    /// What the linter has to say at the moment, the worst first. Present in every frame.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Something that is wrong with how a page uses its tasks, and what to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which finding; see [`FindingKind`](crate::lint::FindingKind).
    pub id: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// The task it is about, absent when it is about the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// What is the matter, in one sentence with numbers.
    pub message: String,
    /// The numbers, with their units in their names.
    pub evidence: BTreeMap<String, f64>,
    /// What to change.
    pub fix: String,
}

/// A task in a frame: its state and its distributions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskFrame {
    /// The task's id.
    pub task_id: String,
    /// The task's name, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_name: Option<String>,
    /// `parallel` or `singleton`.
    #[serde(rename = "type")]
    pub task_type: String,
    /// `idle`, `active` or `paused`.
    pub task_status: String,
    /// `running`, `stopped`, `stopping` or `crashed`.
    pub worker_status: String,
    /// `block`, `reject`, `drop-latest` or `drop-oldest`.
    pub queue_policy: String,
    /// Workers the pool may have.
    pub pool_size: u32,
    /// Workers alive.
    pub active_workers: u32,
    /// Calls at workers.
    pub in_flight: u32,
    /// Their limit; the largest number when unlimited.
    pub max_in_flight: u32,
    /// Calls in the queue.
    pub pending: u32,
    /// Their limit; `None` when unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_queue_depth: Option<u32>,
    /// Calls whose caller waits for a place.
    pub waiting: u32,
    /// Totals since the runtime began.
    pub totals: Totals,
    /// From the call until a worker got it.
    pub wait: Distribution,
    /// In the handler.
    pub run: Distribution,
    /// From the call to its settlement.
    pub duration: Distribution,
    /// The calls that these distributions' percentiles lead to.
    #[serde(default, skip_serializing_if = "TaskExemplars::is_empty")]
    pub exemplars: TaskExemplars,
    /// The workers alive, by place.
    #[serde(default)]
    pub workers: Vec<WorkerFrame>,
    /// The last crash, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_crash: Option<CrashFrame>,
}

/// Totals of a task since its runtime began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Calls made.
    pub dispatched: u64,
    /// Calls that returned.
    pub success: u64,
    /// Calls that failed.
    pub failure: u64,
    /// Calls cancelled.
    pub canceled: u64,
    /// Calls refused or dropped.
    pub rejected: u64,
    /// Calls put back into the queue.
    pub requeued: u64,
    /// Workers started.
    pub spawned: u64,
    /// Workers that crashed.
    pub crashed: u64,
    /// Workers terminated.
    pub terminated: u64,
}

/// Percentiles of durations, in milliseconds. All zero when `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// How many were measured.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
}

/// The calls that the percentiles of a task lead to. Only sampled calls are remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskExemplars {
    /// Of [`TaskFrame::wait`].
    pub wait: Vec<ExemplarFrame>,
    /// Of [`TaskFrame::run`].
    pub run: Vec<ExemplarFrame>,
    /// Of [`TaskFrame::duration`].
    pub duration: Vec<ExemplarFrame>,
}

impl TaskExemplars {
    /// Whether no percentile leads anywhere.
    pub fn is_empty(&self) -> bool {
        self.wait.is_empty() && self.run.is_empty() && self.duration.is_empty()
    }
}

/// A recent call about as long as a percentile says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExemplarFrame {
    /// `p50`, `p90`, `p95`, `p99` or `max`.
    pub at: String,
    /// How long it took, in milliseconds.
    pub value: f64,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// When it was measured, milliseconds since the Unix epoch.
    pub ts: f64,
}

/// A worker in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerFrame {
    /// Its place in the pool.
    pub index: u32,
    /// `starting`, `ready` or `backoff`.
    pub status: String,
    /// Calls it has.
    pub in_flight: u32,
    /// What it is busy with; absent when it has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentCallFrame>,
}

/// What a worker is busy with: of the calls it was sent, the one it has had the longest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentCallFrame {
    /// The call; absent when it is settled, and only the worker goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Its method, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// When it was sent to the worker, milliseconds since the Unix epoch.
    pub since: f64,
    /// Whether it was cancelled, and its handler goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canceled: bool,
}

/// The last facts of a worker that crashed, hung, or was replaced after a call's grace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxFrame {
    /// Counts up by one for each that is closed in the runtime, from 1.
    pub number: u64,
    /// The task's id.
    pub task_id: String,
    /// The worker's place in the pool.
    pub worker_index: u32,
    /// Why it was closed: the kind of the crash, or `grace`.
    pub cause: String,
    /// The facts, oldest first, at most 64.
    pub facts: Vec<BoxedFactFrame>,
}

/// A fact in a black box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoxedFactFrame {
    /// When, milliseconds since the Unix epoch.
    pub ts: f64,
    /// What happened.
    pub fact: String,
    /// The call, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Its method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// A crash in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrashFrame {
    /// When, milliseconds since the Unix epoch.
    pub ts: f64,
    /// The worker's place in the pool.
    pub worker_index: u32,
    /// The message of the worker's error.
    pub message: String,
}

/// A call that ended, in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanFrame {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits, absent at a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The trace's name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_name: Option<String>,
    /// The call.
    pub call_id: String,
    /// The task's id.
    pub task_id: String,
    /// The method.
    pub method: String,
    /// The worker's place, if one ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_index: Option<u32>,
    /// How many times it was given to a worker.
    pub attempt: u32,
    /// When the call was made, milliseconds since the Unix epoch.
    pub start: f64,
    /// From the call to its settlement, milliseconds.
    pub duration_ms: f64,
    /// `ok`, `error`, `canceled` or `rejected`.
    pub outcome: String,
    /// The error's name, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error's stack, or that of what ended its worker, where the browser has one: its beginning, and how much was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_stack: Option<String>,
    /// Milliseconds in each phase: admission, queue, delivery, run, reply; `None` where it never was.
    pub phases: [Option<f64>; 5],
}

/// A trace that ended, in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceFrame {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits: the parent of the trace's calls.
    pub span_id: String,
    /// 16 hexadecimal digits, absent unless the trace continues another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The name, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was made, milliseconds since the Unix epoch.
    pub start: f64,
    /// Until it was ended, milliseconds.
    pub duration_ms: f64,
    /// `ok`, `error` or `canceled`.
    pub status: String,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A span that a handler opened, in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandlerSpanFrame {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits: the call's span, or another of its handler's.
    pub parent_span_id: String,
    /// The name its handler gave it.
    pub name: String,
    /// The call.
    pub call_id: String,
    /// The task's id.
    pub task_id: String,
    /// The worker's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_index: Option<u32>,
    /// When it began, milliseconds since the Unix epoch.
    pub start: f64,
    /// How long it took, milliseconds.
    pub duration_ms: f64,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A JSON object of strings, numbers and booleans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
}

/// What became of what was emitted to one consumer: `emitted = delivered + rejected + dropped + pending`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRow {
    /// Such as `listener:1`, `otlp:1` or `panel`.
    pub consumer: String,
    /// `events`, `spans`, `metrics` or `logs`.
    pub signal: String,
    /// Handed to the consumer.
    pub emitted: u64,
    /// Taken by it (by the collector, for an exporter).
    pub delivered: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Lost, by reason.
    pub dropped: Vec<(String, u64)>,
    /// Not decided yet.
    pub pending: u64,
    /// The consumer's last error, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Why something was refused last, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rejection: Option<String>,
    /// When what waits is sent again after a failure, milliseconds since the Unix epoch; absent when nothing has to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry: Option<f64>,
}
