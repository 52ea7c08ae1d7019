//! Facts of every kind with values of every kind, and files made of them.

use std::sync::Arc;

use atelier_core::names::{Metric, Phase, WorkerFact};
use atelier_core::{AbortReason, ErrorKind, KeptFor, Outcome};
use atelier_telemetry::frame::*;
use atelier_telemetry::recording::*;
use atelier_telemetry::{
    BlackBox, BoxedFact, HandlerSpanRecord, LogRecord, LogSeverity, LogValue, MetricRecord, Phases, Record,
    SpanRecord, SpanStatus, TaskMeta, TraceRecord,
};

use crate::support::{Random, task_frame};

/// Makes values; the same ones for the same seed.
pub(super) struct Samples {
    random: Random,
    tasks: Vec<Arc<TaskMeta>>,
    texts: Vec<Arc<str>>,
}

impl Samples {
    pub(super) fn seeded(seed: u64) -> Samples {
        let mut samples = Samples { random: Random::seeded(seed), tasks: Vec::new(), texts: Vec::new() };
        samples.texts = (0..8).map(|_| samples.string().into()).collect();
        samples.tasks = (0..4).map(|_| Arc::new(samples.task_meta())).collect();
        samples
    }

    fn task_meta(&mut self) -> TaskMeta {
        TaskMeta {
            runtime: self.whole(),
            handle: self.whole(),
            id: self.string().into(),
            name: self.maybe(|it| it.string().into()),
            kind: self.string().into(),
            queue_policy: self.string().into(),
            max_in_flight: self.whole(),
            max_queue_depth: self.whole(),
            pool_size: self.whole(),
        }
    }

