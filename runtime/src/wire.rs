//! The wire as the wasm sees it: numbers. `js/page.js` keeps the payloads and holds the page's end of the wire, whose rules
//! are in `js/harness.js`.

use atelier_core::{CallId, Reply, SpanContext};
use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use web_sys::Worker;

use crate::error::{CallError, CrashCause, RemoteError};

// What `page.js` and `harness.js` import: bindings have to name a file for it to come along.
#[wasm_bindgen(module = "/js/wire.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = MARK)]
    static WIRE: JsValue;
}

#[wasm_bindgen(module = "/js/transferables.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = NOTHING)]
    static TRANSFERABLES: JsValue;
}

// What those import in turn.
#[wasm_bindgen(module = "/js/own-bytes.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = withOwnBytes)]
    static OWN_BYTES: JsValue;
}

#[wasm_bindgen(module = "/js/sharing.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = claim)]
    static SHARING: JsValue;
}

#[wasm_bindgen(module = "/js/callers.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = caller)]
    static CALLERS: JsValue;
}

#[wasm_bindgen(module = "/js/not-sent.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = notSent)]
    static NOT_SENT: JsValue;
}

#[wasm_bindgen(module = "/js/scripts.js")]
extern "C" {
    /// Calls a function that makes a worker, and learns which script that has.
    #[wasm_bindgen(catch, js_name = watchingScripts)]
    pub(crate) fn watching_scripts(make: &mut dyn FnMut()) -> Result<(), JsValue>;
    /// Why a worker did not start; `None` where its event says it all.
    #[wasm_bindgen(js_name = whyNotStarted)]
    pub(crate) fn why_not_started(worker: &Worker, message: &str) -> Option<String>;
}

#[wasm_bindgen(module = "/js/copied.js")]
extern "C" {
    #[wasm_bindgen(js_name = copiedBytes)]
    fn copied_bytes(value: &JsValue, moved: &Array) -> f64;
}

#[wasm_bindgen(module = "/js/text.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = MAX_TEXT)]
    static TEXT: JsValue;
}

#[wasm_bindgen(module = "/js/thrown.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = describe)]
    static THROWN: JsValue;
}

#[wasm_bindgen(module = "/js/report.js")]
extern "C" {
    /// Writes an error to the console, which cannot fail.
    #[wasm_bindgen(js_name = report)]
    pub(crate) fn report_to_console(what: &str);
    /// Writes a warning to the console, which cannot fail.
    #[wasm_bindgen(js_name = warn)]
    pub(crate) fn warn_on_console(what: &str);
    /// The same with the error itself.
    pub(crate) fn report(what: &str, error: &JsValue);
}

#[wasm_bindgen(module = "/js/turn.js")]
extern "C" {
    /// The end of the page's turn, when messages leave.
    pub(crate) type Turn;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(flush: &Function, unsent: &Function) -> Turn;
    #[wasm_bindgen(method)]
    pub(crate) fn schedule(this: &Turn);
}

