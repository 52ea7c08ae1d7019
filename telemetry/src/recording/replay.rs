//! A recording as the stream of frames that it was.

use super::error::RecordingError;
use super::file::{Ending, Header, Reader};
use super::items::Item;
use crate::frame::{
    BlackBoxFrame, FRAME_VERSION, Finding, Frame, FrameKind, HandlerSpanFrame, LedgerRow, SpanFrame,
    TraceFrame,
};
use crate::frame_events::FoldedEvents;
use crate::record::Record;

/// Gives a recording's frames, each with the calls, the handlers' spans and the traces that ended, and the workers that died, since the frame before:
/// all of them, where the live stream has a limit. What a cut recording tells after its last frame comes in one more.
#[derive(Debug)]
pub struct Replay<'a> {
    reader: Reader<'a>,
    spans: Vec<SpanFrame>,
    handler_spans: Vec<HandlerSpanFrame>,
    traces: Vec<TraceFrame>,
    black_boxes: Vec<BlackBoxFrame>,
    /// Present when events are wanted.
    events: Option<FoldedEvents>,
    /// Number and time of the next frame, should one have to be made up.
    next: (u64, f64),
    /// What the last frame said of the moment: a frame that is made up has nothing newer.
    last_said: (Vec<LedgerRow>, Vec<Finding>),
}

impl<'a> Replay<'a> {
    /// Looks at the beginning of a file.
    ///
    /// # Errors
    /// It is no recording, or one that cannot be read.
    pub fn open(file: &'a [u8]) -> Result<Replay<'a>, RecordingError> {
        let reader = Reader::open(file)?;
        Ok(Replay {
            reader,
            spans: Vec::new(),
            handler_spans: Vec::new(),
            traces: Vec::new(),
            black_boxes: Vec::new(),
            events: None,
            next: (0, 0.0),
            last_said: Default::default(),
        })
    }

    /// Has frames carry events too, as those of a live stream do whose reader asked for them: at most
    /// [`DEFAULT_FRAME_EVENTS`](crate::DEFAULT_FRAME_EVENTS) each, the rest counted.
    #[must_use]
    pub fn with_events(self) -> Replay<'a> {
        Replay { events: Some(FoldedEvents::default()), ..self }
    }

    /// What the recording says about itself.
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// How the recording ends: known when everything was read.
    pub fn ending(&self) -> Option<&Ending> {
        self.reader.ending()
    }

    /// How far the file was read, in bytes: for showing progress.
    pub fn position(&self) -> usize {
        self.reader.position()
    }

    fn rest(&mut self) -> Option<Frame> {
        let is_empty = self.spans.is_empty()
            && self.handler_spans.is_empty()
            && self.traces.is_empty()
            && self.black_boxes.is_empty();
        if is_empty {
            return None;
        }
        let (events, events_dropped) = self.events.as_mut().map(FoldedEvents::take).unzip();
        Some(Frame {
            version: FRAME_VERSION,
            seq: self.next.0,
            ts: self.next.1,
            kind: FrameKind::Delta,
            lost: 0,
            tasks: Vec::new(),
            removed: Vec::new(),
            spans: std::mem::take(&mut self.spans),
            handler_spans: std::mem::take(&mut self.handler_spans),
            traces: std::mem::take(&mut self.traces),
            black_boxes: std::mem::take(&mut self.black_boxes),
            spans_dropped: 0,
            events,
            events_dropped: events_dropped.unwrap_or_default(),
            ledger: std::mem::take(&mut self.last_said.0),
            findings: std::mem::take(&mut self.last_said.1),
        })
    }
}

impl Iterator for Replay<'_> {
    type Item = Result<Frame, RecordingError>;

    fn next(&mut self) -> Option<Result<Frame, RecordingError>> {
        loop {
            let item = self.reader.next();
            if let (Some(events), Some(Ok(Item::Record(record)))) = (&mut self.events, &item) {
                events.fold(record);
            }
            match item {
                Some(Ok(Item::Record(Record::Span(call)))) => {
                    self.next.1 = self.next.1.max(call.end_unix_nano as f64 / 1e6);
                    self.spans.push(SpanFrame::from(&*call));
                }
                Some(Ok(Item::Record(Record::Handler(span)))) => {
                    self.handler_spans.push(HandlerSpanFrame::from(&*span));
                }
                Some(Ok(Item::Record(Record::Trace(trace)))) => {
                    self.next.1 = self.next.1.max(trace.end_unix_nano as f64 / 1e6);
                    self.traces.push(TraceFrame::from(&*trace));
                }
                // The others are of workers that lived to the end.
                Some(Ok(Item::BlackBox(closed))) if closed.cause.is_some() => {
                    self.black_boxes.push(BlackBoxFrame::from(&closed));
                }
                Some(Ok(Item::Record(_) | Item::BlackBox(_))) => {}
                Some(Ok(Item::Frame(mut frame))) => {
                    self.next = (frame.seq.wrapping_add(1), frame.ts);
                    self.last_said = (frame.ledger.clone(), frame.findings.clone());
                    frame.spans = std::mem::take(&mut self.spans);
                    frame.handler_spans = std::mem::take(&mut self.handler_spans);
                    frame.traces = std::mem::take(&mut self.traces);
                    frame.black_boxes = std::mem::take(&mut self.black_boxes);
                    let (events, dropped) = self.events.as_mut().map(FoldedEvents::take).unzip();
                    (frame.events, frame.events_dropped) = (events, dropped.unwrap_or_default());
                    return Some(Ok(*frame));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => return self.rest().map(Ok),
            }
        }
    }
}
