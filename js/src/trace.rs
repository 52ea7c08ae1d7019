//! Traces for `npm/trace.js`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use atelier_runtime::core::{ErrorKind, Outcome};
use atelier_runtime::{Trace, TraceEnd};
use wasm_bindgen::prelude::*;

/// A trace.
#[wasm_bindgen]
pub struct TraceHandle {
    trace: Rc<Trace>,
    number: u32,
    ended: Rc<dyn Fn()>,
}

thread_local! {
    /// The traces that JavaScript holds, by number: calls name them so.
    /// With the numbers of their runtimes.
    static TRACES: RefCell<HashMap<u32, (u64, Rc<Trace>)>> = RefCell::default();
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// The trace with this number.
pub(crate) fn find(number: u32) -> Option<Rc<Trace>> {
    TRACES.with_borrow(|traces| traces.get(&number).map(|(_, trace)| trace.clone()))
}

/// Ends all traces of a runtime that are open.
pub(crate) fn end_all(runtime: u64) {
    let open: Vec<Rc<Trace>> = TRACES.with_borrow(|traces| {
        traces.values().filter(|(of, _)| *of == runtime).map(|(_, trace)| trace.clone()).collect()
    });
    let error = ("RuntimeDisposedError".to_owned(), "Runtime was disposed".to_owned());
    let end = TraceEnd { outcome: Outcome::Canceled, error_kind: Some(ErrorKind::Abort), error: Some(error) };
    for trace in open {
        trace.end(&end);
    }
}

impl Drop for TraceHandle {
    fn drop(&mut self) {
        TRACES.with_borrow_mut(|traces| traces.remove(&self.number));
    }
}

impl TraceHandle {
    /// `ended` hands on what the end of the trace told.
    pub(crate) fn new(runtime: u64, trace: Trace, ended: Rc<dyn Fn()>) -> TraceHandle {
        let (trace, number) = (Rc::new(trace), NEXT.replace(NEXT.get().wrapping_add(1)));
        TRACES.with_borrow_mut(|traces| traces.insert(number, (runtime, trace.clone())));
        TraceHandle { trace, number, ended }
    }
}

#[wasm_bindgen]
impl TraceHandle {
    /// What calls name it by.
    #[wasm_bindgen(getter)]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// 32 hexadecimal digits.
    #[wasm_bindgen(getter)]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace.context().trace_id)
    }

    /// Whether its spans are recorded.
    #[wasm_bindgen(getter)]
    pub fn sampled(&self) -> bool {
        self.trace.context().sampled
    }

    /// Its place, to pass on (W3C Trace Context).
    #[wasm_bindgen(getter)]
    pub fn traceparent(&self) -> String {
        self.trace.context().to_string()
    }

    /// Ends it: `ok`, `error` or `canceled`, with the error's name and message.
    pub fn end(&self, status: &str, error: Option<String>, message: Option<String>) {
        let outcome = match status {
            "error" => Outcome::Error,
            "canceled" => Outcome::Canceled,
            _ => Outcome::Ok,
        };
        let error_kind = match (outcome, error.as_deref()) {
            (Outcome::Ok, None) if message.is_none() => None,
            (Outcome::Canceled, _) | (_, Some("AbortError")) => Some(ErrorKind::Abort),
            (_, Some("QueueDropError" | "TaskDisposedError")) => Some(ErrorKind::Queue),
            (_, Some("WorkerCrashedError")) => Some(ErrorKind::Crash),
            _ => Some(ErrorKind::Exception),
        };
        let error = (error.is_some() || message.is_some())
            .then(|| (error.unwrap_or_else(|| "Error".to_owned()), message.unwrap_or_default()));
        self.trace.end(&TraceEnd { outcome, error_kind, error });
        // Nothing else drains for a trace, so its event goes out here.
        (self.ended)();
    }
}
