//! An OTLP/HTTP receiver that is strict, counts everything and shows what it understood.
//!
//! It takes `POST /v1/traces`, `/v1/metrics` and `/v1/logs` in protobuf, plain or gzip, from any origin, and answers
//! `GET /api/received`, `/api/spans`, `/api/metrics`, `/api/logs` and `POST /api/reset` in JSON. It keeps the newest
//! items in memory; the totals count all of them. It is a collector for demos and tests, not for production.

mod body;
mod check;
mod decoded;
mod forward;
mod refusal;
mod routes;
mod signal;
mod store;

pub use decoded::{
    DecodedEvent, DecodedExemplar, DecodedLink, DecodedLog, DecodedMetric, DecodedScope, DecodedSpan,
    DecodedStatus, Json, Shared,
};
pub use forward::{
    DEFAULT_FORWARD_QUEUE_BYTES, DEFAULT_FORWARD_QUEUE_REQUESTS, DEFAULT_FORWARD_TIMEOUT, ForwardDropped,
    ForwardError, ForwardReceived, ForwardTarget,
};
pub use refusal::REASON_HEADER;
pub use store::{
    DEFAULT_MAX_LOGS, DEFAULT_MAX_RESOURCES, DEFAULT_MAX_SERIES, DEFAULT_MAX_SPANS, Evicted, Limits, Received,
};

use axum::Router;

use forward::Forwarder;
use store::Store;

/// Bytes that a request may have, before and after it is decompressed. A larger one is answered with 413 and counted
/// as rejected.
pub const DEFAULT_MAX_BODY_BYTES: usize = 64 << 20;

/// How a [`Receiver`] is set up.
#[derive(Clone, Debug)]
pub struct ReceiverOptions {
    /// Bytes that a request may have, before and after it is decompressed.
    pub max_body_bytes: usize,
    /// How many decoded items are kept.
    pub limits: Limits,
    /// Where accepted requests are passed on to.
    pub forward: Option<ForwardTarget>,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        ReceiverOptions { max_body_bytes: DEFAULT_MAX_BODY_BYTES, limits: Limits::default(), forward: None }
    }
}

/// The receiver. Clones are the same receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    store: Store,
    forwarder: Option<Forwarder>,
    max_body_bytes: usize,
}

impl Receiver {
    /// Makes a receiver. It must be called inside a tokio runtime if it forwards.
    pub fn new(options: ReceiverOptions) -> Receiver {
        Receiver {
            store: Store::new(options.limits),
            forwarder: options.forward.map(Forwarder::start),
            max_body_bytes: options.max_body_bytes,
        }
    }

    /// The receiver's routes, `/v1/*` and `/api/*`.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// The totals since the beginning or the last [`Receiver::reset`].
    pub fn received(&self) -> Received {
        Received { forward: self.forwarder.as_ref().map(Forwarder::received), ..self.store.received() }
    }

    /// The newest spans, the newest first.
    pub fn spans(&self, limit: usize) -> Vec<DecodedSpan> {
        self.store.spans(limit)
    }

    /// The latest point of each series, the one received last first.
    pub fn metrics(&self, limit: usize) -> Vec<DecodedMetric> {
        self.store.metrics(limit)
    }

    /// The newest log records, the newest first.
    pub fn logs(&self, limit: usize) -> Vec<DecodedLog> {
        self.store.logs(limit)
    }

    /// Forgets what was received. What is being forwarded goes on and keeps its counts.
    pub fn reset(&self) {
        self.store.reset();
    }

    /// Waits until `condition` holds for the totals, and returns these. It never gives up: bound it from outside.
    pub async fn until(&self, condition: impl Fn(&Received) -> bool) -> Received {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let received = self.received();
            if condition(&received) {
                return received;
            }
            // The sender lives in the store, which `self` holds.
            let _ = changes.changed().await;
        }
    }
}
