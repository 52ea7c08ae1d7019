//! One worker, as the driver holds it: what is to be sent, and what is heard.

use std::cell::{Cell, RefCell};

use atelier_core::{CallId, CrashKind, WorkerId};
use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker};

use crate::error::CrashCause;
use crate::wire::{self, Heard};

/// What a port tells its driver.
pub(crate) enum PortEvent {
    Heard(Vec<Heard>),
    Crashed(CrashKind, CrashCause),
}

/// A worker and the messages for it. Dropping it ends the worker.
pub(crate) struct Port {
    worker: Worker,
    outbox: RefCell<Outbox>,
    closed: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
}

/// An event's name and what hears it.
type Listener = (&'static str, Closure<dyn FnMut(Event)>);

#[derive(Default)]
struct Outbox {
    entries: Vec<(Option<CallId>, JsValue, Option<Array>)>,
}

impl Port {
    pub(crate) fn new(
        id: WorkerId,
        worker: Worker,
        tell: impl Fn(WorkerId, PortEvent) + Clone + 'static,
    ) -> Port {
        let port = Port {
            worker,
            outbox: RefCell::default(),
            closed: Cell::new(false),
            listeners: RefCell::default(),
        };
        let on_message = {
            let tell = tell.clone();
            move |event: Event| {
                if let Some(event) = event.dyn_ref::<MessageEvent>() {
                    tell(id, PortEvent::Heard(wire::read(&event.data())));
                }
            }
        };
        let on_error = {
            let tell = tell.clone();
            move |event: Event| {
                // The crash is handled here and reaches the callers; it is not the page's uncaught error as well.
                event.prevent_default();
                tell(id, PortEvent::Crashed(CrashKind::Error, cause_of(&event)));
            }
        };
        let on_message_error = move |_: Event| {
            let message = "the worker sent a message that could not be read".to_owned();
            tell(
                id,
                PortEvent::Crashed(CrashKind::MessageError, CrashCause { message, ..CrashCause::default() }),
            );
        };
        port.listen("message", on_message);
        port.listen("error", on_error);
        port.listen("messageerror", on_message_error);
        port
    }

    fn listen(&self, kind: &'static str, callback: impl FnMut(Event) + 'static) {
        let closure = Closure::<dyn FnMut(Event)>::new(callback);
        // Adding a listener to a worker cannot fail.
        let _ = self.worker.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        self.listeners.borrow_mut().push((kind, closure));
    }

    pub(crate) fn enqueue_call(&self, call: CallId, entry: JsValue, transfer: Option<Array>) {
        self.outbox.borrow_mut().entries.push((Some(call), entry, transfer));
    }

    /// Cancels a call: one that is still in the outbox never leaves it.
    pub(crate) fn enqueue_cancel(&self, call: CallId) {
        self.outbox.borrow_mut().entries.push((None, wire::cancel_entry(call.to_bits() as f64), None));
    }

    pub(crate) fn enqueue_ping(&self) {
        self.outbox.borrow_mut().entries.push((None, wire::ping_entry(), None));
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.outbox.borrow().entries.is_empty()
    }

    /// Sends the outbox as one message. Calls that cannot be sent are given back with the reason; the others go.
    pub(crate) fn send(&self) -> Vec<(CallId, JsValue)> {
        let entries = std::mem::take(&mut self.outbox.borrow_mut().entries);
        if entries.is_empty() || self.closed.get() {
            return Vec::new();
        }
        if self.post(entries.iter()).is_ok() {
            return Vec::new();
        }
        // Nothing was sent or moved: serialization comes before the transfer (HTML, "StructuredSerializeWithTransfer").
        entries
            .iter()
            .filter_map(|entry| {
                let error = self.post(std::iter::once(entry)).err()?;
                entry.0.map(|call| (call, error))
            })
            .collect()
    }

    fn post<'a>(
        &self,
        entries: impl Iterator<Item = &'a (Option<CallId>, JsValue, Option<Array>)>,
    ) -> Result<(), JsValue> {
        let message = Array::new();
        let transfer = Array::new();
        for (_, entry, moved) in entries {
            message.push(entry);
            for each in moved.iter().flat_map(Array::iter) {
                transfer.push(&each);
            }
        }
        if transfer.length() == 0 {
            self.worker.post_message(&message)
        } else {
            self.worker.post_message_with_transfer(&message, &transfer)
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.closed.set(true);
        for (kind, closure) in self.listeners.borrow_mut().drain(..) {
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
    let text = |name: &str| js_sys::Reflect::get(&error, &JsValue::from_str(name)).ok()?.as_string();
    CrashCause {
        name: if error.is_object() { text("name") } else { None },
        message: event.message(),
        stack: if error.is_object() { text("stack") } else { None },
        filename: Some(event.filename()).filter(|name| !name.is_empty()),
        line: Some(event.lineno()).filter(|&line| line > 0),
    }
}
