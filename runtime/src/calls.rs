//! What the core never sees: arguments, results and the promises that wait for them, by handle.

use std::rc::Rc;

use atelier_core::{CallId, Instant};
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortSignal, Event};

use crate::emit::CallSpan;
use crate::error::CallError;

/// How a call's buffers travel.
#[derive(Clone, Debug, Default)]
pub enum Transfer {
    /// Whatever can be moved is moved.
    #[default]
    Auto,
    /// These are moved, the rest is copied.
    List(Array),
}

/// Who waits for a call.
pub(crate) type Sink = Box<dyn FnOnce(Result<JsValue, CallError>)>;

/// A call's payload.
pub(crate) struct Payload {
    pub(crate) number: u64,
    pub(crate) method: Rc<str>,
    pub(crate) args: Array,
    pub(crate) transfer: Transfer,
    pub(crate) transfer_result: bool,
    pub(crate) key: Option<Rc<str>>,
    pub(crate) sink: Option<Sink>,
    pub(crate) span: Option<CallSpan>,
    pub(crate) answer: Option<Result<JsValue, CallError>>,
    pub(crate) handler: Option<(Instant, Instant)>,
    pub(crate) posts: u32,
    pub(crate) moved: bool,
    pub(crate) _signal: Option<SignalListener>,
}

/// Payloads by handle.
#[derive(Default)]
pub(crate) struct Payloads(Vec<Option<(CallId, Payload)>>);

impl Payloads {
    pub(crate) fn insert(&mut self, call: CallId, payload: Payload) {
        if self.0.len() <= call.index() {
            self.0.resize_with(call.index() + 1, || None);
        }
        self.0[call.index()] = Some((call, payload));
    }

    pub(crate) fn get_mut(&mut self, call: CallId) -> Option<&mut Payload> {
        self.0.get_mut(call.index())?.as_mut().filter(|(id, _)| *id == call).map(|(_, payload)| payload)
    }

    pub(crate) fn remove(&mut self, call: CallId) -> Option<Payload> {
        let slot = self.0.get_mut(call.index())?;
        if slot.as_ref().is_some_and(|(id, _)| *id == call) {
            slot.take().map(|(_, payload)| payload)
        } else {
            None
        }
    }
}

/// A listener on a call's own signal; dropping it takes it off.
pub(crate) struct SignalListener {
    signal: AbortSignal,
    closure: Closure<dyn FnMut(Event)>,
}

impl SignalListener {
    pub(crate) fn new(signal: AbortSignal, fired: impl FnMut() + 'static) -> SignalListener {
        let mut fired = fired;
        let closure = Closure::<dyn FnMut(Event)>::new(move |_| fired());
        // Adding a listener to a signal cannot fail.
        let _ = signal.add_event_listener_with_callback("abort", closure.as_ref().unchecked_ref());
        SignalListener { signal, closure }
    }
}

impl Drop for SignalListener {
    fn drop(&mut self) {
        let _ =
            self.signal.remove_event_listener_with_callback("abort", self.closure.as_ref().unchecked_ref());
    }
}
