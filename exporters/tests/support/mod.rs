//! A source with a ledger, and a world in virtual time around a pipeline: a scripted collector that decodes what it
//! gets, and a clock that only moves when told.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(unused_imports, reason = "likewise")]

mod collector;
mod origin;
mod source;
mod world;

pub use collector::{Act, Judged, Received, logs, partial, said, spans, text};
pub use origin::Origin;
pub use source::{Account, Shared, TestSource};
pub use world::World;

use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::Metric;
use atelier_exporters::pipeline::Now;
use atelier_telemetry::{Phases, SeriesKey, SpanRecord, TaskMeta};
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// 2026-01-01T00:00:00Z: where virtual time begins.
pub const EPOCH_NANO: u64 = 1_767_225_600_000_000_000;

pub fn task() -> Arc<TaskMeta> {
    Arc::new(TaskMeta {
        runtime: 1,
        handle: 7,
        id: "task-7".into(),
        name: Some("resize".into()),
        kind: "parallel".into(),
        queue_policy: "block".into(),
        max_in_flight: 4,
        max_queue_depth: 8,
        pool_size: 4,
    })
}

/// A call that went well, told from others by its number.
pub fn call(number: u64) -> SpanRecord {
    SpanRecord {
        trace_id: u128::from(number) + (1 << 100),
        span_id: number + (1 << 50),
        parent_span_id: None,
        in_trace: false,
        trace_name: None,
        call_id: number,
        task: task(),
        method: "fit".into(),
        worker_index: Some(2),
        attempt: 1,
        start_unix_nano: EPOCH_NANO,
        end_unix_nano: EPOCH_NANO + 5_000_000,
        outcome: Outcome::Ok,
        error_kind: None,
        error_type: None,
        error_message: None,
        queue_wait: Some(0.001),
        queue_wait_last: Some(0.001),
        phases: Phases([Some(0.0), Some(0.001), Some(0.0005), Some(0.003), Some(0.0005)]),
        handler_spans_lost: 0,
        handler_logs_lost: 0,
        kept_for: None,
        error_stack: None,
        cancel_reason: None,
    }
}

pub fn key(metric: Metric) -> SeriesKey {
    SeriesKey {
        metric,
        task: task(),
        method: None,
        worker_index: None,
        outcome: None,
        error_type: None,
        phase: None,
    }
}

pub fn now(ms: u64) -> Now {
    // The monotonic clock begins anywhere.
    Now { monotonic_ms: ms, unix_nano: EPOCH_NANO + ms * 1_000_000 }
}

pub fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// Numbers that only look random (SplitMix64): a failure comes again.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Random) -> T) -> Option<T> {
        (self.below(2) == 1).then(|| value(self))
    }

    /// Mostly short, now and then long enough that its length needs another byte.
    pub fn text(&mut self) -> Arc<str> {
        let lengths = [0, 1, 2, 7, 7, 7, 7, 7, 7, 7, 60, 60, 60, 130, 130, 17_000];
        let length = lengths[self.below(16) as usize];
        "xé".chars().cycle().take(length).collect::<String>().into()
    }
}
