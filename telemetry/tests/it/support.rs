//! Emits what the runtime emits: the same names, fields and types, through `tracing`.

use atelier_core::names::{
    CALL_SPAN, METRICS_STOPPED, Metric, Phase, TARGET, TASK_DEFINED, TASK_DISPOSED, TRACE_SPAN, WORKER_CRASH,
    WORKER_LIFE, WorkerFact, field,
};
use atelier_core::{ErrorKind, Outcome};
use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::{LedgerRow, TaskFrame, Totals};
use tracing::{Level, Span, event, span};
use tracing_subscriber::layer::SubscriberExt;

/// The runtime of most tests.
pub(crate) const RUNTIME: u64 = 7;
/// A time like a real one.
pub(crate) const START: u64 = 1_790_000_000_000_000_000;

/// Runs with a subscriber made of a registry and the telemetry's Layer.
pub(crate) fn listening<T>(telemetry: &Telemetry, run: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), run)
}

pub(crate) fn define(task: u64, id: &str) {
    define_in(RUNTIME, task, id, None);
}

pub(crate) fn define_in(runtime: u64, task: u64, id: &str, name: Option<&str>) {
    event!(
        name: TASK_DEFINED, target: TARGET, Level::DEBUG,
        { field::RUNTIME } = runtime,
        { field::TASK } = task,
        { field::TASK_ID } = id,
        { field::TASK_NAME } = name,
        { field::TASK_TYPE } = "parallel",
        { field::QUEUE_POLICY } = "block",
        { field::MAX_IN_FLIGHT } = 4u64,
        { field::MAX_QUEUE_DEPTH } = u64::MAX,
        { field::POOL_SIZE } = 2u64,
    );
}

pub(crate) fn dispose(task: u64) {
    event!(
        name: TASK_DISPOSED, target: TARGET, Level::DEBUG,
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
    );
}

/// The attributes of a metric event.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) runtime: u64,
    pub(crate) task: u64,
    pub(crate) time: u64,
    pub(crate) method: Option<&'a str>,
    pub(crate) worker: Option<u64>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) phase: Option<Phase>,
    pub(crate) call: Option<u64>,
    /// Trace id and span id of a sampled call.
    pub(crate) span: Option<(u128, u64)>,
}

/// Nothing but the task.
pub(crate) fn of(task: u64) -> Of<'static> {
    Of {
        runtime: RUNTIME,
        task,
        time: START,
        method: None,
        worker: None,
        outcome: None,
        error_type: None,
        phase: None,
        call: None,
        span: None,
    }
}

impl<'a> Of<'a> {
    pub(crate) fn method(self, method: &'a str) -> Of<'a> {
        Of { method: Some(method), ..self }
    }
    pub(crate) fn worker(self, worker: u64) -> Of<'a> {
        Of { worker: Some(worker), ..self }
    }
    pub(crate) fn outcome(self, outcome: Outcome) -> Of<'a> {
        Of { outcome: Some(outcome), ..self }
    }
    pub(crate) fn phase(self, phase: Phase) -> Of<'a> {
        Of { phase: Some(phase), ..self }
    }
    pub(crate) fn call(self, call: u64) -> Of<'a> {
        Of { call: Some(call), ..self }
    }
    pub(crate) fn at(self, time: u64) -> Of<'a> {
        Of { time, ..self }
    }
    pub(crate) fn span(self, trace_id: u128, span_id: u64) -> Of<'a> {
        Of { span: Some((trace_id, span_id)), ..self }
    }
}

macro_rules! emitter {
    ($of:ident, $metric:ident, $value:expr) => {
        event!(
            target: TARGET, Level::DEBUG,
            { Metric::$metric.field() } = $value,
            { field::TIME } = $of.time,
            { field::RUNTIME } = $of.runtime,
            { field::TASK } = $of.task,
            { field::TASK_ID } = "ignored",
            { field::TASK_TYPE } = "ignored",
            { field::METHOD } = $of.method,
            { field::WORKER_INDEX } = $of.worker,
            { field::OUTCOME } = $of.outcome.map(Outcome::name),
            { field::ERROR_TYPE } = $of.error_type,
            { field::PHASE } = $of.phase.map(Phase::name),
            { field::CALL_ID } = $of.call,
            { field::TRACE_ID } = $of.span.map(|it| it.0),
            { field::SPAN_ID } = $of.span.map(|it| it.1),
    )
    };
}

