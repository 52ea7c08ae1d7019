//! What the receiver understood, in the shape its JSON answers have.
//!
//! Ids are lowercase hexadecimal, times are strings of nanoseconds since the Unix epoch (they do not fit a
//! JavaScript number), attributes are plain objects. A number that JSON cannot say (NaN, infinities) is a string.

mod log;
mod metric;
mod span;
mod value;

pub use log::DecodedLog;
pub use metric::{DecodedExemplar, DecodedMetric};
pub use span::{DecodedEvent, DecodedLink, DecodedSpan, DecodedStatus};
pub use value::{DecodedScope, Json, Shared};

pub(super) use log::decode_logs;
pub(super) use metric::decode_metrics;
pub(super) use span::decode_spans;
