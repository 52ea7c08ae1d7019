//! From a runtime's records to the segments of a file.

use atelier_telemetry::frame::TaskFrame;
use atelier_telemetry::recording::{
    Coding, Header, SegmentWriter, Summary, file_head, segment_head, summary_block,
};
use atelier_telemetry::{BlackBox, FrameReader, Signal, SubscribeOptions, Subscription, Telemetry};

use super::segments::{Contents, Segments};

/// How long a recording may get, in bytes of its file. When it would get longer, its oldest segments go, each as a whole;
/// their facts are counted as dropped with `max_bytes`, in the ledger and in the file.
pub const DEFAULT_MAX_RECORDING_BYTES: u64 = 64 * 1024 * 1024;
/// The least that can be asked for: below, a segment would hardly hold anything.
pub const MIN_RECORDING_BYTES: u64 = 256 * 1024;
/// How many records wait to be written at most. When one more comes, the oldest is dropped and counted as `queue_full`.
pub const DEFAULT_RECORDING_QUEUE: usize = 131_072;
/// How many records one step writes at most; the rest is for the next one.
pub const DEFAULT_SLICE_RECORDS: usize = 2_048;
/// After how many bytes a step ends, in bytes before compression.
pub const DEFAULT_SLICE_BYTES: usize = 64 * 1024;

/// Segments of a recording that has little room: so many of them.
const SEGMENTS: u64 = 8;
const MIN_SEGMENT_BYTES: u64 = 64 * 1024;
/// With longer ones, more would be lost at once; with shorter ones, more would be said twice.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024;
/// A segment that gets this long takes no more records, whoever writes: longer ones might not be read again.
const FULL_SEGMENT_BYTES: usize = 16 * 1024 * 1024;
/// Kept free for the summary.
const SUMMARY_BYTES: u64 = 4 * 1024;

/// Why facts were lost: there was no room in the file.
const MAX_BYTES: &str = "max_bytes";
/// Why a fact was lost: it is longer than anything in a file may be.
const TOO_LARGE: &str = "too_large";

/// The moment at which a step is made.
#[derive(Debug)]
pub struct Moment {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: f64,
    /// The runtime's tasks as they are now.
    pub tasks: Vec<TaskFrame>,
}

/// What one step gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The next bytes of the segment, to be compressed as one with those before and after.
    pub bytes: Vec<u8>,
    /// Whether they are its last: then [`Recorder::segment_stored`] has to be told how long it became.
    pub ends_segment: bool,
    /// Whether more records wait.
    pub more: bool,
}

/// Records one runtime. It has no clock and does no I/O; a driver calls [`Recorder::step`] now and then, puts the pieces
/// together, and keeps the segments.
///
/// Facts count as pending in the ledger while the file is not there, as delivered when it is, and as dropped when they had
/// to make room.
#[derive(Debug)]
pub struct Recorder {
    telemetry: Telemetry,
    runtime: u64,
    facts: Subscription,
    frames: FrameReader,
    head: Vec<u8>,
    max_bytes: u64,
    writer: SegmentWriter,
    /// What is in the segment that is being written.
    open: Contents,
    /// Its length before compression, when it is complete.
    plain: Option<u32>,
    segments: Segments,
    boxes_until: u64,
    boxes_missing: u64,
    frames_missing: u64,
    ending: bool,
}

impl Recorder {
    /// Begins to record. The ledger calls it `consumer`; [`Header::runtime`] and [`Header::max_bytes`] are filled in here.
    /// `max_bytes` below [`MIN_RECORDING_BYTES`] counts as that.
    pub fn start(
        telemetry: &Telemetry,
        runtime: u64,
        consumer: &str,
        max_bytes: u64,
        header: Header,
    ) -> Recorder {
        let max_bytes = max_bytes.max(MIN_RECORDING_BYTES);
        let options =
            SubscribeOptions { logs: true, capacity: DEFAULT_RECORDING_QUEUE, ..SubscribeOptions::default() };
        let closed = telemetry.closed_black_boxes(runtime, 0);
        Recorder {
            telemetry: telemetry.clone(),
            runtime,
            facts: telemetry.subscribe(runtime, consumer, options),
            frames: telemetry.state_frames(runtime),
            head: file_head(&Header { runtime, max_bytes, ..header }),
            max_bytes,
            writer: SegmentWriter::new(),
            open: Contents::default(),
            plain: None,
            segments: Segments::default(),
            boxes_until: closed.last().map_or(0, |last| last.number),
            boxes_missing: 0,
            frames_missing: 0,
            ending: false,
        }
    }

    /// What the file begins with.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many records wait to be written.
    pub fn waiting(&self) -> usize {
        self.facts.len()
    }

    /// How many facts are in the recording.
    pub fn facts(&self) -> u64 {
        let mut all = self.segments.contents();
        all.add(self.open);
        all.facts.iter().sum()
    }

    /// How many facts were lost so far, for whatever reason.
    pub fn dropped(&self) -> u64 {
        Signal::ALL.iter().map(|&signal| self.facts.total_dropped(signal)).sum()
    }