#[wasm_bindgen(module = "/js/payloads.js")]
extern "C" {
    /// The payloads of a runtime's calls, by slot.
    #[wasm_bindgen(js_name = Payloads)]
    #[derive(Clone, Debug)]
    pub(crate) type Slots;
    #[wasm_bindgen(constructor, js_class = Payloads)]
    pub(crate) fn new() -> Slots;
    #[wasm_bindgen(method)]
    pub(crate) fn introduce(this: &Slots, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn hand(
        this: &Slots,
        args: &Array,
        key: Option<&str>,
        transfer: Option<&Array>,
        transfer_result: bool,
    );
    #[wasm_bindgen(method)]
    pub(crate) fn place(this: &Slots, slot: u32, method: u32, number: f64);
    #[wasm_bindgen(method)]
    fn trace(this: &Slots, slot: u32, a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, flags: u8);
    #[wasm_bindgen(method)]
    pub(crate) fn resolve(this: &Slots, slot: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn reject(this: &Slots, slot: u32, error: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn take(this: &Slots, slot: u32) -> JsValue;
    #[wasm_bindgen(method)]
    fn failure(this: &Slots, slot: u32) -> Option<Array>;
    #[wasm_bindgen(method, js_name = spans)]
    fn told_at(this: &Slots, slot: u32) -> Option<Array>;

}

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    /// The page's end of the wire to one worker.
    #[wasm_bindgen(js_name = Port)]
    pub(crate) type Wire;
    #[wasm_bindgen(catch, constructor, js_class = Port)]
    pub(crate) fn to(
        worker: &Worker,
        slots: &Slots,
        turn: &Turn,
        hear: &Function,
        task: &str,
    ) -> Result<Wire, JsValue>;
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Wire);
    #[wasm_bindgen(method)]
    pub(crate) fn call(this: &Wire, slot: u32, timed: bool) -> f64;
    #[wasm_bindgen(method)]
    pub(crate) fn cancel(this: &Wire, slot: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn ping(this: &Wire);
    #[wasm_bindgen(method, js_name = askWhetherExposed)]
    pub(crate) fn ask_whether_exposed(this: &Wire);
    #[wasm_bindgen(method)]
    fn fault(this: &Wire) -> Option<Array>;
    #[wasm_bindgen(method)]
    pub(crate) fn hidden(this: &Wire) -> Option<String>;
}

// What `page.js` calls the things it heard.
const HEARD_READY: i32 = 0;
const HEARD_OK: i32 = 1;
const HEARD_ERROR: i32 = 2;
const HEARD_ALIVE: i32 = 3;
const HEARD_UNREADABLE: i32 = 4;
const HEARD_FAULT: i32 = 5;
const HEARD_GONE: i32 = 6;
const HEARD_CANCELED: i32 = 7;
const HEARD_SILENCE: i32 = 8;
const HEARD_RETURNED: i32 = 9;
const HEARD_UNEXPOSED: i32 = 10;

/// A call's place in the page's table: what the wire calls it by.
pub(crate) const fn slot(call: CallId) -> u32 {
    call.index() as u32
}

/// What a worker said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard {
    /// It takes calls.
    Ready,
    /// It answered a ping.
    Alive,
    /// It could not read a message, so the calls in it are lost.
    Unreadable,
    /// It has crashed, and its last words are with the wire.
    Fault,
    /// It closed itself or was ended by somebody else; how is with the wire.
    Gone,
    /// It has not said for a while that it takes calls.
    Silence,
    /// Its script has run and exposes nothing.
    Unexposed,
    /// It closes itself, and has not begun the call at this slot.
    Returned {
        /// Whose call.
        slot: u32,
    },
    /// It answered the call at this slot; when the handler ran, if that was asked for.
    Answer {
        /// Whose answer.
        slot: u32,
        /// Whether the handler returned or threw.
        reply: Reply,
        /// When the handler started and ended, in milliseconds since the epoch.
        ran: Option<(f64, f64)>,
        /// Bytes of its large buffers that were copied although they could have been moved, if that was asked for.
        copied: f64,
    },
}

/// Reads the numbers in which `page.js` tells what was heard; `None` when it was nothing.
pub(crate) fn read(kind: i32, slot: u32, ran: (f64, f64), copied: f64) -> Option<Heard> {
    let answer = |reply| Heard::Answer { slot, reply, ran: (ran.1 > 0.0).then_some(ran), copied };
    match kind {
        HEARD_READY => Some(Heard::Ready),
        HEARD_OK => Some(answer(Reply::Ok)),
        HEARD_ERROR => Some(answer(Reply::Error)),
        HEARD_CANCELED => Some(answer(Reply::Aborted)),
        HEARD_ALIVE => Some(Heard::Alive),
        HEARD_UNREADABLE => Some(Heard::Unreadable),
        HEARD_FAULT => Some(Heard::Fault),
        HEARD_GONE => Some(Heard::Gone),
        HEARD_SILENCE => Some(Heard::Silence),
        HEARD_RETURNED => Some(Heard::Returned { slot }),
        HEARD_UNEXPOSED => Some(Heard::Unexposed),
        _ => None,
    }
}

/// Reads the calls that could not be sent, and why.
pub(crate) fn read_unsent(told: &Array) -> impl Iterator<Item = (u32, CallError)> {
    let error = |error: JsValue| {
        if error.is_undefined() { CallError::PayloadLost } else { CallError::NotSent(error) }
    };
    (0..told.length() / 2)
        .filter_map(move |at| Some((told.get(2 * at).as_f64()? as u32, error(told.get(2 * at + 1)))))
}

impl Slots {
    /// The call is sampled: where its span stands.
    pub(crate) fn place_span(&self, slot: u32, context: SpanContext) {
        let (trace, span) = (context.trace_id, context.span_id);
        let word = |at: u32| (trace >> (96 - 32 * at)) as u32;
        let (high, low) = ((span >> 32) as u32, span as u32);
        self.trace(slot, word(0), word(1), word(2), word(3), high, low, context.flags());
    }

    /// What the handler of a call failed with.
    pub(crate) fn error(&self, slot: u32) -> CallError {
        let Some(told) = self.failure(slot) else { return CallError::Thrown(JsValue::UNDEFINED) };
        if told.length() == 1 {
            return CallError::Thrown(told.get(0));
        }
        CallError::Handler(Box::new(RemoteError {
            name: told.get(1).as_string().unwrap_or_else(|| "Error".to_owned()),
            message: told.get(2).as_string().unwrap_or_default(),
            stack: told.get(3).as_string(),
            described: told.into(),
        }))
    }
}

/// A span that a handler opened, as it came home.
#[derive(Clone, Debug)]
pub(crate) struct HandlerSpan {
    pub(crate) name: String,
    pub(crate) span_id: u64,
    pub(crate) parent_span_id: u64,
    /// Milliseconds since the epoch, on the worker's clock.
    pub(crate) started: f64,
    pub(crate) ended: f64,
    /// The error's name and message, if it failed.
    pub(crate) error: Option<(String, String)>,
    /// A JSON object.
    pub(crate) attributes: Option<String>,
}

/// A log record of a handler, as it came home.
#[derive(Clone, Debug)]
pub(crate) struct HandlerLog {
    /// Milliseconds since the epoch, on the worker's clock.
    pub(crate) time: f64,
    /// OpenTelemetry's "Logs Data Model", field `SeverityNumber`.
    pub(crate) severity: u64,
    pub(crate) target: String,
    pub(crate) body: String,
    /// A JSON object.
    pub(crate) attributes: Option<String>,
    /// Of the span that it was told in.
    pub(crate) span_id: u64,
}

/// What a call's handler told while it ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandlerTold {
    pub(crate) spans: Vec<HandlerSpan>,
    /// Spans that are missing.
    pub(crate) spans_lost: u64,
    pub(crate) logs: Vec<HandlerLog>,
    /// Log records that are missing.
    pub(crate) logs_lost: u64,
}