/// A counter was raised or a gauge set.
pub(crate) fn count(metric: Metric, value: u64, of: Of<'_>) {
    match metric {
        Metric::TaskDispatched => emitter!(of, TaskDispatched, value),
        Metric::TaskCompleted => emitter!(of, TaskCompleted, value),
        Metric::TaskRequeued => emitter!(of, TaskRequeued, value),
        Metric::WorkerSpawned => emitter!(of, WorkerSpawned, value),
        Metric::WorkerCrashed => emitter!(of, WorkerCrashed, value),
        Metric::WorkerTerminated => emitter!(of, WorkerTerminated, value),
        Metric::QueueInFlight => emitter!(of, QueueInFlight, value),
        Metric::QueuePending => emitter!(of, QueuePending, value),
        Metric::QueueWaiting => emitter!(of, QueueWaiting, value),
        Metric::WorkersActive => emitter!(of, WorkersActive, value),
        Metric::TaskDuration | Metric::QueueWait | Metric::TaskPhase => panic!("{metric:?} is no count"),
    }
}

/// A duration was measured, in seconds.
pub(crate) fn measure(metric: Metric, seconds: f64, of: Of<'_>) {
    match metric {
        Metric::TaskDuration => emitter!(of, TaskDuration, seconds),
        Metric::QueueWait => emitter!(of, QueueWait, seconds),
        Metric::TaskPhase => emitter!(of, TaskPhase, seconds),
        _ => panic!("{metric:?} is no duration"),
    }
}

/// Something happened to a worker that no metric counts.
pub(crate) fn life(fact: WorkerFact, of: Of<'_>) {
    event!(
        name: WORKER_LIFE, target: TARGET, Level::TRACE,
        { field::FACT } = fact.name(),
        { field::TIME } = of.time,
        { field::RUNTIME } = of.runtime,
        { field::TASK } = of.task,
        { field::WORKER_INDEX } = of.worker,
        { field::CALL_ID } = of.call,
        { field::METHOD } = of.method,
    );
}

/// A worker crashed: the metric and the reason, as the runtime tells them.
pub(crate) fn crash(kind: &str, of: Of<'_>) {
    count(Metric::WorkerCrashed, 1, of);
    crash_unwatched(kind, of);
}

/// A worker crashed while nobody wanted metrics.
pub(crate) fn crash_unwatched(kind: &str, of: Of<'_>) {
    event!(
        name: WORKER_CRASH, target: TARGET, Level::WARN,
        { field::TIME } = of.time,
        { field::RUNTIME } = of.runtime,
        { field::TASK } = of.task,
        { field::WORKER_INDEX } = of.worker,
        { field::ERROR_TYPE } = kind,
        { field::EXCEPTION_MESSAGE } = "boom",
    );
}

/// Nobody wants metrics any more.
pub(crate) fn stop_metrics() {
    event!(name: METRICS_STOPPED, target: TARGET, Level::DEBUG, { field::RUNTIME } = RUNTIME);
}

/// Opens the span of a call.
pub(crate) fn open_call(task: u64, call: u64) -> Span {
    open_call_in(task, call, None, None)
}

pub(crate) fn open_call_in(task: u64, call: u64, parent: Option<u64>, trace_name: Option<&str>) -> Span {
    span!(
        target: TARGET, Level::INFO, CALL_SPAN,
        { field::OTEL_NAME } = "resize",
        { field::OTEL_KIND } = "internal",
        { field::RUNTIME } = RUNTIME,
        { field::TASK } = task,
        { field::TASK_ID } = "ignored",
        { field::CALL_ID } = call,
        { field::METHOD } = "resize",
        { field::TIME } = START + call * 1_000_000,
        { field::TRACE_ID } = u128::from(call) << 64 | 0xabc,
        { field::SPAN_ID } = call + 1,
        { field::PARENT_SPAN_ID } = parent,
        { field::TRACE_NAME } = trace_name,
        { field::SAMPLING_REASON } = tracing::field::Empty,
        { field::END_TIME } = tracing::field::Empty,
        { field::OUTCOME } = tracing::field::Empty,
        { field::ATTEMPT } = tracing::field::Empty,
        { field::WORKER_INDEX } = tracing::field::Empty,
        { field::ERROR_KIND } = tracing::field::Empty,
        { field::ERROR_TYPE } = tracing::field::Empty,
        { field::OTEL_STATUS_CODE } = tracing::field::Empty,
        { field::OTEL_STATUS_DESCRIPTION } = tracing::field::Empty,
        { field::EXCEPTION_STACKTRACE } = tracing::field::Empty,
        { field::QUEUE_WAIT } = tracing::field::Empty,
        { field::QUEUE_WAIT_LAST } = tracing::field::Empty,
        { "atelier.phase.admission" } = tracing::field::Empty,
        { "atelier.phase.queue" } = tracing::field::Empty,
        { "atelier.phase.delivery" } = tracing::field::Empty,
        { "atelier.phase.run" } = tracing::field::Empty,
        { "atelier.phase.reply" } = tracing::field::Empty,
    )
}

