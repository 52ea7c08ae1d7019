//! A recording that is made up, of a page whose workers run several calls at once.

use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase};
use atelier_telemetry::recording::{
    Coding, Header, SegmentWriter, Summary, file_head, segment_head, summary_block,
};
use atelier_telemetry::{
    HandlerSpanRecord, MetricRecord, Phases, Record, SpanRecord, SpanStatus, TaskMeta, TraceRecord,
};

use crate::runtime::EPOCH;

/// Where the page's clock begins.
pub(crate) const ZERO: u64 = EPOCH;

/// Numbers that look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn seeded(seed: u64) -> Numbers {
        Numbers(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(crate) fn task(handle: u64, id: &str, name: Option<&str>) -> Arc<TaskMeta> {
    Arc::new(TaskMeta {
        runtime: 1,
        handle,
        id: id.into(),
        name: name.map(Arc::from),
        kind: "parallel".into(),
        queue_policy: "block".into(),
        max_in_flight: 8,
        max_queue_depth: 16,
        pool_size: 2,
    })
}

/// A call whose phases, in nanoseconds, add up to its time. Without a worker it has no run.
pub(crate) fn call(task: &Arc<TaskMeta>, id: u64, start: u64, phases: [Option<u64>; 5]) -> SpanRecord {
    let duration: u64 = phases.iter().flatten().sum();
    SpanRecord {
        trace_id: u128::from(id) << 64 | 7,
        span_id: id.wrapping_add(1),
        parent_span_id: None,
        in_trace: false,
        trace_name: None,
        call_id: id,
        task: task.clone(),
        method: "run".into(),
        worker_index: phases[3].map(|_| (id % 2) as u32),
        attempt: 1,
        start_unix_nano: ZERO + start,
        end_unix_nano: ZERO + start + duration,
        outcome: if phases[3].is_some() { Outcome::Ok } else { Outcome::Canceled },
        error_kind: None,
        error_type: None,
        error_message: None,
        queue_wait: None,
        queue_wait_last: None,
        phases: Phases(phases.map(|it| it.map(|nanoseconds| nanoseconds as f64 / 1e9))),
        handler_spans_lost: 0,
        handler_logs_lost: 0,
        kept_for: None,
        error_stack: None,
        cancel_reason: None,
    }
}

/// Calls of two tasks, many at once on each worker, some with spans of their handlers that cross each other.
pub(crate) fn world(seed: u64, calls: u64) -> Vec<Record> {
    let mut numbers = Numbers::seeded(seed);
    let tasks = [task(1, "resize", Some("Resize \"it\"")), task(2, "encode", None)];
    let mut records = Vec::new();
    for id in 0..calls {
        let task = &tasks[numbers.below(2) as usize];
        let ran = numbers.below(10) > 0;
        let mut phase = |there: bool| there.then(|| numbers.below(5_000_000));
        let phases = [phase(true), phase(true), phase(ran), phase(ran), phase(ran)];
        let call = call(task, id, id * 400_000, phases);
        if let (Some(run), true) = (phases[3], id % 3 == 0) {
            let begun = call.start_unix_nano + phases[..3].iter().flatten().sum::<u64>();
            for n in 0..numbers.below(4) {
                let from = numbers.below(run + 1);
                let to = from + numbers.below(run - from + 1);
                records.push(Record::Handler(Arc::new(handler_span(&call, n, begun + from, begun + to))));
            }
        }
        records.push(Record::Metric(MetricRecord {
            worker_index: None,
            ..metric(task, Metric::QueueInFlight, id as f64, call.end_unix_nano)
        }));
        for (phase, nanoseconds) in Phase::ALL.into_iter().zip(phases) {
            let Some(nanoseconds) = nanoseconds else { continue };
            let value = nanoseconds as f64 / 1e9;
            let metric = metric(task, Metric::TaskPhase, value, call.end_unix_nano);
            records.push(Record::Metric(MetricRecord { phase: Some(phase), ..metric }));
        }
        records.push(Record::Metric(metric(task, Metric::TaskDuration, call.duration(), call.end_unix_nano)));
        records.push(Record::Span(Arc::new(call)));
    }
    records.push(Record::Metric(MetricRecord {
        worker_index: Some(1),
        ..metric(&tasks[0], Metric::WorkerCrashed, 1.0, ZERO + 5)
    }));
    records.push(Record::Trace(Arc::new(trace())));
    records
}

pub(crate) fn metric(task: &Arc<TaskMeta>, metric: Metric, value: f64, at: u64) -> MetricRecord {
    MetricRecord {
        metric,
        value,
        time_unix_nano: at,
        task: task.clone(),
        method: Some("run".into()),
        worker_index: None,
        outcome: None,
        error_type: None,
        phase: None,
    }
}

fn handler_span(call: &SpanRecord, number: u64, start: u64, end: u64) -> HandlerSpanRecord {
    HandlerSpanRecord {
        trace_id: call.trace_id,
        span_id: 1_000_000 + call.call_id * 10 + number,
        parent_span_id: call.span_id,
        name: format!("part {number}").into(),
        call_id: call.call_id,
        task: call.task.clone(),
        worker_index: call.worker_index,
        start_unix_nano: start,
        end_unix_nano: end,
        error_type: None,
        error_message: None,
        attributes: Some("{\"n\":1}".into()),
        call_span_id: Some(call.span_id),
    }
}

fn trace() -> TraceRecord {
    TraceRecord {
        runtime: 1,
        trace_id: 99,
        span_id: u64::MAX - 1,
        parent_span_id: None,
        name: Some("checkout".into()),
        start_unix_nano: ZERO + 10,
        end_unix_nano: ZERO + 1_000,
        status: SpanStatus::Ok,
        error_kind: None,
        error_type: None,
        error_message: None,
        kept_for: None,
    }
}

pub(crate) fn recording(records: &[Record]) -> Vec<u8> {
    let mut file = without_end(records);
    file.extend(summary_block(&Summary::default()));
    file
}

/// A recording that was cut after its last fact.
pub(crate) fn without_end(records: &[Record]) -> Vec<u8> {
    let mut writer = SegmentWriter::new();
    assert!(records.iter().all(|record| writer.record(record)));
    let plain = writer.take();
    let stored = miniz_oxide::deflate::compress_to_vec_zlib(&plain, 6);
    let header = Header {
        started_unix_nano: ZERO,
        time_origin_unix_nano: ZERO,
        page: "https://a.example/".to_owned(),
        generator: "atelier 0".to_owned(),
        ..Header::default()
    };
    let mut file = file_head(&header);
    file.extend(segment_head(Coding::Zlib, stored.len() as u32, plain.len() as u32));
    file.extend(stored);
    file
}
