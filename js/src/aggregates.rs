//! `getTelemetry()`: aggregates by task.

use atelier_runtime::core::names::Metric;
use atelier_telemetry::frame::{Distribution, LedgerRow, Totals};
use atelier_telemetry::{GaugeValue, Series};
use serde::Serialize;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

use crate::runtime::Page;
use crate::telemetry::telemetry;

#[derive(Serialize)]
struct Telemetry {
    tasks: Vec<TaskTelemetry>,
    ledger: BTreeMap<String, BTreeMap<String, Account>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskTelemetry {
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_name: Option<String>,
    counters: BTreeMap<&'static str, u64>,
    gauges: BTreeMap<&'static str, Gauge>,
    histograms: BTreeMap<&'static str, Distribution>,
}

#[derive(Serialize)]
struct Gauge {
    last: f64,
    min: f64,
    max: f64,
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
    let metrics = telemetry.metrics(runtime, clock.unix_nanos(clock.now()));
    let mut ledger: BTreeMap<String, BTreeMap<String, Account>> = BTreeMap::new();
    for row in telemetry.ledger(runtime) {
        ledger.entry(row.consumer.clone()).or_default().insert(row.signal.clone(), row.into());
    }
    let tasks = page
        .tasks
        .borrow()
        .iter()
        .map(|entry| {
            let frame = crate::snapshot::frame(entry, clock)?;
            let distributions = telemetry.distributions(runtime, entry.task.handle());
            let gauges = metrics
                .series
                .iter()
                .filter(|(key, _)| key.task.handle == entry.task.handle())
                .filter_map(|(key, series)| match series {
                    Series::Gauge(GaugeValue { last, min, max }) => {
                        Some((key.metric.listener(None), Gauge { last: *last, min: *min, max: *max }))
                    }
                    _ => None,
                })
                .collect();
            Some(TaskTelemetry {
                task_id: entry.task.id().to_owned(),
                task_name: entry.name.clone(),
                counters: counters(&frame.totals),
                gauges,
                histograms: BTreeMap::from([
                    (Metric::TaskDuration.listener(None), distributions.duration),
                    (Metric::QueueWait.listener(None), distributions.wait),
                ]),
            })
        })
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default();
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    Telemetry { tasks, ledger }.serialize(&serializer).map_err(JsValue::from)
}

fn counters(totals: &Totals) -> BTreeMap<&'static str, u64> {
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
