//! The events of frames: gathered for a reader who asked for them, and for nobody else.

use std::collections::VecDeque;

use crate::account::Signal;
use crate::consumer::{Selection, SubscribeOptions};
use crate::listener_event::ListenerEvent;
use crate::record::Record;
use crate::subscription::Subscription;
use crate::telemetry::Telemetry;

/// How many events a frame carries at most. The oldest ones are left out, counted in
/// [`Frame::events_dropped`](crate::frame::Frame::events_dropped) and in the ledger.
pub const DEFAULT_FRAME_EVENTS: usize = 512;

/// What gathers the events of one reader's frames. The ledger has it beside the reader, since events that do not fit must
/// not cost the reader calls.
#[derive(Debug)]
pub(crate) struct FrameEvents {
    records: Subscription,
    dropped: u64,
}

impl FrameEvents {
    pub(crate) fn begin(telemetry: &Telemetry, runtime: u64, reader: &str) -> FrameEvents {
        let options = SubscribeOptions {
            only: Selection { no_handler_spans: true, ..Selection::default() },
            capacity: DEFAULT_FRAME_EVENTS,
            ..SubscribeOptions::default()
        };
        let records = telemetry.subscribe(runtime, &format!("{reader}:events"), options);
        FrameEvents { records, dropped: 0 }
    }

    /// The events since the frame before, and how many of them did not fit.
    pub(crate) fn take(&mut self) -> (Vec<ListenerEvent>, u64) {
        let records = self.records.drain(DEFAULT_FRAME_EVENTS);
        let metrics = records.iter().filter(|record| record.signal() == Signal::Events).count();
        self.records.delivered(Signal::Events, metrics as u64);
        self.records.delivered(Signal::Spans, (records.len() - metrics) as u64);
        let dropped =
            [Signal::Events, Signal::Spans].map(|signal| self.records.total_dropped(signal)).iter().sum();
        let since = std::mem::replace(&mut self.dropped, dropped);
        (records.iter().filter_map(ListenerEvent::of).collect(), dropped.saturating_sub(since))
    }
}

/// The events of a frame that is put together from records.
#[derive(Debug, Default)]
pub(crate) struct FoldedEvents {
    events: VecDeque<ListenerEvent>,
    dropped: u64,
}

impl FoldedEvents {
    /// Takes what a listener would get of a record, at the cost of the oldest.
    pub(crate) fn fold(&mut self, record: &Record) {
        let Some(event) = ListenerEvent::of(record) else { return };
        if self.events.len() >= DEFAULT_FRAME_EVENTS {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event);
    }

    /// The events so far, and how many of them did not fit.
    pub(crate) fn take(&mut self) -> (Vec<ListenerEvent>, u64) {
        (std::mem::take(&mut self.events).into(), std::mem::take(&mut self.dropped))
    }
}
