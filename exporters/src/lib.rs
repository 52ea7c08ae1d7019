//! Exporters of Atelier's telemetry: what the runtime emitted leaves the page for a collector, in batches, through
//! failures, with every loss counted.
//!
//! # How it works
//!
//! ```text
//! Telemetry ──► Source ──► Pipeline ──► driver (fetch, timers, page life) ──► collector
//!    ▲                     │  ▲  │                                                │
//!    └──── ledger ─────────┘  │  └─ Encoder: records → bytes, answers → verdicts  │
//!                             └───────────────── Reply ◄──────────────────────────┘
//! ```
//!
//! - A [`Source`] hands out calls and traces that ended and log records, reads the metrics, and keeps the ledger. [`TelemetrySource`]
//!   is the page's own.
//! - A [`pipeline::Encoder`] is a format. [`OtlpEncoder`] writes OTLP as protobuf, and knows what a collector's status,
//!   `Retry-After`, `partial_success` and error bodies mean.
//! - [`Pipeline`] decides: it has no I/O, no clock and no randomness of its own, and is tested in virtual time. Each
//!   signal has a lane of its own: one request at a time, sent again only where that may help.
//! - [`durable`] is the queue for what cannot be sent: it outlives the page, in IndexedDB.
//! - The driver does what the pipeline says. `OtlpExporter` is the one for browsers: `fetch`, timers, storage, and a flush
//!   with `keepalive` when the page may go. Nothing in it blocks, panics, or emits `tracing` events.
//!
//! # When something leaves
//!
//! Spans wait in a queue of [`DEFAULT_MAX_QUEUE_SIZE`], log records in another. A full batch
//! ([`DEFAULT_MAX_BATCH_SIZE`]) leaves in the next idle moment, and [`pipeline::DEFAULT_IDLE_WAIT_MS`] later without
//! one; a smaller batch after at most [`DEFAULT_SCHEDULE_DELAY_MS`]. Metrics are read and sent every
//! [`DEFAULT_METRIC_INTERVAL_MS`]; a reading waits for the one before it. A request takes at most
//! [`DEFAULT_TIMEOUT_MS`]. After 429, 502, 503, 504, a timeout or no answer, the same bytes are sent again: when
//! `Retry-After` says, else after a backoff that doubles from [`pipeline::DEFAULT_MIN_BACKOFF_MS`] to
//! [`pipeline::DEFAULT_MAX_BACKOFF_MS`], with jitter, [`pipeline::DEFAULT_MAX_ATTEMPTS`] times in all. Delivery is
//! therefore at least once: where an answer was lost, the collector may have a batch twice.
//!
//! With a durable queue ([`OtlpConfig::durable_bytes`], on by default) a batch that fails is stored as well, so is what is
//! due while nothing can be sent, and everything there is when the page may go; none is given up for being tried too
//! often. What a page could not send is sent by another one, or on the next visit.
//!
//! # What is counted where
//!
//! Each exporter has a row for each signal in the page's ledger, and at every moment
//! `emitted = delivered + rejected + dropped + pending`. Spans and log records are counted one by one, metrics by data
//! point.
//!
//! | What happened | Counted as |
//! |---|---|
//! | 2xx | delivered |
//! | 2xx with `partial_success` | so many rejected, the rest delivered |
//! | 401, 403 with [`HeaderSource::renewing`] headers | pending |
//! | 413 | pending, in halves; dropped, `request_too_large`, where it is one item |
//! | 2xx with a web page, any other status | rejected; the body's reason is the last error |
//! | failed, and will be sent again | pending |
//! | failed [`pipeline::DEFAULT_MAX_ATTEMPTS`] times | dropped, `retries_exhausted`; with a durable queue, pending |
//! | made room for newer ones | dropped, `queue_full` |
//! | an exception beyond [`atelier_telemetry::DEFAULT_EXCEPTIONS_PER_SECOND`] | dropped, `too_many` |
//! | one item longer than [`pipeline::DEFAULT_MAX_REQUEST_BYTES`] | dropped, `request_too_large` |
//! | the format has no such thing | dropped, `not_sent` |
//! | still there when the exporter was shut down or let go | dropped, `shutdown` |
//! | more waits than [`durable::DEFAULT_DURABLE_BYTES`] or [`durable::DEFAULT_DURABLE_BATCHES`] | dropped, `durable_full` |
//! | waited longer than [`durable::DEFAULT_DURABLE_AGE_MS`] | dropped, `durable_expired` |
//! | another exporter sends and counts it | dropped, `handed_over` |
//! | taken over from an exporter that is gone | emitted, then as above |
//!
//! An exporter says the same about itself, under OpenTelemetry's conventional names (`otel.sdk.exporter.span.exported` and
//! its siblings, in the scope `atelier-exporters`), with each export of metrics: what is delivered there has been counted
//! here. `docs/logs.md` has the list.
//!
//! # Another format
//!
//! A new exporter is an [`Encoder`](pipeline::Encoder); batching, retries, flushes and the ledger come with it:
//!
//! ```
//! use atelier_exporters::pipeline::{Answer, Encoded, Encoder, Now, Output, Reply, SelfReport, Settings, Verdict};
//! use atelier_exporters::{OtlpConfig, Pipeline, Signal, TelemetrySource};
//! use atelier_telemetry::{MetricsSnapshot, Record, Telemetry};
//!
//! /// One line a call: its task, its method and how long it took.
//! struct Lines;
//!
//! impl Encoder for Lines {
//!     fn spans(&mut self, records: &[Record]) -> Vec<u8> {
//!         let calls = records.iter().filter_map(|it| if let Record::Span(call) = it { Some(call) } else { None });
//!         let lines = calls.map(|call| format!("{} {} {}\n", call.task.id, call.method, call.duration()));
//!         lines.collect::<String>().into_bytes()
//!     }
//!
//!     fn metrics(&mut self, snapshot: &MetricsSnapshot, _: &SelfReport) -> Encoded {
//!         Encoded { body: format!("{} series\n", snapshot.series.len()).into_bytes(), points: 1 }
//!     }
//!
//!     fn judge(&self, _: Signal, answer: &Answer, _: u64) -> Verdict {
//!         match answer.status {
//!             200 => Verdict::Accepted { rejected: 0, reason: None },
//!             status => Verdict::Refused { reason: status.to_string() },
//!         }
//!     }
//! }
//!
//! let (telemetry, config) = (Telemetry::new(), OtlpConfig::default());
//! let source = TelemetrySource::new(&telemetry, 1, "lines", &config);
//! let now = Now { monotonic_ms: 0, unix_nano: 1_767_225_600_000_000_000 };
//! let mut pipeline = Pipeline::new(source, Lines, Settings::from(&config), || 0.5, now);
//! pipeline.shutdown(now);
//! while let Some(output) = pipeline.poll_output() {
//!     if let Output::Send(request) = output {
//!         assert_eq!(&request.body[..], b"0 series\n");
//!         let answer = Answer { status: 200, ..Answer::default() };
//!         pipeline.handle_reply(request.id, Reply::Answered(answer), now);
//!     }
//! }
//! assert_eq!(pipeline.source().ledger().iter().map(|row| row.delivered).sum::<u64>(), 1);
//! ```

