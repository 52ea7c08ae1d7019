//! One request over `fetch`.
//!
//! What `fetch` is a page decides: it may be wrapped, or a test may have put something in its place. Nothing is assumed
//! of what it does or answers.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures_channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::answer::{answer, message};
use super::environment::global;
use super::gzip;
use super::keep_alive::KeepAlive;
use crate::config::{Compression, Destination, HeaderAnswer, HeaderList, hide_secrets};
use crate::pipeline::{Reply, Request};

#[wasm_bindgen]
extern "C" {
    /// Ends a request early.
    #[derive(Clone, Debug)]
    pub(super) type AbortController;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &AbortController);
}

/// What sends: the browser's own `fetch`, as it was when this was made, or what the page gave instead.
#[derive(Clone, Debug)]
pub(super) struct Fetch(Option<Function>);

impl Fetch {
    pub(super) fn new(given: Option<Function>) -> Fetch {
        Fetch(given.or_else(|| global(&["fetch"])?.dyn_into().ok()))
    }

    fn call(&self, url: &str, init: &JsValue) -> Result<Promise, JsValue> {
        let Some(fetch) = &self.0 else {
            return Err(js_sys::Error::new("there is no fetch here").into());
        };
        // A stand-in may answer at once.
        fetch.call2(&JsValue::UNDEFINED, &url.into(), init).map(|answer| Promise::resolve(&answer))
    }
}

/// A request that is out; dropping it gives it up.
#[derive(Debug)]
pub(super) struct Out {
    abort: AbortController,
    /// Whoever waits hears when this is dropped, even if what it waits for never ends.
    _given_up: oneshot::Sender<()>,
}

impl Drop for Out {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Sends a body; resolves when the answer has been read, or what is returned beside it was dropped. A request whose headers
/// are known and that is not compressed has left when this returns, and so has every one that is to outlive the page: it is
/// out before a page that leaves is gone. With `outlive` it outlives the page, if the limits allow.
pub(super) fn send(
    fetch: &Fetch,
    destination: &Destination,
    request: &Request,
    outlive: bool,
) -> (Out, impl Future<Output = Reply> + use<>) {
    let abort = AbortController::new();
    let (sender, mut given_up) = oneshot::channel::<()>();
    let out = Out { abort: abort.clone(), _given_up: sender };
    let content_type: Rc<str> = match &request.content_type {
        Some(own) => Rc::clone(own),
        None => destination.protocol.content_type().into(),
    };
    let sender = Sender {
        fetch: fetch.clone(),
        destination: destination.clone(),
        plain: Uint8Array::from(&request.body[..]),
        content_type,
        outlive,
        abort,
    };
    // A page that goes cannot wait for headers; those of the request before most often do.
    let last = destination.headers.last().filter(|_| outlive);
    let begun = match destination.headers.ask() {
        HeaderAnswer::Now(headers) => Ok(sender.begin(headers)),
        HeaderAnswer::Later(_) if last.is_some() => Ok(sender.begin(Ok(last.unwrap_or_default()))),
        HeaderAnswer::Later(headers) => Err(headers),
    };
    let reply = async move {
        let begun = match begun {
            Ok(begun) => begun,
            Err(headers) => sender.begin(headers.await),
        };
        sender.end(begun).await
    };
    let reply = async move {
        let mut reply = pin!(reply);
        poll_fn(|context| match pin!(&mut given_up).poll(context) {
            Poll::Ready(_) => Poll::Ready(Reply::Failed("it was given up".to_owned())),
            Poll::Pending => reply.as_mut().poll(context),
        })
        .await
    };
    (out, reply)
}

/// Everything that a request needs.
struct Sender {
    fetch: Fetch,
    destination: Destination,
    plain: Uint8Array,
    content_type: Rc<str>,
    outlive: bool,
    abort: AbortController,
}

/// A request that is on its way.
enum Begun {
    Sent(Sent, HeaderList),
    Compressing(gzip::Compressing, HeaderList),
    /// Its headers are not to be had.
    Failed(String),
}

/// A request that is out.
struct Sent {
    response: Result<Promise, JsValue>,
    keep_alive: Option<KeepAlive>,
}

impl Sender {
    fn begin(&self, headers: Result<HeaderList, String>) -> Begun {
        let headers = match headers {
            Ok(headers) => headers,
            Err(why) => return Begun::Failed(format!("no headers: {why}")),
        };
        let compress = self.destination.compression == Compression::Gzip && !self.outlive && gzip::is_there();
        match compress {
            true => Begun::Compressing(gzip::compress(&self.plain), headers),
            false => Begun::Sent(self.start(&self.plain, false, self.outlive, &headers), headers),
        }
    }

    async fn end(&self, begun: Begun) -> Reply {
        let (Sent { response, keep_alive }, headers) = match begun {
            Begun::Failed(why) => return Reply::Failed(why),
            Begun::Sent(sent, headers) => (sent, headers),
            Begun::Compressing(compressing, headers) => match compressing.await {
                Some(bytes) => (self.start(&bytes, true, false, &headers), headers),
                // Most likely the page is about to go.
                None => (self.start(&self.plain, false, true, &headers), headers),
            },
        };
        let response = match response {
            Ok(response) => JsFuture::from(response).await,
            Err(error) => Err(error),
        };
        let reply = match response {
            Ok(response) => match answer(&response).await {
                Some(mut answer) => {
                    hide_secrets(&headers, &mut answer.body);
                    Reply::Answered(answer)
                }
                None => self.failed("fetch answered with something that has no status".to_owned()),
            },
            Err(error) => {
                let mut said = message(&error).into_bytes();
                hide_secrets(&headers, &mut said);
                self.failed(String::from_utf8_lossy(&said).into_owned())
            }
        };
        drop(keep_alive);
        reply
    }

    fn failed(&self, why: String) -> Reply {
        let url = self.destination.shown_url();
        Reply::Failed(format!(
            "no answer from {url}: {why} (is the collector up, and does it allow this page's origin?)"
        ))
    }

    fn start(&self, body: &Uint8Array, gzip: bool, outlive: bool, headers: &HeaderList) -> Sent {
        let keep_alive = outlive.then(|| KeepAlive::take(body.length() as usize)).flatten();
        let init = self.init(body, gzip, keep_alive.is_some(), headers);
        Sent { response: init.and_then(|init| self.fetch.call(&self.destination.url, &init)), keep_alive }
    }

    fn init(
        &self,
        body: &Uint8Array,
        gzip: bool,
        keep_alive: bool,
        headers: &HeaderList,
    ) -> Result<JsValue, JsValue> {
        let set = |object: &Object, name: &str, value: &JsValue| {
            Reflect::set(object, &JsValue::from_str(name), value).map(|_| ())
        };
        // Without a prototype a header may have any name.
        let head = Object::create(JsValue::NULL.unchecked_ref());
        for (name, value) in headers {
            set(&head, name, &value.as_str().into())?;
        }
        set(&head, "content-type", &(*self.content_type).into())?;
        if gzip {
            set(&head, "content-encoding", &Compression::Gzip.name().into())?;
        }
        let init = Object::new();
        set(&init, "method", &"POST".into())?;
        set(&init, "headers", &head)?;
        set(&init, "body", body)?;
        set(&init, "credentials", &self.destination.credentials.name().into())?;
        set(&init, "cache", &"no-store".into())?;
        // The page's own requests go first.
        set(&init, "priority", &"low".into())?;
        set(&init, "keepalive", &keep_alive.into())?;
        set(&init, "signal", &self.abort.signal())?;
        Ok(init.into())
    }
}
