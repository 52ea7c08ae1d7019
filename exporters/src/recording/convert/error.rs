//! Why a recording was not converted.

use std::io;

use atelier_telemetry::recording::RecordingError;

/// Why a recording was not converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// It cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// What came of it cannot be written.
    #[error("the result cannot be written: {0}")]
    Write(#[from] io::Error),
}
