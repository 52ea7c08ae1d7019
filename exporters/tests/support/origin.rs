//! One origin of a browser: tabs that export, the storage they share, and their collector, in virtual time.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use atelier_exporters::durable::{Batch, BatchId, Found, Key, View, plan};
use atelier_exporters::pipeline::{
    Answer, Encoded, Encoder, FlushId, Now, Output, Reply, RequestId, SelfReport, Settings, TakeOver, Verdict,
};
use atelier_exporters::{OtlpConfig, Pipeline, Signal};
use atelier_telemetry::{MetricsSnapshot, Record};

use super::source::{Account, Shared, TestSource};
use super::{EPOCH_NANO, call, now};

pub const ADDRESS: &str = "https://c.example/v1/traces";
const EPOCH_MS: u64 = EPOCH_NANO / 1_000_000;

/// The numbers of calls, in text.
pub struct Numbers;

impl Encoder for Numbers {
    fn spans(&mut self, records: &[Record]) -> Vec<u8> {
        let number = |record: &Record| match record {
            Record::Span(call) => format!("{} ", call.call_id),
            _ => String::new(),
        };
        records.iter().map(number).collect::<String>().into_bytes()
    }

    fn metrics(&mut self, _: &MetricsSnapshot, _: &SelfReport) -> Encoded {
        Encoded::default()
    }

    fn judge(&self, _: Signal, answer: &Answer, _: u64) -> Verdict {
        match answer.status {
            200 => Verdict::Accepted { rejected: 0, reason: None },
            503 => Verdict::Retry { after_ms: None, reason: "503".to_owned() },
            status => Verdict::Refused { reason: status.to_string() },
        }
    }
}

fn numbers(body: &[u8]) -> Vec<u64> {
    String::from_utf8_lossy(body).split_whitespace().map(|number| number.parse().expect("a number")).collect()
}

enum Operation {
    Put(BatchId, Key, Rc<[u8]>),
    Delete(Key),
}

/// A tab, or rather the exporter in it.
pub struct Tab {
    pub pipeline: Pipeline<Shared, Numbers>,
    pub source: Rc<TestSource>,
    owner: String,
    /// Where it has its batches.
    kept: HashMap<BatchId, Key>,
    /// What the storage has not done yet.
    operations: VecDeque<Operation>,
    pub out: Vec<(RequestId, Vec<u64>)>,
    take_over: Option<TakeOver>,
    /// It is in the back/forward cache.
    pub aside: bool,
    /// Storage refuses everything.
    pub broken: bool,
    pub flushed: Vec<FlushId>,
}

impl Tab {
    pub fn account(&self) -> Account {
        self.source.account(Signal::Traces)
    }

    pub fn last_error(&self) -> String {
        self.source.last_error.borrow().clone().unwrap_or_default()
    }
}

/// The origin.
#[derive(Default)]
pub struct Origin {
    pub now_ms: u64,
    pub tabs: Vec<Tab>,
    pub storage: BTreeMap<String, Rc<[u8]>>,
    /// How often the collector took each call.
    pub taken: BTreeMap<u64, u32>,
    /// Calls of which a sender, or the storage, did not hear what became of them.
    pub unsure: HashSet<u64>,
    /// Calls that were in storage once.
    pub stored: HashSet<u64>,
    pub next_call: u64,
    pub opened: u64,
    pub settings: Option<Settings>,
}

impl Origin {
    pub fn now(&self) -> Now {
        now(self.now_ms)
    }

    pub fn epoch_ms(&self) -> u64 {
        EPOCH_MS + self.now_ms
    }

