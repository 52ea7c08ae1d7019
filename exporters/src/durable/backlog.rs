//! The batches of one exporter that wait to be sent.

use std::rc::Rc;

use super::{DurableSettings, Key};
use crate::pipeline::{Now, Part};
use crate::signal::Signal;

/// Names a batch for as long as its exporter lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub(crate) u64);

impl BatchId {
    /// The number in it: the one in the [`Key`](super::Key) under which its owner stores it.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Whether storage has a copy of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It was not asked to.
    #[default]
    No,
    /// It was asked to, and has not answered yet.
    Asked,
    /// It has.
    Yes,
    /// It could not.
    Failed,
}

/// An encoded request, as often as it has to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Names it.
    pub id: BatchId,
    /// What it is.
    pub signal: Signal,
    /// What is sent.
    pub body: Rc<[u8]>,
    /// Its `Content-Type`, where that is not the configured one: it was left by an exporter that wrote otherwise.
    pub content_type: Option<Rc<str>>,
    /// Items in it.
    pub items: u64,
    /// When it was made, in milliseconds since the epoch.
    pub made_ms: u64,
    /// Another exporter made it and left it behind.
    pub adopted: bool,
    pub(crate) stored: Stored,
    /// Attempts in this turn.
    pub(crate) attempts: u32,
    /// When the first of them was made, on the pipeline's clock.
    pub(crate) began_ms: u64,
    /// The batch that it is a part of; itself if it is whole.
    pub(crate) root: BatchId,
    /// How often it was sent to the end of the line, after so many attempts that others had to get a turn.
    pub(crate) rounds: u32,
}

impl Batch {
    pub(crate) fn new(id: BatchId, signal: Signal, body: Vec<u8>, items: u64, made_ms: u64) -> Batch {
        Batch {
            id,
            signal,
            body: body.into(),
            content_type: None,
            items,
            made_ms,
            adopted: false,
            stored: Stored::No,
            attempts: 0,
            began_ms: 0,
            root: id,
            rounds: 0,
        }
    }

    /// One that was just encoded.
    pub(crate) fn made(next_id: &mut u64, signal: Signal, (body, items): (Vec<u8>, u64), now: Now) -> Batch {
        let id = BatchId(*next_id);
        *next_id += 1;
        Batch::new(id, signal, body, items, now.epoch_ms())
    }

    /// Two parts of this one, which take its place. A part counts as many items as the request it is made of says, but all
    /// of them no more nor less than this batch.
    pub(crate) fn parts(&self, next_id: &mut u64, parts: [Part; 2]) -> Vec<Batch> {
        let [first, second] = parts;
        let items = first.items.min(self.items);
        let part = |(body, items): (Vec<u8>, u64)| {
            let id = BatchId(*next_id);
            *next_id += 1;
            Batch { id, body: body.into(), items, stored: Stored::No, attempts: 0, ..self.clone() }
        };
        [(first.body, items), (second.body, self.items - items)].map(part).into()
    }

    /// One that another exporter left behind and that is stored under this key, now that it has changed hands.
    /// `configured` is the content type that needs no telling.
    pub fn adopted(key: &Key, body: Vec<u8>, configured: Option<&str>) -> Batch {
        let content_type = (configured != Some(&key.content_type)).then(|| key.content_type.as_str().into());
        let batch = Batch::new(BatchId(key.number), key.signal, body, key.items, key.made_ms);
        Batch { content_type, adopted: true, stored: Stored::Yes, ..batch }
    }

    fn bytes(&self) -> u64 {
        self.body.len() as u64
    }
}

/// A bounded set of batches: the next is the oldest of those that had the fewest turns, and the oldest make room.
#[derive(Debug)]
pub struct Backlog {
    settings: DurableSettings,
    batches: Vec<Batch>,
    bytes: u64,
}

impl Backlog {
    /// An empty one.
    pub fn new(settings: DurableSettings) -> Backlog {
        Backlog { settings, batches: Vec::new(), bytes: 0 }
    }

    /// The bounds.
    pub fn settings(&self) -> DurableSettings {
        self.settings
    }

