//! Tests of the telemetry through its public face: `tracing` in, records, aggregates and frames out.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of tests fail by panicking, as tests do"
)]

mod black_box;
mod exemplars;
mod floods;
mod frame_events;
mod frames;
mod ledger;
mod lint;
mod logs;
mod metrics;
mod percentiles;
mod performance;
mod recording;
mod records;
mod reports;
mod support;