    pub fn open(&mut self) -> usize {
        let shared = Shared::default();
        let source = Rc::clone(&shared.0);
        let config = OtlpConfig {
            signals: vec![Signal::Traces],
            max_batch_size: 8,
            max_queue_size: 4_096,
            ..OtlpConfig::default()
        };
        let settings = self.settings.clone().unwrap_or(Settings::from(&config));
        let dice = RefCell::new(self.opened);
        let random = move || {
            let mut dice = dice.borrow_mut();
            *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*dice >> 40) as f64 / (1_u64 << 24) as f64
        };
        let pipeline = Pipeline::new(shared, Numbers, settings, random, self.now());
        self.tabs.push(Tab {
            pipeline,
            source,
            owner: format!("tab{}", self.opened),
            kept: HashMap::new(),
            operations: VecDeque::new(),
            out: Vec::new(),
            take_over: None,
            aside: false,
            broken: false,
            flushed: Vec::new(),
        });
        self.opened += 1;
        let tab = self.tabs.len() - 1;
        self.drive(tab, |pipeline, now| pipeline.handle_wake(now));
        tab
    }

    /// Hands a tab's pipeline an input, and notes what it says.
    pub fn drive<T>(
        &mut self,
        tab: usize,
        input: impl FnOnce(&mut Pipeline<Shared, Numbers>, Now) -> T,
    ) -> T {
        let (now, epoch_ms) = (self.now(), self.epoch_ms());
        let tab = &mut self.tabs[tab];
        let returned = input(&mut tab.pipeline, now);
        while let Some(output) = tab.pipeline.poll_output() {
            match output {
                Output::Send(request) => tab.out.push((request.id, numbers(&request.body))),
                Output::Abort(id) => {
                    if let Some(place) = tab.out.iter().position(|(out, _)| *out == id) {
                        let (_, calls) = tab.out.remove(place);
                        self.unsure.extend(calls);
                    }
                }
                Output::Store(batch) => {
                    let key = Key {
                        made_ms: batch.made_ms,
                        stored_ms: epoch_ms,
                        owner: tab.owner.clone(),
                        number: batch.id.number(),
                        signal: batch.signal,
                        items: batch.items,
                        bytes: batch.body.len() as u64,
                        content_type: "text/plain".to_owned(),
                        address: ADDRESS.to_owned(),
                    };
                    tab.kept.insert(batch.id, key.clone());
                    tab.operations.push_back(Operation::Put(batch.id, key, batch.body));
                }
                Output::Forget(id) => {
                    if let Some(key) = tab.kept.remove(&id) {
                        tab.operations.push_back(Operation::Delete(key));
                    }
                }
                Output::TakeOver(what) => {
                    assert!(tab.take_over.replace(what).is_none(), "one at a time");
                }
                Output::EncodeWhenIdle => tab.pipeline.handle_idle(now),
                Output::Flushed(id) => tab.flushed.push(id),
            }
        }
        assert!(tab.out.len() <= 1, "two requests at once");
        returned
    }

    /// So many calls end.
    pub fn emit(&mut self, tab: usize, calls: u64) {
        for _ in 0..calls {
            self.tabs[tab].source.push(Record::Span(Arc::new(call(self.next_call))));
            self.next_call += 1;
        }
        self.tabs[tab].source.with(Signal::Traces, |account| account.emitted += calls);
        self.drive(tab, |pipeline, now| pipeline.handle_records(now));
    }

    /// The storage does the next thing that a tab asked for; says whether there was something.
    pub fn store(&mut self, tab: usize) -> bool {
        match self.tabs[tab].operations.pop_front() {
            Some(Operation::Put(id, key, body)) => {
                let stored = if self.tabs[tab].broken {
                    self.tabs[tab].kept.remove(&id);
                    Err("QuotaExceededError".to_owned())
                } else {
                    self.stored.extend(numbers(&body));
                    self.storage.insert(key.to_string(), body);
                    Ok(())
                };
                self.drive(tab, |pipeline, now| pipeline.handle_stored(id, stored, now));
            }
            Some(Operation::Delete(key)) => {
                self.storage.remove(&key.to_string());
            }
            None => return false,
        }
        true
    }

    /// A tab takes over what it may, if it asked to.
    pub fn take_over(&mut self, tab: usize) {
        let Some(what) = self.tabs[tab].take_over.take() else { return };
        let living: HashSet<String> =
            self.tabs.iter().filter(|tab| !tab.aside).map(|tab| tab.owner.clone()).collect();
        let view = View {
            owner: &self.tabs[tab].owner,
            addresses: &[ADDRESS.to_owned()],
            living: Some(&living),
            asked_ms: self.epoch_ms(),
            room_bytes: what.room_bytes,
            room_batches: what.room_batches,
            settings: what.settings,
        };
        let plan = plan(self.storage.keys().cloned(), &view);
        let mut found = Found { broken: plan.broken.len(), ..Found::default() };
        for text in plan.broken {
            self.storage.remove(&text);
        }
        for (key, why) in plan.discard {
            self.storage.remove(&key.to_string());
            found.discarded.push((key.signal, key.items, why));
        }
        let mut ids = what.numbers;
        for key in plan.adopt {
            let body = self.storage.remove(&key.to_string()).expect("what was listed is there");
            let owner = self.tabs[tab].owner.clone();
            let number = ids.next().expect("a number for each");
            let key = Key { owner, number, stored_ms: EPOCH_MS + self.now_ms, ..key };
            self.storage.insert(key.to_string(), Rc::clone(&body));
            let batch = Batch::adopted(&key, body.to_vec(), Some("text/plain"));
            self.tabs[tab].kept.insert(batch.id, key);
            found.batches.push(batch);
        }
        found.again_in_ms = plan.again_ms.map(|at| at.saturating_sub(EPOCH_MS + self.now_ms));
        self.drive(tab, |pipeline, now| pipeline.handle_found(Ok(found), now));
    }

    /// The collector takes a request and answers, unless `told` is false.
    pub fn take(&mut self, tab: usize, told: bool) {
        let Some((id, calls)) = self.tabs[tab].out.pop() else { return };
        for &call in &calls {
            *self.taken.entry(call).or_default() += 1;
        }
        let reply = if told {
            Reply::Answered(Answer { status: 200, ..Answer::default() })
        } else {
            self.unsure.extend(calls);
            Reply::Failed("the connection was reset".to_owned())
        };
        self.drive(tab, |pipeline, now| pipeline.handle_reply(id, reply, now));
    }

    /// The collector turns a request away.
    pub fn turn_away(&mut self, tab: usize) {
        let Some((id, _)) = self.tabs[tab].out.pop() else { return };
        let reply = Reply::Answered(Answer { status: 503, ..Answer::default() });
        self.drive(tab, |pipeline, now| pipeline.handle_reply(id, reply, now));
    }

    /// A tab is gone at once, whatever it was doing; what it sent last may have been `taken`.
    pub fn crash(&mut self, tab: usize, taken: bool) {
        self.put_aside(tab);
        let tab = self.tabs.remove(tab);
        for call in tab.out.into_iter().flat_map(|(_, calls)| calls).filter(|_| taken) {
            *self.taken.entry(call).or_default() += 1;
        }
    }

    /// A tab goes into the back/forward cache: nobody hears what becomes of what it sent, and of what it deleted.
    pub fn put_aside(&mut self, tab: usize) {
        let tab = &mut self.tabs[tab];
        tab.aside = true;
        self.unsure.extend(tab.out.iter().flat_map(|(_, calls)| calls));
        for operation in &tab.operations {
            if let Operation::Delete(key) = operation
                && let Some(body) = self.storage.get(&key.to_string())
            {
                self.unsure.extend(numbers(body));
            }
        }
    }

    /// A tab comes back from the back/forward cache.
    pub fn resume(&mut self, tab: usize) {
        while self.store(tab) {}
        let kept = &mut self.tabs[tab].kept;
        let storage = &self.storage;
        let gone: Vec<BatchId> = kept
            .iter()
            .filter(|(_, key)| !storage.contains_key(&key.to_string()))
            .map(|(id, _)| *id)
            .collect();
        kept.retain(|id, _| !gone.contains(id));
        self.tabs[tab].aside = false;
        self.drive(tab, |pipeline, now| pipeline.handle_resumed(&gone, now));
    }

    /// Lets time pass for everybody.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        for _ in 0..1_000_000 {
            let awake = self.tabs.iter().enumerate().filter(|(_, tab)| !tab.aside);
            let wakes = awake.filter_map(|(place, tab)| Some((tab.pipeline.next_wake()?, place)));
            match wakes.min() {
                Some((wake, tab)) if wake <= end => {
                    self.now_ms = self.now_ms.max(wake);
                    self.drive(tab, |pipeline, now| pipeline.handle_wake(now));
                }
                _ => {
                    self.now_ms = end;
                    return;
                }
            }
        }
        panic!("a pipeline wakes without end");
    }

    /// Everything is well for so long: storage and collector do at once what they are asked to.
    pub fn recover(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while self.now_ms < end {
            let awake: Vec<usize> = (0..self.tabs.len()).filter(|&tab| !self.tabs[tab].aside).collect();
            for tab in awake {
                while self.store(tab) {}
                self.take_over(tab);
                while !self.tabs[tab].out.is_empty() {
                    self.take(tab, true);
                }
            }
            self.pass(250);
        }
    }
}