    /// How long the file is so far, in bytes; the segment that is being written counts as it is before compression.
    pub fn bytes(&self) -> u64 {
        self.head.len() as u64 + self.segments.stored() + self.writer.len() as u64
    }

    /// Writes a frame, and the black boxes that were closed since the one before.
    pub fn frame(&mut self, now: Moment) {
        if self.writer.is_empty() {
            self.frames.start_over();
        }
        let frame = self.frames.next(now.unix_ms, now.tasks);
        if self.writer.frame(&frame) {
            self.open.frames += 1;
        } else {
            self.frames_missing += 1;
            self.frames.start_over();
        }
        for closed in self.telemetry.closed_black_boxes(self.runtime, self.boxes_until) {
            // They are numbered without gaps, and only some of them are kept.
            self.boxes_missing += closed.number.saturating_sub(self.boxes_until + 1);
            self.boxes_until = closed.number;
            self.black_box(&closed);
        }
    }

    fn black_box(&mut self, of: &BlackBox) {
        if self.writer.black_box(of) {
            self.open.black_boxes += 1;
        } else {
            self.boxes_missing += 1;
        }
    }

    /// Writes some of the records that wait, for who cannot make a step at the moment and has many waiting. Does nothing
    /// before the segment's first frame, and while a complete segment waits for [`Recorder::segment_stored`].
    pub fn write(&mut self) {
        if self.writer.is_empty() || self.plain.is_some() || self.writer.len() >= FULL_SEGMENT_BYTES {
            return;
        }
        let begin = self.writer.len();
        let mut left = DEFAULT_SLICE_RECORDS;
        while left > 0 && self.writer.len() - begin < DEFAULT_SLICE_BYTES {
            let records = self.facts.drain(left.min(64));
            if records.is_empty() {
                break;
            }
            left -= records.len();
            for record in records {
                let signal = record.signal();
                if self.writer.record(&record) {
                    self.open.facts[signal as usize] += 1;
                } else {
                    self.facts.dropped(signal, TOO_LARGE, 1);
                }
            }
        }
    }

    /// Writes some of the records that wait, and gives what was written since the last time. `now` is called when a frame
    /// is needed: a segment's first one, or the recording's last one.
    pub fn step(&mut self, now: impl Fn() -> Moment) -> Piece {
        if self.plain.is_some() {
            return Piece::default();
        }
        if self.writer.is_empty() {
            self.frame(now());
        }
        self.write();
        let more = !self.facts.is_empty();
        let is_last = self.ending && !more;
        if is_last {
            self.last_words(now());
        }
        let ends_segment = is_last || self.writer.len() as u64 >= self.segment_bytes();
        if ends_segment {
            self.plain = Some(self.writer.len() as u32);
        }
        Piece { bytes: self.writer.take(), ends_segment, more }
    }

    /// Nobody will ask what the workers that live did last, so it is said now.
    fn last_words(&mut self, now: Moment) {
        self.frame(now);
        for open in self.telemetry.open_black_boxes(self.runtime) {
            self.black_box(&open);
        }
    }

    fn segment_bytes(&self) -> u64 {
        (self.max_bytes / SEGMENTS).clamp(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES)
    }

    /// The segment that a piece ended was stored in so many bytes. Gives the head that stands before it in the file, and
    /// how many of the oldest segments have to go now.
    pub fn segment_stored(&mut self, coding: Coding, stored: u32) -> (Vec<u8>, usize) {
        let plain = self.plain.take().unwrap_or_default();
        self.writer = SegmentWriter::new();
        let contents = std::mem::take(&mut self.open);
        let room = self.max_bytes.saturating_sub(self.head.len() as u64 + SUMMARY_BYTES);
        let (gone, lost) = self.segments.push(contents, u64::from(stored), room);
        for signal in Signal::ALL {
            self.facts.dropped(signal, MAX_BYTES, lost.facts[signal as usize]);
        }
        self.frames_missing += lost.frames;
        self.boxes_missing += lost.black_boxes;
        (segment_head(coding, stored, plain).to_vec(), gone)
    }

    /// Takes nothing new from now on. Steps go on until one has no more and ends its segment, with a last frame and the
    /// black boxes of the workers that live; then [`Recorder::finish`] is due.
    pub fn end(&mut self) {
        self.facts.end();
        self.ending = true;
    }

    /// What the file ends with. From now on, what is in the file counts as delivered.
    pub fn finish(&mut self, now_unix_nano: u64) -> Vec<u8> {
        let kept = self.segments.contents();
        for signal in Signal::ALL {
            self.facts.delivered(signal, kept.facts[signal as usize]);
        }
        summary_block(&Summary {
            ended_unix_nano: now_unix_nano,
            ledger: self.facts.ledger(),
            segments_dropped: self.segments.dropped,
            black_boxes_missing: self.boxes_missing,
            frames_missing: self.frames_missing,
        })
    }
}
