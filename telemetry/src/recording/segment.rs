//! One segment of a recording: items one after the other.

use super::fields::Field;
use super::items::{Item, tag};
use super::record_reader::ContentReader;
use super::records::Content;
use super::tables::{ReaderTables, WriterTables};
use super::wire::{Input, Malformed, put_u64};
use crate::black_box::BlackBox;
use crate::frame::Frame;
use crate::record::Record;

/// The longest item that is written, in bytes. A longer one (an error whose message has megabytes, say) is left out.
pub const MAX_ITEM_BYTES: usize = 8 * 1024 * 1024;

/// Writes a segment. Its first item should be a full frame.
#[derive(Debug, Default)]
pub struct SegmentWriter {
    out: Vec<u8>,
    content: Vec<u8>,
    tables: WriterTables,
    last_time: u64,
    taken: usize,
}

impl SegmentWriter {
    /// An empty segment.
    pub fn new() -> SegmentWriter {
        SegmentWriter::default()
    }

    /// Adds a fact. `false` when it is longer than [`MAX_ITEM_BYTES`] and was left out.
    #[must_use = "an item that was left out has to be counted"]
    pub fn record(&mut self, record: &Record) -> bool {
        self.item(|content| content.record(record))
    }

    /// Adds a frame, without its spans: they are facts. `false` when it is longer than [`MAX_ITEM_BYTES`] and was left
    /// out.
    #[must_use = "an item that was left out has to be counted"]
    pub fn frame(&mut self, frame: &Frame) -> bool {
        self.item(|content| {
            frame.put(content.out);
            tag::FRAME
        })
    }

    /// Adds a black box. `false` when it is longer than [`MAX_ITEM_BYTES`] and was left out.
    #[must_use = "an item that was left out has to be counted"]
    pub fn black_box(&mut self, of: &BlackBox) -> bool {
        self.item(|content| content.black_box(of))
    }

    fn item(&mut self, put: impl FnOnce(&mut Content<'_>) -> u8) -> bool {
        self.content.clear();
        let mut last_time = self.last_time;
        let tag = put(&mut Content {
            tables: &mut self.tables,
            before: &mut self.out,
            out: &mut self.content,
            last_time: &mut last_time,
        });
        if std::mem::take(&mut self.tables.too_large) || self.content.len() > MAX_ITEM_BYTES {
            // Room for such an item is not kept for those that come.
            self.content = Vec::new();
            return false;
        }
        self.last_time = last_time;
        self.out.push(tag);
        put_u64(&mut self.out, self.content.len() as u64);
        self.out.extend_from_slice(&self.content);
        true
    }

    /// The segment's length so far in bytes, with what was taken.
    pub fn len(&self) -> usize {
        self.taken + self.out.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes were written and not taken yet.
    pub fn waiting(&self) -> usize {
        self.out.len()
    }

    /// What was written since the last time. The pieces of a segment belong together, in their order.
    pub fn take(&mut self) -> Vec<u8> {
        self.taken += self.out.len();
        std::mem::take(&mut self.out)
    }
}

/// Reads a segment.
#[derive(Debug)]
pub(super) struct SegmentReader {
    plain: Vec<u8>,
    at: usize,
    tables: ReaderTables,
    last_time: u64,
    /// Items with a tag or a name that is not known.
    pub(super) unknown: u64,
}

impl SegmentReader {
    pub(super) fn new(plain: Vec<u8>) -> SegmentReader {
        SegmentReader { plain, at: 0, tables: ReaderTables::default(), last_time: 0, unknown: 0 }
    }

    /// The next item; `None` at the end. [`Malformed::Short`] when the segment ends within an item.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Malformed> {
        loop {
            let mut input = Input::new(self.plain.get(self.at..).unwrap_or_default());
            if input.is_empty() {
                return Ok(None);
            }
            let before = input.len();
            let tag = input.u8()?;
            let content = input.sized()?;
            self.at += before - input.len();
            match Self::item(tag, content, &mut self.tables, &mut self.last_time) {
                Ok(None) => {}
                Ok(Some(item)) => return Ok(Some(item)),
                Err(Malformed::Unknown) => self.unknown += 1,
                // The item is there as a whole; only its content is too short for what it should be.
                Err(Malformed::Short) => return Err(Malformed::Wrong("an item ends too early")),
                Err(wrong) => return Err(wrong),
            }
        }
    }

    fn item(
        tag: u8,
        mut content: Input<'_>,
        tables: &mut ReaderTables,
        last_time: &mut u64,
    ) -> Result<Option<Item>, Malformed> {
        match tag {
            tag::STRING => {
                tables.add_string(content.rest_as_str()?);
                return Ok(None);
            }
            tag::TASK => {
                tables.add_task(&mut content)?;
                return Ok(None);
            }
            tag::FRAME => return Ok(Some(Item::Frame(Box::new(Frame::take(&mut content)?)))),
            _ => {}
        }
        let mut reader = ContentReader { tables, from: content, last_time };
        Ok(Some(match tag {
            tag::METRIC => Item::Record(reader.metric()?),
            tag::CALL => Item::Record(reader.call()?),
            tag::TRACE => Item::Record(reader.trace()?),
            tag::HANDLER => Item::Record(reader.handler()?),
            tag::LOG => Item::Record(reader.log()?),
            tag::BLACK_BOX => Item::BlackBox(reader.black_box()?),
            _ => return Err(Malformed::Unknown),
        }))
    }
}
