//! When to send what, and what became of it: queue, batches, retries and flushes, without I/O, clock or randomness of
//! its own.
//!
//! A [`Pipeline`] is driven by five inputs (`handle_records`, `handle_wake`, `handle_idle`, `handle_reply`,
//! `handle_leaving`), three commands (`flush`, `shutdown`, `stop`) and two polls. After every input or command:
//! `poll_output` until it is empty, do what it says, then sleep until `next_wake`. A driver that knows more may tell more
//! (`handle_online`, `handle_staying`, `handle_suspended`, `handle_resumed`), and with a durable queue it answers
//! [`Output::Store`] with `handle_stored` and [`Output::TakeOver`] with `handle_found`.
//!
//! Encoding costs the thread it runs on, so it is done in slices of one batch, in idle time:
//! [`Output::EncodeWhenIdle`] asks for `handle_idle`. What cannot wait is encoded at once: what a flush or a page that
//! leaves waits for, and a queue that is more than half full. A driver that has no idle time to give may ignore the
//! output: [`DEFAULT_IDLE_WAIT_MS`] later `next_wake` has come and the batch is encoded anyway.

mod backoff;
mod flush;
mod lane;
mod line;
mod machine;
mod parts;
mod queue;
mod report;
mod waiting;

use std::collections::BTreeMap;
use std::rc::Rc;

use atelier_telemetry::{MetricsSnapshot, Record};

use crate::config::{DEFAULT_TIMEOUT_MS, OtlpConfig};
use crate::durable::{Batch, BatchId, DurableSettings};
use crate::signal::Signal;

pub use backoff::{DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_BACKOFF_MS, DEFAULT_MIN_BACKOFF_MS};
pub use flush::{DEFAULT_FLUSH_TIMEOUT_MS, DEFAULT_STORE_TIMEOUT_MS, FlushId};
pub use line::{DEFAULT_MAX_REQUEST_BYTES, DEFAULT_SMALLER_FOR_MS};
pub use machine::{DEFAULT_IDLE_WAIT_MS, Pipeline};
pub use report::{Operations, SelfReport, SignalReport};
pub use waiting::{DEFAULT_TAKE_OVER_INTERVAL_MS, TakeOver};

/// Why something was dropped, as the ledger says it.
pub mod reason {
    /// Newer records needed the place: more came than could be sent.
    pub const QUEUE_FULL: &str = "queue_full";
    /// The collector could not be reached, or asked for patience, too often.
    pub const RETRIES_EXHAUSTED: &str = "retries_exhausted";
    /// The request would have been larger than a collector takes.
    pub const REQUEST_TOO_LARGE: &str = "request_too_large";
    /// The format has no such thing: its [`Encoder`](super::Encoder) made nothing of it.
    pub const NOT_SENT: &str = "not_sent";
    /// The exporter was shut down, or let go, before it was settled.
    pub const SHUTDOWN: &str = "shutdown";
    /// More batches waited than the durable queue takes.
    pub const DURABLE_FULL: &str = "durable_full";
    /// A batch waited in the durable queue for too long.
    pub const DURABLE_EXPIRED: &str = "durable_expired";
    /// Not lost: it is stored, and another exporter sends it and counts it.
    pub const HANDED_OVER: &str = "handed_over";

    /// The reasons that come after something was encoded: the others keep it from ever being that.
    pub const AFTER_ENCODING: [&str; 6] =
        [RETRIES_EXHAUSTED, REQUEST_TOO_LARGE, SHUTDOWN, DURABLE_FULL, DURABLE_EXPIRED, HANDED_OVER];
}

/// A moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never goes back, for waiting.
    pub monotonic_ms: u64,
    /// Nanoseconds since the Unix epoch, for telling others.
    pub unix_nano: u64,
}

impl Now {
    /// Milliseconds since the Unix epoch.
    pub(crate) fn epoch_ms(self) -> u64 {
        self.unix_nano / 1_000_000
    }
}

/// The part of the configuration that a pipeline follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is sent.
    pub signals: Vec<Signal>,
    /// How long a request of each signal may take, in milliseconds.
    pub timeouts_ms: BTreeMap<Signal, u64>,
    /// How long a record waits for its batch to fill, in milliseconds.
    pub schedule_delay_ms: u64,
    /// How often the metrics are sent, in milliseconds.
    pub metric_interval_ms: u64,
    /// How many records of each signal may wait.
    pub max_queue_size: usize,
    /// How many records one request takes.
    pub max_batch_size: usize,
    /// The bounds of the durable queue, if there is one.
    pub durable: Option<DurableSettings>,
}

impl Settings {
    /// How long a request of this signal may take, in milliseconds.
    fn timeout_ms(&self, signal: Signal) -> u64 {
        self.timeouts_ms.get(&signal).copied().unwrap_or(DEFAULT_TIMEOUT_MS.into())
    }
}

