//! The file around the segments: what it begins with, what holds it together, and how it is read.

use super::error::RecordingError;
use super::fields::{Field, structs};
use super::inflate::{Inflated, inflate};
use super::items::Item;
use super::segment::SegmentReader;
use super::wire::{Input, Malformed};
use crate::frame::LedgerRow;

/// The version of the file that is written, and the newest that is read.
pub const RECORDING_VERSION: u16 = 1;

/// The longest segment that is read, inflated, in bytes. A file that promises or holds a longer one is refused, so that
/// a small file cannot take all memory.
pub const MAX_SEGMENT_BYTES: usize = 64 * 1024 * 1024;

/// How long a block's head is; see [`segment_head`].
pub const BLOCK_HEAD_BYTES: usize = 12;

const MAGIC: &[u8; 8] = b"\x89ATR\r\n\x1a\n";
const MAX_HEADER_BYTES: usize = 1024 * 1024;
const SEGMENT: u8 = 1;
const SUMMARY: u8 = 2;

/// How a segment is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// As zlib data (RFC 1950), which `CompressionStream` calls `deflate`.
    Zlib,
}

/// What a recording says about itself before anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// When the recording began, nanoseconds since the Unix epoch.
    pub started_unix_nano: u64,
    /// The zero of the page's clock (`performance.timeOrigin`), nanoseconds since the Unix epoch.
    pub time_origin_unix_nano: u64,
    /// The runtime that was recorded, as records name it.
    pub runtime: u64,
    /// The page's address, without query and fragment.
    pub page: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Who wrote the file: `atelier` and its version.
    pub generator: String,
    /// The bound that the file was kept within, in bytes.
    pub max_bytes: u64,
}

/// What a recording says about itself in the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// When the recording ended, nanoseconds since the Unix epoch.
    pub ended_unix_nano: u64,
    /// The recording's own rows of the ledger. What is in the file counts as delivered.
    pub ledger: Vec<LedgerRow>,
    /// Segments that had to make room, the oldest first. Their facts are `dropped` in the ledger as `max_bytes`.
    pub segments_dropped: u64,
    /// Black boxes that are missing: there were too many between two frames, or they were in segments that made room.
    pub black_boxes_missing: u64,
    /// Frames that are missing: they were in segments that made room, or too long.
    pub frames_missing: u64,
}

structs! {
    Header { started_unix_nano, time_origin_unix_nano, runtime, page, user_agent, generator, max_bytes }
    Summary { ended_unix_nano, ledger, segments_dropped, black_boxes_missing, frames_missing }
}

/// How a recording ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It is whole.
    Whole(Summary),
    /// It was cut: what comes after this many bytes is missing, and so is the summary.
    Cut {
        /// The length of what could be read, in bytes of the file.
        at: usize,
    },
}

/// What a file begins with.
pub fn file_head(header: &Header) -> Vec<u8> {
    let mut content = Vec::new();
    header.put(&mut content);
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&RECORDING_VERSION.to_le_bytes());
    head.extend_from_slice(&[0, 0]);
    head.extend_from_slice(&(content.len() as u32).to_le_bytes());
    head.extend_from_slice(&content);
    head
}

/// What stands before a segment. `stored` is its length in the file and `plain` its length as it was written, in bytes.
pub fn segment_head(coding: Coding, stored: u32, plain: u32) -> [u8; BLOCK_HEAD_BYTES] {
    block_head(SEGMENT, coding, stored, plain)
}

/// What a file ends with.
pub fn summary_block(summary: &Summary) -> Vec<u8> {
    let mut content = Vec::new();
    summary.put(&mut content);
    let length = content.len() as u32;
    let mut block = block_head(SUMMARY, Coding::Plain, length, length).to_vec();
    block.extend_from_slice(&content);
    block
}

fn block_head(kind: u8, coding: Coding, stored: u32, plain: u32) -> [u8; BLOCK_HEAD_BYTES] {
    let coding = match coding {
        Coding::Plain => 0,
        Coding::Zlib => 1,
    };
    let ([a, b, c, d], [e, f, g, h]) = (stored.to_le_bytes(), plain.to_le_bytes());
    [kind, coding, 0, 0, a, b, c, d, e, f, g, h]
}

/// Reads a recording, item by item. It holds one segment at a time, however long the file is, and ends at the first
/// error.
///
/// ```
/// use atelier_telemetry::recording::{Ending, Header, Reader, Summary, file_head, summary_block};
///
/// let mut file = file_head(&Header { page: "https://shop.example/".to_owned(), ..Header::default() });
/// let cut = file.clone();
/// file.extend(summary_block(&Summary::default()));
///
/// let mut reader = Reader::open(&file)?;
/// assert_eq!(reader.header().page, "https://shop.example/");
/// assert!(reader.next().is_none());
/// assert_eq!(reader.ending(), Some(&Ending::Whole(Summary::default())));
///
/// let mut reader = Reader::open(&cut)?;
/// assert!(reader.next().is_none());
/// assert_eq!(reader.ending(), Some(&Ending::Cut { at: cut.len() }));
/// # Ok::<(), atelier_telemetry::recording::RecordingError>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    file: &'a [u8],
    /// Where the next block begins.
    at: usize,
    header: Header,
    segment: Option<OpenSegment>,
    ending: Option<Ending>,
    failed: bool,
    unknown: u64,
}

