//! A runtime that tells things through `tracing`, and a driver that records it as a page does.

use std::collections::VecDeque;

use atelier_core::names::{
    CALL_SPAN, HANDLER_SPAN, Metric, TARGET, TASK_DEFINED, TRACE_SPAN, WORKER_CRASH, WORKER_LIFE, field,
};
use atelier_exporters::recording::{Moment, Piece, Recorder};
use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::TaskFrame;
use atelier_telemetry::recording::{Coding, Ending, Header, Item, Reader, Summary};
use tracing::{Level, event, span};
use tracing_subscriber::layer::SubscriberExt;

pub(crate) const RUNTIME: u64 = 3;
pub(crate) const EPOCH: u64 = 1_790_000_000_000_000_000;

pub(crate) fn listening<T>(telemetry: &Telemetry, run: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), run)
}

pub(crate) fn define(task: u64, id: &str) {
    event!(
        name: TASK_DEFINED, target: TARGET, Level::DEBUG,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
        { field::TASK_ID } = id,
        { field::TASK_TYPE } = "parallel",
        { field::QUEUE_POLICY } = "block",
        { field::MAX_IN_FLIGHT } = 2_u64,
        { field::MAX_QUEUE_DEPTH } = 2_u64,
        { field::POOL_SIZE } = 2_u64,
    );
}

/// A call's metrics and its span. Times and ids are numbers that do not repeat, as in life.
pub(crate) fn call(task: u64, call: u64) {
    let start = EPOCH + call * 1_234_567;
    let run = 0.001 + (call * 7_919 % 1_000) as f64 * 1e-6;
    let mixed = call.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    event!(
        target: TARGET, Level::TRACE,
        { Metric::TaskDispatched.field() } = 1_u64,
        { field::TIME } = start,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
        { field::METHOD } = "run",
    );
    event!(
        target: TARGET, Level::TRACE,
        { Metric::TaskPhase.field() } = run,
        { field::TIME } = start + 3_000_000,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
        { field::METHOD } = "run",
        { field::PHASE } = "run",
    );
    drop(span!(
        target: TARGET, Level::DEBUG, CALL_SPAN,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
        { field::CALL_ID } = call,
        { field::METHOD } = "run",
        { field::TIME } = start,
        { field::TRACE_ID } = u128::from(mixed) << 64 | u128::from(mixed.rotate_left(17)),
        { field::SPAN_ID } = mixed | 1,
        { field::END_TIME } = start + 3_000_000,
        { field::OUTCOME } = "ok",
        { field::ATTEMPT } = 1_u64,
        { field::WORKER_INDEX } = call % 2,
        { field::QUEUE_WAIT } = 0.0005,
        { field::QUEUE_WAIT_LAST } = 0.0005,
        { "atelier.phase.admission" } = 0.0,
        { "atelier.phase.queue" } = 0.0005,
        { "atelier.phase.delivery" } = 0.0001,
        { "atelier.phase.run" } = run,
        { "atelier.phase.reply" } = 0.0002,
    ));
}

pub(crate) fn trace_and_handler_span(number: u64) {
    drop(span!(
        target: TARGET, Level::DEBUG, HANDLER_SPAN,
        { field::OTEL_NAME } = "decode",
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::CALL_ID } = number,
        { field::TIME } = EPOCH + 1,
        { field::TRACE_ID } = u128::from(number),
        { field::SPAN_ID } = number + 1,
        { field::PARENT_SPAN_ID } = number + 2,
        { field::ATTRIBUTES } = "{\"pixels\":12}",
        { field::END_TIME } = EPOCH + 2,
    ));
    drop(span!(
        target: TARGET, Level::DEBUG, TRACE_SPAN,
        { field::RUNTIME } = RUNTIME,
        { field::TRACE_ID } = u128::from(number),
        { field::SPAN_ID } = number,
        { field::TRACE_NAME } = "checkout",
        { field::TIME } = EPOCH,
        { field::END_TIME } = EPOCH + 5,
        { field::OUTCOME } = "ok",
    ));
}

