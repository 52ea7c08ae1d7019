//! Spans that are encoded again and again, as the exporter encodes them: `tests/pages/bench/encoding.js` counts how many a
//! second.

use std::sync::Arc;

use atelier_core::Outcome;
use atelier_exporters::pipeline::Encoder;
use atelier_exporters::{OtlpConfig, OtlpEncoder};
use atelier_telemetry::{Phases, Record, SpanRecord, TaskMeta};
use wasm_bindgen::prelude::*;

/// A batch of calls that went well, each with ten attributes besides the three that their scope has.
#[wasm_bindgen]
pub struct Batch {
    encoder: OtlpEncoder,
    records: Vec<Record>,
}

#[wasm_bindgen]
impl Batch {
    /// So many spans of one task.
    #[wasm_bindgen(constructor)]
    pub fn new(spans: u32) -> Batch {
        let task = Arc::new(TaskMeta {
            runtime: 1,
            handle: 1,
            id: "task-1".into(),
            name: Some("resize".into()),
            kind: "parallel".into(),
            queue_policy: "block".into(),
            max_in_flight: 64,
            max_queue_depth: 128,
            pool_size: 4,
        });
        let (method, mut random) = ("fit".into(), Random(1));
        let records =
            (0..spans).map(|number| Record::Span(Arc::new(call(&task, &method, number, &mut random))));
        let records = records.collect();
        Batch { encoder: OtlpEncoder::new(&OtlpConfig::default(), &[]), records }
    }

    /// Encodes all of them, as a request of protobuf, and tells how long that is in bytes.
    pub fn encode(&mut self) -> usize {
        self.encoder.spans(&self.records).len()
    }
}

/// Made at 20,000 calls a second, each with phases of its own.
fn call(task: &Arc<TaskMeta>, method: &Arc<str>, number: u32, random: &mut Random) -> SpanRecord {
    let phases =
        [0, random.below(200_000), random.below(800_000), random.below(4_000_000), random.below(500_000)];
    let start_unix_nano = 1_767_225_600_000_000_000 + u64::from(number) * 50_000;
    let seconds = |nanos: u64| Some(nanos as f64 / 1e9);
    SpanRecord {
        trace_id: u128::from(random.next()) << 64 | u128::from(random.next()),
        span_id: random.next(),
        parent_span_id: None,
        in_trace: false,
        trace_name: None,
        call_id: 1_000 + u64::from(number),
        task: task.clone(),
        method: method.clone(),
        worker_index: Some(number % 4),
        attempt: 1,
        start_unix_nano,
        end_unix_nano: start_unix_nano + phases.iter().sum::<u64>(),
        outcome: Outcome::Ok,
        error_kind: None,
        error_type: None,
        error_message: None,
        error_stack: None,
        cancel_reason: None,
        queue_wait: seconds(phases[1]),
        queue_wait_last: seconds(phases[1]),
        phases: Phases(phases.map(seconds)),
        handler_spans_lost: 0,
        handler_logs_lost: 0,
        kept_for: None,
    }
}

/// Numbers that only look random (SplitMix64): every run encodes the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
