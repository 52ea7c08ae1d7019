//! One signal: what feeds it, when its next batch is due, and its way out.

use std::collections::BTreeSet;

use atelier_telemetry::frame::LedgerRow;

use super::flush::Progress;
use super::lane::Lane;
use super::queue::RecordQueue;
use super::report::{Operations, SelfReport, SignalReport};
use super::{Encoder, Now, Settings, reason};
use crate::durable::Batch;
use crate::signal::Signal;
use crate::source::{Fate, Source};

/// The longest body of a request, in bytes, before it is compressed: most collectors and what stands before them take as
/// much. What is longer is sent in parts; a single record or data point that is longer is dropped, counted as
/// `request_too_large`.
pub const DEFAULT_MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// How long a signal keeps to smaller requests after its collector said that one was too large, in milliseconds. When it is
/// reached the next request may be as large as any.
pub const DEFAULT_SMALLER_FOR_MS: u64 = 600_000;
/// The least that such a request is bounded to, in bytes: a few spans.
const SMALLEST_BOUND: usize = 4 * 1024;
/// How long it is believed that nothing gets through that is as long as items that were refused alone, in milliseconds.
const HOPELESS_FOR_MS: u64 = 60_000;
/// How many of them it takes.
const HOPELESS_AFTER: u32 = 3;

/// How much is encoded.
pub(super) struct Limits<'a> {
    pub(super) settings: &'a Settings,
    pub(super) max_body_bytes: usize,
}

/// What a signal is made of.
#[derive(Debug)]
enum Feed {
    /// Records, which wait until there is a batch of them.
    Records(RecordQueue),
    /// All there is, read anew each time; so often it was.
    Readings(u64),
}

/// One signal.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) signal: Signal,
    pub(super) lane: Lane,
    feed: Feed,
    /// When to send what there is, however little.
    due: u64,
    /// When it was last given a turn, in turns.
    pub(super) turn: u64,
    /// How long its batches took.
    operations: Operations,
    /// The time of the next attempt that was told last, on the monotonic clock.
    told_retry: Option<u64>,
    /// How long a body may be that the collector can be expected to take, and until when that is believed.
    learnt: Option<(usize, u64)>,
    refused_alone: Option<RefusedAlone>,
}

/// Items that the collector found too large although each came alone.
#[derive(Clone, Copy, Debug)]
struct RefusedAlone {
    /// The length of the shortest body.
    bytes: usize,
    times: u32,
    until: u64,
}

impl Line {
    pub(super) fn new(signal: Signal, settings: &Settings, now_ms: u64) -> Line {
        let feed = match signal {
            Signal::Traces | Signal::Logs => Feed::Records(RecordQueue::new(settings.max_queue_size)),
            Signal::Metrics => Feed::Readings(0),
        };
        let mut line = Line {
            signal,
            lane: Lane::new(),
            feed,
            due: 0,
            turn: 0,
            operations: Operations::default(),
            told_retry: None,
            learnt: None,
            refused_alone: None,
        };
        line.schedule(settings, now_ms);
        line
    }

    // Getters.

    /// What waits for its batch, for a signal made of records.
    pub(super) fn queue(&mut self) -> Option<&mut RecordQueue> {
        match &mut self.feed {
            Feed::Records(queue) => Some(queue),
            Feed::Readings(_) => None,
        }
    }

