//! What waits longer than for its turn: the durable queue, as a pipeline uses it.

use std::ops::Range;

use super::line::Line;
use super::{Encoder, Now, Output, Pipeline, reason};
use crate::durable::{Backlog, Batch, BatchId, DurableSettings, Found, Stored};
use crate::signal::Signal;
use crate::source::Source;

/// How often a pipeline looks for batches that others left behind, in milliseconds; besides when it begins, when the
/// browser is online again, and when the collector answers again.
pub const DEFAULT_TAKE_OVER_INTERVAL_MS: u64 = 60_000;

/// The durable queue of a pipeline that has one.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) backlog: Backlog,
    /// When to look for what others left behind.
    due: u64,
    /// It was asked for, and there is no answer yet.
    is_asked: bool,
    /// Whether somebody was told what is wrong with the storage.
    complained: bool,
}

impl Waiting {
    pub(super) fn new(settings: DurableSettings, now_ms: u64) -> Waiting {
        Waiting { backlog: Backlog::new(settings), due: now_ms, is_asked: false, complained: false }
    }

    /// When to come back for it.
    pub(super) fn next_wake(&self) -> u64 {
        self.due
    }
}

/// Why nothing is sent at all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    /// The page has been put aside.
    pub(super) is_suspended: bool,
    /// The page may go at any time: whatever is made is stored at once.
    pub(super) is_hidden: bool,
}

/// A request for [`Found`]: what others left behind, as far as there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOver {
    /// Room for bodies, in bytes.
    pub room_bytes: u64,
    /// Room for batches.
    pub room_batches: usize,
    /// Of these: others cannot be sent at the moment, and are left to somebody who may.
    pub signals: Vec<Signal>,
    /// The bounds.
    pub settings: DurableSettings,
    /// Numbers for them.
    pub numbers: Range<u64>,
}

impl<S: Source, E: Encoder> Pipeline<S, E> {
    // Inputs.

    /// Storage has a batch, or could not take it: then it waits in memory only.
    pub fn handle_stored(&mut self, id: BatchId, stored: Result<(), String>, now: Now) {
        let is_stored = if stored.is_ok() { Stored::Yes } else { Stored::Failed };
        if let Err(why) = stored {
            self.complain(&why);
        }
        if let Some(batch) = self.find(id) {
            batch.stored = is_stored;
        }
        self.advance(now);
    }

