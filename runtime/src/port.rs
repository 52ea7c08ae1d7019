//! One worker, as the driver holds it.

use atelier_core::{CallId, CrashKind, WorkerId};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, Event, Worker};

use crate::error::CrashCause;
use crate::wire::{self, Heard, Slots, Turn, Wire};

/// What a port tells its driver.
pub(crate) enum PortEvent {
    Heard(Heard),
    /// Everything in a message has been told.
    MessageEnd,
    Crashed(CrashKind, CrashCause),
}

/// Takes what was heard: a kind, a slot, two times, bytes copied, and whether it is the end of the message.
type Hear = dyn Fn(i32, u32, f64, f64, f64, bool);

/// An event's name and what hears it.
type Listener = (&'static str, Closure<dyn Fn(Event)>);

/// A worker and the messages for it. Dropping it ends the worker.
pub(crate) struct Port {
    worker: Worker,
    wire: Wire,
    _hear: Closure<Hear>,
    listeners: [Listener; 2],
}

impl Port {
    /// A port to a worker of this task.
    ///
    /// # Errors
    /// When it is no worker, or one that had a port before.
    pub(crate) fn new(
        id: WorkerId,
        task: &str,
        worker: Worker,
        (slots, turn): (&Slots, &Turn),
        tell: impl Fn(WorkerId, PortEvent) + Clone + 'static,
    ) -> Result<Port, JsValue> {
        let hear = Closure::<Hear>::new({
            let tell = tell.clone();
            move |kind: i32, slot: u32, started: f64, ended: f64, copied: f64, last: bool| {
                if let Some(heard) = wire::read(kind, slot, (started, ended), copied) {
                    tell(id, PortEvent::Heard(heard));
                }
                if last {
                    tell(id, PortEvent::MessageEnd);
                }
            }
        });
        let on_error = Closure::<dyn Fn(Event)>::new({
            let (tell, worker) = (tell.clone(), worker.clone());
            move |event: Event| {
                // The crash is handled here and reaches the callers; it is not the page's uncaught error as well.
                event.prevent_default();
                tell(id, PortEvent::Crashed(CrashKind::Error, cause_of(&worker, &event)));
            }
        });
        let on_message_error = Closure::<dyn Fn(Event)>::new(move |_: Event| {
            let message = "the worker sent a message that could not be read".to_owned();
            let cause = CrashCause { message, ..CrashCause::default() };
            tell(id, PortEvent::Crashed(CrashKind::MessageError, cause));
        });
        let wire = Wire::to(&worker, slots, turn, hear.as_ref().unchecked_ref(), task)?;
        let listeners = [("error", on_error), ("messageerror", on_message_error)];
        for (kind, closure) in &listeners {
            // Adding a listener to a worker cannot fail.
            let _ = worker.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
        Ok(Port { worker, wire, _hear: hear, listeners })
    }

    /// What the worker said of its own death.
    pub(crate) fn last_words(&self) -> CrashCause {
        self.wire.last_words()
    }

    /// The names of its handlers that a task's own members hide.
    pub(crate) fn hidden(&self) -> Option<String> {
        self.wire.hidden()
    }

    /// Puts a call into the message that leaves at the end of the turn. The bytes of its large buffers that will be copied
    /// although they could be moved; looked for in a timed call only.
    pub(crate) fn enqueue_call(&self, call: CallId, timed: bool) -> f64 {
        self.wire.call(wire::slot(call), timed)
    }

    /// Puts a cancel into the message that leaves at the end of the turn.
    pub(crate) fn enqueue_cancel(&self, call: CallId) {
        self.wire.cancel(wire::slot(call));
    }

    /// Asks whether the worker's script has run and exposes nothing, in the message that leaves at the end of the turn.
    pub(crate) fn enqueue_question(&self) {
        self.wire.ask_whether_exposed();
    }

    /// Asks for a sign of life in the message that leaves at the end of the turn.
    pub(crate) fn enqueue_ping(&self) {
        self.wire.ping();
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        for (kind, closure) in &self.listeners {
            // What the page has made of the worker's methods must not keep it from being ended.
            let _ = self.worker.remove_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
        self.wire.close();
    }
}

fn cause_of(worker: &Worker, event: &Event) -> CrashCause {
    let Some(event) = event.dyn_ref::<ErrorEvent>().filter(|event| !event.message().is_empty()) else {
        // A script that cannot be fetched gives a plain event without a word (HTML, "run a worker", step on failure).
        let message = wire::why_not_started(worker, "").unwrap_or_default();
        return CrashCause { message, ..CrashCause::default() };
    };
    let error = event.error();
    let text = |name: &str| js_sys::Reflect::get(&error, &JsValue::from_str(name)).ok()?.as_string();
    CrashCause {
        name: if error.is_object() { text("name") } else { None },
        message: wire::why_not_started(worker, &event.message()).unwrap_or_else(|| event.message()),
        stack: if error.is_object() { text("stack") } else { None },
        filename: Some(event.filename()).filter(|name| !name.is_empty()),
        line: Some(event.lineno()).filter(|&line| line > 0),
    }
}
