//! What the driver keeps of a call beside the core. Arguments and answers are on the other side of the border, in
//! `js/page.js`.

use std::rc::Rc;

use atelier_core::{CallId, TaskId, WorkerId};
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortSignal, Event};

use crate::emit::{CallSpan, SpanPlace};
use crate::error::CallError;
use crate::methods::Method;
use crate::trace::Trace;

/// How a call's buffers travel.
#[derive(Clone, Debug, Default)]
pub enum Transfer {
    /// Whatever can be moved is moved.
    #[default]
    Auto,
    /// These are moved, the rest is copied.
    List(Array),
}

/// Takes the end of a call, in Rust.
pub(crate) type Sink = Box<dyn FnOnce(Result<JsValue, CallError>)>;

/// Who waits for a call.
pub(crate) enum Waiter {
    /// A promise, whose functions were handed over with the arguments.
    Page,
    /// Something in Rust.
    Rust(Sink),
}

/// When a handler ran, in milliseconds since the Unix epoch on its worker's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) worker: WorkerId,
    pub(crate) started: f64,
    pub(crate) ended: f64,
}

/// A call that is not sampled, for the case that it is kept.
#[derive(Debug)]
pub(crate) struct Unsampled {
    pub(crate) place: SpanPlace,
    /// The trace it was made under, which is kept with it.
    pub(crate) trace: Option<Rc<Trace>>,
}

/// What the driver keeps of a call until it is settled.
pub(crate) struct Record {
    pub(crate) task: TaskId,
    /// The call's number in its runtime, as users and telemetry know it.
    pub(crate) number: u64,
    pub(crate) method: Method,
    pub(crate) waiter: Waiter,
    /// Why it could not be sent, or its worker not be made.
    pub(crate) failure: Option<CallError>,
    pub(crate) span: Option<CallSpan>,
    /// Where its span stands if it turns out to be interesting, when it is not sampled and somebody wants to know.
    pub(crate) unsampled: Option<Box<Unsampled>>,
    /// When its handler ran, as its worker says.
    pub(crate) handler: Option<Ran>,
    pub(crate) signal: Option<SignalListener>,
}

/// Records by the place of their call.
#[derive(Default)]
pub(crate) struct Records(Vec<(CallId, Option<Record>)>);

impl Records {
    pub(crate) fn insert(&mut self, call: CallId, record: Record) {
        if call.index() >= self.0.len() {
            // The core gives out places one after the other, so that only new ones are filled here.
            self.0.resize_with(call.index() + 1, || (call, None));
        }
        self.0[call.index()] = (call, Some(record));
    }

    /// The call that was last made at this place. The place is its own until no worker has it any more, even when it is
    /// settled before.
    pub(crate) fn call_at(&self, slot: u32) -> Option<CallId> {
        self.0.get(slot as usize).map(|(call, _)| *call)
    }

    pub(crate) fn get_mut(&mut self, call: CallId) -> Option<&mut Record> {
        self.0.get_mut(call.index()).filter(|(id, _)| *id == call)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, call: CallId) -> Option<Record> {
        self.0.get_mut(call.index()).filter(|(id, _)| *id == call)?.1.take()
    }
}

/// A call's own signal and who listens to it; dropping it takes the listener off.
pub(crate) struct SignalListener {
    signal: AbortSignal,
    closure: Option<Closure<dyn FnMut(Event)>>,
}

impl SignalListener {
    pub(crate) fn new(signal: AbortSignal, fired: impl FnMut() + 'static) -> SignalListener {
        let mut fired = fired;
        let closure = Closure::<dyn FnMut(Event)>::new(move |_| fired());
        // Adding a listener to a signal cannot fail.
        let _ = signal.add_event_listener_with_callback("abort", closure.as_ref().unchecked_ref());
        SignalListener { signal, closure: Some(closure) }
    }

    /// A signal that has fired before: there is nothing to listen for.
    pub(crate) fn fired(signal: AbortSignal) -> SignalListener {
        SignalListener { signal, closure: None }
    }

    pub(crate) fn signal(&self) -> &AbortSignal {
        &self.signal
    }
}

impl Drop for SignalListener {
    fn drop(&mut self) {
        if let Some(closure) = &self.closure {
            let _ =
                self.signal.remove_event_listener_with_callback("abort", closure.as_ref().unchecked_ref());
        }
    }
}
