//! Carries out what the core decides, and tells it what happened.
//!
//! Callbacks only enqueue; [`Driver::drain`] is the one place that feeds the core, and it holds no borrow while it calls
//! out (a worker factory, a promise, a listener), so that whatever they do in turn is enqueued too.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use atelier_core::{
    AbortReason, CallId, CrashKind, Dispatch, End, Fact, Gauges, Input, Instant, Output, Runtime as Core,
    Settlement, TaskId, Timing, WorkerId,
};
use js_sys::Array;
use rustc_hash::FxHashMap;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::*;
use web_sys::Worker;

use crate::calls::{Record, Records, Waiter};
use crate::clock::{Clock, Timeout};
use crate::emit::{Emitter, Ended, Label};
use crate::error::{CallError, Crash, CrashCause};
use crate::ids::Ids;
use crate::keys::Keys;
use crate::methods::{Method, Methods};
use crate::port::{Port, PortEvent};
use crate::wire::{Heard, Slots, Turn, read_unsent, slot};

/// Makes the errors that promises are rejected with.
pub(crate) type PageError = fn(&CallError) -> JsValue;

/// Makes a worker; what it throws becomes the error of the calls that needed it.
pub(crate) type Factory = Rc<dyn Fn() -> Result<Worker, JsValue>>;

/// What the driver keeps of a task.
pub(crate) struct TaskEntry {
    pub(crate) label: Label,
    pub(crate) factory: Factory,
    pub(crate) crash: Option<Rc<Crash>>,
    pub(crate) gauges: Gauges,
}

/// What happened, in the driver's own terms. Keys are still names: their handles may change until their turn comes.
pub(crate) enum Event {
    Core(Input),
    Dispatch(Dispatch, Option<Rc<str>>),
    AbortKey(Rc<str>),
    ClearKey(Rc<str>),
    ClearAllKeys,
    ForgetTask(TaskId),
}

pub(crate) struct Driver {
    pub(crate) core: RefCell<Core>,
    pub(crate) tasks: RefCell<FxHashMap<TaskId, TaskEntry>>,
    pub(crate) records: RefCell<Records>,
    pub(crate) slots: Slots,
    pub(crate) page_error: Cell<PageError>,
    methods: RefCell<Methods>,
    /// The error of all calls that one abort of a key cancels, as an aborted signal has one reason for all who listen.
    key_aborted: RefCell<Option<JsValue>>,
    pub(crate) keys: RefCell<Keys>,
    pub(crate) emitter: Emitter,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) sample_rate: f64,
    ports: RefCell<FxHashMap<WorkerId, Rc<Port>>>,
    /// What was heard of crashes that the core has not yet told of.
    causes: RefCell<FxHashMap<WorkerId, CrashCause>>,
    inbox: RefCell<VecDeque<Event>>,
    draining: Cell<bool>,
    /// When what is being handled happened.
    now: Cell<Instant>,
    turn: Turn,
    _flush: Closure<dyn FnMut()>,
    _unsent: Closure<dyn FnMut(Array)>,
    alarm: Closure<dyn FnMut()>,
    alarm_set: RefCell<Option<(Instant, Timeout)>>,
    drained: RefCell<Option<Rc<dyn Fn()>>>,
    numbers: Cell<u64>,
    me: Weak<Driver>,
}

impl Driver {
    pub(crate) fn new(emitter: Emitter, sample_rate: f64) -> Rc<Driver> {
        Rc::new_cyclic(|me: &Weak<Driver>| {
            let (at_flush, at_unsent, at_alarm) = (me.clone(), me.clone(), me.clone());
            let flush = Closure::<dyn FnMut()>::new(move || {
                if let Some(driver) = at_flush.upgrade() {
                    driver.end_turn();
                }
            });
            let unsent = Closure::<dyn FnMut(Array)>::new(move |told: Array| {
                if let Some(driver) = at_unsent.upgrade() {
                    driver.hear_unsent(&told);
                }
            });
            Driver {
                core: RefCell::new(Core::new()),
                tasks: RefCell::default(),
                records: RefCell::default(),
                slots: Slots::new(),
                page_error: Cell::new(|error| js_sys::Error::new(&error.message()).into()),
                methods: RefCell::default(),
                key_aborted: RefCell::default(),
                keys: RefCell::default(),
                emitter,
                clock: Clock::new(),
                ids: Ids::new(),
                sample_rate,
                ports: RefCell::default(),
                causes: RefCell::default(),
                inbox: RefCell::default(),
                draining: Cell::new(false),
                now: Cell::default(),
                turn: Turn::new(flush.as_ref().unchecked_ref(), unsent.as_ref().unchecked_ref()),
                _flush: flush,
                _unsent: unsent,
                alarm: Closure::new(move || {
                    if let Some(driver) = at_alarm.upgrade() {
                        driver.alarm_set.take();
                        driver.tell(Event::Core(Input::Time));
                    }
                }),
                alarm_set: RefCell::default(),
                drained: RefCell::default(),
                numbers: Cell::new(1),
                me: me.clone(),
            }
        })
    }

