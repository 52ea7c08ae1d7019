//! Recordings: the snapshot stream with every fact, as a file.
//!
//! This is the format and both of its directions, so that they cannot drift apart: [`SegmentWriter`] writes,
//! [`Reader`] reads. Who keeps a recording within its bounds, and what it is converted to, is in `atelier-exporters`.
//! Nothing here compresses: a page has `CompressionStream`. What is read is inflated here, natively and in wasm alike.
//!
//! # The file
//!
//! Whole numbers of the outer parts are little-endian and of fixed width.
//!
//! | Part | Bytes |
//! |---|---|
//! | magic | `89 41 54 52 0D 0A 1A 0A`: as PNG's, it shows at once when line ends were "mended" |
//! | version, flags (0) | 2 + 2 |
//! | length of the header, header | 4 + n: a [`Header`] |
//! | blocks, until the end | each 12 + n: kind (1), coding (1), 0 (2), stored length (4), plain length (4), stored bytes |
//!
//! A block is a segment (kind 1) or the summary at the end (kind 2); a reader passes over kinds it does not know. It is
//! stored as it is (coding 0) or as zlib data (coding 1; RFC 1950, whose Adler-32 tells damage). A file without a summary
//! was cut.
//!
//! A segment can be read without those before it: it has its own tables of strings and tasks, and begins with a full
//! frame. So the oldest ones may be thrown away. It is a sequence of items: tag, length, content. Whole numbers inside are
//! LEB128, times are differences to the time before, durations that are whole nanoseconds and counts that are whole are
//! whole numbers, all other numbers are their eight bytes: everything comes back bit by bit. Names of metrics, outcomes
//! and the like are strings of the table, so that the order of an `enum` means nothing.
//!
//! # Versions
//!
//! A reader passes over items and names it does not know ([`Reader::unknown`]), and over what it does not know at the end
//! of an item's content; what is missing there is empty. Fields are therefore only ever appended, and an item that
//! outgrows that gets a new tag. [`RECORDING_VERSION`] goes up when even that is not enough: then older readers refuse.

mod error;
mod fields;
mod file;
mod inflate;
mod items;
mod record_reader;
mod records;
mod replay;
mod segment;
mod tables;
mod wire;

pub use error::RecordingError;
pub use file::{
    BLOCK_HEAD_BYTES, Coding, Ending, Header, MAX_SEGMENT_BYTES, RECORDING_VERSION, Reader, Summary,
    file_head, segment_head, summary_block,
};
pub use items::Item;
pub use replay::Replay;
pub use segment::{MAX_ITEM_BYTES, SegmentWriter};