/// A worker that is started, and dies.
pub(crate) fn crash(index: u64) {
    event!(
        name: WORKER_LIFE, target: TARGET, Level::TRACE,
        { field::FACT } = "ready",
        { field::TIME } = EPOCH,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::WORKER_INDEX } = index,
    );
    event!(
        target: TARGET, Level::TRACE,
        { Metric::WorkerCrashed.field() } = 1_u64,
        { field::TIME } = EPOCH + 1,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::WORKER_INDEX } = index,
    );
    event!(
        name: WORKER_CRASH, target: TARGET, Level::WARN,
        { field::TIME } = EPOCH + 1,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::WORKER_INDEX } = index,
        { field::ERROR_TYPE } = "error",
        { field::EXCEPTION_MESSAGE } = "boom",
    );
}

/// A worker that is started.
pub(crate) fn spawn(index: u64) {
    event!(
        target: TARGET, Level::TRACE,
        { Metric::WorkerSpawned.field() } = 1_u64,
        { field::TIME } = EPOCH,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = 1_u64,
        { field::WORKER_INDEX } = index,
    );
}

pub(crate) fn task_frame(id: &str) -> TaskFrame {
    serde_json::from_value(serde_json::json!({
        "taskId": id, "type": "parallel", "taskStatus": "active", "workerStatus": "running",
        "queuePolicy": "block", "poolSize": 2, "activeWorkers": 2, "inFlight": 1, "maxInFlight": 2, "pending": 0,
        "waiting": 0,
        "totals": { "dispatched": 0, "success": 0, "failure": 0, "canceled": 0, "rejected": 0, "requeued": 0,
            "spawned": 0, "crashed": 0, "terminated": 0 },
        "wait": distribution(), "run": distribution(), "duration": distribution(),
    }))
    .unwrap()
}

fn distribution() -> serde_json::Value {
    serde_json::json!({ "count": 0, "sum": 0.0, "min": 0.0, "max": 0.0, "mean": 0.0, "p50": 0.0, "p90": 0.0,
        "p95": 0.0, "p99": 0.0, "p999": 0.0 })
}

/// Records as a page does: compresses the pieces of a segment as one, keeps segments, throws the oldest away.
pub(crate) struct Driver {
    pub(crate) recorder: Recorder,
    segments: VecDeque<Vec<u8>>,
    open: Vec<u8>,
    /// The most bytes that one step gave.
    pub(crate) longest_piece: usize,
}

impl Driver {
    pub(crate) fn start(telemetry: &Telemetry, max_bytes: u64) -> Driver {
        let header = Header { page: "https://a.example/".to_owned(), ..Header::default() };
        Driver {
            recorder: Recorder::start(telemetry, RUNTIME, "recording", max_bytes, header),
            segments: VecDeque::new(),
            open: Vec::new(),
            longest_piece: 0,
        }
    }

    /// One step. `false` when nothing more is to be done.
    pub(crate) fn step(&mut self) -> bool {
        let now = || Moment { unix_ms: 1_000.0, tasks: vec![task_frame("resize")] };
        let Piece { bytes, ends_segment, more } = self.recorder.step(now);
        self.longest_piece = self.longest_piece.max(bytes.len());
        self.open.extend(bytes);
        if ends_segment {
            let stored = miniz_oxide::deflate::compress_to_vec_zlib(&std::mem::take(&mut self.open), 6);
            let (head, gone) = self.recorder.segment_stored(Coding::Zlib, stored.len() as u32);
            self.segments.push_back([head, stored].concat());
            self.segments.drain(..gone);
        }
        more
    }

    pub(crate) fn steps(&mut self) {
        while self.step() {}
    }

    pub(crate) fn stop(mut self) -> Vec<u8> {
        self.recorder.end();
        self.steps();
        let end = self.recorder.finish(EPOCH + 99);
        let mut file = self.recorder.head().to_vec();
        file.extend(self.segments.into_iter().flatten());
        file.extend(end);
        file
    }
}

/// What is in a whole file.
pub(crate) fn read(file: &[u8]) -> (Vec<Item>, Summary) {
    let mut reader = Reader::open(file).unwrap();
    let items = reader.by_ref().collect::<Result<_, _>>().unwrap();
    let Some(Ending::Whole(summary)) = reader.ending() else { panic!("{:?}", reader.ending()) };
    (items, summary.clone())
}

/// The facts among items, as text.
pub(crate) fn facts(items: &[Item]) -> Vec<String> {
    let record = |item: &Item| match item {
        Item::Record(record) => Some(format!("{record:?}")),
        _ => None,
    };
    items.iter().filter_map(record).collect()
}