    fn one_of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.random.below(list.len() as u64) as usize].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Samples) -> T) -> Option<T> {
        (self.random.below(2) == 0).then(|| make(self))
    }

    /// Numbers at the edges, small ones, and any.
    pub(super) fn whole(&mut self) -> u64 {
        match self.random.below(4) {
            0 => self.one_of(&[0, 1, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 53) + 1, 127, 128]),
            1 => self.random.below(300),
            _ => self.random.next(),
        }
    }

    fn small(&mut self) -> u32 {
        let any = self.random.next() as u32;
        self.one_of(&[0, 1, 7, u32::MAX, any])
    }

    /// Durations as clocks give them, and all that an `f64` can be.
    pub(super) fn real(&mut self) -> f64 {
        let bits = f64::from_bits(self.random.next());
        let nanoseconds = self.random.below(10_000_000_000);
        let clock = std::time::Duration::from_nanos(nanoseconds).as_secs_f64();
        let edges =
            [0.0, -0.0, 1.0, -1.0, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2];
        let edge = self.one_of(&edges);
        self.one_of(&[clock, clock, nanoseconds as f64, bits, edge])
    }

    pub(super) fn string(&mut self) -> String {
        match self.random.below(7) {
            0 => String::new(),
            1 => "a\u{0}b\u{1}\n\r\t\"\\</script>".to_owned(),
            2 => "שלום \u{202e}evil\u{202c} 👩‍👩‍👧‍👦 \u{fffd}\u{10ffff}".to_owned(),
            3 => "x".repeat(self.random.below(5_000) as usize),
            _ => format!("name{}", self.random.below(1_000)),
        }
    }

    fn text(&mut self) -> Arc<str> {
        let texts = self.texts.clone();
        match self.random.below(4) {
            0 => self.string().into(),
            _ => self.one_of(&texts),
        }
    }

    fn task(&mut self) -> Arc<TaskMeta> {
        if self.random.below(20) == 0 {
            let meta = self.task_meta();
            self.tasks[0] = Arc::new(meta);
        }
        let tasks = self.tasks.clone();
        self.one_of(&tasks)
    }

    fn error_kind(&mut self) -> ErrorKind {
        self.one_of(&[ErrorKind::Abort, ErrorKind::Queue, ErrorKind::Crash, ErrorKind::Exception])
    }

    fn trace_id(&mut self) -> u128 {
        u128::from(self.whole()) << 64 | u128::from(self.whole())
    }

    pub(super) fn record(&mut self) -> Record {
        match self.random.below(6) {
            3 => Record::Log(Arc::new(self.log())),
            0 => Record::Span(Arc::new(self.call())),
            1 => Record::Trace(Arc::new(self.trace())),
            2 => Record::Handler(Arc::new(self.handler())),
            _ => Record::Metric(self.metric()),
        }
    }

    pub(super) fn metric(&mut self) -> MetricRecord {
        MetricRecord {
            metric: self.one_of(Metric::ALL),
            value: self.real(),
            time_unix_nano: self.whole(),
            task: self.task(),
            method: self.maybe(Samples::text),
            worker_index: self.maybe(Samples::small),
            outcome: self.maybe(|it| it.one_of(&Outcome::ALL)),
            error_type: self.maybe(Samples::text),
            phase: self.maybe(|it| it.one_of(&Phase::ALL)),
        }
    }

    pub(super) fn call(&mut self) -> SpanRecord {
        SpanRecord {
            trace_id: self.trace_id(),
            span_id: self.whole(),
            parent_span_id: self.maybe(Samples::whole),
            in_trace: self.random.below(2) == 0,
            trace_name: self.maybe(Samples::text),
            call_id: self.whole(),
            task: self.task(),
            method: self.text(),
            worker_index: self.maybe(Samples::small),
            attempt: self.small(),
            start_unix_nano: self.whole(),
            end_unix_nano: self.whole(),
            outcome: self.one_of(&Outcome::ALL),
            error_kind: self.maybe(Samples::error_kind),
            error_type: self.maybe(Samples::text),
            error_message: self.maybe(|it| it.string().into()),
            queue_wait: self.maybe(Samples::real),
            queue_wait_last: self.maybe(Samples::real),
            phases: Phases(std::array::from_fn(|_| self.maybe(Samples::real))),
            handler_spans_lost: self.whole(),
            handler_logs_lost: self.whole(),
            kept_for: self.maybe(Samples::kept_for),
            error_stack: self.maybe(|it| it.string().into()),
            cancel_reason: self.maybe(|it| it.one_of(&AbortReason::ALL)),
        }
    }

    fn trace(&mut self) -> TraceRecord {
        TraceRecord {
            runtime: self.whole(),
            trace_id: self.trace_id(),
            span_id: self.whole(),
            parent_span_id: self.maybe(Samples::whole),
            name: self.maybe(|it| it.string().into()),
            start_unix_nano: self.whole(),
            end_unix_nano: self.whole(),
            status: self.one_of(&[SpanStatus::Ok, SpanStatus::Error, SpanStatus::Canceled]),
            error_kind: self.maybe(Samples::error_kind),
            error_type: self.maybe(Samples::text),
            error_message: self.maybe(|it| it.string().into()),
            kept_for: self.maybe(Samples::kept_for),
        }
    }

    fn kept_for(&mut self) -> KeptFor {
        self.one_of(&[KeptFor::Error, KeptFor::Crash, KeptFor::Slow])
    }

    fn handler(&mut self) -> HandlerSpanRecord {
        HandlerSpanRecord {
            trace_id: self.trace_id(),
            span_id: self.whole(),
            parent_span_id: self.whole(),
            name: self.text(),
            call_id: self.whole(),
            task: self.task(),
            worker_index: self.maybe(Samples::small),
            start_unix_nano: self.whole(),
            end_unix_nano: self.whole(),
            error_type: self.maybe(Samples::text),
            error_message: self.maybe(|it| it.string().into()),
            attributes: self.maybe(|it| it.string().into()),
            call_span_id: self.maybe(Samples::whole),
        }
    }

    fn log(&mut self) -> LogRecord {
        let attributes = self.random.below(5);
        LogRecord {
            time_unix_nano: self.whole(),
            severity: LogSeverity::from_number(self.whole()),
            event_name: self.maybe(|it| it.string().into()),
            body: self.string().into(),
            task: self.maybe(Samples::task),
            call_id: self.maybe(Samples::whole),
            worker_index: self.maybe(Samples::small),
            trace_id: self.maybe(Samples::trace_id),
            span_id: self.maybe(Samples::whole),
            attributes: (0..attributes).map(|_| (self.string().into(), self.log_value())).collect(),
        }
    }

    fn log_value(&mut self) -> LogValue {
        match self.random.below(4) {
            0 => LogValue::Text(self.text()),
            1 => LogValue::Bool(self.random.below(2) == 0),
            2 => LogValue::Int(self.whole() as i64),
            _ => LogValue::Double(self.real()),
        }
    }

    pub(super) fn black_box(&mut self) -> BlackBox {
        let facts = self.random.below(64);
        BlackBox {
            number: self.whole(),
            task: self.task(),
            worker_index: self.small(),
            cause: self.maybe(Samples::text),
            facts: (0..facts)
                .map(|_| BoxedFact {
                    time_unix_nano: self.whole(),
                    fact: self.one_of(WorkerFact::ALL),
                    call_id: self.maybe(Samples::whole),
                    method: self.maybe(Samples::text),
                })
                .collect(),
        }
    }

    fn distribution(&mut self) -> Distribution {
        Distribution {
            count: self.whole(),
            sum: self.real(),
            min: self.real(),
            max: self.real(),
            mean: self.real(),
            p50: self.real(),
            p90: self.real(),
            p95: self.real(),
            p99: self.real(),
            p999: self.real(),
        }
    }

    fn exemplars(&mut self) -> Vec<ExemplarFrame> {
        (0..self.random.below(3))
            .map(|_| ExemplarFrame {
                at: self.string(),
                value: self.real(),
                trace_id: self.string(),
                span_id: self.string(),
                ts: self.real(),
            })
            .collect()
    }

    fn task_state(&mut self) -> TaskFrame {
        TaskFrame {
            task_name: self.maybe(Samples::string),
            task_status: self.string(),
            pool_size: self.small(),
            max_queue_depth: self.maybe(Samples::small),
            totals: Totals { dispatched: self.whole(), terminated: self.whole(), ..Totals::default() },
            wait: self.distribution(),
            duration: self.distribution(),
            exemplars: TaskExemplars { run: self.exemplars(), ..TaskExemplars::default() },
            workers: vec![WorkerFrame {
                index: self.small(),
                status: self.string(),
                in_flight: self.small(),
                current: self.maybe(|it| CurrentCallFrame {
                    call_id: it.maybe(Samples::string),
                    method: it.maybe(Samples::string),
                    since: it.real(),
                    canceled: it.random.below(2) == 0,
                }),
            }],
            last_crash: self.maybe(|it| CrashFrame {
                ts: it.real(),
                worker_index: it.small(),
                message: it.string(),
            }),
            ..task_frame(&self.string(), self.small())
        }
    }

    /// A frame without spans: in a recording they are facts.
    pub(super) fn frame(&mut self) -> Frame {
        let kind = self.one_of(&[FrameKind::Full, FrameKind::Delta]);
        Frame {
            version: self.small(),
            seq: self.whole(),
            ts: self.real(),
            kind,
            lost: self.whole(),
            tasks: (0..self.random.below(4)).map(|_| self.task_state()).collect(),
            removed: (0..self.random.below(3)).map(|_| self.string()).collect(),
            spans: Vec::new(),
            handler_spans: Vec::new(),
            traces: Vec::new(),
            black_boxes: Vec::new(),
            spans_dropped: self.whole(),
            events: None,
            events_dropped: 0,
            ledger: vec![self.ledger_row()],
            findings: vec![Finding {
                id: self.string(),
                severity: self.string(),
                task_id: self.maybe(Samples::string),
                message: self.string(),
                evidence: (0..3).map(|_| (self.string(), self.real())).collect(),
                fix: self.string(),
            }],
        }
    }

    pub(super) fn ledger_row(&mut self) -> LedgerRow {
        LedgerRow {
            consumer: self.string(),
            signal: self.string(),
            emitted: self.whole(),
            delivered: self.whole(),
            rejected: self.whole(),
            dropped: vec![(self.string(), self.whole())],
            pending: self.whole(),
            last_error: self.maybe(Samples::string),
            last_rejection: self.maybe(Samples::string),
            next_retry: self.maybe(Samples::real),
        }
    }

    /// So many items of all kinds.
    pub(super) fn items(&mut self, count: u64) -> Vec<Item> {
        let item = |it: &mut Samples| match it.random.below(30) {
            0 => Item::Frame(Box::new(it.frame())),
            1 => Item::BlackBox(it.black_box()),
            _ => Item::Record(it.record()),
        };
        (0..count).map(|_| item(self)).collect()
    }
}

