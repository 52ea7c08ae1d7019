//! Everything kept for one runtime of the page: its tasks, its series, its consumers.

use std::collections::VecDeque;
use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Clue, Instrument, Metric, Phase, WorkerFact, field};
use rustc_hash::FxHashMap;

use crate::account::{Account, Signal};
use crate::black_box::{BlackBox, BlackBoxes, GRACE, told_by};
use crate::consumer::Consumers;
use crate::distribution::TaskDistributions;
use crate::events::MetricFields;
use crate::frame::{Finding, LedgerRow, TaskExemplars, Totals};
use crate::lint::Linter;
use crate::metrics::HistogramValue;
use crate::record::{MetricRecord, Record, SpanRecord, TaskMeta};
use crate::reports::{self, DEFAULT_EXCEPTIONS_PER_SECOND, DEFAULT_LEFT_WORKERS, TOO_MANY};
use crate::series::{Recorded, SeriesTable};
use crate::spans::{SpanKind, UNKNOWN_TASK};
use crate::text::Texts;

/// How many disposed tasks are still known by their number: workers of a disposed task end a little later than the
/// task. Values of older ones are counted in the ledger as dropped with `unknown_task`. Their series stay in any case.
pub const DEFAULT_DISPOSED_TASKS_KEPT: usize = 64;

/// The name, in the ledger, of the aggregation itself. It has a row only when something could not be aggregated.
pub const AGGREGATION: &str = "aggregation";

/// Why a value was not aggregated: it was no finite number.
const NOT_FINITE: &str = "not_finite";

/// What a task has at the moment, in the order in which a consumer that comes later hears of it.
const GAUGES: [Metric; 4] =
    [Metric::QueueInFlight, Metric::QueuePending, Metric::QueueWaiting, Metric::WorkersActive];

#[derive(Debug)]
struct Task {
    meta: Arc<TaskMeta>,
    totals: Totals,
    /// Its series of durations.
    durations: Vec<u32>,
    /// Worked out when asked for, forgotten when a duration comes.
    distributions: Option<TaskDistributions>,
    /// Of its last crash, when somebody watched.
    crash: Option<Arc<BlackBox>>,
    /// The last values of [`GAUGES`].
    gauges: [Option<f64>; GAUGES.len()],
}

/// One runtime of the page.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) aggregating: bool,
    pub(crate) consumers: Consumers,
    pub(crate) series: SeriesTable,
    pub(crate) lint: Linter,
    pub(crate) boxes: BlackBoxes,
    tasks: FxHashMap<u64, Task>,
    handles: FxHashMap<Arc<str>, u64>,
    disposed: VecDeque<u64>,
    unaggregated: Account,
    /// The second in which calls last threw, and how many did in it.
    exceptions: (u64, u64),
}

impl Runtime {
    pub(crate) fn new() -> Runtime {
        Runtime {
            aggregating: true,
            consumers: Consumers::default(),
            series: SeriesTable::new(),
            lint: Linter::default(),
            boxes: BlackBoxes::default(),
            tasks: FxHashMap::default(),
            handles: FxHashMap::default(),
            disposed: VecDeque::new(),
            unaggregated: Account::default(),
            exceptions: (0, 0),
        }
    }

    /// Whether anyone wants to know what this runtime does.
    pub(crate) fn is_watched(&self) -> bool {
        self.aggregating || !self.consumers.0.is_empty()
    }

    pub(crate) fn define(&mut self, meta: TaskMeta) {
        let meta = Arc::new(meta);
        self.handles.insert(meta.id.clone(), meta.handle);
        match self.tasks.get_mut(&meta.handle) {
            Some(task) => task.meta = meta,
            None => {
                let task = Task {
                    meta: meta.clone(),
                    totals: Totals::default(),
                    durations: Vec::new(),
                    distributions: None,
                    crash: None,
                    gauges: Default::default(),
                };
                self.tasks.insert(meta.handle, task);
            }
        }
    }