    /// The answer to [`Output::TakeOver`]. What was found is this pipeline's own from now on.
    pub fn handle_found(&mut self, found: Result<Found, String>, now: Now) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.is_asked = false;
        waiting.due = now.monotonic_ms + DEFAULT_TAKE_OVER_INTERVAL_MS;
        if self.is_stopped() {
            return;
        }
        match found {
            Ok(found) => self.take_in(found, now),
            Err(why) => self.complain(&why),
        }
        self.advance(now);
    }

    /// The browser says that it lost its network, or has it again. That is a hint: some say so for good with a network that
    /// works, and the collector may be on this very machine. Without one, what fails is tried again seldom; what waits
    /// leaves as soon as there is one.
    pub fn handle_online(&mut self, is_online: bool, now: Now) {
        for line in &mut self.lines {
            line.lane.set_seldom(!is_online);
        }
        match is_online {
            true => self.set_gate(now),
            false => self.advance(now),
        }
    }

    /// The page can be seen again: it will not go without saying so.
    pub fn handle_staying(&mut self) {
        self.gate.is_hidden = false;
    }

    /// The page has been put aside (back/forward cache): what it has stored may be taken over by others meanwhile, so
    /// that nothing of it may be sent before [`Pipeline::handle_resumed`].
    pub fn handle_suspended(&mut self, now: Now) {
        self.gate.is_suspended = true;
        self.set_gate(now);
    }

    /// The page goes on. These batches belong to somebody else by now; they are dropped, counted as `handed_over`.
    pub fn handle_resumed(&mut self, gone: &[BatchId], now: Now) {
        self.gate.is_suspended = false;
        let mut lost = Vec::new();
        for line in &mut self.lines {
            let (batches, out) = line.lane.abandon(|batch| gone.contains(&batch.id));
            self.outputs.extend(out.map(Output::Abort));
            lost.extend(batches);
        }
        if let Some(waiting) = &mut self.waiting {
            lost.extend(waiting.backlog.take_all(|batch| gone.contains(&batch.id)));
        }
        for batch in lost {
            self.drop_items(batch.signal, reason::HANDED_OVER, batch.items);
        }
        self.set_gate(now);
    }

    fn set_gate(&mut self, now: Now) {
        let is_closed = self.gate.is_suspended;
        for line in &mut self.lines {
            line.lane.set_closed(is_closed);
            if !is_closed {
                line.lane.hurry(now.monotonic_ms);
            }
        }
        if !is_closed {
            self.look_again(now);
        }
        self.advance(now);
    }

    // What happens after every input.

    /// The next of what waits is the next to be sent.
    pub(super) fn load_what_waits(&mut self, now: Now) {
        let Some(waiting) = &mut self.waiting else { return };
        for line in &mut self.lines {
            if line.is_free(now.monotonic_ms)
                && let Some(batch) = waiting.backlog.pop(line.signal)
            {
                line.lane.load(vec![batch]);
            }
        }
    }

    /// Encodes one batch for a line whose lane is free. Where the page may go at any time it is stored as well.
    pub(super) fn load(&mut self, place: usize, now: Now) {
        let mut batches = self.encode(place, now);
        if self.gate.is_hidden && self.waiting.is_some() {
            self.outputs.extend(batches.iter_mut().filter_map(store));
        }
        if let Some(line) = self.lines.get_mut(place) {
            line.lane.load(batches);
        }
    }

    /// Where nothing can leave, batches that are due are put by, so that they outlive the page.
    pub(super) fn put_by_what_is_stuck(&mut self, now: Now) {
        for place in 0..self.lines.len() {
            while self.waiting.is_some()
                && let Some(line) = self.lines.get(place)
                && line.is_stuck(&self.settings, self.hurries(), now.monotonic_ms)
            {
                self.encode_and_put_by(place, now);
            }
        }
    }

    /// The page may go: all there is is put by, and what is out as well, since nobody may hear the answer.
    pub(super) fn put_by_all(&mut self, now: Now) {
        self.gate.is_hidden = true;
        if self.waiting.is_none() {
            return;
        }
        for place in 0..self.lines.len() {
            let may_leave = self.lines.get(place).is_some_and(|line| !line.lane.is_in_trouble());
            self.put_by_line(place, may_leave, now);
        }
    }

    /// The pipeline is about to stop: what has no way out now is put by, a last reading of the metrics as well.
    pub(super) fn put_by_what_cannot_leave(&mut self, now: Now) {
        for place in 0..self.lines.len() {
            let cannot_leave = |line: &Line| line.lane.is_in_trouble() && !line.is_free(now.monotonic_ms);
            if self.waiting.is_some() && self.lines.get(place).is_some_and(cannot_leave) {
                self.put_by_line(place, false, now);
            }
        }
    }

    /// The pipeline stops: what is left of what was recorded is put by.
    pub(super) fn put_by_records(&mut self, now: Now) {
        for place in 0..self.lines.len() {
            if self.waiting.is_none() {
                return;
            }
            // Metrics that were read and have left are told whole.
            let is_told = |line: &Line| line.is_reading() && line.lane.is_idle();
            if !self.lines.get(place).is_some_and(is_told) {
                self.put_by_line(place, false, now);
            }
        }
    }

    /// Whether storage was asked to take something and has not answered.
    pub(super) fn is_storing(&self) -> bool {
        let out = self.lines.iter().flat_map(|line| line.lane.batches());
        let waiting = self.waiting.iter().flat_map(|waiting| waiting.backlog.iter());
        out.chain(waiting).any(|batch| batch.stored == Stored::Asked)
    }

    /// All there is of a line is put by. What `may_leave` as usual stays where there is no room for it: it would be lost.
    fn put_by_line(&mut self, place: usize, may_leave: bool, now: Now) {
        self.store_batch_of(place);
        let goal = self.lines.get(place).map_or(0, Line::goal);
        while let Some(left) = self.lines.get(place).map(Line::left).filter(|&left| left < goal) {
            if may_leave && !self.has_room() {
                break;
            }
            self.encode_and_put_by(place, now);
            // Nothing more may come out of it.
            if self.lines.get(place).is_some_and(|line| line.left() == left) {
                break;
            }
        }
    }

    /// Whether what is due is put by where it would have to wait for an answer: the page may go at any time.
    pub(super) fn hurries(&self) -> bool {
        self.gate.is_hidden && self.has_room()
    }

    /// Whether another batch can be put by at the cost of none that waits.
    fn has_room(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| {
            let (bytes, batches) = waiting.backlog.room();
            batches > 0 && bytes >= self.longest_body(waiting.backlog.settings().max_bytes)
        })
    }

    /// Keeps copies of the batches that a line's lane has.
    fn store_batch_of(&mut self, place: usize) {
        if let Some(line) = self.lines.get_mut(place) {
            self.outputs.extend(line.lane.batches_mut().filter_map(store));
        }
    }

    fn encode_and_put_by(&mut self, place: usize, now: Now) {
        for batch in self.encode(place, now) {
            self.put_by(batch);
        }
    }

    /// Puts a batch into the queue, and into storage.
    pub(super) fn put_by(&mut self, mut batch: Batch) {
        let Some(waiting) = &mut self.waiting else { return };
        self.outputs.extend(store(&mut batch));
        let over = waiting.backlog.push(batch);
        self.drop_batches(over, reason::DURABLE_FULL);
    }

    /// Keeps a copy of the batch that a lane has, if there is a place for copies.
    pub(super) fn store_sent(&mut self, signal: Signal) {
        if self.waiting.is_some()
            && let Some(place) = self.lines.iter().position(|line| line.signal == signal)
        {
            self.store_batch_of(place);
        }
    }

    /// A batch is settled: its copy is of no use any more.
    pub(super) fn forget(&mut self, batch: &Batch) {
        if matches!(batch.stored, Stored::Asked | Stored::Yes) {
            self.outputs.push_back(Output::Forget(batch.id));
        }
    }

    /// Looks for what others left behind, now and then; and lets go of what is too old.
    pub(super) fn take_over(&mut self, now: Now) {
        let (now_ms, first) = (now.monotonic_ms, self.next_id);
        let Some(waiting) = &mut self.waiting else { return };
        if now_ms < waiting.due {
            return;
        }
        let well = self.lines.iter().filter(|line| !line.lane.is_in_trouble());
        let signals: Vec<Signal> = well.map(|line| line.signal).collect();
        waiting.due = now_ms + DEFAULT_TAKE_OVER_INTERVAL_MS;
        let (room_bytes, room_batches) = waiting.backlog.room();
        if !signals.is_empty() && room_batches > 0 && !waiting.is_asked {
            waiting.is_asked = true;
            let numbers = first..first + room_batches as u64;
            self.next_id = numbers.end;
            let settings = waiting.backlog.settings();
            self.outputs.push_back(Output::TakeOver(TakeOver {
                room_bytes,
                room_batches,
                signals,
                settings,
                numbers,
            }));
        }
        let expired = waiting.backlog.take_expired(now.epoch_ms());
        self.drop_batches(expired, reason::DURABLE_EXPIRED);
    }

    /// There may be more to be had than a moment ago.
    pub(super) fn look_again(&mut self, now: Now) {
        if let Some(waiting) = &mut self.waiting {
            waiting.due = now.monotonic_ms;
        }
    }

    /// What is left when the pipeline stops: what is in storage is handed over to whoever comes, the rest is lost.
    pub(super) fn drop_the_rest(&mut self) {
        let mut rest = self.waiting.as_mut().map(|it| it.backlog.take_all(|_| true)).unwrap_or_default();
        for line in &mut self.lines {
            let (batches, out) = line.lane.abandon(|_| true);
            rest.extend(batches);
            self.outputs.extend(out.map(Output::Abort));
        }
        let (stored, lost): (Vec<Batch>, Vec<Batch>) =
            rest.into_iter().partition(|batch| batch.stored == Stored::Yes);
        for batch in stored {
            self.drop_items(batch.signal, reason::HANDED_OVER, batch.items);
        }
        self.drop_batches(lost, reason::SHUTDOWN);
    }

    fn take_in(&mut self, found: Found, now: Now) {
        for (signal, items, why) in found.discarded {
            self.source.emitted(signal, items);
            self.drop_items(signal, why, items);
        }
        for batch in found.batches {
            self.source.emitted(batch.signal, batch.items);
            self.put_by(batch);
        }
        if found.broken > 0 {
            let said =
                format!("{} entries of the durable queue could not be read and were deleted", found.broken);
            self.source.set_last_error(said);
        }
        if let (Some(waiting), Some(again)) = (&mut self.waiting, found.again_in_ms) {
            waiting.due = now.monotonic_ms + again.min(DEFAULT_TAKE_OVER_INTERVAL_MS);
        }
    }

    fn drop_batches(&mut self, batches: Vec<Batch>, why: &'static str) {
        for batch in batches {
            self.drop_items(batch.signal, why, batch.items);
            self.forget(&batch);
        }
    }

    /// Says once what is wrong with the storage.
    fn complain(&mut self, why: &str) {
        if let Some(waiting) = &mut self.waiting
            && !std::mem::replace(&mut waiting.complained, true)
        {
            self.source.set_last_error(format!("the durable queue is kept in memory only: {why}"));
        }
    }

    fn find(&mut self, id: BatchId) -> Option<&mut Batch> {
        let out = self.lines.iter_mut().flat_map(|line| line.lane.batches_mut()).find(|batch| batch.id == id);
        out.or_else(|| self.waiting.as_mut()?.backlog.find_mut(id))
    }
}

/// What is to be done so that storage has a copy, if it has none and was not asked for one.
pub(super) fn store(batch: &mut Batch) -> Option<Output> {
    let is_new = batch.stored == Stored::No;
    is_new.then(|| {
        batch.stored = Stored::Asked;
        Output::Store(batch.clone())
    })
}