impl From<&OtlpConfig> for Settings {
    fn from(config: &OtlpConfig) -> Settings {
        Settings {
            signals: config.signals.clone(),
            timeouts_ms: Signal::ALL
                .map(|signal| (signal, config.destination(signal).timeout_ms.into()))
                .into(),
            schedule_delay_ms: u64::from(config.schedule_delay_ms),
            metric_interval_ms: u64::from(config.metric_interval_ms),
            max_queue_size: config.max_queue_size as usize,
            max_batch_size: config.max_batch_size as usize,
            durable: config
                .durable_bytes
                .map(|bytes| DurableSettings { max_bytes: bytes.into(), ..DurableSettings::default() }),
        }
    }
}

/// The body of a request with metrics. Without points it is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The body.
    pub body: Vec<u8>,
    /// Data points in it.
    pub points: u64,
}

/// A part of a request, which is a request itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The body.
    pub body: Vec<u8>,
    /// Items in it.
    pub items: u64,
}

/// A format: how telemetry becomes a request's body, and what an answer means. With a driver that sends the bodies,
/// this is all a new exporter needs.
pub trait Encoder {
    /// Encodes calls and traces that ended. May be asked again with fewer of them when the body is too long.
    fn spans(&mut self, records: &[Record]) -> Vec<u8>;

    /// Encodes log records, likewise. A format without logs leaves this as it is: an empty body is not sent, and the
    /// records are dropped, counted as `not_sent`.
    fn logs(&mut self, records: &[Record]) -> Vec<u8> {
        let _ = records;
        Vec::new()
    }

    /// Encodes every series as it is now, and what the pipeline knows of itself if the format has a place for that. What is
    /// encoded has left: the next time may begin there.
    fn metrics(&mut self, snapshot: &MetricsSnapshot, report: &SelfReport) -> Encoded;

    /// A body as two smaller ones, where it has more than one item and this format can be split; `content_type` is given
    /// where it is not the configured one. A format that cannot loses the whole batch where a part is too large.
    fn split(&self, signal: Signal, body: &[u8], content_type: Option<&str>) -> Option<[Part; 2]> {
        let _ = (signal, body, content_type);
        None
    }

    /// What went wrong in the last encoding without keeping anything from being sent, for people to read. Asked once after
    /// it.
    fn complaint(&mut self) -> Option<String> {
        None
    }

    /// What an answer means for the batch it answers.
    fn judge(&self, signal: Signal, answer: &Answer, now_unix_nano: u64) -> Verdict;
}

/// Names a request, so that a late reply meets no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(crate) u64);

/// A request to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Names it in the reply.
    pub id: RequestId,
    /// Says where it goes.
    pub signal: Signal,
    /// What is sent. Shared: the pipeline keeps it to send it again.
    pub body: Rc<[u8]>,
    /// Its `Content-Type`, where that is not the configured one.
    pub content_type: Option<Rc<str>>,
}

/// What the other side answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` as it came, if it can be read.
    pub retry_after: Option<String>,
    /// `Content-Type` as it came.
    pub content_type: Option<String>,
    /// The body, up to the driver's limit.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether its content is of this type, whatever the parameters.
    pub fn is(&self, media_type: &str) -> bool {
        let own = self.content_type.as_deref().unwrap_or_default();
        own.split(';').next().is_some_and(|own| own.trim().eq_ignore_ascii_case(media_type))
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With an answer.
    Answered(Answer),
    /// Without one: not reached, cut off, refused by CORS. The text says what is known.
    Failed(String),
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, but for so many items.
    Accepted {
        /// Items that were refused for good.
        rejected: u64,
        /// What the collector has to say.
        reason: Option<String>,
    },
    /// Refused for good.
    Refused {
        /// Why.
        reason: String,
    },
    /// Larger than the collector takes: to be sent again in parts, and refused for good where it has none.
    TooLarge {
        /// Why.
        reason: String,
    },
    /// To be sent again.
    Retry {
        /// How long the collector asks to wait, in milliseconds.
        after_ms: Option<u64>,
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// What was said, if anything.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Verdict::Accepted { reason, .. } => reason.as_deref(),
            Verdict::Refused { reason } | Verdict::TooLarge { reason } | Verdict::Retry { reason, .. } => {
                Some(reason)
            }
        }
    }
}

/// What a driver does for the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this, and report with `handle_reply`.
    Send(Request),
    /// Call `handle_idle` when there is nothing better to do. Not said again before that, or before its time is over.
    EncodeWhenIdle,
    /// Store a copy of this, for whoever comes when this pipeline is gone, and report with `handle_stored`.
    Store(Batch),
    /// Delete the copy of this one, if there is one.
    Forget(BatchId),
    /// Take over what others left behind who are gone, and answer with `handle_found`. Only one is asked for at a time.
    TakeOver(TakeOver),
    /// Stop this request; its reply, if one still comes, is ignored.
    Abort(RequestId),
    /// This flush or shutdown is over.
    Flushed(FlushId),
}
