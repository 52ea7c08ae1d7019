//! One request over `fetch`.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::gzip;
use crate::config::{Compression, Destination};
use crate::pipeline::{Answer, Reply, Request};

/// The longest answer that is read, in bytes; what comes beyond it is not.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Browsers let at most 64 KiB of bodies outlive a page, of all its scripts together.
const MAX_KEEPALIVE_BYTES: usize = 60 * 1024;
/// How many requests of ours may outlive a page.
const MAX_KEEPALIVE_REQUESTS: usize = 9;

thread_local! {
    /// Bytes and requests out with `keepalive`: the limits are the page's, not an exporter's.
    static KEPT_ALIVE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    /// Ends a request early.
    #[derive(Clone, Debug)]
    pub(super) type AbortController;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &AbortController);

    type Response;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Response) -> Option<ReadableStream>;

    type Headers;
    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    type ReadableStream;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &ReadableStream) -> Result<Reader, JsValue>;

    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader) -> Promise;
    #[wasm_bindgen(method)]
    fn cancel(this: &Reader) -> Promise;
}

/// Holds a part of what may outlive the page.
struct KeepAlive(usize);

impl KeepAlive {
    fn take(bytes: usize) -> Option<KeepAlive> {
        let (held, requests) = KEPT_ALIVE.get();
        if held + bytes > MAX_KEEPALIVE_BYTES || requests >= MAX_KEEPALIVE_REQUESTS {
            return None;
        }
        KEPT_ALIVE.set((held + bytes, requests + 1));
        Some(KeepAlive(bytes))
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        let (held, requests) = KEPT_ALIVE.get();
        KEPT_ALIVE.set((held - self.0, requests - 1));
    }
}

/// Sends a body; resolves when the answer has been read. A request that is not compressed, and so every one that is to
/// outlive the page, has left when this returns: it is out before a page that leaves is gone. With `outlive` it outlives
/// the page, if the limits allow.
pub(super) fn send(
    destination: &Destination,
    request: &Request,
    outlive: bool,
    abort: &AbortController,
) -> impl Future<Output = Reply> + use<> {
    let plain = Uint8Array::from(&request.body[..]);
    let content_type: Rc<str> = match &request.content_type {
        Some(own) => Rc::clone(own),
        None => destination.protocol.content_type().into(),
    };
    let compress = destination.compression == Compression::Gzip && !outlive && gzip::is_there();
    let begun = if compress {
        Err(gzip::compress(&plain))
    } else {
        let body = Body { bytes: plain.clone(), gzip: false, content_type: Rc::clone(&content_type) };
        Ok(Sent::start(destination, &body, outlive, abort))
    };
    let (destination, abort) = (destination.clone(), abort.clone());
    async move {
        let Sent { response, keep_alive } = match begun {
            Ok(sent) => sent,
            Err(compressing) => match compressing.await {
                Some(bytes) => {
                    Sent::start(&destination, &Body { bytes, gzip: true, content_type }, false, &abort)
                }
                // Most likely the page is about to go.
                None => {
                    let body = Body { bytes: plain, gzip: false, content_type };
                    Sent::start(&destination, &body, true, &abort)
                }
            },
        };
        let reply = match response {
            Ok(response) => JsFuture::from(response).await,
            Err(error) => Err(error),
        };
        let reply = match reply {
            Ok(response) => {
                let mut answer = answer(response.unchecked_into()).await;
                destination.hide_secrets(&mut answer.body);
                Reply::Answered(answer)
            }
            Err(error) => Reply::Failed(format!(
                "no answer from {}: {} (is the collector up, and does it allow this page's origin?)",
                destination.shown_url(),
                message(&error)
            )),
        };
        drop(keep_alive);
        reply
    }
}

/// A body as it is sent.
struct Body {
    bytes: Uint8Array,
    gzip: bool,
    content_type: Rc<str>,
}

/// A request that is out.
struct Sent {
    response: Result<Promise, JsValue>,
    keep_alive: Option<KeepAlive>,
}

impl Sent {
    fn start(destination: &Destination, body: &Body, outlive: bool, abort: &AbortController) -> Sent {
        let keep_alive = outlive.then(|| KeepAlive::take(body.bytes.length() as usize)).flatten();
        Sent { response: start(destination, body, keep_alive.is_some(), abort), keep_alive }
    }
}

fn start(
    destination: &Destination,
    body: &Body,
    keep_alive: bool,
    abort: &AbortController,
) -> Result<Promise, JsValue> {
    let set = |object: &Object, name: &str, value: &JsValue| {
        Reflect::set(object, &JsValue::from_str(name), value).map(|_| ())
    };
    let head = Object::new();
    for (name, value) in &destination.headers {
        set(&head, name, &value.as_str().into())?;
    }
    set(&head, "content-type", &(*body.content_type).into())?;
    if body.gzip {
        set(&head, "content-encoding", &Compression::Gzip.name().into())?;
    }
    let init = Object::new();
    set(&init, "method", &"POST".into())?;
    set(&init, "headers", &head)?;
    set(&init, "body", &body.bytes)?;
    // A collector elsewhere is authorised by headers, and the page's cookies are none of its business. One behind the
    // page's own server may be reachable for those only who are signed in there.
    set(&init, "credentials", &"same-origin".into())?;
    set(&init, "cache", &"no-store".into())?;
    // The page's own requests go first.
    set(&init, "priority", &"low".into())?;
    set(&init, "keepalive", &keep_alive.into())?;
    set(&init, "signal", &abort.signal())?;
    fetch(&destination.url, &init)
}

async fn answer(response: Response) -> Answer {
    let headers = response.headers();
    let mut body = Vec::new();
    if let Some(stream) = response.body() {
        // A body that breaks off is taken as far as it came: the status has told what matters.
        let _ = read(&stream, &mut body).await;
    }
    Answer {
        status: response.status(),
        retry_after: headers.get("retry-after"),
        content_type: headers.get("content-type"),
        body,
    }
}

async fn read(stream: &ReadableStream, body: &mut Vec<u8>) -> Result<(), JsValue> {
    let reader = stream.get_reader()?;
    while body.len() < MAX_ANSWER_BYTES {
        let chunk = JsFuture::from(reader.read()).await?;
        let value = Reflect::get(&chunk, &"value".into())?;
        // The last chunk has no value.
        let Ok(bytes) = value.dyn_into::<Uint8Array>() else { return Ok(()) };
        body.extend(bytes.to_vec());
    }
    body.truncate(MAX_ANSWER_BYTES);
    JsFuture::from(reader.cancel()).await.map(|_| ())
}

fn message(error: &JsValue) -> String {
    Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string())
        .unwrap_or_else(|| "an unknown error".to_owned())
}
