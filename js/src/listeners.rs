//! The listeners of `subscribeEvents`: who gets which events, and when.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use atelier_runtime::core::names::Instrument;
use atelier_telemetry::{Selection, Signal, SubscribeOptions, Subscription, Telemetry};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::events::EventMaker;

#[wasm_bindgen(raw_module = "../events.js")]
extern "C" {
    /// The function that it returns never throws.
    fn guarded(listener: &Function) -> Function;
    #[wasm_bindgen(js_name = afterTurn)]
    fn after_turn(callback: &Function);
}

/// How many records are taken at once.
const CHUNK: usize = 1024;
/// Records that wait for a listener at most. It is served after each thing that happens, so they only pile up inside
/// one (aborting a key of 100,000 calls, say). Beyond, the oldest are dropped and counted as `queue_full`.
const DEFAULT_LISTENER_CAPACITY: usize = 1 << 20;
/// Records that one delivery gives beyond those that wait when it begins, which are what listeners cause while they hear. One
/// that makes a call for each event would never end otherwise; the rest comes in a turn of its own.
const DEFAULT_CAUSED_AT_ONCE: usize = 1_000;

const INSTRUMENTS: [Instrument; 3] = [Instrument::Counter, Instrument::Gauge, Instrument::Histogram];
const SPANS: u32 = 1 << 3;
const TRACES: u32 = 1 << 4;

/// The listeners of one runtime.
pub(crate) struct Listeners {
    telemetry: Telemetry,
    runtime: u64,
    next: Cell<u32>,
    list: RefCell<Vec<Rc<Listener>>>,
    events: EventMaker,
    delivering: Cell<bool>,
    /// Goes on with a delivery that was too long for one turn.
    resume: RefCell<Option<Function>>,
    /// Whether what waits was left over by a delivery that was too long.
    behind: Cell<bool>,
}

struct Listener {
    id: u32,
    callback: Function,
    subscription: Subscription,
    /// Present for one that takes arrays.
    batch: Option<Batch>,
}

impl Listener {
    fn hear(&self, event: &JsValue) {
        // It catches what the page's function throws.
        let _ = self.callback.call1(&JsValue::UNDEFINED, event);
    }
}

/// Arrays are handed over when the turn is over.
struct Batch {
    due: Function,
    scheduled: Cell<bool>,
}

/// What a listener asked for.
pub(crate) struct Wishes {
    /// Bits in the order of `KINDS` in `npm/subscription.js`.
    pub(crate) kinds: u32,
    /// Ids or names of tasks; `None` is all.
    pub(crate) tasks: Option<Vec<String>>,
    /// Called at the end of a turn with [`Listeners::deliver_batch`] in mind; present for one that takes arrays.
    pub(crate) batch: Option<Function>,
}

impl Wishes {
    fn options(&self) -> SubscribeOptions {
        let wanted = |bit: usize| self.kinds & 1 << bit != 0;
        let instruments: Vec<Instrument> =
            (0..INSTRUMENTS.len()).filter(|&bit| wanted(bit)).map(|bit| INSTRUMENTS[bit]).collect();
        SubscribeOptions {
            kept: false,
            metrics: !instruments.is_empty(),
            spans: self.kinds & (SPANS | TRACES) != 0,
            logs: false,
            only: Selection {
                instruments: Some(instruments),
                no_calls: self.kinds & SPANS == 0,
                no_traces: self.kinds & TRACES == 0,
                no_handler_spans: true,
                tasks: self.tasks.clone(),
            },
            capacity: DEFAULT_LISTENER_CAPACITY,
        }
    }
}

impl Listeners {
    pub(crate) fn new(telemetry: Telemetry, runtime: u64) -> Listeners {
        Listeners {
            telemetry,
            runtime,
            next: Cell::new(1),
            list: RefCell::default(),
            events: EventMaker::default(),
            delivering: Cell::new(false),
            resume: RefCell::default(),
            behind: Cell::new(false),
        }
    }