    /// Whether it is read as a whole.
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.feed, Feed::Readings(_))
    }

    /// What is known of its work, beside its account.
    pub(super) fn report(&self, account: LedgerRow) -> SignalReport {
        let queue = match &self.feed {
            Feed::Records(queue) => Some((queue.len() as u64, queue.capacity() as u64)),
            Feed::Readings(_) => None,
        };
        SignalReport { signal: self.signal, account, queue, operations: self.operations.clone() }
    }

    /// How much has left the feed since the beginning: records, or readings.
    pub(super) fn left(&self) -> u64 {
        match &self.feed {
            Feed::Records(queue) => queue.left(),
            Feed::Readings(readings) => *readings,
        }
    }

    /// How much must have left it when a flush that begins now is over: what has come, or one more reading.
    pub(super) fn goal(&self) -> u64 {
        match &self.feed {
            Feed::Records(queue) => queue.came(),
            Feed::Readings(readings) => readings + 1,
        }
    }

    /// How far it has come. Of these batches, its own wait besides.
    pub(super) fn progress<'a>(&'a self, waiting: impl Iterator<Item = &'a Batch>, now_ms: u64) -> Progress {
        let waiting = waiting.filter(|batch| batch.signal == self.signal);
        let own = self.lane.batches().chain(waiting).filter(|batch| !batch.adopted);
        let out = match &self.feed {
            Feed::Records(_) => own.map(|batch| batch.items).sum(),
            // A reading is out as long as a part of it is.
            Feed::Readings(_) => own.map(|batch| batch.root).collect::<BTreeSet<_>>().len() as u64,
        };
        Progress {
            settled: self.left() - out,
            failed: self.lane.failed_ever(),
            must_wait: self.lane.must_wait(now_ms),
        }
    }

    /// Whether its way out can take a batch now.
    pub(super) fn is_free(&self, now_ms: u64) -> bool {
        self.lane.is_free_at().is_some_and(|at| now_ms >= at)
    }

    /// Whether there is a batch of records that should leave and cannot, nobody knows for how long. Who
    /// `hurries` does not wait for the answer to the batch before either.
    pub(super) fn is_stuck(&self, settings: &Settings, hurries: bool, now_ms: u64) -> bool {
        (self.lane.is_in_trouble() || hurries)
            && !self.is_free(now_ms)
            && matches!(self.feed, Feed::Records(_))
            && (self.has_batch(settings, now_ms) || self.is_pressed())
    }

    /// Whether a batch should leave: it is full, or its time has come.
    fn has_batch(&self, settings: &Settings, now_ms: u64) -> bool {
        match &self.feed {
            Feed::Records(queue) => {
                queue.len() >= settings.max_batch_size || queue.len() > 0 && now_ms >= self.due
            }
            Feed::Readings(_) => now_ms >= self.due,
        }
    }

    /// Whether a batch should leave and can.
    pub(super) fn could_leave(&self, settings: &Settings, now_ms: u64) -> bool {
        self.is_free(now_ms) && self.has_batch(settings, now_ms)
    }

    /// Whether there are records that are in no batch.
    pub(super) fn has_records(&self) -> bool {
        matches!(&self.feed, Feed::Records(queue) if queue.len() > 0)
    }

    /// Whether so much waits that records will soon be lost.
    pub(super) fn is_pressed(&self) -> bool {
        matches!(&self.feed, Feed::Records(queue) if queue.len() > queue.capacity() / 2)
    }

    /// When to come back for it.
    pub(super) fn next_wake(&self, settings: &Settings, hurries: bool) -> Option<u64> {
        // A lane that has a batch wakes for that; without one the schedule counts, but not while it has to hold.
        let is_full = matches!(&self.feed, Feed::Records(queue) if queue.len() >= settings.max_batch_size);
        let due = if is_full { 0 } else { self.due };
        let fed = match self.lane.is_free_at() {
            Some(free) => Some(due.max(free)),
            // What is stuck is put by when it is due.
            None if settings.durable.is_some() && (self.lane.is_in_trouble() || hurries) => {
                matches!(self.feed, Feed::Records(_)).then_some(due)
            }
            None => None,
        };
        fed.into_iter().chain(self.lane.next_wake()).min()
    }

    // Commands.

    /// A batch ended, so long after its first attempt.
    pub(super) fn ended(&mut self, error: Option<&'static str>, took_ms: u64) {
        self.operations.record(error, took_ms as f64 / 1e3);
    }

    /// Tells when it tries again, where that is new.
    pub(super) fn tell_retry(&mut self, source: &impl Source, now: Now) {
        let retry = self.lane.retry_at();
        if std::mem::replace(&mut self.told_retry, retry) != retry {
            let at = |at: u64| now.unix_nano as f64 / 1e6 + at as f64 - now.monotonic_ms as f64;
            source.set_next_retry(self.signal, retry.map(at));
        }
    }

    /// How long a body may be at most that is expected to be taken.
    pub(super) fn max_body_bytes(&self, now_ms: u64) -> usize {
        let learnt = self.learnt.filter(|&(_, until)| now_ms < until);
        learnt.map_or(DEFAULT_MAX_REQUEST_BYTES, |(bytes, _)| bytes)
    }

    /// How long a body with a single item may be: beyond that it need not be tried. A collector that refuses everything would
    /// otherwise be asked twice for each item.
    pub(super) fn max_item_bytes(&self, now_ms: u64) -> usize {
        let hopeless = self.refused_alone.filter(|it| now_ms < it.until && it.times >= HOPELESS_AFTER);
        hopeless.map_or(DEFAULT_MAX_REQUEST_BYTES, |it| it.bytes.saturating_sub(1))
    }

    /// The collector said of a single item that its body of so many bytes is too large.
    pub(super) fn learn_alone(&mut self, refused_bytes: usize, now_ms: u64) {
        let before = self.refused_alone.filter(|it| now_ms < it.until);
        let (bytes, times) = before.map_or((usize::MAX, 0), |it| (it.bytes, it.times));
        self.refused_alone = Some(RefusedAlone {
            bytes: bytes.min(refused_bytes),
            times: times.saturating_add(1),
            until: now_ms + HOPELESS_FOR_MS,
        });
    }

    /// The collector said that a body of so many bytes is too large.
    pub(super) fn learn(&mut self, refused_bytes: usize, now_ms: u64) {
        let bytes = (refused_bytes / 2).max(SMALLEST_BOUND).min(self.max_body_bytes(now_ms));
        self.learnt = Some((bytes, now_ms + DEFAULT_SMALLER_FOR_MS));
    }

    /// Lets a time go by at which there was nothing to send.
    pub(super) fn skip(&mut self, settings: &Settings, now_ms: u64) {
        if now_ms >= self.due && self.queue().is_some_and(|queue| queue.len() == 0) {
            self.schedule(settings, now_ms);
        }
    }

    fn schedule(&mut self, settings: &Settings, now_ms: u64) {
        self.due = now_ms
            + match &self.feed {
                Feed::Records(_) => settings.schedule_delay_ms,
                Feed::Readings(_) => settings.metric_interval_ms,
            };
    }

    /// Encodes one batch: its body, and how many items are in it; with records, in a body within the limits where that is
    /// possible. What cannot be sent is dropped.
    pub(super) fn encode(
        &mut self,
        source: &impl Source,
        encoder: &mut impl Encoder,
        limits: &Limits<'_>,
        report: &SelfReport,
        now: Now,
    ) -> Option<(Vec<u8>, u64)> {
        let Limits { settings, max_body_bytes } = *limits;
        let (body, items) = match &mut self.feed {
            Feed::Records(queue) => {
                let max = settings.max_batch_size;
                let (body, count) = encode_records(self.signal, queue, encoder, max, max_body_bytes);
                queue.take(count);
                // What stays behind keeps its time: it may be over already, if the lane was not free.
                if queue.len() == 0 {
                    self.schedule(settings, now.monotonic_ms);
                }
                (body, count as u64)
            }
            Feed::Readings(readings) => {
                *readings += 1;
                let encoded = encoder.metrics(&source.metrics(now.unix_nano), report);
                if encoded.points > 0 {
                    source.emitted(self.signal, encoded.points);
                }
                self.schedule(settings, now.monotonic_ms);
                (encoded.body, encoded.points)
            }
        };
        if let Some(complaint) = encoder.complaint() {
            source.set_last_error(format!("{}: {complaint}", self.signal.name()));
        }
        if items == 0 {
            return None;
        }
        if body.is_empty() {
            source.settle(self.signal, Fate::Dropped(reason::NOT_SENT), items);
            return None;
        }
        Some((body, items))
    }
}

/// As many of the oldest records as one request takes; one at least, if there is one.
fn encode_records(
    signal: Signal,
    queue: &mut RecordQueue,
    encoder: &mut impl Encoder,
    max: usize,
    max_body_bytes: usize,
) -> (Vec<u8>, usize) {
    let mut count = queue.count_within(max, max_body_bytes);
    if count == 0 {
        return (Vec::new(), 0);
    }
    loop {
        let records = queue.peek(count);
        let body = match signal {
            Signal::Logs => encoder.logs(records),
            _ => encoder.spans(records),
        };
        if body.len() <= max_body_bytes || count <= 1 {
            return (body, count);
        }
        // Records are about as long as each other: so many should fit. Fewer than before in any case.
        let fit = count as u64 * max_body_bytes as u64 / body.len() as u64;
        count = (fit as usize).clamp(1, count - 1);
    }
}
