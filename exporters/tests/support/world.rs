//! A pipeline, its collector and the time.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use atelier_exporters::pipeline::{
    Answer, Encoded, Encoder, FlushId, Now, Output, Part, Pipeline, Reply, Request, RequestId, SelfReport,
    Settings, Verdict,
};
use atelier_exporters::{OtlpConfig, OtlpEncoder, Signal};
use atelier_telemetry::{MetricsSnapshot, Record};

use super::collector::{Act, Judged, Received, partial, refused};
use super::source::{Account, Shared, TestSource};
use super::{call, now};

/// OTLP, and how often something was encoded.
#[derive(Debug)]
pub struct Counted {
    otlp: OtlpEncoder,
    times: Rc<Cell<usize>>,
}

impl Counted {
    fn count(&mut self) -> &mut OtlpEncoder {
        self.times.set(self.times.get() + 1);
        &mut self.otlp
    }
}

impl Encoder for Counted {
    fn spans(&mut self, records: &[Record]) -> Vec<u8> {
        self.count().spans(records)
    }

    fn logs(&mut self, records: &[Record]) -> Vec<u8> {
        self.count().logs(records)
    }

    fn metrics(&mut self, snapshot: &MetricsSnapshot, report: &SelfReport) -> Encoded {
        self.count().metrics(snapshot, report)
    }

    fn split(&self, signal: Signal, body: &[u8], content_type: Option<&str>) -> Option<[Part; 2]> {
        self.otlp.split(signal, body, content_type)
    }

    fn judge(&self, signal: Signal, answer: &Answer, now_unix_nano: u64) -> Verdict {
        self.otlp.judge(signal, answer, now_unix_nano)
    }
}

/// A pipeline, its collector and the time.
pub struct World {
    pub pipeline: Pipeline<Shared, Counted>,
    pub source: Rc<TestSource>,
    pub now_ms: u64,
    /// What the collector does with the next requests of a signal; when the script is over it takes everything.
    pub script: HashMap<Signal, VecDeque<Act>>,
    pub received: Vec<Received>,
    pub flushed: Vec<FlushId>,
    pub aborted: Vec<RequestId>,
    /// Requests that hang, and how many items each has.
    pub out: Vec<(RequestId, Signal, u64)>,
    pub judged: HashMap<Signal, Judged>,
    /// The longest body that the collector takes; it answers a longer one by 413.
    pub max_body_bytes: usize,
    /// There is no idle time.
    pub busy: bool,
    /// Idle time was asked for and not given.
    pub idle_asked: bool,
    encoded: Rc<Cell<usize>>,
    next_call: u64,
}

impl World {
    pub fn new(config: &OtlpConfig) -> World {
        let shared = Shared::default();
        let source = Rc::clone(&shared.0);
        let encoded = Rc::new(Cell::new(0));
        let encoder = Counted { otlp: OtlpEncoder::new(config, &[]), times: Rc::clone(&encoded) };
        // The durable queue has tests of its own, with a storage.
        let settings = Settings { durable: None, ..Settings::from(config) };
        let pipeline = Pipeline::new(shared, encoder, settings, || 0.5, now(0));
        World {
            pipeline,
            source,
            now_ms: 0,
            script: HashMap::new(),
            received: Vec::new(),
            flushed: Vec::new(),
            aborted: Vec::new(),
            out: Vec::new(),
            judged: HashMap::new(),
            max_body_bytes: usize::MAX,
            busy: false,
            idle_asked: false,
            encoded,
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
            self.source.push(Record::Span(Arc::new(call(self.next_call))));
            self.next_call += 1;
        }
        self.source.with(Signal::Traces, |account| account.emitted += calls);
        let now = self.now();
        self.pipeline.handle_records(now);
        self.serve();
    }

    /// So many log records are told; the pipeline is told once.
    pub fn tell(&mut self, logs: u64) {
        self.source.tell(logs);
        let now = self.now();
        self.pipeline.handle_records(now);
        self.serve();
    }

    /// Gives idle time once, if it was asked for.
    pub fn be_idle(&mut self) {
        if std::mem::take(&mut self.idle_asked) {
            let now = self.now();
            self.pipeline.handle_idle(now);
            self.serve();
        }
    }

    /// How often something was encoded.
    pub fn encodings(&self) -> usize {
        self.encoded.get()
    }

    pub fn set_counter(&mut self, total: u64) {
        self.source.set_points(total);
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
                    self.out.retain(|(out, ..)| *out != id);
                    self.aborted.push(id);
                }
                Output::Store(_) | Output::Forget(_) | Output::TakeOver(_) => {
                    panic!("there is no durable queue")
                }
                Output::Flushed(id) => self.flushed.push(id),
                Output::EncodeWhenIdle => {
                    self.idle_asked = true;
                }
            }
            if !self.busy {
                self.be_idle();
            }
        }
        for signal in Signal::ALL {
            let out = self.out.iter().filter(|(_, other, _)| *other == signal).count();
            assert!(out <= 1, "two requests at once: {signal:?}");
        }
    }

    fn receive(&mut self, request: &Request) {
        let received = Received::read(self.now_ms, request);
        let items = received.items();
        assert!(items > 0, "an empty envelope");
        self.received.push(received);
        let act = match request.body.len() > self.max_body_bytes {
            true => Act::status(413),
            false => self.script.get_mut(&request.signal).and_then(VecDeque::pop_front).unwrap_or(Act::ok()),
        };
        let reply = match act {
            Act::Answer(answer) => Reply::Answered(answer),
            Act::Partial(refused) => Reply::Answered(partial(request.signal, refused)),
            Act::Fail(why) => Reply::Failed(why.to_owned()),
            Act::Hang => {
                self.out.push((request.id, request.signal, items));
                return;
            }
        };
        self.judge(request.signal, items, &reply);
        let now = self.now();
        self.pipeline.handle_reply(request.id, reply, now);
    }

    fn judge(&mut self, signal: Signal, items: u64, reply: &Reply) {
        let Reply::Answered(answer) = reply else { return };
        let judged = self.judged.entry(signal).or_default();
        let refused = match answer.status {
            200 => refused(&answer.body).min(items),
            413 | 429 | 502 | 503 | 504 => return,
            _ => items,
        };
        judged.taken += items - refused;
        judged.refused += refused;
    }

    /// The request of a signal that hangs ends after all.
    pub fn finish(&mut self, signal: Signal, reply: Reply) {
        let place = self.out.iter().position(|(_, out, _)| *out == signal).expect("a request that hangs");
        let (id, _, items) = self.out.remove(place);
        self.judge(signal, items, &reply);
        let now = self.now();
        self.pipeline.handle_reply(id, reply, now);
        self.serve();
    }

    pub fn traces(&self) -> Account {
        self.source.account(Signal::Traces)
    }

    pub fn logs(&self) -> Account {
        self.source.account(Signal::Logs)
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
