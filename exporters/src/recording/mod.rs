//! Recordings: everything a runtime tells, kept within bounds, and turned into what other tools open.
//!
//! The file itself is [`atelier_telemetry::recording`]. A [`Recorder`] fills it, piece by piece, for a driver that
//! compresses and keeps the pieces.

mod convert;
mod recorder;
mod segments;

pub use convert::{ConvertError, Converted, Format, HLOG_INTERVAL_SECONDS, convert};
pub use recorder::{
    DEFAULT_MAX_RECORDING_BYTES, DEFAULT_RECORDING_QUEUE, DEFAULT_SLICE_BYTES, DEFAULT_SLICE_RECORDS,
    MIN_RECORDING_BYTES, Moment, Piece, Recorder,
};
