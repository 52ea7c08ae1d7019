//! Passes accepted requests on to a real collector, one after the other, without holding anyone up.
//!
//! There is no retry: this is for looking at a demo's telemetry elsewhere, and every loss is counted.

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::sync::mpsc;

use super::body::{Encoding, Format};
use super::signal::Signal;

/// Requests that may wait to be passed on; a further one is dropped and counted in [`ForwardDropped::queue_full`].
pub const DEFAULT_FORWARD_QUEUE_REQUESTS: usize = 1_024;
/// Bytes that may wait to be passed on; a request that does not fit is counted in [`ForwardDropped::queue_full`].
pub const DEFAULT_FORWARD_QUEUE_BYTES: usize = 64 << 20;
/// How long the collector may take to answer; then the request counts as [`ForwardDropped::unreachable`].
pub const DEFAULT_FORWARD_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a URL cannot be forwarded to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// It is no URL.
    #[error("\"{0}\" is no URL; give the collector's base URL, such as http://127.0.0.1:4318")]
    NoUrl(String),
    /// It is not http.
    #[error("\"{0}\" is not http; only plain http can be forwarded to, such as http://127.0.0.1:4318")]
    NotHttp(String),
}

/// The base URL of a collector; a request goes to `/v1/<signal>` beneath it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardTarget(String);

impl FromStr for ForwardTarget {
    type Err = ForwardError;

    fn from_str(text: &str) -> Result<Self, ForwardError> {
        let uri: Uri = text.parse().map_err(|_| ForwardError::NoUrl(text.to_owned()))?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(_)) if uri.query().is_none() => {
                Ok(ForwardTarget(text.trim_end_matches('/').to_owned()))
            }
            (Some("http"), _) | (None, _) => Err(ForwardError::NoUrl(text.to_owned())),
            _ => Err(ForwardError::NotHttp(text.to_owned())),
        }
    }
}

/// What became of what was passed on, in requests: `emitted = delivered + rejected + dropped + pending`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardReceived {
    /// The collector's base URL.
    pub url: String,
    /// Requests accepted here.
    pub emitted: u64,
    /// Answered with success there.
    pub delivered: u64,
    /// Answered with anything else.
    pub rejected: u64,
    /// Lost on the way.
    pub dropped: ForwardDropped,
    /// Waiting or under way.
    pub pending: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// Requests lost on the way to the collector, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardDropped {
    /// The queue was full.
    pub queue_full: u64,
    /// There was no answer, or none in time.
    pub unreachable: u64,
}

/// Passes requests on. Clones are the same forwarder; with the last one gone, its work ends.
#[derive(Clone, Debug)]
pub(super) struct Forwarder {
    queue: mpsc::Sender<Item>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    counts: ForwardReceived,
    queued_bytes: usize,
}

/// An accepted request, as it came.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) signal: Signal,
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    pub(super) body: Bytes,
}

type HttpClient = Client<HttpConnector, Full<Bytes>>;

impl Forwarder {
    /// Starts it on the current tokio runtime.
    pub(super) fn start(target: ForwardTarget) -> Forwarder {
        let (queue, mut items) = mpsc::channel::<Item>(DEFAULT_FORWARD_QUEUE_REQUESTS);
        let counts = ForwardReceived { url: target.0.clone(), ..ForwardReceived::default() };
        let state = Arc::new(Mutex::new(State { counts, queued_bytes: 0 }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            let client: HttpClient = Client::builder(TokioExecutor::new()).build_http();
            while let Some(item) = items.recv().await {
                let bytes = item.body.len();
                let sent = tokio::time::timeout(DEFAULT_FORWARD_TIMEOUT, send(&client, &target, item)).await;
                let mut state = lock(&shared);
                state.queued_bytes -= bytes;
                let counts = &mut state.counts;
                counts.pending -= 1;
                match sent {
                    Ok(Ok(status)) if status.is_success() => counts.delivered += 1,
                    Ok(Ok(status)) => {
                        counts.rejected += 1;
                        counts.last_error = Some(format!("the collector answered {status}"));
                    }
                    Ok(Err(reason)) => {
                        counts.dropped.unreachable += 1;
                        counts.last_error = Some(reason);
                    }
                    Err(_) => {
                        counts.dropped.unreachable += 1;
                        counts.last_error = Some(format!("no answer within {DEFAULT_FORWARD_TIMEOUT:?}"));
                    }
                }
            }
        });
        Forwarder { queue, state }
    }

    /// Takes a request if there is room, counts it either way.
    pub(super) fn offer(&self, item: Item) {
        let bytes = item.body.len();
        let mut state = lock(&self.state);
        state.counts.emitted += 1;
        let fits = state.queued_bytes.saturating_add(bytes) <= DEFAULT_FORWARD_QUEUE_BYTES;
        if fits && self.queue.try_send(item).is_ok() {
            state.queued_bytes += bytes;
            state.counts.pending += 1;
        } else {
            state.counts.dropped.queue_full += 1;
        }
    }

    /// The counts.
    pub(super) fn received(&self) -> ForwardReceived {
        lock(&self.state).counts.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn send(client: &HttpClient, target: &ForwardTarget, item: Item) -> Result<StatusCode, String> {
    let mut request = Request::post(format!("{}/v1/{}", target.0, item.signal.name()))
        .header(header::CONTENT_TYPE, HeaderValue::from_static(item.format.content_type()));
    if item.encoding == Encoding::Gzip {
        request = request.header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let request = request.body(Full::new(item.body)).map_err(|error| error.to_string())?;
    let response = client.request(request).await.map_err(|error| error.to_string())?;
    let status = response.status();
    // The answer is read to its end so that the connection can be used again; what it says does not matter here.
    let _ = response.into_body().collect().await;
    Ok(status)
}
