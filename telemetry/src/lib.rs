//! Atelier's telemetry: what the runtime emits through `tracing`, aggregated, kept in bounds and handed on.
//!
//! [`Telemetry::layer`] listens; [`Telemetry::subscribe`] hands on record by record, [`Telemetry::metrics`] reads the
//! aggregates, [`Telemetry::frames`] makes the snapshot stream, and [`Telemetry::ledger`] accounts for all of it.

mod account;
mod black_box;
mod clock;
mod consumer;
mod distribution;
mod events;
mod exemplars;
pub mod frame;
mod frame_events;
mod frames;
mod gauges;
mod layer;
pub mod lint;
mod listener_event;
mod log;
mod log_layer;
mod metrics;
mod metrics_reader;
pub mod performance;
mod record;
pub mod recording;
mod reports;
mod runtime;
mod series;
mod slots;
mod spans;
mod state;
mod subscription;
mod telemetry;
mod text;
mod told;
#[cfg(target_arch = "wasm32")]
mod web;

pub use account::Signal;
pub use black_box::{BlackBox, BoxedFact, DEFAULT_BLACK_BOX_FACTS, DEFAULT_BLACK_BOXES_KEPT, GRACE};
#[cfg(target_arch = "wasm32")]
pub use clock::monotonic_ms_now;
pub use clock::unix_nano_now;
pub use consumer::{DEFAULT_SUBSCRIPTION_CAPACITY, Selection, SubscribeOptions};
pub use distribution::{DEFAULT_MAX_DURATION_MICROS, HISTOGRAM_DIGITS, TaskDistributions};
pub use exemplars::{DEFAULT_EXEMPLARS, Exemplar};
pub use frame_events::DEFAULT_FRAME_EVENTS;
pub use frames::{DEFAULT_FRAME_SPANS, DEFAULT_FULL_FRAME_EVERY, FrameReader};
pub use gauges::DEFAULT_MAX_METRICS_READERS;
pub use layer::TelemetryLayer;
pub use listener_event::{EventAttrs, ListenerEvent, MetricEvent, PhasesEvent, SpanEvent, TraceEvent};
pub use log::{DEFAULT_MAX_LOG_TEXT_BYTES, LogAttribute, LogRecord, LogSeverity, LogValue};
pub use log_layer::LogLayer;
pub use metrics::{GaugeValue, HistogramValue, MetricsSnapshot, OverflowSeries, Series, SeriesKey};
pub use metrics_reader::MetricsReader;
pub use record::{
    HandlerSpanRecord, MetricRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord,
};
pub use reports::{DEFAULT_EXCEPTIONS_PER_SECOND, DEFAULT_LEFT_WORKERS};
pub use runtime::{AGGREGATION, DEFAULT_DISPOSED_TASKS_KEPT};
pub use series::{DEFAULT_MAX_ERROR_SERIES_PER_METRIC, DEFAULT_MAX_SERIES_PER_METRIC};
pub use spans::{DEFAULT_ERROR_MESSAGE_BYTES, DEFAULT_STACK_BYTES};
pub use subscription::Subscription;
pub use telemetry::Telemetry;
pub use text::{DEFAULT_MAX_TEXT_BYTES, DEFAULT_MAX_TEXTS, OTHER_ERROR_TYPE, kept};
#[cfg(target_arch = "wasm32")]
pub use web::BrowserPerformance;
