//! Compression by the browser's own `CompressionStream` (Compression Streams), which answers later: a page that is about
//! to go does not wait for it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_channel::oneshot;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

thread_local! {
    /// Whoever waits for the compressor, to be told when the page is about to go.
    static WAITING: RefCell<Vec<oneshot::Sender<()>>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    type Blob;
    #[wasm_bindgen(constructor, catch)]
    fn new(parts: &Array) -> Result<Blob, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn stream(this: &Blob) -> Result<ReadableStream, JsValue>;

    type ReadableStream;
    #[wasm_bindgen(method, catch, js_name = pipeThrough)]
    fn pipe_through(this: &ReadableStream, through: &CompressionStream) -> Result<ReadableStream, JsValue>;

    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type Response;
    #[wasm_bindgen(constructor, catch)]
    fn new(body: &ReadableStream) -> Result<Response, JsValue>;
    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Response) -> Result<Promise, JsValue>;
}

/// Whether this browser can compress.
pub(super) fn is_there() -> bool {
    Reflect::has(&js_sys::global(), &"CompressionStream".into()).unwrap_or(false)
}

/// Bytes that are being compressed.
pub(super) type Compressing = Pin<Box<dyn Future<Output = Option<Uint8Array>>>>;

/// Begins to compress; what is returned has the result, or nothing when it failed or [`hurry`] was called first.
pub(super) fn compress(plain: &Uint8Array) -> Compressing {
    let compressed = begin(plain);
    let (sender, receiver) = oneshot::channel::<()>();
    WAITING.with_borrow_mut(|waiting| {
        waiting.retain(|other| !other.is_canceled());
        waiting.push(sender);
    });
    Box::pin(async move {
        let (mut compressed, mut hurried) = (pin!(JsFuture::from(compressed.ok()?)), pin!(receiver));
        poll_fn(|context| match compressed.as_mut().poll(context) {
            Poll::Ready(buffer) => Poll::Ready(buffer.ok().map(|buffer| Uint8Array::new(&buffer))),
            Poll::Pending => hurried.as_mut().poll(context).map(|_| None),
        })
        .await
    })
}

fn begin(plain: &Uint8Array) -> Result<Promise, JsValue> {
    let stream = Blob::new(&Array::of1(plain))?.stream()?;
    Response::new(&stream.pipe_through(&CompressionStream::new("gzip")?)?)?.array_buffer()
}

/// The page may be about to go: whoever waits goes on at the end of this turn, uncompressed.
pub(super) fn hurry() {
    // Dropping them tells.
    drop(WAITING.take());
}
