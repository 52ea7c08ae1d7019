//! A script of faults: how the receiver answers the next requests of a signal, for those who test an exporter.
//!
//! A test writes it with [`Receiver::misbehave`](super::Receiver::misbehave), a page with `POST /api/faults`, in the
//! JSON that these types have. A request that breaks a rule is refused as ever; the script is for sound ones.

mod act;
mod script;

use serde::Deserialize;

pub(super) use act::{answer_requests, cut, stand_in};
pub(super) use script::{Scripts, Step};

use super::signal::Signal;

/// Bytes of the answer that [`Misbehavior::Giant`] gives when it is not told: more than a sender should read.
pub const DEFAULT_GIANT_BYTES: usize = 8 << 20;

/// What is done to the next request, or to several.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// How it is answered.
    pub answer: Misbehavior,
    /// How many requests are answered so.
    #[serde(default = "once")]
    pub times: u32,
    /// Until the script is replaced or the receiver reset, however many come; `times` does not matter then.
    #[serde(default)]
    pub lasting: bool,
    /// Whether the receiver takes the items before it misbehaves; when nothing is said, those answers take them that
    /// tell the sender so.
    #[serde(default)]
    pub taken: Option<bool>,
    /// What a page of another origin gets to see.
    #[serde(default)]
    pub cors: Cors,
}

fn once() -> u32 {
    1
}

/// An answer that a receiver gives when something is wrong.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Misbehavior {
    /// Nothing is wrong: a gap in the script, or an answer without CORS.
    Fine,
    /// A status, explained in the body as OTLP does.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, seconds or an HTTP date.
        #[serde(default)]
        retry_after: Option<String>,
        /// What the body says.
        #[serde(default)]
        message: Option<String>,
    },
    /// 413 for a request whose body has more bytes as it came, compressed or not; success for another.
    Limit {
        /// So many are taken.
        bytes: usize,
    },
    /// Success, but for so many items: the last ones of the request.
    Partial {
        /// So many are rejected; 0 makes the message a warning.
        rejected: u64,
        /// Why.
        message: String,
    },
    /// Success, once it is told to go on: a slow collector.
    Hold,
    /// No answer ever.
    Hang,
    /// The connection is reset before the body is read.
    ResetAtOnce,
    /// The connection is reset after the body was read.
    ResetAfterBody,
    /// 200 with a web page, as a development server or a login page answers anything.
    Page,
    /// 200 with a body that is no OTLP answer.
    Garbage,
    /// A redirect (307) to this URL.
    Redirect {
        /// Where to.
        to: String,
    },
    /// 200 with a body of so many bytes.
    Giant {
        /// How many.
        #[serde(default = "giant")]
        bytes: usize,
    },
}

fn giant() -> usize {
    DEFAULT_GIANT_BYTES
}

/// What a page of another origin gets to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cors {
    /// The answer, `Retry-After` included.
    #[default]
    Exposed,
    /// The answer without its headers.
    Hidden,
    /// Nothing: neither the question beforehand (preflight) nor the answer is allowed.
    Refused,
}

/// What is done to the next requests of each signal, as `POST /api/faults` takes it. A signal that is not named keeps
/// its script; an empty list ends it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Plan {
    #[serde(default)]
    pub(super) traces: Option<Vec<Fault>>,
    #[serde(default)]
    pub(super) metrics: Option<Vec<Fault>>,
    #[serde(default)]
    pub(super) logs: Option<Vec<Fault>>,
}

impl Plan {
    /// The scripts that are given.
    pub(super) fn scripts(self) -> impl Iterator<Item = (Signal, Vec<Fault>)> {
        let Plan { traces, metrics, logs } = self;
        [(Signal::Traces, traces), (Signal::Metrics, metrics), (Signal::Logs, logs)]
            .into_iter()
            .filter_map(|(signal, script)| script.map(|script| (signal, script)))
    }
}

impl Fault {
    /// One request is answered so.
    pub fn new(answer: Misbehavior) -> Fault {
        Fault { answer, times: 1, lasting: false, taken: None, cors: Cors::Exposed }
    }

    /// One request is answered with this status.
    pub fn status(status: u16) -> Fault {
        Fault::new(Misbehavior::Status { status, retry_after: None, message: None })
    }

    /// With `Retry-After`, if it is a status.
    pub fn retry_after(mut self, value: &str) -> Fault {
        if let Misbehavior::Status { retry_after, .. } = &mut self.answer {
            *retry_after = Some(value.to_owned());
        }
        self
    }

    /// So many requests.
    pub fn times(mut self, times: u32) -> Fault {
        self.times = times;
        self
    }

    /// Until it is told otherwise.
    pub fn lasting(mut self) -> Fault {
        self.lasting = true;
        self
    }

    /// The items are taken although the answer may say something else.
    pub fn taken(mut self) -> Fault {
        self.taken = Some(true);
        self
    }

    /// What a page of another origin gets to see.
    pub fn cors(mut self, cors: Cors) -> Fault {
        self.cors = cors;
        self
    }

    /// What this is for a request of so many bytes.
    fn for_bytes(self, bytes: usize) -> Fault {
        match self.answer {
            Misbehavior::Limit { bytes: limit } if bytes > limit => {
                Fault { answer: Fault::status(413).answer, ..self }
            }
            Misbehavior::Limit { .. } => Fault { answer: Misbehavior::Fine, ..self },
            _ => self,
        }
    }

    /// Whether the items are taken.
    fn takes(&self) -> bool {
        self.taken.unwrap_or(self.answer.tells_success())
    }
}

impl Misbehavior {
    /// Whether a sender that gets this answer, and may read it, knows that its items were taken.
    fn tells_success(&self) -> bool {
        use Misbehavior::{Fine, Garbage, Giant, Hold, Partial};
        matches!(self, Fine | Partial { .. } | Hold | Garbage | Giant { .. })
    }

    /// Whether the items are refused for good by it, as OTLP has it: not retried.
    fn refuses(&self) -> bool {
        match self {
            // What is too large may come again in parts.
            Misbehavior::Status { status, .. } => !matches!(status, 200..=299 | 413 | 429 | 502 | 503 | 504),
            Misbehavior::Page => true,
            _ => false,
        }
    }
}