mod config;
#[cfg(feature = "console")]
mod console;
pub mod durable;
mod encode;
mod error;
pub mod pipeline;
pub mod recording;
mod redact;
mod signal;
mod source;
mod telemetry_source;
#[cfg(target_arch = "wasm32")]
mod web;

pub use config::{
    AttributeLimits, AttributeValue, Compression, Credentials, DEFAULT_ATTRIBUTE_COUNT_LIMIT,
    DEFAULT_ATTRIBUTE_VALUE_LENGTH_LIMIT, DEFAULT_MAX_BATCH_SIZE, DEFAULT_MAX_QUEUE_SIZE,
    DEFAULT_METRIC_INTERVAL_MS, DEFAULT_SCHEDULE_DELAY_MS, DEFAULT_TIMEOUT_MS, Destination, HeaderAnswer,
    HeaderList, HeaderResult, HeaderSource, Headers, OtlpConfig, PhaseExport, Protocol, SignalConfig,
    Temporality, check_headers, hide_secrets, whole_number,
};
#[cfg(feature = "console")]
pub use console::with_console;
pub use encode::OtlpEncoder;
pub use error::ConfigError;
pub use pipeline::Pipeline;
pub use redact::{NamedValues, Redact, RedactKind};
pub use signal::Signal;
pub use source::{Fate, Source};
pub use telemetry_source::TelemetrySource;
#[cfg(target_arch = "wasm32")]
pub use web::OtlpExporter;
