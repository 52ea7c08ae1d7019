//! What an exporter reads: every series of a runtime at one moment.

use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase};
use hdrhistogram::Histogram;

use crate::exemplars::Exemplar;
use crate::record::TaskMeta;

/// What tells one series of a metric from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesKey {
    /// The metric.
    pub metric: Metric,
    /// The task.
    pub task: Arc<TaskMeta>,
    /// The method, where the metric has one.
    pub method: Option<Arc<str>>,
    /// The worker, where the metric has one.
    pub worker_index: Option<u32>,
    /// The outcome, where the metric has one.
    pub outcome: Option<Outcome>,
    /// The error's name, where the metric has one.
    pub error_type: Option<Arc<str>>,
    /// The phase, where the metric has one.
    pub phase: Option<Phase>,
}

/// A gauge with its extremes: since the reader's last read, or since aggregation began where no reader is named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaugeValue {
    /// The last value.
    pub last: f64,
    /// The least in that time.
    pub min: f64,
    /// The greatest in that time.
    pub max: f64,
}

/// A distribution of durations.
#[derive(Clone, Debug)]
pub struct HistogramValue {
    /// In microseconds; durations beyond its range count at its end.
    pub histogram: Histogram<u64>,
    /// The exact sum, in seconds.
    pub sum: f64,
    /// The exact least, in seconds.
    pub min: f64,
    /// The exact greatest, in seconds.
    pub max: f64,
    /// Sampled calls among what was counted, in order of their durations, one for each power of two; at most
    /// [`DEFAULT_EXEMPLARS`](crate::DEFAULT_EXEMPLARS).
    pub exemplars: Vec<Exemplar>,
}

/// The value of a series.
#[derive(Clone, Debug)]
pub enum Series {
    /// A counter's total since the runtime began.
    Counter(u64),
    /// A gauge.
    Gauge(GaugeValue),
    /// A histogram since the runtime began.
    Histogram(HistogramValue),
}

/// Every series of a runtime at one moment.
#[derive(Clone, Debug, Default)]
pub struct MetricsSnapshot {
    /// When aggregation began, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// When this was taken, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The series.
    pub series: Vec<(SeriesKey, Series)>,
    /// What found no series of its own, because its metric had its limit of them: one series a metric.
    pub overflow: Vec<OverflowSeries>,
}

/// Everything of one metric that came when it had [`DEFAULT_MAX_SERIES_PER_METRIC`](crate::DEFAULT_MAX_SERIES_PER_METRIC)
/// series already. It has no attributes; OpenTelemetry's SDKs mark such a series with `otel.metric.overflow`.
#[derive(Clone, Debug)]
pub struct OverflowSeries {
    /// The metric.
    pub metric: Metric,
    /// The values together.
    pub value: Series,
    /// How many values came here.
    pub values: u64,
}
