//! The wire's integers and shapes; `js/harness.js` is the other end.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{CrashCause, RemoteError};

const CALL: f64 = 1.0;
const CANCEL: f64 = 2.0;
const PING: f64 = 3.0;
const FLAG_TRANSFER_RESULT: f64 = 1.0;

const RESULT: u32 = 1;
const FAILURE: u32 = 2;
const READY: u32 = 3;
const FAULT: u32 = 4;
const ALIVE: u32 = 5;
const UNREADABLE: u32 = 6;

/// What a call looks like on its way to a worker.
pub(crate) struct CallEntry<'a> {
    pub(crate) call: f64,
    pub(crate) number: f64,
    pub(crate) method: &'a JsValue,
    pub(crate) args: &'a Array,
    pub(crate) transfer_result: bool,
    pub(crate) key: Option<&'a str>,
    pub(crate) traceparent: Option<String>,
}

impl CallEntry<'_> {
    pub(crate) fn to_js(&self) -> JsValue {
        let flags = if self.transfer_result { FLAG_TRANSFER_RESULT } else { 0.0 };
        let entry = Array::of5(
            &JsValue::from_f64(CALL),
            &JsValue::from_f64(self.call),
            self.method,
            self.args,
            &JsValue::from_f64(flags),
        );
        entry.push(&JsValue::from_f64(self.number));
        if self.key.is_some() || self.traceparent.is_some() {
            entry.push(&self.key.map_or(JsValue::UNDEFINED, JsValue::from_str));
        }
        if let Some(traceparent) = &self.traceparent {
            entry.push(&JsValue::from_str(traceparent));
        }
        entry.into()
    }
}

pub(crate) fn cancel_entry(call: f64) -> JsValue {
    Array::of2(&JsValue::from_f64(CANCEL), &JsValue::from_f64(call)).into()
}

pub(crate) fn ping_entry() -> JsValue {
    Array::of1(&JsValue::from_f64(PING)).into()
}

/// What a worker said.
pub(crate) enum Heard {
    Ready,
    Alive,
    Answer {
        call: f64,
        started_ms: f64,
        ended_ms: f64,
        answer: Answer,
    },
    Fault(CrashCause),
    /// It could not read a message, so the calls in it are lost.
    Unreadable,
}

pub(crate) enum Answer {
    Value(JsValue),
    Error(RemoteError),
    Thrown(JsValue),
}

/// Reads a message; what is not of this protocol is passed over.
pub(crate) fn read(data: &JsValue) -> Vec<Heard> {
    let Some(entries) = data.dyn_ref::<Array>() else { return Vec::new() };
    entries.iter().filter_map(|entry| read_entry(entry.dyn_ref::<Array>()?)).collect()
}

fn read_entry(entry: &Array) -> Option<Heard> {
    match entry.get(0).as_f64()? as u32 {
        READY => Some(Heard::Ready),
        ALIVE => Some(Heard::Alive),
        UNREADABLE => Some(Heard::Unreadable),
        FAULT => Some(Heard::Fault(CrashCause {
            name: entry.get(1).as_string(),
            message: entry.get(2).as_string().unwrap_or_default(),
            stack: entry.get(3).as_string(),
            filename: entry.get(4).as_string().filter(|name| !name.is_empty()),
            line: entry.get(5).as_f64().map(|line| line as u32).filter(|&line| line > 0),
        })),
        kind @ (RESULT | FAILURE) => Some(Heard::Answer {
            call: entry.get(1).as_f64()?,
            started_ms: entry.get(2).as_f64()?,
            ended_ms: entry.get(3).as_f64()?,
            answer: match kind {
                RESULT => Answer::Value(entry.get(4)),
                _ if entry.get(4).is_truthy() => Answer::Error(RemoteError {
                    name: entry.get(5).as_string().unwrap_or_else(|| "Error".to_owned()),
                    message: entry.get(6).as_string().unwrap_or_default(),
                    stack: entry.get(7).as_string(),
                }),
                _ => Answer::Thrown(entry.get(5)),
            },
        }),
        _ => None,
    }
}
