//! Aggregation: every series of one runtime, found by integers.

use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Instrument, Metric, Phase, field};
use rustc_hash::FxHashMap;

use crate::events::MetricFields;
use crate::gauges::GaugeReaders;
use crate::metrics::{GaugeValue, HistogramValue, MetricsSnapshot, OverflowSeries, Series, SeriesKey};
use crate::record::TaskMeta;
use crate::text::{Text, Texts};

/// How many series a metric may have in one runtime, its overflow series included. Values that would need one more are
/// aggregated in the overflow series, without attributes, and counted there; those that have a series keep it.
pub const DEFAULT_MAX_SERIES_PER_METRIC: usize = 2_000;

/// How many of these may be for one name of an error each; further names share [`OTHER_ERROR_TYPE`](crate::OTHER_ERROR_TYPE),
/// so that a flood of them takes no series from methods.
pub const DEFAULT_MAX_ERROR_SERIES_PER_METRIC: usize = DEFAULT_MAX_SERIES_PER_METRIC / 2;

const METRICS: usize = Metric::ALL.len();

/// Which attributes tell the series of a metric apart. An event may carry more; they are for other subscribers.
#[derive(Clone, Copy, Debug, Default)]
struct Dimensions {
    method: bool,
    worker_index: bool,
    outcome: bool,
    error_type: bool,
    phase: bool,
}

impl Dimensions {
    fn of(metric: Metric) -> Dimensions {
        let has = |name: &str| metric.has_attribute(name);
        Dimensions {
            method: has(field::METHOD),
            worker_index: has(field::WORKER_INDEX),
            outcome: has(field::OUTCOME),
            error_type: has(field::ERROR_TYPE),
            phase: has(field::PHASE),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    task: u64,
    metric: Metric,
    method: Option<u32>,
    error_type: Option<u32>,
    worker_index: Option<u32>,
    outcome: Option<Outcome>,
    phase: Option<Phase>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    task: Arc<TaskMeta>,
    value: Series,
    /// The number of a gauge among gauges.
    gauge: Option<usize>,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It went to a series that was there.
    Old,
    /// It began the series with this number.
    New(u32),
    /// It went to the overflow series.
    Overflow,
}

/// The series of one runtime.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    dimensions: [Dimensions; METRICS],
    numbers: FxHashMap<Key, u32>,
    entries: Vec<Entry>,
    /// Series of each metric, without its overflow series.
    counts: [usize; METRICS],
    /// Those of them that are for the name of an error.
    of_errors: [usize; METRICS],
    overflow: FxHashMap<Metric, OverflowSeries>,
    /// Gauges are numbered one after the other; the first numbers are those of the overflow series, by metric.
    next_gauge: usize,
    readers: GaugeReaders,
    start_unix_nano: Option<u64>,
}

impl SeriesTable {
    pub(crate) fn new() -> SeriesTable {
        let mut dimensions = [Dimensions::default(); METRICS];
        for &metric in Metric::ALL {
            dimensions[metric as usize] = Dimensions::of(metric);
        }
        SeriesTable {
            dimensions,
            numbers: FxHashMap::default(),
            entries: Vec::new(),
            counts: [0; METRICS],
            of_errors: [0; METRICS],
            overflow: FxHashMap::default(),
            next_gauge: METRICS,
            readers: GaugeReaders::default(),
            start_unix_nano: None,
        }
    }

    /// Begins to keep the extremes of gauges for a reader.
    pub(crate) fn add_reader(&mut self, id: u64) {
        let last = |value: &Series| match value {
            Series::Gauge(gauge) => Some(gauge.last),
            Series::Counter(_) | Series::Histogram(_) => None,
        };
        let gauges = self.entries.iter().filter_map(|entry| entry.gauge.zip(last(&entry.value)));
        let overflow = self.overflow.values().filter_map(|it| Some((it.metric as usize, last(&it.value)?)));
        self.readers.add(id, gauges.chain(overflow));
    }

    /// Frees what is kept for a reader.
    pub(crate) fn remove_reader(&mut self, id: u64) {
        self.readers.remove(id);
    }

