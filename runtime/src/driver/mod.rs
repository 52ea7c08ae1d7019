//! Carries out what the core decides, and tells it what happened.
//!
//! Callbacks only enqueue; [`Driver::drain`] is the one place that feeds the core, and it holds no borrow while it calls
//! out (a worker factory, a promise, a listener), so that whatever they do in turn is enqueued too.

mod reports;
mod settling;
mod telling;
mod workers;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use atelier_core::{
    AbortReason, CallId, Dispatch, Gauges, Input, Instant, Keep, Output, Runtime as Core, TaskId,
    WorkerClock, WorkerId,
};
use js_sys::Array;
use rustc_hash::FxHashMap;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::*;
use web_sys::Worker;

pub(crate) use self::reports::Reported;
use crate::calls::Records;
use crate::clock::{Clock, MAX_WAIT, Timeout};
use crate::emit::{Emitter, Label};
use crate::error::{AbortCause, CallError, Crash, CrashCause};
use crate::ids::Ids;
use crate::keys::Keys;
use crate::methods::{Method, Methods};
use crate::port::Port;
use crate::wire::{Slots, Turn};

/// Makes the errors that promises are rejected with; the cause is that of a call that was cancelled, if it is known.
pub(crate) type PageError = fn(&CallError, Option<&AbortCause>) -> JsValue;

/// Makes a worker; what it throws becomes the error of the calls that needed it.
pub(crate) type Factory = Rc<dyn Fn() -> Result<Worker, JsValue>>;

/// What the driver keeps of a task.
pub(crate) struct TaskEntry {
    pub(crate) label: Label,
    pub(crate) factory: Factory,
    pub(crate) crash: Option<Rc<Crash>>,
    /// From which duration on its calls are slow, where that is its own.
    pub(crate) slow: Option<Duration>,
    /// What was told of them last; nothing, while nobody wants metrics.
    pub(crate) gauges: Option<Gauges>,
    /// Workers that could not be made, of which the core does not know yet.
    pub(crate) unmade: u32,
    /// What the console has been told of its workers.
    pub(crate) reported: Reported,
}

/// What happened, in the driver's own terms. Keys are still names: their handles may change until their turn comes.
pub(crate) enum Event {
    Core(Input),
    Dispatch(Dispatch, Option<Rc<str>>),
    AbortKey(Rc<str>),
    ClearKey(Rc<str>),
    ClearAllKeys,
    ForgetTask(TaskId),
    /// The worker could not be made for this task.
    SpawnFailed(WorkerId, TaskId),
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
    /// Why, if that was said.
    key_reason: RefCell<Option<JsValue>>,
    pub(crate) keys: RefCell<Keys>,
    pub(crate) emitter: Emitter,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) sample_rate: f64,
    /// What is told of although it is not sampled; nothing, unless somebody asked for it.
    pub(crate) keep: Cell<Option<Keep>>,
    ports: RefCell<FxHashMap<WorkerId, Rc<Port>>>,
    worker_clocks: RefCell<FxHashMap<WorkerId, WorkerClock>>,
    /// The clock's origin as telemetry knows it.
    told_origin: Cell<u64>,
    /// What was heard of crashes that the core has not yet told of.
    causes: RefCell<FxHashMap<WorkerId, CrashCause>>,
    inbox: RefCell<VecDeque<Event>>,
    draining: Cell<bool>,
    /// When what is being handled happened.
    now: Cell<Instant>,
    turn: Turn,
    /// Whether the end of the turn is on its way.
    turn_due: Cell<bool>,
    _flush: Closure<dyn Fn()>,
    _unsent: Closure<dyn Fn(Array)>,
    alarm: Closure<dyn Fn()>,
    alarm_set: RefCell<Option<(Instant, Timeout)>>,
    drained: RefCell<Option<Rc<dyn Fn()>>>,
    numbers: Cell<u64>,
    me: Weak<Driver>,
}