/// Items as a segment, before it is stored.
pub(super) fn segment(items: &[Item]) -> Vec<u8> {
    let mut writer = SegmentWriter::new();
    let mut plain = Vec::new();
    for item in items {
        assert!(match item {
            Item::Record(record) => writer.record(record),
            Item::Frame(frame) => writer.frame(frame),
            Item::BlackBox(of) => writer.black_box(of),
            other => panic!("{other:?}"),
        });
        if writer.waiting() > 10_000 {
            plain.extend(writer.take());
        }
    }
    plain.extend(writer.take());
    assert_eq!(plain.len(), writer.len());
    plain
}

/// A segment as a block, compressed as a page does it, or not.
pub(super) fn block(plain: &[u8], coding: Coding) -> Vec<u8> {
    let stored = match coding {
        Coding::Plain => plain.to_vec(),
        Coding::Zlib => miniz_oxide::deflate::compress_to_vec_zlib(plain, 6),
    };
    let mut block = segment_head(coding, stored.len() as u32, plain.len() as u32).to_vec();
    block.extend(stored);
    block
}

/// A file with these segments.
pub(super) fn file(header: &Header, segments: &[(Vec<u8>, Coding)], summary: &Summary) -> Vec<u8> {
    let mut file = file_head(header);
    segments.iter().for_each(|(plain, coding)| file.extend(block(plain, *coding)));
    file.extend(summary_block(summary));
    file
}

/// What a file says, and how it ends. Facts are told apart by what `Debug` shows of them, which is all of them: it knows
/// nothing of the format, and shows numbers so that no two look alike.
pub(super) fn told(file: &[u8]) -> Result<(Vec<String>, Ending), RecordingError> {
    let mut reader = Reader::open(file)?;
    let items: Vec<String> =
        reader.by_ref().map(|item| item.map(|it| format!("{it:?}"))).collect::<Result<_, _>>()?;
    assert_eq!(reader.unknown(), 0);
    Ok((items, reader.ending().unwrap().clone()))
}

pub(super) fn shown(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| format!("{item:?}")).collect()
}