#[derive(Debug)]
struct OpenSegment {
    /// Where its block begins.
    at: usize,
    items: SegmentReader,
    /// The file ends within it.
    cut: bool,
}

/// What comes next in a file.
enum Step {
    Segment(OpenSegment),
    End(Ending),
}

impl<'a> Reader<'a> {
    /// Looks at the beginning of a file.
    ///
    /// # Errors
    /// It is no recording, or one that cannot be read; the error says which and what to do.
    pub fn open(file: &'a [u8]) -> Result<Reader<'a>, RecordingError> {
        if file.is_empty() {
            return Err(RecordingError::Empty);
        }
        let magic = &MAGIC[..file.len().min(MAGIC.len())];
        if !file.starts_with(magic) {
            return Err(RecordingError::NotARecording);
        }
        let cut = |_| RecordingError::CutInHeader;
        let mut input = Input::new(file);
        input.bytes(MAGIC.len()).map_err(cut)?;
        let version = u16::from_le_bytes(input.array().map_err(cut)?);
        if version > RECORDING_VERSION {
            return Err(RecordingError::Newer { version });
        }
        input.array::<2>().map_err(cut)?;
        let length = u32::from_le_bytes(input.array().map_err(cut)?) as usize;
        let damaged = |what| RecordingError::Damaged { at: 0, what };
        if version == 0 || length > MAX_HEADER_BYTES {
            return Err(damaged("its header cannot be"));
        }
        let mut content = Input::new(input.bytes(length).map_err(cut)?);
        let header = Header::take(&mut content).map_err(|_| damaged("its header means nothing"))?;
        let at = file.len() - input.len();
        Ok(Reader { file, at, header, segment: None, ending: None, failed: false, unknown: 0 })
    }

    /// What the recording says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the recording ends: known when everything was read.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// How many items were passed over so far, because a newer Atelier wrote what is not known here.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// How far the file was read, in bytes: for showing progress.
    pub fn position(&self) -> usize {
        self.at
    }

    fn item(&mut self) -> Result<Option<Item>, RecordingError> {
        loop {
            let Some(segment) = &mut self.segment else {
                match self.step()? {
                    Step::Segment(segment) => self.segment = Some(segment),
                    Step::End(ending) => {
                        self.ending = Some(ending);
                        return Ok(None);
                    }
                }
                continue;
            };
            let at = segment.at;
            let item = segment.items.next();
            self.unknown += std::mem::take(&mut segment.items.unknown);
            match item {
                Ok(Some(item)) => return Ok(Some(item)),
                Ok(None) | Err(Malformed::Short) if segment.cut => {
                    self.segment = None;
                    self.ending = Some(Ending::Cut { at: self.file.len() });
                    return Ok(None);
                }
                Ok(None) => self.segment = None,
                Err(Malformed::Wrong(what)) => return Err(RecordingError::Damaged { at, what }),
                Err(Malformed::Short | Malformed::Unknown) => {
                    return Err(RecordingError::Damaged { at, what: "a segment ends within an item" });
                }
            }
        }
    }

    /// Reads the next block that is known.
    fn step(&mut self) -> Result<Step, RecordingError> {
        loop {
            let at = self.at;
            let damaged = |what| RecordingError::Damaged { at, what };
            let mut input = Input::new(self.file.get(at..).unwrap_or_default());
            let Ok([kind, coding, _, _, a, b, c, d, e, f, g, h]) = input.array() else {
                return Ok(Step::End(Ending::Cut { at }));
            };
            let (stored, plain) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            let (stored, plain) = (stored as usize, plain as usize);
            let there = input.bytes(stored.min(input.len())).unwrap_or_default();
            self.at = self.file.len() - input.len();
            let cut = there.len() < stored;
            match kind {
                SEGMENT => {}
                SUMMARY if cut => return Ok(Step::End(Ending::Cut { at })),
                SUMMARY => {
                    let summary = Summary::take(&mut Input::new(there));
                    let summary = summary.map_err(|_| damaged("its summary means nothing"))?;
                    return Ok(Step::End(Ending::Whole(summary)));
                }
                _ => continue,
            }
            if plain > MAX_SEGMENT_BYTES {
                return Err(damaged("a segment says that it is longer than segments are"));
            }
            let (bytes, cut) = match coding {
                0 => (there.to_vec(), cut),
                1 => match inflate(there, plain) {
                    Inflated::Whole(bytes) => (bytes, cut),
                    Inflated::Cut(bytes) if cut => (bytes, true),
                    Inflated::Cut(_) => return Err(damaged("a segment ends too early")),
                    Inflated::TooMuch => return Err(damaged("a segment inflates to more than it says")),
                    Inflated::Damaged => return Err(damaged("a segment's data is not what was written")),
                },
                _ => return Err(damaged("a segment is coded in a way that is not known")),
            };
            if !cut && bytes.len() != plain {
                return Err(damaged("a segment is not as long as it says"));
            }
            return Ok(Step::Segment(OpenSegment { at, items: SegmentReader::new(bytes), cut }));
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Item, RecordingError>;

    fn next(&mut self) -> Option<Result<Item, RecordingError>> {
        if self.failed || self.ending.is_some() {
            return None;
        }
        let item = self.item().transpose();
        self.failed = matches!(item, Some(Err(_)));
        if self.failed {
            self.segment = None;
        }
        item
    }
}
