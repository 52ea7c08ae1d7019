//! What a recording holds.

use crate::black_box::BlackBox;
use crate::frame::Frame;
use crate::record::Record;

/// What comes out of a recording, in the order in which it was told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A fact.
    Record(Record),
    /// A frame of the snapshot stream. Its `spans`, `handler_spans`, `traces`, `black_boxes` and `events` are empty: they
    /// are items before it. A [`Replay`](super::Replay) fills them in.
    Frame(Box<Frame>),
    /// The black box of a worker that died, or (at the end) of one that lives.
    BlackBox(BlackBox),
}

/// The tags of items in a segment.
pub(super) mod tag {
    pub(in crate::recording) const STRING: u8 = 1;
    pub(in crate::recording) const TASK: u8 = 2;
    pub(in crate::recording) const METRIC: u8 = 3;
    pub(in crate::recording) const CALL: u8 = 4;
    pub(in crate::recording) const TRACE: u8 = 5;
    pub(in crate::recording) const HANDLER: u8 = 6;
    pub(in crate::recording) const FRAME: u8 = 7;
    pub(in crate::recording) const BLACK_BOX: u8 = 8;
    pub(in crate::recording) const LOG: u8 = 9;
}