    pub(crate) fn dispose(&mut self, handle: u64) {
        if !self.tasks.contains_key(&handle) || self.disposed.contains(&handle) {
            return;
        }
        self.disposed.push_back(handle);
        self.lint.dispose(handle);
        while self.disposed.len() > DEFAULT_DISPOSED_TASKS_KEPT {
            let Some(task) = self.disposed.pop_front().and_then(|oldest| self.tasks.remove(&oldest)) else {
                continue;
            };
            self.boxes.forget_task(task.meta.handle);
            // A later task may have taken the id.
            if self.handles.get(&task.meta.id) == Some(&task.meta.handle) {
                self.handles.remove(&task.meta.id);
            }
        }
    }

    pub(crate) fn meta(&self, handle: u64) -> Option<&Arc<TaskMeta>> {
        self.tasks.get(&handle).map(|task| &task.meta)
    }

    pub(crate) fn handle_of(&self, task_id: &str) -> Option<u64> {
        self.handles.get(task_id).copied()
    }

    pub(crate) fn totals(&self, handle: u64) -> Totals {
        self.tasks.get(&handle).map(|task| task.totals).unwrap_or_default()
    }

    /// The task's distributions over all of its methods and outcomes.
    pub(crate) fn distributions(&mut self, handle: u64) -> TaskDistributions {
        let Some(task) = self.tasks.get_mut(&handle) else { return TaskDistributions::default() };
        if let Some(known) = &task.distributions {
            return known.clone();
        }
        let merged = |wanted: Metric, phase: Option<Phase>| {
            let mut all = HistogramValue::empty()?;
            for (metric, its_phase, histogram) in
                task.durations.iter().filter_map(|&number| self.series.durations(number))
            {
                if metric == wanted && its_phase == phase {
                    all.merge(histogram);
                }
            }
            let shown = all.distribution();
            let exemplars = all.exemplars_of(&shown);
            Some((shown, exemplars))
        };
        let (wait, of_wait) = merged(Metric::QueueWait, None).unwrap_or_default();
        let (run, of_run) = merged(Metric::TaskPhase, Some(Phase::Run)).unwrap_or_default();
        let (duration, of_duration) = merged(Metric::TaskDuration, None).unwrap_or_default();
        let exemplars = TaskExemplars { wait: of_wait, run: of_run, duration: of_duration };
        let distributions = TaskDistributions { wait, run, duration, exemplars };
        task.distributions = Some(distributions.clone());
        distributions
    }

    /// Something happened to a worker that no metric counts.
    pub(crate) fn worker_life(&mut self, fields: &MetricFields, texts: &Texts) {
        let (Some(fact), Some(index)) = (fields.fact, fields.worker_index) else { return };
        let Some(task) = self.tasks.get(&fields.task) else { return };
        self.boxes.note(fact, fields);
        if fact == WorkerFact::GraceOver {
            let closed = self.boxes.close(&task.meta, index, GRACE.into(), texts);
            if self.consumers.want_logs() {
                self.consumers.log(reports::replaced(fields.time, &task.meta, index, closed.as_deref()));
            }
        }
    }

    /// A worker crashed, and its black box is the last one of its task, even when it is empty.
    pub(crate) fn worker_crashed(&mut self, fields: MetricFields, texts: &Texts) {
        let (Some(task), Some(index)) = (self.tasks.get_mut(&fields.task), fields.worker_index) else {
            return;
        };
        let kind = texts.get(&fields.error_type).unwrap_or_default();
        task.crash = self.boxes.close(&task.meta, index, kind.clone(), texts);
        if self.consumers.want_logs() {
            let (time, exception) = (fields.time, fields.exception.map(|it| *it).unwrap_or_default());
            let black_box = task.crash.as_deref();
            self.consumers.log(reports::crashed(time, &task.meta, index, &kind, exception, black_box));
        }
    }

    /// The black box of a task's last crash.
    pub(crate) fn crash(&self, handle: u64) -> Option<Arc<BlackBox>> {
        self.tasks.get(&handle)?.crash.clone()
    }

    /// The black boxes of the workers that live, each with how many calls its worker has.
    pub(crate) fn open_boxes(&self, texts: &Texts) -> Vec<(BlackBox, usize)> {
        self.boxes.open(|handle| self.meta(handle), texts)
    }

