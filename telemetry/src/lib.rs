//! Atelier's telemetry: what the runtime emits through `tracing`, aggregated, kept in bounds and handed on.

pub mod frame;
mod metrics;
mod record;

pub use metrics::{GaugeValue, HistogramValue, MetricsSnapshot, Series, SeriesKey};
pub use record::{MetricRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord};