/// Ends a call that returned after 3 ms.
pub(crate) fn end_call(span: Span, call: u64) {
    span.record(field::END_TIME, START + call * 1_000_000 + 3_000_000);
    span.record(field::OUTCOME, Outcome::Ok.name());
    span.record(field::ATTEMPT, 1u64);
    span.record(field::WORKER_INDEX, call % 2);
    span.record(field::QUEUE_WAIT, 0.001);
    span.record(field::QUEUE_WAIT_LAST, 0.001);
    for (phase, seconds) in Phase::ALL.into_iter().zip([0.0, 0.001, 0.0002, 0.0015, 0.0003]) {
        span.record(format!("{}{}", field::PHASE_PREFIX, phase.name()).as_str(), seconds);
    }
}

/// Ends a call whose handler threw.
pub(crate) fn fail_call(span: Span, call: u64, message: &str) {
    span.record(field::END_TIME, START + call * 1_000_000 + 3_000_000);
    span.record(field::OUTCOME, Outcome::Error.name());
    span.record(field::ATTEMPT, 2u64);
    span.record(field::WORKER_INDEX, 1u64);
    span.record(field::ERROR_KIND, ErrorKind::Exception.name());
    span.record(field::ERROR_TYPE, "TypeError");
    span.record(field::OTEL_STATUS_CODE, "ERROR");
    span.record(field::OTEL_STATUS_DESCRIPTION, message);
}

/// A call from beginning to end.
pub(crate) fn call(task: u64, call: u64) {
    end_call(open_call(task, call), call);
}

/// Opens the span of a trace.
pub(crate) fn open_trace(span_id: u64, name: Option<&str>) -> Span {
    span!(
        target: TARGET, Level::INFO, TRACE_SPAN,
        { field::RUNTIME } = RUNTIME,
        { field::TRACE_ID } = 0xfeedu128,
        { field::SPAN_ID } = span_id,
        { field::PARENT_SPAN_ID } = None::<u64>,
        { field::TRACE_NAME } = name,
        { field::TIME } = START,
        { field::END_TIME } = tracing::field::Empty,
        { field::OUTCOME } = tracing::field::Empty,
        { field::ERROR_KIND } = tracing::field::Empty,
        { field::ERROR_TYPE } = tracing::field::Empty,
        { field::OTEL_STATUS_DESCRIPTION } = tracing::field::Empty,
    )
}

/// Ends a trace after 5 ms.
pub(crate) fn end_trace(span: Span, outcome: &str) {
    span.record(field::END_TIME, START + 5_000_000);
    span.record(field::OUTCOME, outcome);
}

/// A task's state as the runtime gives it to a frame reader.
pub(crate) fn task_frame(id: &str, in_flight: u32) -> TaskFrame {
    TaskFrame {
        task_id: id.to_owned(),
        task_name: None,
        task_type: "parallel".to_owned(),
        task_status: "active".to_owned(),
        worker_status: "running".to_owned(),
        queue_policy: "block".to_owned(),
        pool_size: 2,
        active_workers: 2,
        in_flight,
        max_in_flight: 4,
        pending: 0,
        max_queue_depth: None,
        waiting: 0,
        totals: Totals::default(),
        wait: Default::default(),
        run: Default::default(),
        duration: Default::default(),
        exemplars: Default::default(),
        workers: Vec::new(),
        last_crash: None,
    }
}

/// Whether everything emitted is accounted for.
pub(crate) fn balances(row: &LedgerRow) -> bool {
    let dropped: u64 = row.dropped.iter().map(|(_, n)| n).sum();
    row.emitted == row.delivered + row.rejected + dropped + row.pending
}

/// The row of a consumer's signal.
pub(crate) fn row<'a>(ledger: &'a [LedgerRow], consumer: &str, signal: &str) -> &'a LedgerRow {
    ledger.iter().find(|row| row.consumer == consumer && row.signal == signal).expect("no such row")
}

/// Numbers that look random and are the same in every run with the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Random {
        Random(seed.max(1))
    }
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
