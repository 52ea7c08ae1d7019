//! A source with a ledger, and a world in virtual time around a pipeline: a scripted collector that decodes what it
//! gets, and a clock that only moves when told.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::Metric;
use atelier_exporters::pipeline::{
    Answer, FlushId, Now, Output, Pipeline, Reply, Request, RequestId, Settings,
};
use atelier_exporters::{Fate, OtlpConfig, OtlpEncoder, Signal, Source};
use atelier_telemetry::{MetricsSnapshot, Phases, Record, Series, SeriesKey, SpanRecord, TaskMeta};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

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

/// What became of one signal's items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub emitted: u64,
    pub delivered: u64,
    pub rejected: u64,
    pub dropped: BTreeMap<String, u64>,
}

impl Account {
    pub fn settled(&self) -> u64 {
        self.delivered + self.rejected + self.dropped.values().sum::<u64>()
    }

    pub fn pending(&self) -> u64 {
        self.emitted.checked_sub(self.settled()).expect("nothing is settled twice")
    }
}

/// Telemetry that a test emits.
#[derive(Default)]
pub struct TestSource {
    waiting: RefCell<VecDeque<Record>>,
    points: Cell<u64>,
    accounts: RefCell<HashMap<Signal, Account>>,
    pub last_error: RefCell<Option<String>>,
    pub closed: Cell<bool>,
}

impl TestSource {
    pub fn account(&self, signal: Signal) -> Account {
        self.accounts.borrow().get(&signal).cloned().unwrap_or_default()
    }

    fn with(&self, signal: Signal, change: impl FnOnce(&mut Account)) {
        change(self.accounts.borrow_mut().entry(signal).or_default());
    }
}

#[derive(Clone, Default)]
pub struct Shared(pub Rc<TestSource>);

impl Source for Shared {
    fn drain(&self, max: usize) -> Vec<Record> {
        let mut waiting = self.0.waiting.borrow_mut();
        let count = max.min(waiting.len());
        waiting.drain(..count).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.waiting.borrow().is_empty()
    }

    fn metrics(&self, now_unix_nano: u64) -> MetricsSnapshot {
        let points = self.0.points.get();
        let series = (points > 0).then(|| (key(Metric::TaskDispatched), Series::Counter(points)));
        MetricsSnapshot {
            start_unix_nano: EPOCH_NANO,
            time_unix_nano: now_unix_nano,
            series: series.into_iter().collect(),
            overflow: Vec::new(),
        }
    }

    fn emitted(&self, signal: Signal, n: u64) {
        self.0.with(signal, |account| account.emitted += n);
    }

    fn settle(&self, signal: Signal, fate: Fate<'_>, n: u64) {
        self.0.with(signal, |account| match fate {
            Fate::Delivered => account.delivered += n,
            Fate::Rejected => account.rejected += n,
            Fate::Dropped(reason) => *account.dropped.entry(reason.to_owned()).or_default() += n,
        });
        self.0.account(signal).pending();
    }

    fn set_last_error(&self, message: String) {
        *self.0.last_error.borrow_mut() = Some(message);
    }

    fn close(&self) {
        self.0.closed.set(true);
    }
}

/// What the collector does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(Answer),
    Fail(&'static str),
    Hang,
}

impl Act {
    pub fn ok() -> Act {
        Act::Answer(Answer { status: 200, ..Answer::default() })
    }

    pub fn status(status: u16) -> Act {
        Act::Answer(Answer { status, ..Answer::default() })
    }

    pub fn retry_after(status: u16, value: &str) -> Act {
        Act::Answer(Answer { status, retry_after: Some(value.to_owned()), ..Answer::default() })
    }

    pub fn protobuf(status: u16, body: Vec<u8>) -> Act {
        let content_type = Some("application/x-protobuf".to_owned());
        Act::Answer(Answer { status, content_type, body, retry_after: None })
    }
}

/// A request as it came to the collector.
#[derive(Clone, Debug)]
pub struct Received {
    pub at_ms: u64,
    pub signal: Signal,
    pub bytes: usize,
    /// Call numbers of the spans in it.
    pub calls: Vec<String>,
    pub points: usize,
}

/// A pipeline, its collector and the time.
pub struct World {
    pub pipeline: Pipeline<Shared, OtlpEncoder>,
    pub source: Rc<TestSource>,
    pub now_ms: u64,
    /// What the collector does with the next requests of a signal; when the script is over it takes everything.
    pub script: HashMap<Signal, VecDeque<Act>>,
    pub received: Vec<Received>,
    pub flushed: Vec<FlushId>,
    pub aborted: Vec<RequestId>,
    /// Requests that hang.
    pub out: Vec<(RequestId, Signal)>,
    next_call: u64,
}

impl World {
    pub fn new(config: &OtlpConfig) -> World {
        let shared = Shared::default();
        let source = Rc::clone(&shared.0);
        let encoder = OtlpEncoder::new(config, &[]);
        let pipeline = Pipeline::new(shared, encoder, Settings::from(config), || 0.5, now(0));
        World {
            pipeline,
            source,
            now_ms: 0,
            script: HashMap::new(),
            received: Vec::new(),
            flushed: Vec::new(),
            aborted: Vec::new(),
            out: Vec::new(),
            next_call: 0,
        }
    }

