//! Carries out what the core decides, and tells it what happened.
//!
//! Callbacks only enqueue; [`Driver::drain`] is the one place that feeds the core, and it holds no borrow while it calls
//! out (a worker factory, a promise, a listener), so that whatever they do in turn is enqueued too.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::{Rc, Weak};

use atelier_core::{
    AbortReason, CallId, CrashKind, Dispatch, End, Fact, Gauges, Input, Instant, Output, Reply,
    Runtime as Core, Settlement, TaskId, WorkerId,
};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::*;
use web_sys::Worker;

use crate::calls::{Payloads, Transfer};
use crate::clock::{Clock, Timeout, queue_microtask};
use crate::emit::{Emitter, Ended, Label};
use crate::error::{CallError, Crash, CrashCause};
use crate::ids::Ids;
use crate::keys::Keys;
use crate::port::{Port, PortEvent};
use crate::wire::{Answer, CallEntry, Heard};

#[wasm_bindgen(module = "/js/harness.js")]
extern "C" {
    #[wasm_bindgen(js_name = transferables)]
    fn transferables(value: &JsValue) -> js_sys::Array;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn report(what: &str, error: &JsValue);
}

/// Makes a worker; what it throws becomes the error of the calls that needed it.
pub(crate) type Factory = Rc<dyn Fn() -> Result<Worker, JsValue>>;

/// What the driver keeps of a task.
pub(crate) struct TaskEntry {
    pub(crate) label: Label,
    pub(crate) factory: Factory,
    pub(crate) crash: Option<Rc<Crash>>,
    /// What was told of them last; nothing, while nobody wants metrics.
    pub(crate) gauges: Option<Gauges>,
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
    pub(crate) tasks: RefCell<HashMap<TaskId, TaskEntry>>,
    pub(crate) payloads: RefCell<Payloads>,
    pub(crate) keys: RefCell<Keys>,
    pub(crate) emitter: Emitter,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) sample_rate: f64,
    ports: RefCell<HashMap<WorkerId, Rc<Port>>>,
    /// What was heard of crashes that the core has not yet told of.
    causes: RefCell<HashMap<WorkerId, CrashCause>>,
    inbox: RefCell<VecDeque<Event>>,
    draining: Cell<bool>,
    turn_end: Closure<dyn FnMut()>,
    turn_end_scheduled: Cell<bool>,
    alarm: Closure<dyn FnMut()>,
    alarm_set: RefCell<Option<(Instant, Timeout)>>,
    drained: RefCell<Option<Rc<dyn Fn()>>>,
    numbers: Cell<u64>,
    me: Weak<Driver>,
}