/// How many places a span takes in the list that travels home: `SPAN_LENGTH` of `js/spans.js`.
const SPAN_LENGTH: u32 = 8;
/// How many places a log record takes in the list that travels home: `LOG_LENGTH` of `js/spans.js`.
const LOG_LENGTH: u32 = 6;

impl Slots {
    /// What a call's handler told.
    pub(crate) fn handler_told(&self, slot: u32) -> HandlerTold {
        let Some(told) = self.told_at(slot) else { return HandlerTold::default() };
        let lost = |place: u32| told.get(place).as_f64().unwrap_or_default() as u64;
        HandlerTold {
            spans: handler_spans(&told.get(0).unchecked_into()),
            spans_lost: lost(1),
            logs: handler_logs(&told.get(2).unchecked_into()),
            logs_lost: lost(3),
        }
    }
}

fn id_at(list: &Array, place: u32) -> Option<u64> {
    u64::from_str_radix(&list.get(place).as_string()?, 16).ok()
}

fn handler_spans(list: &Array) -> Vec<HandlerSpan> {
    let span = |at: u32| {
        Some(HandlerSpan {
            name: list.get(at).as_string()?,
            span_id: id_at(list, at + 1)?,
            parent_span_id: id_at(list, at + 2)?,
            started: list.get(at + 3).as_f64()?,
            ended: list.get(at + 4).as_f64()?,
            error: list
                .get(at + 5)
                .as_string()
                .map(|name| (name, list.get(at + 6).as_string().unwrap_or_default())),
            attributes: list.get(at + 7).as_string(),
        })
    };
    (0..list.length() / SPAN_LENGTH).filter_map(|number| span(number * SPAN_LENGTH)).collect()
}

fn handler_logs(list: &Array) -> Vec<HandlerLog> {
    let log = |at: u32| {
        Some(HandlerLog {
            time: list.get(at).as_f64()?,
            severity: list.get(at + 1).as_f64()? as u64,
            target: list.get(at + 2).as_string()?,
            body: list.get(at + 3).as_string()?,
            attributes: list.get(at + 4).as_string(),
            span_id: id_at(list, at + 5)?,
        })
    };
    (0..list.length() / LOG_LENGTH).filter_map(|number| log(number * LOG_LENGTH)).collect()
}

impl Wire {
    /// What the worker said of its own death.
    pub(crate) fn last_words(&self) -> CrashCause {
        let Some(told) = self.fault() else { return CrashCause::default() };
        CrashCause {
            name: told.get(0).as_string(),
            message: told.get(1).as_string().unwrap_or_default(),
            stack: told.get(2).as_string(),
            filename: told.get(3).as_string().filter(|name| !name.is_empty()),
            line: told.get(4).as_f64().map(|line| line as u32).filter(|&line| line > 0),
        }
    }
}
