//! Small frames to test with.

use atelier_telemetry::frame::{
    BlackBoxFrame, BoxedFactFrame, Distribution, FRAME_VERSION, Finding, Frame, FrameKind, HandlerSpanFrame,
    LedgerRow, SpanFrame, TaskFrame, Totals, TraceFrame, WorkerFrame,
};
use atelier_telemetry::recording::{
    Coding, Header, SegmentWriter, Summary, file_head, segment_head, summary_block,
};
use atelier_telemetry::{EventAttrs, ListenerEvent, MetricEvent, PhasesEvent, SpanEvent};

pub(crate) fn task(id: &str) -> TaskFrame {
    TaskFrame {
        task_id: id.to_owned(),
        task_name: None,
        task_type: "parallel".to_owned(),
        task_status: "idle".to_owned(),
        worker_status: "stopped".to_owned(),
        queue_policy: "block".to_owned(),
        pool_size: 2,
        active_workers: 0,
        in_flight: 0,
        max_in_flight: 2,
        pending: 0,
        max_queue_depth: Some(4),
        waiting: 0,
        totals: Totals::default(),
        wait: Distribution::default(),
        run: Distribution::default(),
        duration: Distribution::default(),
        exemplars: Default::default(),
        workers: Vec::new(),
        last_crash: None,
    }
}

pub(crate) fn worker(index: u32, in_flight: u32) -> WorkerFrame {
    WorkerFrame { index, status: "ready".to_owned(), in_flight, current: None }
}

pub(crate) fn black_box(number: u64, worker: u32, facts: &[(f64, &str, Option<&str>)]) -> BlackBoxFrame {
    let fact = |(ts, fact, call): &(f64, &str, Option<&str>)| BoxedFactFrame {
        ts: *ts,
        fact: (*fact).to_owned(),
        call_id: call.map(str::to_owned),
        method: call.map(|_| "work".to_owned()),
    };
    BlackBoxFrame {
        number,
        task_id: "a".to_owned(),
        worker_index: worker,
        cause: "error".to_owned(),
        facts: facts.iter().map(fact).collect(),
    }
}

pub(crate) fn span(task: &str, worker: Option<u32>, start: f64, duration_ms: f64) -> SpanFrame {
    SpanFrame {
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        span_id: "b7ad6b7169203331".to_owned(),
        parent_span_id: None,
        trace_name: None,
        call_id: "1".to_owned(),
        task_id: task.to_owned(),
        method: "work".to_owned(),
        worker_index: worker,
        attempt: u32::from(worker.is_some()),
        start,
        duration_ms,
        outcome: "ok".to_owned(),
        error_type: None,
        error: None,
        error_stack: None,
        phases: match worker {
            Some(_) => [Some(0.0), Some(0.0), Some(0.0), Some(duration_ms), Some(0.0)],
            None => [Some(duration_ms), None, None, None, None],
        },
    }
}

pub(crate) fn trace(name: &str, start: f64, duration_ms: f64) -> TraceFrame {
    TraceFrame {
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        span_id: "53995c3f42cd8ad8".to_owned(),
        parent_span_id: None,
        name: Some(name.to_owned()),
        start,
        duration_ms,
        status: "ok".to_owned(),
        error: None,
    }
}

pub(crate) fn handler_span(call: &str, start: f64, duration_ms: f64) -> HandlerSpanFrame {
    HandlerSpanFrame {
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        span_id: "00f067aa0ba902b7".to_owned(),
        parent_span_id: "b7ad6b7169203331".to_owned(),
        name: "decode".to_owned(),
        call_id: call.to_owned(),
        task_id: "a".to_owned(),
        worker_index: Some(0),
        start,
        duration_ms,
        error: None,
        attributes: None,
    }
}

pub(crate) fn finding(id: &str, task: Option<&str>, evidence: &[(&str, f64)]) -> Finding {
    Finding {
        id: id.to_owned(),
        severity: "warning".to_owned(),
        task_id: task.map(str::to_owned),
        message: "The queue has been full for 4 s.".to_owned(),
        evidence: evidence.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        fix: "Raise poolSize.".to_owned(),
    }
}

pub(crate) fn ledger_row(
    consumer: &str,
    emitted: u64,
    delivered: u64,
    dropped: u64,
    pending: u64,
) -> LedgerRow {
    LedgerRow {
        consumer: consumer.to_owned(),
        signal: "spans".to_owned(),
        emitted,
        delivered,
        rejected: 0,
        dropped: if dropped > 0 { vec![("queue_full".to_owned(), dropped)] } else { Vec::new() },
        pending,
        last_error: None,
        last_rejection: None,
        next_retry: None,
    }
}

pub(crate) fn counter_event(task: &str, value: f64) -> ListenerEvent {
    ListenerEvent::Counter(MetricEvent {
        name: "task.dispatch.total".into(),
        value,
        ts: 1_000.0,
        attrs: EventAttrs {
            task_id: task.to_owned(),
            task_type: "parallel".to_owned(),
            task_name: None,
            queue_policy: None,
            max_in_flight: None,
            max_depth: None,
            worker_index: None,
            phase: None,
        },
    })
}

pub(crate) fn span_event(task: &str, call: &str, ts: f64) -> ListenerEvent {
    ListenerEvent::Span(Box::new(SpanEvent {
        name: "atelier:span".into(),
        ts,
        span_id: "b7ad6b7169203331".to_owned(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        trace_name: None,
        call_id: call.to_owned(),
        task_id: task.to_owned(),
        task_name: None,
        task_type: "parallel".to_owned(),
        method: "work".to_owned(),
        worker_index: Some(1),
        queue_wait_ms: Some(0.5),
        queue_wait_last_ms: Some(0.5),
        attempt_count: 1,
        duration_ms: 12.0,
        phases: PhasesEvent { queue: Some(0.5), run: Some(11.5), ..PhasesEvent::default() },
        status: "ok".into(),
        error_kind: None,
        error: None,
        cancel_reason: None,
    }))
}

pub(crate) fn full(seq: u64, ts: f64, tasks: Vec<TaskFrame>) -> Frame {
    Frame {
        version: FRAME_VERSION,
        seq,
        ts,
        kind: FrameKind::Full,
        lost: 0,
        tasks,
        removed: Vec::new(),
        spans: Vec::new(),
        handler_spans: Vec::new(),
        traces: Vec::new(),
        black_boxes: Vec::new(),
        spans_dropped: 0,
        events: None,
        events_dropped: 0,
        ledger: Vec::new(),
        findings: Vec::new(),
    }
}

pub(crate) fn delta(seq: u64, ts: f64, tasks: Vec<TaskFrame>) -> Frame {
    Frame { kind: FrameKind::Delta, ..full(seq, ts, tasks) }
}

/// A recording of these frames, not compressed, without its calls: those are records.
pub(crate) fn file(frames: &[Frame]) -> Vec<u8> {
    let mut writer = SegmentWriter::new();
    for frame in frames {
        assert!(writer.frame(frame));
    }
    let segment = writer.take();
    let mut file = file_head(&Header::default());
    file.extend(segment_head(Coding::Plain, segment.len() as u32, segment.len() as u32));
    file.extend(segment);
    file.extend(summary_block(&Summary::default()));
    file
}

/// A recording of so many seconds, a full frame each.
pub(crate) fn recording(seconds: u64) -> Vec<u8> {
    let frames: Vec<Frame> =
        (0..seconds).map(|n| full(n, n as f64 * 1_000.0, vec![task("recorded")])).collect();
    file(&frames)
}
