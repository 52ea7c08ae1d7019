//! The driver's workers: how they come to be, what is sent to them, what is heard.

use std::rc::Rc;

use atelier_core::{CallId, CrashKind, DEFAULT_START_TIMEOUT, Input, TaskId, WorkerClock, WorkerId};
use js_sys::Array;
use wasm_bindgen::JsValue;

use super::{Driver, Event};
use crate::calls::Ran;
use crate::error::{CallError, CrashCause};
use crate::port::{Port, PortEvent};
use crate::wire::{Heard, read_unsent, report, watching_scripts};

impl Driver {
    pub(super) fn port(&self, worker: WorkerId) -> Option<Rc<Port>> {
        self.ports.borrow().get(&worker).cloned()
    }

    pub(super) fn spawn(&self, task: TaskId, worker: WorkerId) {
        let made =
            self.tasks.borrow().get(&task).map(|entry| (entry.factory.clone(), entry.label.id.clone()));
        let Some((factory, name)) = made else { return };
        let driver = self.me.clone();
        let tell = move |worker, event| {
            if let Some(driver) = driver.upgrade() {
                driver.hear(worker, event);
            }
        };
        let mut made = Err(JsValue::UNDEFINED);
        let watched = watching_scripts(&mut || made = factory());
        let made = watched
            .and(made)
            .and_then(|made| Port::new(worker, &name, made, (&self.slots, &self.turn), tell));
        // Making a worker takes time.
        self.now.set(self.clock.now());
        match made {
            Ok(port) => {
                self.ports.borrow_mut().insert(worker, Rc::new(port));
                self.worker_clocks.borrow_mut().insert(worker, WorkerClock::default());
            }
            Err(error) => {
                self.keep_spawn_error(worker, &error);
                if let Some(entry) = self.tasks.borrow_mut().get_mut(&task) {
                    entry.unmade += 1;
                }
                // Before whatever the factory did: that may end the worker, which never was one.
                self.inbox.borrow_mut().push_front(Event::SpawnFailed(worker, task));
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
            if let Some(record) = self.records.borrow_mut().get_mut(call) {
                record.failure = Some(CallError::NoWorker(error.clone()));
            }
        }
    }

    pub(super) fn post(&self, worker: WorkerId, call: CallId) {
        let Some(port) = self.port(worker) else { return };
        let copied = port.enqueue_call(call, self.emitter.listens());
        self.tell_if_copied(call, copied);
    }

    fn tell_if_copied(&self, call: CallId, bytes: f64) {
        if bytes > 0.0 {
            let of = self.records.borrow_mut().get_mut(call).map(|record| (record.task, record.method));
            if let Some((task, method)) = of {
                self.tell_copied(task, method, bytes);
            }
        }
    }

    /// Calls could not be sent.
    pub(super) fn hear_unsent(&self, told: &Array) {
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
            Heard::Ready => {
                self.report_hidden(worker);
                Input::WorkerReady { worker }
            }
            Heard::Silence => {
                self.report_silence(worker);
                return self.ask_whether_exposed(worker);
            }
            Heard::Unexposed => {
                let message = "the worker's script has run and does not call expose(createTaskWorker(handlers)); handlers \
                               that take time to come are exposed by a promise"
                    .to_owned();
                let cause = CrashCause { message, ..CrashCause::default() };
                return self.hear_crash(worker, CrashKind::StartTimeout, cause);
            }
            Heard::Returned { slot } => {
                let Some(call) = self.records.borrow().call_at(slot) else { return };
                Input::Returned { worker, call }
            }
            Heard::Alive => Input::WorkerAlive { worker },
            Heard::Unreadable => {
                let message = "the worker could not read a message".to_owned();
                let cause = CrashCause { message, ..CrashCause::default() };
                return self.hear_crash(worker, CrashKind::MessageError, cause);
            }
            Heard::Fault | Heard::Gone => {
                let Some(port) = self.port(worker) else { return };
                let kind = if matches!(heard, Heard::Gone) { CrashKind::Closed } else { CrashKind::Error };
                return self.hear_crash(worker, kind, port.last_words());
            }
            Heard::Answer { slot, reply, ran, copied } => {
                let mut records = self.records.borrow_mut();
                let Some(call) = records.call_at(slot) else { return };
                if let Some(record) = records.get_mut(call) {
                    record.handler = ran.map(|(started, ended)| Ran { worker, started, ended });
                }
                drop(records);
                self.tell_if_copied(call, copied);
                Input::Settled { worker, call, reply }
            }
        };
        self.inbox.borrow_mut().push_back(Event::Core(input));
    }

    /// A worker is silent, as one is whose script never calls `expose`. Whoever set a start timeout knows that it takes time.
    fn ask_whether_exposed(&self, worker: WorkerId) {
        let core = self.core.borrow();
        let config = core.task_of(worker).and_then(|task| core.task_config(task));
        if config.is_some_and(|config| config.start_timeout == DEFAULT_START_TIMEOUT)
            && let Some(port) = self.port(worker)
        {
            port.enqueue_question();
        }
    }

    fn hear_crash(&self, worker: WorkerId, kind: CrashKind, cause: CrashCause) {
        if self.port(worker).is_none() {
            return;
        }
        // The first that is heard is the worker's own account, where it gave one.
        self.causes.borrow_mut().entry(worker).or_insert(cause);
        self.inbox.borrow_mut().push_back(Event::Core(Input::WorkerCrashed { worker, kind }));
    }
}
