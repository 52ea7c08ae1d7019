//! Why a recording cannot be read.

use super::file::RECORDING_VERSION;

/// Why a recording cannot be read. A file that was cut is no error: it gives what is there, and
/// [`Ending::Cut`](super::Ending::Cut).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// There is nothing in it.
    #[error("the file is empty; record again, and save what stop() gives")]
    Empty,
    /// It is something else.
    #[error("this is no recording of Atelier: it does not begin like one; take a file that stop() gave")]
    NotARecording,
    /// It was written by a newer Atelier.
    #[error(
        "the recording has version {version}, and only versions up to {RECORDING_VERSION} are understood here; open it with a newer Atelier"
    )]
    Newer {
        /// The version that it says it has.
        version: u16,
    },
    /// It was cut before anything was told.
    #[error("the recording breaks off in its first bytes; nothing of it is left")]
    CutInHeader,
    /// Something in it cannot be.
    #[error("the recording is damaged at byte {at}: {what}; get the file once more from where it came")]
    Damaged {
        /// Where the block begins that is damaged, in bytes from the beginning of the file.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
}