    /// What waits, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter()
    }

    pub(crate) fn find_mut(&mut self, id: BatchId) -> Option<&mut Batch> {
        self.batches.iter_mut().find(|batch| batch.id == id)
    }

    /// Whether something of this signal waits.
    pub fn has(&self, signal: Signal) -> bool {
        self.batches.iter().any(|batch| batch.signal == signal)
    }

    /// How much more there is room for: bytes and batches.
    pub fn room(&self) -> (u64, usize) {
        let DurableSettings { max_bytes, max_batches, .. } = self.settings;
        (max_bytes.saturating_sub(self.bytes), max_batches.saturating_sub(self.batches.len()))
    }

    /// Adds one; returns those that had to make room, which may be itself.
    pub fn push(&mut self, batch: Batch) -> Vec<Batch> {
        if batch.bytes() > self.settings.max_bytes {
            return vec![batch];
        }
        self.bytes += batch.bytes();
        self.batches.push(batch);
        let mut over = Vec::new();
        while self.bytes > self.settings.max_bytes || self.batches.len() > self.settings.max_batches {
            let Some(oldest) = self.take_first(|_| true, |batch| (0, batch.made_ms, batch.id)) else { break };
            over.push(oldest);
        }
        over
    }

    /// Takes the next one of this signal.
    pub fn pop(&mut self, signal: Signal) -> Option<Batch> {
        self.take_first(|batch| batch.signal == signal, |batch| (batch.rounds, batch.made_ms, batch.id))
    }

    /// Takes those that have waited too long; now is in milliseconds since the epoch.
    pub fn take_expired(&mut self, now_ms: u64) -> Vec<Batch> {
        let settings = self.settings;
        self.take_all(|batch| settings.is_expired(batch.made_ms, now_ms))
    }

    /// Takes all that are so.
    pub(crate) fn take_all(&mut self, is_so: impl Fn(&Batch) -> bool) -> Vec<Batch> {
        let (taken, left) = std::mem::take(&mut self.batches).into_iter().partition(is_so);
        self.batches = left;
        let taken: Vec<Batch> = taken;
        self.bytes -= taken.iter().map(Batch::bytes).sum::<u64>();
        taken
    }

    fn take_first(
        &mut self,
        is_so: impl Fn(&Batch) -> bool,
        rank: impl Fn(&Batch) -> (u32, u64, BatchId),
    ) -> Option<Batch> {
        let found = self.batches.iter().enumerate().filter(|(_, batch)| is_so(batch));
        let (place, _) = found.min_by_key(|(_, batch)| rank(batch))?;
        let batch = self.batches.swap_remove(place);
        self.bytes -= batch.bytes();
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: DurableSettings = DurableSettings { max_bytes: 100, max_batches: 4, max_age_ms: 1_000 };

    fn batch(id: u64, signal: Signal, bytes: usize, made_ms: u64) -> Batch {
        Batch::new(BatchId(id), signal, vec![0; bytes], 1, made_ms)
    }

    fn ids(batches: impl IntoIterator<Item = Batch>) -> Vec<u64> {
        batches.into_iter().map(|batch| batch.id.number()).collect()
    }

    #[test]
    fn the_oldest_of_a_signal_is_next_and_one_that_had_a_turn_waits_for_the_others() {
        let mut backlog = Backlog::new(SETTINGS);
        for (id, signal, made) in
            [(0, Signal::Traces, 5), (1, Signal::Metrics, 1), (2, Signal::Traces, 3), (3, Signal::Traces, 4)]
        {
            let mut batch = batch(id, signal, 1, made);
            batch.rounds = u32::from(id == 2);
            assert!(backlog.push(batch).is_empty());
        }
        assert!(backlog.has(Signal::Metrics));
        assert_eq!(ids(std::iter::from_fn(|| backlog.pop(Signal::Traces))), [3, 0, 2]);
        assert_eq!(backlog.room(), (99, 3));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut backlog = Backlog::new(SETTINGS);
        assert_eq!(ids(backlog.push(batch(0, Signal::Traces, 60, 2))), [0; 0]);
        assert_eq!(ids(backlog.push(batch(1, Signal::Traces, 40, 1))), [0; 0]);
        assert_eq!(ids(backlog.push(batch(2, Signal::Metrics, 1, 3))), [1]);
        assert_eq!(ids(backlog.push(batch(3, Signal::Metrics, 101, 4))), [3], "too large for any room");
        for id in 4..6 {
            assert_eq!(ids(backlog.push(batch(id, Signal::Traces, 1, id))), [0; 0]);
        }
        assert_eq!(ids(backlog.push(batch(6, Signal::Traces, 1, 6))), [0]);
    }

    #[test]
    fn what_waits_too_long_goes() {
        let mut backlog = Backlog::new(SETTINGS);
        for id in 0..3 {
            backlog.push(batch(id, Signal::Traces, 10, id * 500));
        }
        assert_eq!(ids(backlog.take_expired(1_000)), [0; 0]);
        assert_eq!(ids(backlog.take_expired(1_501)), [0, 1]);
        assert_eq!((backlog.room().0, backlog.iter().count()), (90, 1));
    }
}