    /// Called after each drain, when everything that happened is told.
    pub(crate) fn on_drained(&self, callback: Rc<dyn Fn()>) {
        *self.drained.borrow_mut() = Some(callback);
    }

    /// The next call's number in this runtime: its id for users and telemetry.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    /// The number of a method.
    pub(crate) fn method(&self, name: &str) -> Method {
        self.methods.borrow_mut().number(name, |name| self.slots.introduce(name))
    }

    pub(crate) fn method_name(&self, method: Method) -> Rc<str> {
        self.methods.borrow().name(method)
    }

    /// Takes an event, and works until there is nothing left to do (unless that is being done already).
    pub(crate) fn tell(&self, event: Event) {
        self.inbox.borrow_mut().push_back(event);
        self.drain();
    }

    pub(crate) fn drain(&self) {
        if self.draining.get() {
            return;
        }
        // What is in the inbox happened in this turn: one look at the clock is enough for all of it.
        self.now.set(self.clock.now());
        self.work();
    }

    /// The turn ends, and with it nothing new has happened: only who measures looks at the clock.
    fn end_turn(&self) {
        if self.emitter.listens() {
            self.now.set(self.clock.now());
        }
        self.inbox.borrow_mut().push_back(Event::Core(Input::Flush));
        self.work();
    }