    /// Called in a turn of its own with [`Listeners::deliver`] in mind.
    pub(crate) fn on_resume(&self, resume: Function) {
        *self.resume.borrow_mut() = Some(resume);
    }

    /// The number of the next listener.
    pub(crate) fn mint(&self) -> u32 {
        self.next.replace(self.next.get() + 1)
    }

    /// Adds a listener. It hears every gauge as it is now first, at the next delivery.
    pub(crate) fn add(&self, id: u32, callback: Function, wishes: Wishes, now_unix_nano: u64) {
        let options = wishes.options();
        let subscription = self.telemetry.subscribe(self.runtime, &format!("listener:{id}"), options);
        subscription.give_gauges(now_unix_nano);
        let batch = wishes.batch.map(|due| Batch { due, scheduled: Cell::new(false) });
        let callback = guarded(&callback);
        self.list.borrow_mut().push(Rc::new(Listener { id, callback, subscription, batch }));
    }

    pub(crate) fn remove(&self, id: u32) -> bool {
        let mut list = self.list.borrow_mut();
        let before = list.len();
        list.retain(|listener| listener.id != id);
        list.len() != before
    }

    fn is_listening(&self, id: u32) -> bool {
        self.list.borrow().iter().any(|each| each.id == id)
    }

    /// Gives every listener what is new. A listener that causes more events gets them in this delivery too, not in one
    /// inside it; one that is taken off meanwhile gets no more.
    pub(crate) fn deliver(&self) {
        if self.delivering.replace(true) {
            return;
        }
        let mut budget = None;
        loop {
            let (mut waiting, mut listeners) = (0, Vec::new());
            for listener in self.list.borrow().iter() {
                let count = listener.subscription.len();
                if count > 0 && listener.batch.as_ref().is_none_or(|batch| !batch.scheduled.get()) {
                    waiting += count;
                    listeners.push(listener.clone());
                }
            }
            let due = if self.behind.get() { 0 } else { waiting };
            let budget = budget.get_or_insert(due + DEFAULT_CAUSED_AT_ONCE);
            if listeners.is_empty() {
                self.behind.set(false);
                break;
            }
            if *budget == 0 {
                self.behind.set(true);
                let resume = self.resume.borrow().clone();
                resume.iter().for_each(after_turn);
                break;
            }
            for listener in listeners {
                match &listener.batch {
                    None => *budget = budget.saturating_sub(self.deliver_to(&listener)),
                    Some(batch) => {
                        batch.scheduled.set(true);
                        after_turn(&batch.due);
                    }
                }
            }
        }
        self.delivering.set(false);
    }

    /// Gives a listener what waits, or a part of it; how much that was.
    fn deliver_to(&self, listener: &Listener) -> usize {
        let records = listener.subscription.drain(CHUNK);
        let count = records.len();
        for record in records {
            if !self.is_listening(listener.id) {
                listener.subscription.dropped(record.signal(), "unsubscribed", 1);
                continue;
            }
            listener.hear(&self.events.event(&record));
            listener.subscription.delivered(record.signal(), 1);
        }
        count
    }

    /// The turn is over: gives one listener its array.
    pub(crate) fn deliver_batch(&self, id: u32) {
        let listener = self.list.borrow().iter().find(|each| each.id == id).cloned();
        let Some(listener) = listener else { return };
        if let Some(batch) = &listener.batch {
            batch.scheduled.set(false);
        }
        let records = listener.subscription.drain(usize::MAX);
        if records.is_empty() {
            return;
        }
        let events: Array = records.iter().map(|record| self.events.event(record)).collect();
        listener.hear(&events);
        for signal in [Signal::Events, Signal::Spans] {
            let count = records.iter().filter(|record| record.signal() == signal).count();
            listener.subscription.delivered(signal, count as u64);
        }
    }
}