    /// What the linter found, the worst first. What is new is told to those who take log records.
    pub(crate) fn findings(&mut self, now: u64) -> &[Finding] {
        if self.lint.judge_if_due(now) && self.consumers.want_logs() {
            for finding in self.lint.appeared() {
                let task = finding.task_id.as_deref().and_then(|id| self.handles.get(id));
                let task = task.and_then(|handle| self.tasks.get(handle)).map(|task| task.meta.clone());
                self.consumers.log(reports::found(now, finding, task));
            }
        }
        self.lint.findings()
    }

    /// Lets the linter judge where nobody reads its findings, but somebody takes log records.
    pub(crate) fn look_for_findings(&mut self, now: u64) {
        if self.consumers.want_logs() && self.aggregating {
            self.findings(now);
        }
    }

    /// Forgets totals, counters and distributions.
    pub(crate) fn reset(&mut self) {
        self.series.reset();
        for task in self.tasks.values_mut() {
            task.totals = Totals::default();
            task.durations.clear();
            task.distributions = None;
        }
    }

    /// Takes a metric's value: aggregates it, and puts it into the queues of those who want it.
    pub(crate) fn metric(&mut self, metric: Metric, value: f64, fields: MetricFields, texts: &Texts) {
        let time = fields.time;
        let problem = match self.tasks.get_mut(&fields.task) {
            None => UNKNOWN_TASK,
            Some(_) if !value.is_finite() => NOT_FINITE,
            Some(task) => {
                match told_by(metric, fields.outcome) {
                    Some(fact) => self.boxes.note(fact, &fields),
                    None if metric == Metric::WorkerTerminated => self.boxes.end(&fields),
                    None if metric == Metric::TaskCompleted => self.boxes.give_up(&fields),
                    None => {}
                }
                if let Some(place) = GAUGES.iter().position(|&gauge| gauge == metric) {
                    task.gauges[place] = Some(value);
                }
                if self.aggregating {
                    self.lint.metric(&task.meta, metric, value, &fields);
                    aggregate(task, &mut self.series, metric, value, &fields);
                }
                if self.consumers.want_metrics() {
                    let record = MetricRecord {
                        metric,
                        value,
                        time_unix_nano: fields.time,
                        task: task.meta.clone(),
                        method: texts.get(&fields.method),
                        // The other metrics' workers are for black boxes.
                        worker_index: fields
                            .worker_index
                            .filter(|_| metric.has_attribute(field::WORKER_INDEX)),
                        outcome: fields.outcome,
                        error_type: texts.get(&fields.error_type),
                        phase: fields.phase,
                    };
                    let instrument = metric.instrument();
                    let wanting =
                        self.consumers.0.iter_mut().filter(|it| it.takes_metric(instrument, &task.meta));
                    for consumer in wanting {
                        consumer.push(Record::Metric(record.clone()));
                    }
                }
                return self.look_for_findings(time);
            }
        };
        if self.aggregating {
            self.unaggregated.lose(problem);
        }
        for consumer in self.consumers.0.iter_mut().filter(|consumer| consumer.wants_metrics) {
            consumer.account(Signal::Events).lose(problem);
        }
    }

    /// Gives one consumer every gauge as it is: nothing else does until it changes.
    pub(crate) fn give_gauges(&mut self, consumer: u64, time_unix_nano: u64) {
        let Some(consumer) = self.consumers.find(consumer) else { return };
        let mut tasks: Vec<&Task> = self.tasks.values().collect();
        tasks.retain(|task| !self.disposed.contains(&task.meta.handle));
        tasks.sort_by_key(|task| task.meta.handle);
        for task in tasks {
            for (metric, value) in GAUGES.into_iter().zip(task.gauges) {
                if let Some(value) = value
                    && consumer.takes_metric(Instrument::Gauge, &task.meta)
                {
                    consumer.push(Record::Metric(MetricRecord {
                        metric,
                        value,
                        time_unix_nano,
                        task: task.meta.clone(),
                        method: None,
                        worker_index: None,
                        outcome: None,
                        error_type: None,
                        phase: None,
                    }));
                }
            }
        }
    }

    /// Times moved by so many nanoseconds, and now it is this late.
    pub(crate) fn clock_moved(&mut self, by: i64, now_unix_nano: u64) {
        self.lint.clock_moved(by);
        self.series.clock_moved(by, now_unix_nano);
    }

