//! Inside a worker: handlers in Rust.

mod fields;
mod gathering;
#[cfg(test)]
mod gathering_tests;
mod layer;
mod sampled;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

pub use js_sys::Array;
use js_sys::Promise;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

pub use self::layer::CallLayer;
use crate::error::CallError;
use crate::ids::Ids;

#[wasm_bindgen(module = "/js/harness.js")]
extern "C" {
    fn serve(call: &JsValue);
    #[wasm_bindgen(js_name = methodNotFound)]
    fn method_not_found(method: &str) -> JsValue;
    fn panicked(message: &str);
}

// What the harness imports: bindings have to name a file for it to come along.
#[wasm_bindgen(module = "/js/context.js")]
extern "C" {
    /// Hands over what a handler told while it ran, for its answer to take along.
    #[wasm_bindgen(js_name = goHome)]
    fn go_home(context: &Context, spans: &Array, spans_lost: f64, logs: &Array, logs_lost: f64);
}

#[wasm_bindgen(module = "/js/lifeline.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = beforeClose)]
    static BEFORE_CLOSE: JsValue;
}

#[wasm_bindgen(module = "/js/unsent.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = unsent)]
    static UNSENT: JsValue;
}

#[wasm_bindgen(module = "/js/spans.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = SPAN_LENGTH)]
    static SPANS_JS: JsValue;
}

#[wasm_bindgen(module = "/js/turns.js")]
extern "C" {
    #[wasm_bindgen(js_name = nextTurn)]
    fn next_turn_promise() -> Promise;
}

#[wasm_bindgen]
extern "C" {
    /// What a handler knows about its call.
    #[derive(Clone, Debug)]
    pub type Context;
    /// The call's id, unique in its runtime.
    #[wasm_bindgen(method, getter, js_name = callId)]
    pub fn call_id(this: &Context) -> String;
    /// The call's cancellation key.
    #[wasm_bindgen(method, getter)]
    pub fn key(this: &Context) -> Option<String>;
    /// The call's place in its trace, to pass on (W3C Trace Context).
    #[wasm_bindgen(method, getter)]
    pub fn traceparent(this: &Context) -> Option<String>;
    /// Fires when the call is cancelled.
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &Context) -> web_sys::AbortSignal;
}

/// The work of one call.
pub type Work = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// Handlers of a worker. The attribute [`crate::handlers`] writes this for an `impl` block.
pub trait Handlers: 'static {
    /// Begins a call; `None` when there is no such method.
    fn call(self: Rc<Self>, method: &str, args: Array, context: Context) -> Option<Work>;
}

/// Answers the page's calls with these handlers. Called once, from the function that the page names as `entry`.
///
/// A panic ends the worker: its message reaches the page as the crash's cause, and the task's crash policy applies.
///
/// `tracing` spans that a sampled call's handler opens arrive beneath the call's span, its events as log records: a worker
/// without a subscriber gets one for that, another composes [`CallLayer`].
pub fn expose(handlers: impl Handlers) {
    std::panic::set_hook(Box::new(report_panic));
    let (handlers, ids) = (Rc::new(handlers), Rc::new(Ids::new()));
    let call = Closure::<dyn Fn(String, Array, Context) -> Result<Promise, JsValue>>::new(
        move |method: String, args: Array, context: Context| {
            let begin = |context| handlers.clone().call(&method, args, context);
            let work = sampled::observed(context, &ids, begin).ok_or_else(|| method_not_found(&method))?;
            Ok(wasm_bindgen_futures::future_to_promise(work))
        },
    );
    serve(call.as_ref());
    // The worker answers calls for as long as it lives.
    call.forget();
}

/// Says why, before the trap that follows: a trap itself only says `unreachable`.
fn report_panic(info: &std::panic::PanicHookInfo<'_>) {
    panicked(&info.to_string());
}

/// Gives the worker's loop a turn, in which it hears what the page has sent.
///
/// While a handler computes, nothing is heard, its own cancellation included. One that computes for long is `async`,
/// awaits this every few milliseconds, and looks whether its [`Context::signal`] has fired.
pub async fn next_turn() {
    // The promise is never rejected.
    let _ = wasm_bindgen_futures::JsFuture::from(next_turn_promise()).await;
}

/// An argument out of what the page sent.
///
/// # Errors
/// A `TypeError` that names the argument, when it is of another shape.
pub fn argument<T: DeserializeOwned>(args: &Array, index: u32, name: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(args.get(index)).map_err(|error| {
        let wrong = message_of(error);
        js_sys::TypeError::new(&format!("argument '{name}' (number {}): {wrong}", index + 1)).into()
    })
}

/// A handler's result on its way to the page.
///
/// # Errors
/// When it cannot be expressed in JavaScript.
pub fn result<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsValue::from)
}

/// A handler's error on its way to the page: an `Error` whose name is the Rust type's and whose message is what it displays.
pub fn failure<E: std::fmt::Display>(error: &E) -> JsValue {
    let failure = js_sys::Error::new(&error.to_string());
    let name = std::any::type_name::<E>();
    failure.set_name(name.rsplit("::").next().unwrap_or(name).trim_end_matches('>'));
    failure.into()
}

/// Adds an argument to a call: the client's side.
///
/// # Errors
/// When it cannot be expressed in JavaScript.
pub fn push<T: Serialize>(args: &Array, value: &T) -> Result<(), CallError> {
    args.push(&result(value).map_err(CallError::NotSent)?);
    Ok(())
}

/// Reads a call's result: the client's side.
///
/// # Errors
/// When the worker answered with something of another shape.
pub fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, CallError> {
    serde_wasm_bindgen::from_value(value).map_err(|error| CallError::Unreadable(message_of(error)))
}

/// What is wrong with a value, without the `Error: ` that it would be shown with.
fn message_of(error: serde_wasm_bindgen::Error) -> String {
    let text = error.to_string();
    JsValue::from(error).dyn_into::<js_sys::Error>().map_or(text, |error| error.message().into())
}