impl Driver {
    pub(crate) fn new(emitter: Emitter, sample_rate: f64) -> Rc<Driver> {
        Rc::new_cyclic(|me: &Weak<Driver>| {
            let (at_flush, at_unsent, at_alarm) = (me.clone(), me.clone(), me.clone());
            let flush = Closure::<dyn Fn()>::new(move || {
                if let Some(driver) = at_flush.upgrade() {
                    driver.end_turn();
                }
            });
            let unsent = Closure::<dyn Fn(Array)>::new(move |told: Array| {
                if let Some(driver) = at_unsent.upgrade() {
                    driver.hear_unsent(&told);
                }
            });
            let clock = Clock::new();
            Driver {
                core: RefCell::new(Core::new()),
                tasks: RefCell::default(),
                records: RefCell::default(),
                slots: Slots::new(),
                page_error: Cell::new(|error, _| js_sys::Error::new(&error.message()).into()),
                methods: RefCell::default(),
                key_aborted: RefCell::default(),
                key_reason: RefCell::default(),
                keys: RefCell::default(),
                emitter,
                clock,
                ids: Ids::new(),
                sample_rate,
                keep: Cell::default(),
                ports: RefCell::default(),
                worker_clocks: RefCell::default(),
                told_origin: Cell::new(clock.browsers_origin()),
                causes: RefCell::default(),
                inbox: RefCell::default(),
                draining: Cell::new(false),
                now: Cell::default(),
                turn: Turn::new(flush.as_ref().unchecked_ref(), unsent.as_ref().unchecked_ref()),
                turn_due: Cell::new(false),
                _flush: flush,
                _unsent: unsent,
                alarm: Closure::new(move || {
                    if let Some(driver) = at_alarm.upgrade() {
                        driver.alarm_rang();
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
            // Usually whoever drains is further down the stack and comes to it. But where an exception of the page's has
            // crossed the loop, nobody is: that shows at the end of the turn.
            self.schedule_end();
            return;
        }
        // What is in the inbox happened in this turn: one look at the clock is enough for all of it.
        self.now.set(self.clock.now());
        self.look_at_the_clock(self.now.get());
        self.work();
    }

    /// Looks whether the machine has slept or its clock was set, where times are told, and tells of it.
    pub(crate) fn look_at_the_clock(&self, now: Instant) {
        if self.emitter.listens() {
            let origin = self.clock.look(now);
            let before = self.told_origin.replace(origin);
            if before != origin {
                let by = origin.wrapping_sub(before) as i64;
                self.emitter.clock_moved(self.clock.unix_nanos(now), origin, by);
            }
        }
    }

    /// The turn ends, and with it nothing new has happened: only who measures looks at the clock.
    fn end_turn(&self) {
        self.turn_due.set(false);
        // Nothing is beneath this on the stack: who is said to drain is gone with an exception.
        self.draining.set(false);
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
            // Defining a task leaves outputs without an event.
            loop {
                let output = self.core.borrow_mut().poll_output();
                let Some(output) = output else { break };
                self.carry_out(output);
            }
            self.key_aborted.take();
            self.key_reason.take();
            let event = self.inbox.borrow_mut().pop_front();
            let Some(event) = event else { break };
            self.feed(event);
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
            Event::SpawnFailed(worker, task) => {
                if let Some(entry) = self.tasks.borrow_mut().get_mut(&task) {
                    entry.unmade = entry.unmade.saturating_sub(1);
                }
                Input::SpawnFailed { worker }
            }
            Event::Core(input) => input,
            Event::Dispatch(mut dispatch, key) => {
                if let Some(key) = &key
                    && self.keys.borrow().has_reasons()
                {
                    self.key_reason.replace(self.keys.borrow().reason(key));
                }
                dispatch.key = key.map(|key| self.keys.borrow_mut().get_or_mint(&key, || core.mint_key()).0);
                Input::Dispatch(dispatch)
            }
            Event::AbortKey(key) => {
                self.key_reason.replace(self.keys.borrow().reason(&key));
                let (key, _) = self.keys.borrow_mut().get_or_mint(&key, || core.mint_key());
                Input::AbortKey { key }
            }
            Event::ClearKey(key) => {
                self.keys.borrow_mut().forget_reason(&key);
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
                self.keys.borrow_mut().forget_reasons();
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
            Output::Ping { worker } => {
                if let Some(port) = self.port(worker) {
                    port.enqueue_ping();
                }
            }
            Output::Terminate { worker } => {
                let port = self.ports.borrow_mut().remove(&worker);
                drop(port);
                self.worker_clocks.borrow_mut().remove(&worker);
            }
            Output::Settle(settlement) => self.settle(settlement),
            Output::ForgetKey { key } => self.keys.borrow_mut().forget(key),
            Output::Fact(fact) => self.tell_fact(fact),
            _ => {}
        }
    }

    fn schedule_end(&self) {
        if !self.turn_due.replace(true) {
            self.turn.schedule();
        }
    }

    /// Sees to it that what waits for the end of the turn, or for time, is come back to.
    fn schedule(&self) {
        let core = self.core.borrow();
        if core.needs_flush() {
            self.schedule_end();
        }
        let Some((due, _)) = core.next_timeout() else { return };
        let mut alarm = self.alarm_set.borrow_mut();
        // One that rings too early does no harm, and setting it anew whenever a call ends would cost more than the call.
        if alarm.as_ref().is_none_or(|(at, timeout)| *at > due || timeout.is_lost()) {
            let now = self.clock.now();
            let wait = due.since(now).min(MAX_WAIT);
            *alarm = Some((now + wait, Timeout::set(self.alarm.as_ref(), wait)));
        }
    }

    fn alarm_rang(&self) {
        if let Some((at, timeout)) = self.alarm_set.take() {
            self.clock.rang(&timeout, at);
        }
        self.tell(Event::Core(Input::Time));
    }

    /// Cancels a call whose own signal fired.
    pub(crate) fn signal_fired(&self, call: CallId) {
        self.tell(Event::Core(Input::AbortCall { call, reason: AbortReason::Signal }));
    }

    /// A call that is about to be made is cancelled already.
    pub(crate) fn signal_fired_before(&self, call: CallId) {
        self.inbox
            .borrow_mut()
            .push_back(Event::Core(Input::AbortCall { call, reason: AbortReason::Signal }));
    }
}