    pub fn traces_only() -> World {
        World::new(&OtlpConfig { signals: vec![Signal::Traces], ..OtlpConfig::default() })
    }

    pub fn script(&mut self, signal: Signal, acts: impl IntoIterator<Item = Act>) {
        self.script.entry(signal).or_default().extend(acts);
    }

    pub fn now(&self) -> Now {
        now(self.now_ms)
    }

    /// So many calls end; the pipeline is told once.
    pub fn emit(&mut self, calls: u64) {
        for _ in 0..calls {
            self.source.waiting.borrow_mut().push_back(Record::Span(Arc::new(call(self.next_call))));
            self.next_call += 1;
        }
        self.source.with(Signal::Traces, |account| account.emitted += calls);
        let now = self.now();
        self.pipeline.handle_records(now);
        self.serve();
    }

    pub fn set_counter(&mut self, total: u64) {
        self.source.points.set(total);
    }

    pub fn flush(&mut self) -> FlushId {
        let id = self.pipeline.flush(self.now());
        self.serve();
        id
    }

    pub fn shutdown(&mut self) -> FlushId {
        let id = self.pipeline.shutdown(self.now());
        self.serve();
        id
    }

    /// Lets time pass, waking the pipeline whenever it asked for it.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        for _ in 0..100_000 {
            match self.pipeline.next_wake() {
                Some(wake) if wake <= end => {
                    assert!(wake > self.now_ms, "a wake-up that has already been handled: {wake}");
                    self.now_ms = wake;
                    let now = self.now();
                    self.pipeline.handle_wake(now);
                    self.serve();
                }
                _ => {
                    self.now_ms = end;
                    return;
                }
            }
        }
        panic!("the pipeline wakes without end");
    }

    /// Does what the pipeline says until it says nothing more.
    pub fn serve(&mut self) {
        while let Some(output) = self.pipeline.poll_output() {
            match output {
                Output::Send(request) => self.receive(&request),
                Output::Abort(id) => {
                    self.out.retain(|(out, _)| *out != id);
                    self.aborted.push(id);
                }
                Output::Flushed(id) => self.flushed.push(id),
            }
        }
        for signal in Signal::ALL {
            let out = self.out.iter().filter(|(_, other)| *other == signal).count();
            assert!(out <= 1, "two requests at once: {signal:?}");
        }
    }

    fn receive(&mut self, request: &Request) {
        let (mut calls, mut points) = (Vec::new(), 0);
        match request.signal {
            Signal::Metrics => {
                let decoded = ExportMetricsServiceRequest::decode(&request.body[..]).expect("decodes");
                points = decoded.resource_metrics[0].scope_metrics[0].metrics.len();
            }
            _ => calls = spans(&request.body).iter().map(|span| text(span, "atelier.call.id")).collect(),
        }
        assert!(!calls.is_empty() || points > 0, "an empty envelope");
        self.received.push(Received {
            at_ms: self.now_ms,
            signal: request.signal,
            bytes: request.body.len(),
            calls,
            points,
        });
        let act = self.script.get_mut(&request.signal).and_then(VecDeque::pop_front).unwrap_or(Act::ok());
        let reply = match act {
            Act::Answer(answer) => Reply::Answered(answer),
            Act::Fail(why) => Reply::Failed(why.to_owned()),
            Act::Hang => {
                self.out.push((request.id, request.signal));
                return;
            }
        };
        let now = self.now();
        self.pipeline.handle_reply(request.id, reply, now);
    }

    /// The request of a signal that hangs ends after all.
    pub fn finish(&mut self, signal: Signal, reply: Reply) {
        let place = self.out.iter().position(|(_, out)| *out == signal).expect("a request that hangs");
        let (id, _) = self.out.remove(place);
        let now = self.now();
        self.pipeline.handle_reply(id, reply, now);
        self.serve();
    }

    pub fn traces(&self) -> Account {
        self.source.account(Signal::Traces)
    }

    pub fn metrics(&self) -> Account {
        self.source.account(Signal::Metrics)
    }

    pub fn last_error(&self) -> String {
        self.source.last_error.borrow().clone().unwrap_or_default()
    }

    /// When requests of a signal came.
    pub fn times(&self, signal: Signal) -> Vec<u64> {
        self.received.iter().filter(|request| request.signal == signal).map(|request| request.at_ms).collect()
    }

    /// How many spans each request with spans had.
    pub fn batches(&self) -> Vec<usize> {
        self.received.iter().filter(|r| r.signal == Signal::Traces).map(|r| r.calls.len()).collect()
    }
}

pub fn now(ms: u64) -> Now {
    // The monotonic clock begins anywhere.
    Now { monotonic_ms: ms, unix_nano: EPOCH_NANO + ms * 1_000_000 }
}

pub fn spans(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).expect("decodes");
    request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).collect()
}

pub fn text(span: &Span, key: &str) -> String {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key);
    match attribute.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{key}: {other:?}"),
    }
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
