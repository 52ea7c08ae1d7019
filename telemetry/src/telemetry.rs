//! The handle to a page's telemetry.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::black_box::BlackBox;
use crate::consumer::{Consumer, Selection, SubscribeOptions};
use crate::distribution::TaskDistributions;
use crate::frame::{Finding, LedgerRow, Totals};
use crate::frames::{DEFAULT_FRAME_SPANS, FrameReader};
use crate::layer::TelemetryLayer;
use crate::log_layer::LogLayer;
use crate::metrics::MetricsSnapshot;
use crate::metrics_reader::MetricsReader;
use crate::state::Shared;
use crate::subscription::Subscription;

/// A handle to a page's telemetry; clones are handles to the same one. It may serve several runtimes.
///
/// Nothing arrives until its [layer](Telemetry::layer) is part of the `tracing` subscriber.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

/// Which kinds of records a consumer takes.
struct Wants {
    metrics: bool,
    calls: bool,
    traces: bool,
    handler_spans: bool,
    logs: bool,
    kept: bool,
    only: Selection,
}

impl Telemetry {
    /// A telemetry that knows nothing yet.
    pub fn new() -> Telemetry {
        Telemetry::default()
    }

    /// A Layer that feeds it.
    pub fn layer(&self) -> TelemetryLayer {
        TelemetryLayer::new(self.shared.clone())
    }

    /// A Layer that turns the program's own `tracing` events into log records of a runtime, for those who take these (an
    /// exporter of logs does). `now_unix_nano` is the time in nanoseconds since the Unix epoch, such as
    /// [`unix_nano_now`](crate::unix_nano_now).
    ///
    /// ```
    /// use atelier_telemetry::{Record, SubscribeOptions, Telemetry, unix_nano_now};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let telemetry = Telemetry::new();
    /// let logs = telemetry.subscribe(1, "mine", SubscribeOptions { logs: true, ..SubscribeOptions::default() });
    /// let subscriber = tracing_subscriber::registry()
    ///     .with(telemetry.layer())
    ///     .with(telemetry.log_layer(1, unix_nano_now));
    /// tracing::subscriber::with_default(subscriber, || tracing::warn!(left = 3, "nearly full"));
    /// let records = logs.drain(10);
    /// assert!(matches!(&records[..], [Record::Log(log)] if &*log.body == "nearly full"));
    /// ```
    pub fn log_layer(
        &self,
        runtime: u64,
        now_unix_nano: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> LogLayer {
        LogLayer::new(self.shared.clone(), runtime, now_unix_nano)
    }

    /// Turns the aggregation of a runtime's metrics on (as it is at first) or off. While it is off and the runtime has
    /// no subscriptions, its events cost next to nothing; what happens then is missing from series and totals.
    pub fn set_aggregating(&self, runtime: u64, aggregating: bool) {
        self.shared.change(|state| {
            let runtime = state.runtime(runtime);
            runtime.aggregating = aggregating;
            if !aggregating {
                runtime.lint.rest();
            }
        });
    }

    /// Begins to keep a runtime's records for a consumer, which the ledger calls by the name given.
    pub fn subscribe(&self, runtime: u64, consumer: &str, options: SubscribeOptions) -> Subscription {
        let SubscribeOptions { metrics, spans, logs, kept, only, capacity } = options;
        let wants = Wants {
            metrics,
            calls: spans && !only.no_calls,
            // A trace belongs to no task.
            traces: spans && !only.no_traces && only.tasks.is_none(),
            handler_spans: spans && !only.no_handler_spans,
            logs,
            kept,
            only,
        };
        self.add_consumer(runtime, consumer, capacity, wants)
    }

    fn add_consumer(&self, runtime: u64, name: &str, capacity: usize, wants: Wants) -> Subscription {
        let id = self.shared.next_number();
        let consumer = Consumer {
            id,
            name: name.into(),
            wants_metrics: wants.metrics,
            wants_calls: wants.calls,
            wants_traces: wants.traces,
            wants_handler_spans: wants.handler_spans,
            wants_logs: wants.logs,
            takes_kept: wants.kept,
            only: wants.only,
            capacity,
            queue: VecDeque::new(),
            accounts: Default::default(),
            last_error: None,
        };
        self.shared.change(|state| state.runtime(runtime).consumers.0.push(consumer));
        Subscription::new(self.shared.clone(), runtime, id)
    }

    /// Every series of a runtime since its first event, the extremes of gauges too. It takes nothing away from any
    /// [reader](Telemetry::metrics_reader).
    pub fn metrics(&self, runtime: u64, now_unix_nano: u64) -> MetricsSnapshot {
        self.shared.lock().read_metrics(runtime, None, now_unix_nano)
    }

    /// A reader of a runtime's metrics with its own extremes of gauges, from now on.
    pub fn metrics_reader(&self, runtime: u64) -> MetricsReader {
        MetricsReader::new(self.shared.clone(), runtime)
    }

    /// A task's distributions, over all methods. All zero for a task that is not known (any more).
    pub fn distributions(&self, runtime: u64, task: u64) -> TaskDistributions {
        self.shared.lock().runtimes.get_mut(&runtime).map(|it| it.distributions(task)).unwrap_or_default()
    }

    /// A task's totals since aggregation began. All zero for a task that is not known (any more).
    pub fn totals(&self, runtime: u64, task: u64) -> Totals {
        self.shared.lock().runtimes.get(&runtime).map(|it| it.totals(task)).unwrap_or_default()
    }

    /// A reader of the snapshot stream, which the ledger calls by the name given. It begins with a full frame.
    pub fn frames(&self, runtime: u64, consumer: &str) -> FrameReader {
        let only = Selection::default();
        let wants = Wants {
            metrics: false,
            calls: true,
            traces: true,
            handler_spans: true,
            logs: false,
            kept: false,
            only,
        };
        let calls = self.add_consumer(runtime, consumer, DEFAULT_FRAME_SPANS, wants);
        FrameReader::new(self.clone(), runtime, consumer, calls)
    }

    /// A reader of the snapshot stream without calls in it, for who takes those as records. The ledger does not know it.
    pub fn state_frames(&self, runtime: u64) -> FrameReader {
        let only = Selection::default();
        let wants = Wants {
            metrics: false,
            calls: false,
            traces: false,
            handler_spans: false,
            logs: false,
            kept: false,
            only,
        };
        FrameReader::new(self.clone(), runtime, "", self.add_consumer(runtime, "", 0, wants))
    }

    /// The distributions of several tasks by id, under one lock.
    pub(crate) fn distributions_by_id<'a>(
        &self,
        runtime: u64,
        ids: impl Iterator<Item = &'a str>,
    ) -> Vec<TaskDistributions> {
        let mut state = self.shared.lock();
        let Some(runtime) = state.runtimes.get_mut(&runtime) else {
            return ids.map(|_| TaskDistributions::default()).collect();
        };
        ids.map(|id| match runtime.handle_of(id) {
            Some(handle) => runtime.distributions(handle),
            None => TaskDistributions::default(),
        })
        .collect()
    }

