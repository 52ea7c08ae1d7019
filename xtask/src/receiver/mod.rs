//! An OTLP/HTTP receiver that is strict, counts everything and shows what it understood.
//!
//! It takes `POST /v1/traces`, `/v1/metrics` and `/v1/logs` in protobuf or JSON, plain or gzip, from any origin, and
//! answers `GET /api/received`, `/api/spans`, `/api/metrics`, `/api/logs`, `/api/ledger` and `POST /api/reset` in JSON.
//! `POST /api/faults` and `/api/faults/release` make it misbehave. It keeps the newest items in memory; the totals
//! count all of them. It is a collector for demos and tests, not for production.

mod answer;
mod body;
mod check;
mod decoded;
mod faults;
mod forward;
mod json;
mod ledger;
mod refusal;
mod routes;
mod signal;
mod store;
mod streams;

pub use decoded::{
    DecodedEvent, DecodedExemplar, DecodedLink, DecodedLog, DecodedMetric, DecodedScope, DecodedSpan,
    DecodedStatus, Json, Shared,
};
pub use faults::{Cors, DEFAULT_GIANT_BYTES, Fault, Misbehavior};
pub use forward::{
    DEFAULT_FORWARD_QUEUE_BYTES, DEFAULT_FORWARD_QUEUE_REQUESTS, DEFAULT_FORWARD_TIMEOUT, ForwardDropped,
    ForwardError, ForwardReceived, ForwardTarget,
};
pub use ledger::{Account, Accounts, DEFAULT_MAX_TRACKED};
pub use refusal::REASON_HEADER;
pub use signal::Signal;
pub use store::{
    DEFAULT_MAX_LOGS, DEFAULT_MAX_RESOURCES, DEFAULT_MAX_SERIES, DEFAULT_MAX_SPANS, Evicted, Limits, Received,
};

use axum::Router;

use faults::Scripts;
use forward::Forwarder;
use ledger::Ledger;
use store::Store;
use streams::Streams;

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
    /// Whether it also refuses what is valid but not what a careful sender does: what JSON lets pass (otherwise
    /// remarked on, see [`Received::last_remark`]), what the semantic conventions and the SDK's specification ask for,
    /// and series that contradict themselves over time.
    pub strict: bool,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        ReceiverOptions {
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            limits: Limits::default(),
            forward: None,
            strict: false,
        }
    }
}

/// The receiver. Clones are the same receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    store: Store,
    ledger: Ledger,
    scripts: Scripts,
    forwarder: Option<Forwarder>,
    max_body_bytes: usize,
    /// Followed by a strict receiver only.
    streams: Option<Streams>,
}

impl Receiver {
    /// Makes a receiver. It must be called inside a tokio runtime if it forwards.
    pub fn new(options: ReceiverOptions) -> Receiver {
        let store = Store::new(options.limits);
        Receiver {
            ledger: Ledger::new(store.changes().clone()),
            store,
            scripts: Scripts::default(),
            forwarder: options.forward.map(Forwarder::start),
            max_body_bytes: options.max_body_bytes,
            streams: options.strict.then(Streams::default),
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

    /// What became of every item, as far as it can be known here.
    pub fn accounts(&self) -> Accounts {
        self.ledger.accounts()
    }

    /// Answers the next requests of a signal so, one fault after the other; replaces what was to come. Requests that
    /// break a rule are refused as ever.
    pub fn misbehave(&self, signal: Signal, script: Vec<Fault>) {
        self.scripts.set(signal, script);
    }

    /// Requests of a signal that will still be answered by the script; `None` when there is no end to it.
    pub fn faults_left(&self, signal: Signal) -> Option<u64> {
        self.scripts.left(signal)
    }

    /// Lets go every answer that [`Misbehavior::Hold`] holds now.
    pub fn release(&self) {
        self.scripts.release();
    }

    /// Forgets what was received, and every script. What is being forwarded goes on and keeps its counts.
    pub fn reset(&self) {
        self.scripts.clear();
        self.ledger.reset();
        if let Some(streams) = &self.streams {
            streams.reset();
        }
        self.store.reset();
    }

    /// Waits until `condition` holds for the totals, and returns these. It never gives up: bound it from outside.
    pub async fn until(&self, condition: impl Fn(&Received) -> bool) -> Received {
        let mut changes = self.store.changes().subscribe();
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