    /// Takes a clue for the linter.
    pub(crate) fn clue(&mut self, clue: (Clue, f64), fields: &MetricFields, texts: &Texts) {
        if self.aggregating && clue.1.is_finite() {
            let task = self.tasks.get(&fields.task).map(|task| &task.meta);
            self.lint.clue(clue, fields, task, texts.get(&fields.method));
            self.look_for_findings(fields.time);
        }
    }

    /// Whether someone takes spans of this kind, or what can be told of them.
    pub(crate) fn wants_spans(&self, kind: SpanKind) -> bool {
        self.consumers.0.iter().any(|it| it.wants_spans(kind) || kind == SpanKind::Call && it.wants_logs)
    }

    /// Takes a span that ended, or why there is none.
    pub(crate) fn span(&mut self, kind: SpanKind, record: Result<Record, &'static str>) {
        if let Ok(Record::Span(call)) = &record {
            self.call_ended(call);
        }
        for consumer in self.consumers.0.iter_mut().filter(|it| it.wants_spans(kind)) {
            match &record {
                Ok(record) if !consumer.takes_span(record) => {}
                Ok(record) => consumer.push(record.clone()),
                Err(reason) => consumer.account(Signal::Spans).lose(reason),
            }
        }
    }

    /// Tells of a call that threw, unless too many do.
    fn call_ended(&mut self, call: &SpanRecord) {
        if !reports::is_exception(call) || !self.consumers.want_logs() {
            return;
        }
        let second = call.end_unix_nano / 1_000_000_000;
        if self.exceptions.0 != second {
            self.exceptions = (second, 0);
        }
        self.exceptions.1 += 1;
        if self.exceptions.1 <= DEFAULT_EXCEPTIONS_PER_SECOND {
            self.consumers.log(reports::threw(call));
        } else {
            self.consumers.lose_log(TOO_MANY);
        }
    }

    /// Tells one consumer what the workers that have calls were at, as the page is left.
    pub(crate) fn page_left(&mut self, consumer: u64, now: u64, texts: &Texts) {
        if !self.consumers.find(consumer).is_some_and(|consumer| consumer.wants_logs) {
            return;
        }
        let busy = self.open_boxes(texts).into_iter().filter(|(_, calls)| *calls > 0);
        for (black_box, calls) in busy.take(DEFAULT_LEFT_WORKERS) {
            let record = Arc::new(reports::left(now, &black_box, calls));
            if let Some(consumer) = self.consumers.find(consumer)
                && consumer.takes_log(&record)
            {
                consumer.push(Record::Log(record));
            }
        }
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerRow> {
        let mut rows = self.consumers.ledger();
        if self.unaggregated.is_used() {
            rows.push(self.unaggregated.row(AGGREGATION, Signal::Metrics, None));
        }
        rows
    }
}

fn aggregate(task: &mut Task, series: &mut SeriesTable, metric: Metric, value: f64, fields: &MetricFields) {
    if let Some(total) = total(&mut task.totals, metric, fields.outcome) {
        *total = total.saturating_add(value as u64);
    }
    let is_duration = metric.instrument() == Instrument::Histogram;
    if is_duration {
        task.distributions = None;
    }
    if let Recorded::New(number) = series.record(&task.meta, metric, value, fields)
        && is_duration
    {
        task.durations.push(number);
    }
}

fn total(totals: &mut Totals, metric: Metric, outcome: Option<Outcome>) -> Option<&mut u64> {
    match (metric, outcome) {
        (Metric::TaskDispatched, _) => Some(&mut totals.dispatched),
        (Metric::TaskCompleted, Some(Outcome::Ok)) => Some(&mut totals.success),
        (Metric::TaskCompleted, Some(Outcome::Error)) => Some(&mut totals.failure),
        (Metric::TaskCompleted, Some(Outcome::Canceled)) => Some(&mut totals.canceled),
        (Metric::TaskCompleted, Some(Outcome::Rejected)) => Some(&mut totals.rejected),
        (Metric::TaskRequeued, _) => Some(&mut totals.requeued),
        (Metric::WorkerSpawned, _) => Some(&mut totals.spawned),
        (Metric::WorkerCrashed, _) => Some(&mut totals.crashed),
        (Metric::WorkerTerminated, _) => Some(&mut totals.terminated),
        _ => None,
    }
}