    fn work(&self) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let event = self.inbox.borrow_mut().pop_front();
            let Some(event) = event else { break };
            self.feed(event);
            loop {
                let output = self.core.borrow_mut().poll_output();
                let Some(output) = output else { break };
                self.carry_out(output);
            }
            self.key_aborted.take();
        }
        self.draining.set(false);
        self.schedule();
        let drained = self.drained.borrow().clone();
        if let Some(drained) = drained {
            drained();
        }
    }

    fn feed(&self, event: Event) {
        let now = self.now.get();
        let mut core = self.core.borrow_mut();
        let input = match event {
            Event::Core(input) => input,
            Event::Dispatch(mut dispatch, key) => {
                dispatch.key = key.map(|key| self.keys.borrow_mut().get_or_mint(&key, || core.mint_key()).0);
                Input::Dispatch(dispatch)
            }
            Event::AbortKey(key) => {
                let (key, _) = self.keys.borrow_mut().get_or_mint(&key, || core.mint_key());
                Input::AbortKey { key }
            }
            Event::ClearKey(key) => {
                let Some(key) = self.keys.borrow().get(&key) else { return };
                Input::ClearKey { key }
            }
            Event::ForgetTask(task) => {
                if let Some(entry) = self.tasks.borrow_mut().remove(&task) {
                    self.emitter.task_disposed(&entry.label);
                }
                return;
            }
            Event::ClearAllKeys => {
                let keys = self.keys.borrow().all();
                for key in keys {
                    core.handle(Input::ClearKey { key }, now);
                }
                return;
            }
        };
        core.handle(input, now);
    }

    fn carry_out(&self, output: Output) {
        match output {
            Output::Spawn { task, worker, .. } => self.spawn(task, worker),
            Output::Post { worker, call } => self.post(worker, call),
            Output::Cancel { worker, call } => {
                if let Some(port) = self.port(worker) {
                    port.enqueue_cancel(call);
                }
            }
            Output::Terminate { worker } => {
                let port = self.ports.borrow_mut().remove(&worker);
                drop(port);
            }
            Output::Settle(settlement) => self.settle(settlement),
            Output::ForgetKey { key } => self.keys.borrow_mut().forget(key),
            Output::Fact(fact) => self.tell_fact(fact),
            _ => {}
        }
    }

    fn port(&self, worker: WorkerId) -> Option<Rc<Port>> {
        self.ports.borrow().get(&worker).cloned()
    }

    fn spawn(&self, task: TaskId, worker: WorkerId) {
        let factory = self.tasks.borrow().get(&task).map(|entry| entry.factory.clone());
        let Some(factory) = factory else { return };
        let made = factory();
        // Making a worker takes time.
        self.now.set(self.clock.now());
        match made {
            Ok(made) => {
                let driver = self.me.clone();
                let port = Port::new(worker, made, &self.slots, &self.turn, move |worker, event| {
                    if let Some(driver) = driver.upgrade() {
                        driver.hear(worker, event);
                    }
                });
                self.ports.borrow_mut().insert(worker, Rc::new(port));
            }
            Err(error) => {
                self.keep_spawn_error(worker, &error);
                self.inbox.borrow_mut().push_back(Event::Core(Input::SpawnFailed { worker }));
            }
        }
    }

    /// The calls that were meant for a worker that could not be made will end with its factory's error.
    fn keep_spawn_error(&self, worker: WorkerId, error: &JsValue) {
        for call in self.core.borrow().calls_at(worker) {
            if let Some(record) = self.records.borrow_mut().get_mut(call) {
                record.failure = Some(CallError::NoWorker(error.clone()));
            }
        }
    }

    fn post(&self, worker: WorkerId, call: CallId) {
        if let Some(port) = self.port(worker) {
            port.enqueue_call(call, self.emitter.listens());
        }
    }

    /// Calls could not be sent.
    fn hear_unsent(&self, told: &Array) {
        for (slot, error) in read_unsent(told) {
            let mut records = self.records.borrow_mut();
            let Some(call) = records.call_at(slot) else { continue };
            if let Some(record) = records.get_mut(call) {
                record.failure = Some(error);
            }
            self.inbox.borrow_mut().push_back(Event::Core(Input::PostFailed { call }));
        }
        self.drain();
    }

    /// Sees to it that what waits for the end of the turn, or for time, is come back to.
    fn schedule(&self) {
        let core = self.core.borrow();
        if core.needs_flush() {
            self.turn.schedule();
        }
        let Some((due, _)) = core.next_timeout() else { return };
        let mut alarm = self.alarm_set.borrow_mut();
        // One that rings too early does no harm, and setting it anew whenever a call ends would cost more than the call.
        if alarm.as_ref().is_none_or(|(at, _)| *at > due) {
            let millis = due.since(self.clock.now()).as_secs_f64() * 1e3;
            *alarm = Some((due, Timeout::set(self.alarm.as_ref(), millis)));
        }
    }

    fn hear(&self, worker: WorkerId, event: PortEvent) {
        match event {
            PortEvent::Heard(heard) => self.hear_one(worker, heard),
            PortEvent::MessageEnd => self.drain(),
            PortEvent::Crashed(kind, cause) => {
                self.hear_crash(worker, kind, cause);
                self.drain();
            }
        }
    }

    fn hear_one(&self, worker: WorkerId, heard: Heard) {
        let input = match heard {
            Heard::Ready => Input::WorkerReady { worker },
            Heard::Answer { slot, reply, ran } => {
                let mut records = self.records.borrow_mut();
                let Some(call) = records.call_at(slot) else { return };
                if let Some(record) = records.get_mut(call) {
                    record.handler = ran.map(|(started, ended)| {
                        (self.clock.at_unix_millis(started), self.clock.at_unix_millis(ended))
                    });
                }
                Input::Settled { worker, call, reply }
            }
        };
        self.inbox.borrow_mut().push_back(Event::Core(input));
    }

    fn hear_crash(&self, worker: WorkerId, kind: CrashKind, cause: CrashCause) {
        let Some(port) = self.port(worker) else { return };
        self.causes.borrow_mut().insert(worker, port.better_cause(cause));
        self.inbox.borrow_mut().push_back(Event::Core(Input::WorkerCrashed { worker, kind }));
    }

    fn settle(&self, settlement: Settlement) {
        let Settlement { call, task, end, timing } = settlement;
        let Some(mut record) = self.records.borrow_mut().remove(call) else { return };
        let error = self.error_of(end, task, slot(call), record.failure.take());
        if self.emitter.listens() || record.span.is_some() {
            self.tell_settled(task, end, timing, &record, error.as_ref());
        }
        match (record.waiter, error) {
            (Waiter::Page, None) => self.slots.resolve(slot(call)),
            (Waiter::Page, Some(error)) => {
                self.slots.reject(slot(call), &self.shown_to_page(end, &error));
            }
            (Waiter::Rust(sink), None) => sink(Ok(self.slots.take(slot(call)))),
            (Waiter::Rust(sink), Some(error)) => {
                self.slots.take(slot(call));
                sink(Err(error));
            }
        }
    }

    /// Why a call did not return; `None` when it did.
    fn error_of(&self, end: End, task: TaskId, slot: u32, failure: Option<CallError>) -> Option<CallError> {
        Some(match end {
            End::Ok => return None,
            End::Error => self.slots.error(slot),
            End::PostFailed | End::SpawnFailed => failure.unwrap_or(CallError::NoWorker(JsValue::UNDEFINED)),
            End::Aborted(reason) => CallError::Aborted(reason),
            End::Dropped(policy) => CallError::Dropped(policy),
            End::Crashed { .. } => {
                let crash = self.tasks.borrow().get(&task).and_then(|entry| entry.crash.clone());
                crash.map_or(CallError::Disposed, CallError::Crashed)
            }
            _ => CallError::Disposed,
        })
    }

    fn shown_to_page(&self, end: End, error: &CallError) -> JsValue {
        let made = || (self.page_error.get())(error);
        match end {
            End::Aborted(AbortReason::Key) => self.key_aborted.borrow_mut().get_or_insert_with(made).clone(),
            _ => made(),
        }
    }

    fn tell_settled(
        &self,
        task: TaskId,
        end: End,
        timing: Timing,
        record: &Record,
        error: Option<&CallError>,
    ) {
        let Some(label) = self.tasks.borrow().get(&task).map(|entry| entry.label.clone()) else { return };
        let message = error.map(CallError::message).unwrap_or_default();
        let ended = Ended {
            end,
            timing,
            handler: record.handler,
            error_type: error.map(CallError::name),
            error_message: &message,
        };
        let at = self.clock.unix_nanos(timing.settled);
        self.emitter.settled(&label, &self.method_name(record.method), at, &ended, record.span.as_ref());
    }

    fn tell_fact(&self, fact: Fact) {
        let at = self.clock.unix_nanos(self.now.get());
        let mut tasks = self.tasks.borrow_mut();
        let method = |call| {
            let method = self.records.borrow_mut().get_mut(call).map(|record| record.method);
            method.map_or_else(|| Rc::from(""), |method| self.method_name(method))
        };
        let with = |task: TaskId, tell: &dyn Fn(&Label)| {
            if let Some(entry) = tasks.get(&task) {
                tell(&entry.label);
            }
        };
        match fact {
            Fact::Dispatched { .. } | Fact::Started { .. } | Fact::Requeued { .. }
                if !self.emitter.metrics() => {}
            Fact::Dispatched { task, call } => {
                with(task, &|label| self.emitter.dispatched(label, &method(call), at));
            }
            Fact::Started { task, call, wait } => {
                with(task, &|label| self.emitter.started(label, &method(call), at, wait.as_secs_f64()));
            }
            Fact::Requeued { task, call } => {
                with(task, &|label| self.emitter.requeued(label, &method(call), at))
            }
            Fact::WorkerSpawned { task, index } => {
                with(task, &|label| self.emitter.worker_spawned(label, index, at));
            }
            Fact::WorkerTerminated { task, index } => {
                with(task, &|label| self.emitter.worker_terminated(label, index, at));
            }
            Fact::WorkerCrashed { task, worker, index, kind } => {
                let cause = self.causes.borrow_mut().remove(&worker).unwrap_or_else(|| CrashCause {
                    // No event told of it, so the core found out by itself.
                    message:
                        "the worker did not say in time that it is ready; does its script call expose()?"
                            .to_owned(),
                    ..CrashCause::default()
                });
                if let Some(entry) = tasks.get_mut(&task) {
                    let task_id = entry.label.id.clone();
                    let crash = Rc::new(Crash { task_id, worker_index: Some(index), kind, cause });
                    self.emitter.worker_crashed(&entry.label, index, at, &crash);
                    entry.crash = Some(crash);
                }
            }
            Fact::Gauges { task, gauges } => {
                if let Some(entry) = tasks.get_mut(&task) {
                    let before = std::mem::replace(&mut entry.gauges, gauges);
                    self.emitter.gauges(&entry.label, at, before, gauges);
                }
            }
            _ => {}
        }
    }

    /// Cancels a call whose own signal fired.
    pub(crate) fn signal_fired(&self, call: CallId) {
        self.tell(Event::Core(Input::AbortCall { call, reason: AbortReason::Signal }));
    }
}
