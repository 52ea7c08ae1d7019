//! One worker, as the driver holds it.

use std::cell::Cell;

use atelier_core::{CallId, CrashKind, WorkerId};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{ErrorEvent, Event, Worker};

use crate::error::{CallError, CrashCause};
use crate::wire::{self, Heard, Slots, Wire};

/// What a port tells its driver.
pub(crate) enum PortEvent {
    Heard(Vec<Heard>),
    Crashed(CrashKind, CrashCause),
}

/// A worker and the messages for it. Dropping it ends the worker.
pub(crate) struct Port {
    worker: Worker,
    wire: Wire,
    has_mail: Cell<bool>,
    _hear: Closure<dyn FnMut(Vec<f64>)>,
    listeners: [(&'static str, Closure<dyn FnMut(Event)>); 2],
}

impl Port {
    pub(crate) fn new(
        id: WorkerId,
        worker: Worker,
        slots: &Slots,
        tell: impl Fn(WorkerId, PortEvent) + Clone + 'static,
    ) -> Port {
        let hear = Closure::<dyn FnMut(Vec<f64>)>::new({
            let tell = tell.clone();
            move |numbers: Vec<f64>| tell(id, PortEvent::Heard(wire::read(&numbers).collect()))
        });
        let on_error = Closure::<dyn FnMut(Event)>::new({
            let tell = tell.clone();
            move |event: Event| {
                // The crash is handled here and reaches the callers; it is not the page's uncaught error as well.
                event.prevent_default();
                tell(id, PortEvent::Crashed(CrashKind::Error, cause_of(&event)));
            }
        });
        let on_message_error = Closure::<dyn FnMut(Event)>::new(move |_: Event| {
            let message = "the worker sent a message that could not be read".to_owned();
            let cause = CrashCause { message, ..CrashCause::default() };
            tell(id, PortEvent::Crashed(CrashKind::MessageError, cause));
        });
        let wire = Wire::to(&worker, slots, hear.as_ref().unchecked_ref());
        let listeners = [("error", on_error), ("messageerror", on_message_error)];
        for (kind, closure) in &listeners {
            // Adding a listener to a worker cannot fail.
            let _ = worker.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
        Port { worker, wire, has_mail: Cell::new(false), _hear: hear, listeners }
    }

    /// The worker's own words about its death, where it had any, else the browser's.
    pub(crate) fn better_cause(&self, heard: CrashCause) -> CrashCause {
        match self.wire.last_words() {
            Some(fault) => CrashCause { filename: heard.filename, line: heard.line, ..fault },
            None => heard,
        }
    }

    /// Puts a call into the next message; true when it is the first thing in there.
    pub(crate) fn enqueue_call(&self, call: CallId, timed: bool) -> bool {
        self.wire.call(wire::slot(call), timed);
        !self.has_mail.replace(true)
    }

    /// Puts a cancel into the next message; true when it is the first thing in there.
    pub(crate) fn enqueue_cancel(&self, call: CallId) -> bool {
        self.wire.cancel(wire::slot(call));
        !self.has_mail.replace(true)
    }

    /// Sends what was put in as one message. Calls that cannot be sent are given back with the reason; the others go.
    pub(crate) fn send(&self) -> Vec<(u32, CallError)> {
        self.has_mail.set(false);
        self.wire.send_all()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.wire.close();
        for (kind, closure) in &self.listeners {
            // Taking a listener off a worker cannot fail.
            let _ = self.worker.remove_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
        self.worker.terminate();
    }
}

fn cause_of(event: &Event) -> CrashCause {
    let Some(event) = event.dyn_ref::<ErrorEvent>().filter(|event| !event.message().is_empty()) else {
        // A script that cannot be fetched gives a plain event without a word (HTML, "run a worker", step on failure).
        let message =
            "the worker's script could not be loaded; check its URL and the network panel".to_owned();
        return CrashCause { message, ..CrashCause::default() };
    };
    let error = event.error();
    let text =
        |name: &str| js_sys::Reflect::get(&error, &wasm_bindgen::JsValue::from_str(name)).ok()?.as_string();
    CrashCause {
        name: if error.is_object() { text("name") } else { None },
        message: event.message(),
        stack: if error.is_object() { text("stack") } else { None },
        filename: Some(event.filename()).filter(|name| !name.is_empty()),
        line: Some(event.lineno()).filter(|&line| line > 0),
    }
}
