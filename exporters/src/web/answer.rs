//! What came back of a request. It may be a `Response`, or whatever somebody put in its place.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::pipeline::Answer;

/// The longest answer that is read, in bytes; what comes beyond it is not.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// In so many pieces: a stream that gives empty ones would never end.
const MAX_ANSWER_PIECES: usize = 65_536;

/// Reads an answer; `None` for what has no status, such as a response that the page may not look at.
pub(super) async fn answer(response: &JsValue) -> Option<Answer> {
    let status = get(response, "status")?.as_f64()?;
    if status.fract() != 0.0 || !(100.0..=599.0).contains(&status) {
        return None;
    }
    let headers = get(response, "headers");
    let header = |name: &str| call(headers.as_ref()?, "get", &name.into())?.as_string();
    let mut body = Vec::new();
    if let Some(stream) = get(response, "body") {
        // A body that breaks off is taken as far as it came: the status has told what matters.
        let _ = read(&stream, &mut body).await;
    }
    Some(Answer {
        status: status as u16,
        retry_after: header("retry-after"),
        content_type: header("content-type"),
        body,
    })
}

async fn read(stream: &JsValue, body: &mut Vec<u8>) -> Option<()> {
    let reader = call(stream, "getReader", &JsValue::UNDEFINED)?;
    for _ in 0..MAX_ANSWER_PIECES {
        let piece = Promise::resolve(&call(&reader, "read", &JsValue::UNDEFINED)?);
        let piece = JsFuture::from(piece).await.ok()?;
        // The last piece has no value.
        let bytes: Uint8Array = get(&piece, "value")?.dyn_into().ok()?;
        body.extend(bytes.to_vec());
        if body.len() >= MAX_ANSWER_BYTES {
            break;
        }
    }
    body.truncate(MAX_ANSWER_BYTES);
    let ended = Promise::resolve(&call(&reader, "cancel", &JsValue::UNDEFINED)?);
    JsFuture::from(ended).await.ok().map(|_| ())
}

/// A property that there is and that can be read.
fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// What a method returns, if there is one and it does not throw.
fn call(object: &JsValue, method: &str, argument: &JsValue) -> Option<JsValue> {
    get(object, method)?.dyn_into::<Function>().ok()?.call1(object, argument).ok()
}

/// What an error says.
pub(super) fn message(error: &JsValue) -> String {
    get(error, "message")
        .and_then(|message| message.as_string())
        .unwrap_or_else(|| "an unknown error".to_owned())
}