    /// Takes one value of a metric.
    pub(crate) fn record(
        &mut self,
        task: &Arc<TaskMeta>,
        metric: Metric,
        value: f64,
        fields: &MetricFields,
    ) -> Recorded {
        if fields.time > 0 {
            self.start_unix_nano.get_or_insert(fields.time);
        }
        let Some(mut key) = self.key(task.handle, metric, fields) else {
            return self.record_overflow(metric, value, fields);
        };
        let has_own_error = |key: &Key| key.error_type.is_some_and(|error| error != Texts::OTHER_ERROR);
        if has_own_error(&key)
            && self.of_errors[metric as usize] >= DEFAULT_MAX_ERROR_SERIES_PER_METRIC
            && !self.numbers.contains_key(&key)
        {
            key.error_type = Some(Texts::OTHER_ERROR);
        }
        if let Some(&number) = self.numbers.get(&key) {
            if let Some(entry) = self.entries.get_mut(number as usize) {
                add(&mut entry.value, value, fields);
                if let Some(gauge) = entry.gauge {
                    self.readers.saw(gauge, value);
                }
            }
            return Recorded::Old;
        }
        let count = &mut self.counts[metric as usize];
        if *count + 1 >= DEFAULT_MAX_SERIES_PER_METRIC {
            return self.record_overflow(metric, value, fields);
        }
        let Some(series) = first(metric, value, fields) else { return Recorded::Old };
        *count += 1;
        self.of_errors[metric as usize] += usize::from(has_own_error(&key));
        let number = self.entries.len() as u32;
        let gauge = matches!(series, Series::Gauge(_)).then_some(self.next_gauge);
        if let Some(gauge) = gauge {
            self.next_gauge += 1;
            self.readers.saw(gauge, value);
        }
        self.entries.push(Entry { key, task: task.clone(), value: series, gauge });
        self.numbers.insert(key, number);
        Recorded::New(number)
    }

    /// `None` for a method beyond those that are numbered.
    fn key(&self, task: u64, metric: Metric, fields: &MetricFields) -> Option<Key> {
        let dimensions = self.dimensions[metric as usize];
        Some(Key {
            task,
            metric,
            method: number(&fields.method, dimensions.method)?,
            // One beyond those that are numbered is one of the others.
            error_type: number(&fields.error_type, dimensions.error_type).unwrap_or(Some(Texts::OTHER_ERROR)),
            worker_index: fields.worker_index.filter(|_| dimensions.worker_index),
            outcome: fields.outcome.filter(|_| dimensions.outcome),
            phase: fields.phase.filter(|_| dimensions.phase),
        })
    }

    fn record_overflow(&mut self, metric: Metric, value: f64, fields: &MetricFields) -> Recorded {
        if metric.instrument() == Instrument::Gauge {
            self.readers.saw(metric as usize, value);
        }
        match self.overflow.get_mut(&metric) {
            Some(overflow) => {
                add(&mut overflow.value, value, fields);
                overflow.values += 1;
            }
            None => {
                if let Some(series) = first(metric, value, fields) {
                    self.overflow.insert(metric, OverflowSeries { metric, value: series, values: 1 });
                }
            }
        }
        Recorded::Overflow
    }

    /// The metric and phase of a series, and its durations if it is one of durations.
    pub(crate) fn durations(&self, number: u32) -> Option<(Metric, Option<Phase>, &HistogramValue)> {
        let entry = self.entries.get(number as usize)?;
        match &entry.value {
            Series::Histogram(histogram) => Some((entry.key.metric, entry.key.phase, histogram)),
            Series::Counter(_) | Series::Gauge(_) => None,
        }
    }

    /// Forgets what was counted and measured. Gauges go on, since they are told only when they change.
    pub(crate) fn reset(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        self.numbers.clear();
        self.counts = [0; METRICS];
        self.of_errors = [0; METRICS];
        self.start_unix_nano = None;
        self.overflow.retain(|_, it| settle_down(&mut it.value));
        for mut entry in entries {
            if settle_down(&mut entry.value) {
                self.counts[entry.key.metric as usize] += 1;
                self.numbers.insert(entry.key, self.entries.len() as u32);
                self.entries.push(entry);
            }
        }
    }

