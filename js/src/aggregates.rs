//! `getTelemetry()`: aggregates by task and method.

use std::collections::BTreeMap;

use atelier_runtime::core::Outcome;
use atelier_runtime::core::names::{Metric, Phase};
use atelier_telemetry::frame::{Finding, LedgerRow, Totals};
use atelier_telemetry::{HistogramValue, Series, SeriesKey};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use crate::black_box::BoxShape;
use crate::distribution::DistributionShape;
use crate::page::Page;
use crate::telemetry::telemetry;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Telemetry {
    tasks: Vec<TaskTelemetry>,
    ledger: BTreeMap<String, BTreeMap<String, Account>>,
    findings: Vec<Finding>,
    /// Values without a series of their own, by metric.
    overflow: BTreeMap<&'static str, u64>,
    black_boxes: Vec<BoxShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskTelemetry {
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_name: Option<String>,
    counters: Counters,
    gauges: Gauges,
    histograms: Histograms,
    methods: BTreeMap<String, Numbers>,
}

type Counters = BTreeMap<&'static str, u64>;
type Gauges = BTreeMap<&'static str, Gauge>;

/// The numbers of one method, or of all of a task's.
#[derive(Default, Serialize)]
struct Numbers {
    counters: Counters,
    gauges: Gauges,
    histograms: Histograms,
}

#[derive(Serialize)]
struct Gauge {
    last: f64,
    min: f64,
    max: f64,
}

#[derive(Default, Serialize)]
struct Histograms {
    #[serde(rename = "task.duration_ms", serialize_with = "distribution")]
    duration: Option<HistogramValue>,
    #[serde(rename = "queue.wait_ms", serialize_with = "distribution")]
    wait: Option<HistogramValue>,
    #[serde(rename = "task.phase_ms", serialize_with = "by_phase")]
    phases: [Option<HistogramValue>; Phase::ALL.len()],
}

fn distribution<S: Serializer>(histogram: &Option<HistogramValue>, to: S) -> Result<S::Ok, S::Error> {
    in_milliseconds(histogram).serialize(to)
}

fn by_phase<S: Serializer>(
    histograms: &[Option<HistogramValue>; Phase::ALL.len()],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(
        Phase::ALL.iter().map(|&phase| (phase.name(), in_milliseconds(&histograms[phase as usize]))),
    )
}

fn in_milliseconds(histogram: &Option<HistogramValue>) -> DistributionShape {
    histogram.as_ref().map(DistributionShape::from).unwrap_or_default()
}

impl Histograms {
    fn add(&mut self, key: &SeriesKey, value: &HistogramValue) {
        let place = match (key.metric, key.phase) {
            (Metric::TaskDuration, _) => &mut self.duration,
            (Metric::QueueWait, _) => &mut self.wait,
            (Metric::TaskPhase, Some(phase)) => &mut self.phases[phase as usize],
            _ => return,
        };
        match place {
            Some(all) => all.merge(value),
            None => *place = Some(value.clone()),
        }
    }
}

impl Numbers {
    /// Those of a method that has counted nothing yet: every counter of calls is there from the start.
    fn of_method() -> Numbers {
        let completed = Outcome::ALL.map(|outcome| Metric::TaskCompleted.listener(Some(outcome)));
        let others = [Metric::TaskDispatched, Metric::TaskRequeued].map(|metric| metric.listener(None));
        let counters = completed.into_iter().chain(others).map(|name| (name, 0)).collect();
        Numbers { counters, ..Numbers::default() }
    }

    fn add(&mut self, key: &SeriesKey, series: &Series) {
        match series {
            Series::Counter(total) => {
                *self.counters.entry(key.metric.listener(key.outcome)).or_default() += total;
            }
            Series::Gauge(gauge) => {
                let gauge = Gauge { last: gauge.last, min: gauge.min, max: gauge.max };
                self.gauges.insert(key.metric.listener(None), gauge);
            }
            Series::Histogram(histogram) => self.histograms.add(key, histogram),
        }
    }
}

/// One row of the ledger: `emitted = delivered + rejected + dropped + pending`.
#[derive(Serialize)]
pub(crate) struct Account {
    emitted: u64,
    delivered: u64,
    rejected: u64,
    dropped: BTreeMap<String, u64>,
    pending: u64,
}

impl From<LedgerRow> for Account {
    fn from(row: LedgerRow) -> Account {
        Account {
            emitted: row.emitted,
            delivered: row.delivered,
            rejected: row.rejected,
            dropped: row.dropped.into_iter().collect(),
            pending: row.pending,
        }
    }
}

pub(crate) fn of(page: &Page) -> Result<JsValue, JsValue> {
    let (telemetry, runtime) = (telemetry(), page.runtime.id());
    let clock = page.runtime.clock();
    let metrics = page.reader.read(clock.unix_nanos(clock.now()));
    let mut ledger: BTreeMap<String, BTreeMap<String, Account>> = BTreeMap::new();
    for row in telemetry.ledger(runtime) {
        ledger.entry(row.consumer.clone()).or_default().insert(row.signal.clone(), row.into());
    }
    let task = |entry: &crate::snapshot::Entry| {
        let frame = crate::snapshot::frame(entry, clock)?;
        let mut numbers = Numbers::default();
        let mut methods: BTreeMap<String, Numbers> = BTreeMap::new();
        for (key, series) in &metrics.series {
            if key.task.handle != entry.task.handle() {
                continue;
            }
            numbers.add(key, series);
            if let Some(method) = &key.method {
                methods.entry(method.to_string()).or_insert_with(Numbers::of_method).add(key, series);
            }
        }
        Some(TaskTelemetry {
            task_id: entry.task.id().to_owned(),
            task_name: entry.name.clone(),
            // The core counts always, also while nothing is aggregated.
            counters: counters(&frame.totals),
            gauges: numbers.gauges,
            histograms: numbers.histograms,
            methods,
        })
    };
    let tasks = page.tasks.borrow().iter().filter_map(task).collect();
    let findings = telemetry.findings(runtime, clock.unix_nanos(clock.now()));
    let closed = telemetry.closed_black_boxes(runtime, 0);
    let black_boxes = closed.iter().map(|it| BoxShape::from(&**it)).collect();
    let overflow = metrics.overflow.iter().map(|it| (it.metric.otlp(), it.values)).collect();
    let telemetry = Telemetry { tasks, ledger, findings, overflow, black_boxes };
    // As JSON, which makes properties of whatever methods and consumers are called, `__proto__` too.
    let json = serde_json::to_string(&telemetry).map_err(|error| js_sys::Error::new(&error.to_string()))?;
    js_sys::JSON::parse(&json)
}

fn counters(totals: &Totals) -> Counters {
    BTreeMap::from([
        ("task.dispatch.total", totals.dispatched),
        ("task.success.total", totals.success),
        ("task.failure.total", totals.failure),
        ("task.canceled.total", totals.canceled),
        ("task.rejected.total", totals.rejected),
        ("task.requeue.total", totals.requeued),
        ("worker.spawn.total", totals.spawned),
        ("worker.crash.total", totals.crashed),
        ("worker.terminate.total", totals.terminated),
    ])
}