impl Driver {
    pub(crate) fn new(emitter: Emitter, sample_rate: f64) -> Rc<Driver> {
        Rc::new_cyclic(|me: &Weak<Driver>| {
            let (at_turn_end, at_alarm) = (me.clone(), me.clone());
            Driver {
                core: RefCell::new(Core::new()),
                tasks: RefCell::default(),
                payloads: RefCell::default(),
                keys: RefCell::default(),
                emitter,
                clock: Clock::new(),
                ids: Ids::new(),
                sample_rate,
                ports: RefCell::default(),
                causes: RefCell::default(),
                inbox: RefCell::default(),
                draining: Cell::new(false),
                turn_end: Closure::new(move || {
                    if let Some(driver) = at_turn_end.upgrade() {
                        driver.end_turn();
                    }
                }),
                turn_end_scheduled: Cell::new(false),
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

    /// Takes an event, and works until there is nothing left to do (unless that is being done already).
    pub(crate) fn tell(&self, event: Event) {
        self.inbox.borrow_mut().push_back(event);
        self.drain();
    }

    pub(crate) fn drain(&self) {
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
        let now = self.clock.now();
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
            Output::Ping { worker } => {
                if let Some(port) = self.port(worker) {
                    port.enqueue_ping();
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
        match factory() {
            Ok(made) => {
                let driver = self.me.clone();
                let port = Port::new(worker, made, move |worker, event| {
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
        let calls = self.core.borrow().calls_at(worker);
        if calls.is_empty() {
            // An eager worker: there is no call to tell it to.
            report("The function that makes a task's workers threw", error);
        }
        for call in calls {
            if let Some(payload) = self.payloads.borrow_mut().get_mut(call) {
                payload.answer = Some(Err(CallError::NoWorker(error.clone())));
            }
        }
    }

    fn post(&self, worker: WorkerId, call: CallId) {
        let Some(port) = self.port(worker) else { return };
        let mut payloads = self.payloads.borrow_mut();
        let Some(payload) = payloads.get_mut(call) else { return };
        payload.posts += 1;
        let transfer = match &payload.transfer {
            Transfer::Auto => transferables(&payload.args),
            Transfer::List(list) => list.clone(),
        };
        let transfer = (transfer.length() > 0).then_some(transfer);
        payload.moved |= transfer.is_some();
        let entry = CallEntry {
            call: call.to_bits() as f64,
            number: payload.number as f64,
            method: &JsValue::from_str(&payload.method),
            args: &payload.args,
            transfer_result: payload.transfer_result,
            key: payload.key.as_deref(),
            traceparent: payload.span.as_ref().map(|span| span.context.to_string()),
        }
        .to_js();
        port.enqueue_call(call, entry, transfer);
    }

    /// The turn is over: everything decided in it leaves, one message a worker.
    fn end_turn(&self) {
        self.turn_end_scheduled.set(false);
        self.tell(Event::Core(Input::Flush));
        let ports: Vec<(WorkerId, Rc<Port>)> = (self.ports.borrow().iter())
            .filter(|(_, port)| port.has_mail())
            .map(|(&worker, port)| (worker, port.clone()))
            .collect();
        for (worker, port) in ports {
            let (again, failed): (Vec<_>, Vec<_>) =
                port.send().into_iter().partition(|&(call, _)| self.copy_instead(call));
            for (call, _) in again {
                self.post(worker, call);
            }
            for (call, error) in failed.into_iter().chain(port.send()) {
                if let Some(payload) = self.payloads.borrow_mut().get_mut(call) {
                    let lost = payload.posts > 1 && payload.moved;
                    let error = if lost { CallError::PayloadLost } else { CallError::NotSent(error) };
                    payload.answer = Some(Err(error));
                }
                self.inbox.borrow_mut().push_back(Event::Core(Input::PostFailed { call }));
            }
        }
        self.drain();
    }

    /// Some buffers cannot be moved although they can be copied: those of a wasm memory. Where the choice was ours, such a
    /// call goes once more with copies.
    fn copy_instead(&self, call: CallId) -> bool {
        let mut payloads = self.payloads.borrow_mut();
        let payload = payloads.get_mut(call).filter(|it| it.moved && it.posts == 1);
        let Some(payload) = payload.filter(|it| matches!(it.transfer, Transfer::Auto)) else { return false };
        payload.transfer = Transfer::List(js_sys::Array::new());
        (payload.posts, payload.moved) = (0, false);
        true
    }

    fn schedule(&self) {
        let core = self.core.borrow();
        if (core.needs_flush() || self.ports.borrow().values().any(|port| port.has_mail()))
            && !self.turn_end_scheduled.replace(true)
        {
            queue_microtask(self.turn_end.as_ref());
        }
        let mut alarm = self.alarm_set.borrow_mut();
        let due = core.next_timeout().map(|(at, _)| at);
        if alarm.as_ref().map(|(at, _)| *at) != due {
            *alarm = due.map(|at| {
                let millis = at.since(self.clock.now()).as_secs_f64() * 1e3;
                (at, Timeout::set(self.alarm.as_ref(), millis))
            });
        }
    }

    fn hear(&self, worker: WorkerId, event: PortEvent) {
        match event {
            PortEvent::Heard(heard) => {
                for each in heard {
                    self.hear_one(worker, each);
                }
            }
            PortEvent::Crashed(kind, cause) => self.hear_crash(worker, kind, cause),
        }
        self.drain();
    }

    fn hear_one(&self, worker: WorkerId, heard: Heard) {
        let input = match heard {
            Heard::Ready => Input::WorkerReady { worker },
            Heard::Alive => Input::WorkerAlive { worker },
            Heard::Unreadable => {
                let message = "the worker could not read a message".to_owned();
                let cause = CrashCause { message, ..CrashCause::default() };
                return self.hear_crash(worker, CrashKind::MessageError, cause);
            }
            Heard::Fault(cause) => return self.hear_crash(worker, CrashKind::Error, cause),
            Heard::Answer { call, started_ms, ended_ms, answer } => {
                let call = CallId::from_bits(call as u64);
                let (reply, answer) = match answer {
                    Answer::Value(value) => (Reply::Ok, Ok(value)),
                    Answer::Error(error) => (Reply::Error, Err(CallError::Handler(Box::new(error)))),
                    Answer::Thrown(value) => (Reply::Error, Err(CallError::Thrown(value))),
                };
                if let Some(payload) = self.payloads.borrow_mut().get_mut(call) {
                    payload.answer = Some(answer);
                    payload.handler =
                        Some((self.clock.at_unix_millis(started_ms), self.clock.at_unix_millis(ended_ms)));
                }
                Input::Settled { worker, call, reply }
            }
        };
        self.inbox.borrow_mut().push_back(Event::Core(input));
    }

    fn hear_crash(&self, worker: WorkerId, kind: CrashKind, cause: CrashCause) {
        if self.port(worker).is_none() {
            return;
        }
        // The first that is heard is the worker's own account, where it gave one.
        self.causes.borrow_mut().entry(worker).or_insert(cause);
        self.inbox.borrow_mut().push_back(Event::Core(Input::WorkerCrashed { worker, kind }));
    }

    fn settle(&self, settlement: Settlement) {
        let Settlement { call, task, end, timing } = settlement;
        let Some(mut payload) = self.payloads.borrow_mut().remove(call) else { return };
        let answer = payload.answer.take();
        let result = match (end, answer) {
            (End::Ok, Some(Ok(value))) => Ok(value),
            (End::Ok, _) => Ok(JsValue::UNDEFINED),
            (End::Error | End::PostFailed | End::SpawnFailed, Some(Err(error))) => Err(error),
            (End::Error | End::PostFailed | End::SpawnFailed, _) => {
                Err(CallError::NoWorker(JsValue::UNDEFINED))
            }
            (End::Aborted(reason), _) => Err(CallError::Aborted(reason)),
            (End::Dropped(policy), _) => Err(CallError::Dropped(policy)),
            (End::Crashed { .. }, _) => {
                let crash = self.tasks.borrow().get(&task).and_then(|entry| entry.crash.clone());
                Err(crash.map_or(CallError::Disposed, CallError::Crashed))
            }
            _ => Err(CallError::Disposed),
        };
        if let Some(entry) = self.tasks.borrow().get(&task) {
            let message = result.as_ref().err().map(CallError::message).unwrap_or_default();
            let ended = Ended {
                end,
                timing,
                handler: payload.handler,
                error_type: result.as_ref().err().map(CallError::name),
                error_message: &message,
            };
            let at = self.clock.unix_nanos(timing.settled);
            self.emitter.settled(&entry.label, &payload.method, at, &ended, payload.span.as_ref());
        }
        if let Some(sink) = payload.sink.take() {
            sink(result);
        }
    }

    fn tell_fact(&self, fact: Fact) {
        let at = self.clock.unix_nanos(self.clock.now());
        let mut tasks = self.tasks.borrow_mut();
        let method = |call| {
            self.payloads
                .borrow_mut()
                .get_mut(call)
                .map_or_else(|| Rc::from(""), |payload| payload.method.clone())
        };
        let with = |task: TaskId, tell: &dyn Fn(&Label)| {
            if let Some(entry) = tasks.get(&task) {
                tell(&entry.label);
            }
        };
        match fact {
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
                // When no event told of it, the core found out by itself.
                let cause =
                    self.causes.borrow_mut().remove(&worker).unwrap_or_else(|| CrashCause::found(kind));
                if let Some(entry) = tasks.get_mut(&task) {
                    let task_id = entry.label.id.clone();
                    let crash = Rc::new(Crash { task_id, worker_index: Some(index), kind, cause });
                    self.emitter.worker_crashed(&entry.label, index, at, &crash);
                    entry.crash = Some(crash);
                }
            }
            Fact::Gauges { task, gauges } => {
                if let Some(entry) = tasks.get_mut(&task) {
                    let told = entry.gauges.take();
                    if self.emitter.metrics() {
                        self.emitter.gauges(&entry.label, at, told, gauges);
                        entry.gauges = Some(gauges);
                    }
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