    /// Times moved. Nothing can have begun, or been measured, later than now.
    pub(crate) fn clock_moved(&mut self, by: i64, now_unix_nano: u64) {
        if by >= 0 {
            return;
        }
        let values = self.entries.iter_mut().map(|entry| &mut entry.value);
        let histograms = values.chain(self.overflow.values_mut().map(|it| &mut it.value)).filter_map(
            |value| match value {
                Series::Histogram(histogram) => Some(histogram),
                Series::Counter(_) | Series::Gauge(_) => None,
            },
        );
        let exemplars = histograms.flat_map(|histogram| &mut histogram.exemplars);
        let times = exemplars.map(|exemplar| &mut exemplar.time_unix_nano).chain(&mut self.start_unix_nano);
        for time in times.filter(|time| **time > now_unix_nano) {
            *time = time.saturating_add_signed(by).min(now_unix_nano);
        }
    }

    /// Every series now. The extremes of gauges are those since this reader's last read, else since the beginning.
    pub(crate) fn read(&mut self, reader: Option<u64>, now_unix_nano: u64, texts: &Texts) -> MetricsSnapshot {
        let text = |number: Option<u32>| number.and_then(|number| texts.get(&Text::Known(number)));
        let readers = &mut self.readers;
        let mut reading = |value: &Series, number: Option<usize>| {
            let mut value = value.clone();
            if let (Series::Gauge(gauge), Some(number), Some(reader)) = (&mut value, number, reader)
                && let Some(seen) = readers.take(reader, number, gauge.last)
            {
                (gauge.min, gauge.max) = (seen.min, seen.max);
            }
            value
        };
        let series = self.entries.iter().map(|Entry { key, task, value, gauge }| {
            let key = SeriesKey {
                metric: key.metric,
                task: task.clone(),
                method: text(key.method),
                worker_index: key.worker_index,
                outcome: key.outcome,
                error_type: text(key.error_type),
                phase: key.phase,
            };
            (key, reading(value, *gauge))
        });
        let series = series.collect();
        let overflow = self.overflow.values().map(|it| OverflowSeries {
            metric: it.metric,
            value: reading(&it.value, Some(it.metric as usize)),
            values: it.values,
        });
        let mut overflow: Vec<OverflowSeries> = overflow.collect();
        overflow.sort_by_key(|it| it.metric);
        let start_unix_nano = *self.start_unix_nano.get_or_insert(now_unix_nano);
        MetricsSnapshot { start_unix_nano, time_unix_nano: now_unix_nano, series, overflow }
    }
}

/// The outer `None`: the string has no number. The inner one: there is no string, or the metric does not ask for it.
fn number(text: &Text, wanted: bool) -> Option<Option<u32>> {
    match text {
        Text::Known(number) if wanted => Some(Some(*number)),
        Text::Surplus(_) if wanted => None,
        _ => Some(None),
    }
}

fn first(metric: Metric, value: f64, fields: &MetricFields) -> Option<Series> {
    Some(match metric.instrument() {
        Instrument::Counter => Series::Counter(value as u64),
        Instrument::Gauge => Series::Gauge(GaugeValue { last: value, min: value, max: value }),
        Instrument::Histogram => {
            let mut histogram = HistogramValue::empty()?;
            measured(&mut histogram, value, fields);
            Series::Histogram(histogram)
        }
    })
}

fn add(series: &mut Series, value: f64, fields: &MetricFields) {
    match series {
        Series::Counter(total) => *total = total.saturating_add(value as u64),
        Series::Gauge(gauge) => {
            gauge.last = value;
            gauge.min = gauge.min.min(value);
            gauge.max = gauge.max.max(value);
        }
        Series::Histogram(histogram) => measured(histogram, value, fields),
    }
}

/// Takes a gauge's past away; says whether it was a gauge.
fn settle_down(series: &mut Series) -> bool {
    let Series::Gauge(gauge) = series else { return false };
    *gauge = GaugeValue { last: gauge.last, min: gauge.last, max: gauge.last };
    true
}

fn measured(histogram: &mut HistogramValue, value: f64, fields: &MetricFields) {
    histogram.record(value);
    if let Some(exemplar) = fields.exemplar(value) {
        histogram.remember(exemplar);
    }
}