    /// The black box of a task's last crash; `None` when nobody watched the worker that crashed.
    pub fn crash_box(&self, runtime: u64, task: u64) -> Option<Arc<BlackBox>> {
        self.shared.lock().runtimes.get(&runtime)?.crash(task)
    }

    /// The black boxes of a runtime's workers that crashed, hung or were replaced after a call's grace, oldest first, at
    /// most [`DEFAULT_BLACK_BOXES_KEPT`](crate::DEFAULT_BLACK_BOXES_KEPT); without those up to the number `after`.
    pub fn closed_black_boxes(&self, runtime: u64, after: u64) -> Vec<Arc<BlackBox>> {
        self.shared.lock().runtimes.get(&runtime).map(|it| it.boxes.closed(after)).unwrap_or_default()
    }

    /// The black boxes of a runtime's workers that live, as they are now: for when the page is left, which ends them all.
    pub fn open_black_boxes(&self, runtime: u64) -> Vec<BlackBox> {
        let state = self.shared.lock();
        let open = state.runtimes.get(&runtime).map(|it| it.open_boxes(&state.texts)).unwrap_or_default();
        open.into_iter().map(|(black_box, _)| black_box).collect()
    }

    /// What became of everything emitted to each consumer of a runtime.
    pub fn ledger(&self, runtime: u64) -> Vec<LedgerRow> {
        self.shared.lock().runtimes.get(&runtime).map(|it| it.ledger()).unwrap_or_default()
    }

    /// What the linter found in a runtime, the worst first. It judges at most once a second, and knows only what was told
    /// while metrics were aggregated.
    pub fn findings(&self, runtime: u64, now_unix_nano: u64) -> Vec<Finding> {
        let mut state = self.shared.lock();
        state.runtimes.get_mut(&runtime).map(|it| it.findings(now_unix_nano).to_vec()).unwrap_or_default()
    }

    /// Begins a runtime's aggregation anew: totals, counters, distributions and the count of what overflowed, but neither
    /// gauges nor the ledger. Snapshots say so by their later [`MetricsSnapshot::start_unix_nano`].
    pub fn reset(&self, runtime: u64) {
        if let Some(runtime) = self.shared.lock().runtimes.get_mut(&runtime) {
            runtime.reset();
        }
    }

    /// Forgets a runtime: tasks, series, and what waits for its consumers, whose subscriptions give nothing any more.
    pub fn forget(&self, runtime: u64) {
        self.shared.change(|state| state.forget(runtime));
    }
}
