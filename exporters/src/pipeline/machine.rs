//! The pipeline itself: the line of each signal, and the flushes over them.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use super::flush::{DEFAULT_STORE_TIMEOUT_MS, Flush, FlushId, Progress};
use super::lane::Settled;
use super::line::{Limits, Line};
use super::report::{REJECTED, SelfReport};
use super::waiting::{Gate, Waiting};
use super::{Encoder, Now, Output, Reply, Request, RequestId, Settings, Verdict, reason};
use crate::durable::Batch;
use crate::signal::Signal;
use crate::source::{Fate, Source};

/// How long a batch waits for idle time, in milliseconds. When it is reached the batch is encoded all the same.
pub const DEFAULT_IDLE_WAIT_MS: u64 = 250;

/// Takes telemetry from a [`Source`], encodes it with an [`Encoder`] and says what to send when; see the module.
pub struct Pipeline<S, E> {
    pub(super) source: S,
    pub(super) encoder: E,
    pub(super) settings: Settings,
    random: Box<dyn FnMut() -> f64>,
    pub(super) lines: Vec<Line>,
    pub(super) waiting: Option<Waiting>,
    pub(super) gate: Gate,
    flushes: Vec<Flush>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) next_id: u64,
    leaving: Option<Leaving>,
    stage: Stage,
    /// Until when idle time was asked for.
    idle: Option<u64>,
    /// How many turns in idle time were given to lines.
    turns: u64,
    /// When it was last looked at.
    looked_ms: u64,
    /// When it began, nanoseconds since the Unix epoch.
    began_unix_nano: u64,
}

/// The page may go: short requests, until the flush is over.
#[derive(Clone, Copy)]
struct Leaving {
    flush: FlushId,
    max_body_bytes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Stores what is left when this is over.
    Stopping(FlushId),
    /// What could not leave is being stored: this is over, and the pipeline stops, when that is done.
    Storing(FlushId),
    Stopped,
}

impl<S: Source, E: Encoder> Pipeline<S, E> {
    /// A pipeline that begins its schedules now. `random` gives numbers from 0 up to 1, for the jitter.
    pub fn new(
        source: S,
        encoder: E,
        settings: Settings,
        random: impl FnMut() -> f64 + 'static,
        now: Now,
    ) -> Pipeline<S, E> {
        let now_ms = now.monotonic_ms;
        let wanted = |signal: &Signal| settings.signals.contains(signal);
        let line = |signal| Line::new(signal, &settings, now_ms);
        Pipeline {
            lines: Signal::ALL.into_iter().filter(wanted).map(line).collect(),
            waiting: settings.durable.map(|durable| Waiting::new(durable, now_ms)),
            gate: Gate::default(),
            source,
            encoder,
            settings,
            random: Box::new(random),
            flushes: Vec::new(),
            outputs: VecDeque::new(),
            next_id: 0,
            leaving: None,
            stage: Stage::Running,
            idle: None,
            turns: 0,
            looked_ms: now_ms,
            began_unix_nano: now.unix_nano,
        }
    }

    // Getters.

    /// Where the telemetry comes from, and the ledger.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Whether it has been shut down: it does nothing any more.
    pub fn is_stopped(&self) -> bool {
        self.stage == Stage::Stopped
    }

    // Inputs.

    /// Records may have come: a full batch leaves as soon as there is idle time. Costs little when none have.
    pub fn handle_records(&mut self, now: Now) {
        if !self.source.is_empty() {
            self.advance(now);
        }
    }

    /// The time that [`Pipeline::next_wake`] named has come. Too early does no harm.
    pub fn handle_wake(&mut self, now: Now) {
        self.advance(now);
    }

    /// There is idle time: one batch is encoded. Unasked does no harm.
    pub fn handle_idle(&mut self, now: Now) {
        // Its time is over: the batch that has waited longest has its turn.
        self.idle = Some(now.monotonic_ms);
        self.advance(now);
    }

    /// A request ended. Replies to requests that were aborted are ignored.
    pub fn handle_reply(&mut self, id: RequestId, reply: Reply, now: Now) {
        let Some(signal) = self.lines.iter().find(|line| line.lane.awaits(id)).map(|line| line.signal) else {
            return;
        };
        let verdict = match reply {
            Reply::Answered(answer) => self.encoder.judge(signal, &answer, now.unix_nano),
            Reply::Failed(reason) => Verdict::Retry { after_ms: None, reason },
        };
        self.settle(signal, &verdict, now);
        self.advance(now);
    }

    /// The page may be about to go: what is queued leaves now, in requests whose bodies have at most so many bytes
    /// where that is possible, so that the browser lets them outlive the page.
    pub fn handle_leaving(&mut self, max_body_bytes: usize, now: Now) {
        // A page says twice that it goes: once is enough, unless something has come in between.
        let nothing_came = self.source.is_empty() && self.lines.iter().all(|line| !line.has_records());
        let again = self.leaving.is_some() && nothing_came;
        if again || self.gate.is_suspended {
            return;
        }
        let flush = match self.stage {
            Stage::Running => self.begin_flush(now),
            // What is being shut down loses nothing either.
            Stage::Stopping(flush) | Stage::Storing(flush) => flush,
            Stage::Stopped => return,
        };
        // A body that is longer than what storage takes would not be stored.
        let stored = self.settings.durable.map_or(u64::MAX, |durable| durable.max_bytes);
        let max_body_bytes = max_body_bytes.min(usize::try_from(stored).unwrap_or(usize::MAX));
        self.leaving = Some(Leaving { flush, max_body_bytes });
        self.take_records();
        self.put_by_all(now);
        self.advance(now);
    }

    // Commands.

    /// Sends what is queued of every signal, metrics included. [`Output::Flushed`] tells when each item has been
    /// settled, or its signal's collector has failed once (then what remains stays pending and is not tried one by
    /// one), or nothing can be sent at all (the page was put aside), or [`DEFAULT_FLUSH_TIMEOUT_MS`](super::DEFAULT_FLUSH_TIMEOUT_MS) has passed.
    pub fn flush(&mut self, now: Now) -> FlushId {
        let id = self.begin_flush(now);
        self.advance(now);
        id
    }

    /// Flushes, has what could not leave stored (where there is a durable queue), then stops as [`Pipeline::stop`] does.
    /// [`Output::Flushed`] tells when that is done.
    pub fn shutdown(&mut self, now: Now) -> FlushId {
        let id = self.begin_flush(now);
        if self.stage == Stage::Running {
            self.stage = Stage::Stopping(id);
            self.put_by_what_cannot_leave(now);
        }
        self.advance(now);
        id
    }

    /// Stops now: what is pending is dropped, counted as `shutdown`; every flush is over.
    pub fn stop(&mut self) {
        if self.is_stopped() {
            return;
        }
        self.take_records();
        self.stage = Stage::Stopped;
        for line in &mut self.lines {
            let queued = line.queue().map_or(0, |queue| queue.clear());
            count(&self.source, line.signal, Fate::Dropped(reason::SHUTDOWN), queued);
        }
        self.drop_the_rest();
        self.source.close();
        let over = std::mem::take(&mut self.flushes);
        self.outputs.extend(over.iter().map(|flush| Output::Flushed(flush.id)));
    }

    // Polls.

    /// What to do next. To be asked until it is empty after every input and command.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Pipeline::handle_wake`], in milliseconds on the monotonic clock.
    pub fn next_wake(&self) -> Option<u64> {
        if self.is_stopped() {
            return None;
        }
        let hurries = self.hurries();
        // What could leave already waits for idle time only.
        let lines = self.lines.iter().filter_map(|line| line.next_wake(&self.settings, hurries));
        let lines = lines.filter(|&at| self.idle.is_none() || at > self.looked_ms);
        let flushes = self.flushes.iter().map(|flush| flush.deadline);
        let waiting = self.waiting.as_ref().map(Waiting::next_wake);
        lines.chain(flushes).chain(self.idle).chain(waiting).min()
    }

    // What happens after every input.

    pub(super) fn advance(&mut self, now: Now) {
        self.looked_ms = now.monotonic_ms;
        if !self.is_stopped() {
            self.take_records();
            self.fail_overdue(now);
            self.release_flushes(now);
            self.load_what_waits(now);
            self.encode_what_cannot_wait(now);
            self.encode_in_idle_time(now);
            self.put_by_what_is_stuck(now);
            self.send(now);
            self.take_over(now);
            self.release_flushes(now);
            for line in &mut self.lines {
                line.tell_retry(&self.source, now);
            }
        }
        self.finish_flushes(now);
    }

    fn take_records(&mut self) {
        while !self.source.is_empty() {
            let records = self.source.drain(self.settings.max_queue_size);
            if records.is_empty() {
                break;
            }
            for record in records {
                let Some(signal) = Signal::of(&record) else { continue };
                let line = self.lines.iter_mut().find(|line| line.signal == signal);
                match line.and_then(Line::queue) {
                    Some(queue) => {
                        let over = queue.push(record);
                        count(&self.source, signal, Fate::Dropped(reason::QUEUE_FULL), over);
                    }
                    None => count(&self.source, signal, Fate::Dropped(reason::NOT_SENT), 1),
                }
            }
        }
    }

    fn fail_overdue(&mut self, now: Now) {
        let overdue = |line: &Line| Some((line.signal, line.lane.overdue(now.monotonic_ms)?));
        let overdue: Vec<(Signal, RequestId)> = self.lines.iter().filter_map(overdue).collect();
        for (signal, id) in overdue {
            self.outputs.push_back(Output::Abort(id));
            let reason = format!("no answer within {} ms", self.settings.timeout_ms(signal));
            self.settle(signal, &Verdict::Retry { after_ms: None, reason }, now);
        }
    }

    fn settle(&mut self, signal: Signal, verdict: &Verdict, now: Now) {
        let random = (self.random)();
        let Some(line) = self.lines.iter_mut().find(|line| line.signal == signal) else { return };
        let was_in_trouble = line.lane.is_in_trouble();
        let settled = line.lane.handle_verdict(verdict, now.monotonic_ms, random);
        match settled {
            Settled::Done { batch, delivered, rejected, took_ms } => {
                line.ended((rejected > 0).then_some(REJECTED), took_ms);
                if rejected > 0
                    && let Some(why) = verdict.reason()
                {
                    self.source.set_last_rejection(signal, why);
                }
                count(&self.source, signal, Fate::Delivered, delivered);
                count(&self.source, signal, Fate::Rejected, rejected);
                self.forget(&batch);
            }
            Settled::TooLarge { batch, took_ms } => {
                line.learn(batch.body.len(), now.monotonic_ms);
                self.send_in_parts(batch, verdict.reason(), took_ms, now);
            }
            Settled::Exhausted { batch, .. } if self.waiting.is_some() => {
                // It has time, and others get a turn.
                self.put_by(Batch { attempts: 0, rounds: batch.rounds.saturating_add(1), ..batch });
            }
            Settled::Exhausted { batch, took_ms } => {
                line.ended(Some(reason::RETRIES_EXHAUSTED), took_ms);
                self.drop_items(signal, reason::RETRIES_EXHAUSTED, batch.items);
            }
            Settled::Kept => self.store_sent(signal),
        }
        let is_in_trouble = |line: &Line| line.signal == signal && line.lane.is_in_trouble();
        if was_in_trouble && !self.lines.iter().any(is_in_trouble) {
            self.look_again(now);
        }
        if let Some(said) = verdict.reason() {
            self.source.set_last_error(format!("{}: {said}", signal.name()));
        }
    }

    /// Encodes what a flush waits for, and what has to make room.
    fn encode_what_cannot_wait(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        for place in 0..self.lines.len() {
            while self.lines.get(place).is_some_and(|line| line.is_free(now_ms) && self.is_urgent(line)) {
                self.load(place, now);
            }
        }
        for line in &mut self.lines {
            line.skip(&self.settings, now_ms);
        }
    }

    fn is_urgent(&self, line: &Line) -> bool {
        line.is_pressed() || self.flushes.iter().any(|flush| flush.wants(line.signal, line.left()))
    }

    /// Encodes one batch if this is idle time, or there was none for too long; asks for more where more could leave.
    fn encode_in_idle_time(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        if self.idle.take_if(|until| now_ms >= *until).is_some() {
            let ready = self
                .lines
                .iter_mut()
                .enumerate()
                .filter(|(_, line)| line.could_leave(&self.settings, now_ms));
            if let Some((place, line)) = ready.min_by_key(|(_, line)| line.turn) {
                self.turns += 1;
                line.turn = self.turns;
                self.load(place, now);
            }
        }
        if self.idle.is_none() && self.lines.iter().any(|line| line.could_leave(&self.settings, now_ms)) {
            self.idle = Some(now_ms + DEFAULT_IDLE_WAIT_MS);
            self.outputs.push_back(Output::EncodeWhenIdle);
        }
    }

    /// Encodes one batch of one line; it is more than one where it is longer than a request may be.
    pub(super) fn encode(&mut self, place: usize, now: Now) -> Vec<Batch> {
        let is_reading = self.lines.get(place).is_some_and(Line::is_reading);
        let report = if is_reading { self.report() } else { SelfReport::default() };
        let Some(line) = self.lines.get_mut(place) else { return Vec::new() };
        // What may have to be stored leaves room for another one.
        let stored = self.settings.durable.map_or(u64::MAX, |durable| durable.max_bytes / 2);
        let expected = self.leaving.map_or(stored, |leaving| stored.min(leaving.max_body_bytes as u64));
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let max_body_bytes = line.max_body_bytes(now.monotonic_ms).min(expected);
        let limits = Limits { settings: &self.settings, max_body_bytes };
        let encoded = line.encode(&self.source, &mut self.encoder, &limits, &report, now);
        let signal = line.signal;
        match encoded.map(|encoded| Batch::made(&mut self.next_id, signal, encoded, now)) {
            Some(batch) => self.in_parts(batch, max_body_bytes, now),
            None => Vec::new(),
        }
    }

    /// The longest body that is to be expected, where storage takes so many bytes in all.
    pub(super) fn longest_body(&self, max_bytes: u64) -> u64 {
        self.leaving.map_or(max_bytes / 2, |leaving| leaving.max_body_bytes as u64)
    }

    /// What it knows of its own work.
    fn report(&self) -> SelfReport {
        let report = |line: &Line| Some(line.report(self.source.account(line.signal)?));
        SelfReport {
            start_unix_nano: self.began_unix_nano,
            signals: self.lines.iter().filter_map(report).collect(),
        }
    }

    fn send(&mut self, now: Now) {
        for line in &mut self.lines {
            let id = RequestId(self.next_id);
            if let Some(batch) = line.lane.send(id, now.monotonic_ms, self.settings.timeout_ms(line.signal)) {
                self.next_id += 1;
                let (body, content_type) = (Rc::clone(&batch.body), batch.content_type.clone());
                self.outputs.push_back(Output::Send(Request { id, signal: line.signal, body, content_type }));
            }
        }
    }

    fn begin_flush(&mut self, now: Now) -> FlushId {
        let now_ms = now.monotonic_ms;
        let id = FlushId(self.next_id);
        self.next_id += 1;
        let mut flush = Flush::new(id, now_ms);
        if !self.is_stopped() {
            self.take_records();
            for line in &mut self.lines {
                line.lane.hurry(now_ms);
                flush.wait_for(line.signal, line.goal(), line.lane.failed_ever());
            }
        }
        self.flushes.push(flush);
        id
    }

    fn release_flushes(&mut self, now: Now) {
        let (lines, waiting) = (&self.lines, self.waiting.as_ref());
        let waiting = || waiting.into_iter().flat_map(|waiting| waiting.backlog.iter());
        let progress = |signal| {
            let line = lines.iter().find(|line| line.signal == signal)?;
            let progress = line.progress(waiting(), now.monotonic_ms);
            Some(Progress { must_wait: progress.must_wait || line.lane.is_shut(), ..progress })
        };
        for flush in &mut self.flushes {
            flush.update(progress);
        }
    }

    fn finish_flushes(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        let stores = self.store_what_is_left(now);
        let is_over =
            |flush: &Flush| flush.is_over(now_ms) && (stores != Some(flush.id) || now_ms >= flush.deadline);
        let (over, open) = std::mem::take(&mut self.flushes).into_iter().partition(is_over);
        let over: Vec<Flush> = over;
        self.flushes = open;
        let is_over = |id: FlushId| over.iter().any(|flush| flush.id == id);
        if self.leaving.is_some_and(|leaving| is_over(leaving.flush)) {
            self.leaving = None;
        }
        if matches!(self.stage, Stage::Storing(id) if is_over(id)) {
            self.stop();
        }
        self.outputs.extend(over.iter().map(|flush| Output::Flushed(flush.id)));
    }

    /// Has what is left stored once, when the flush of a shutdown has come to its end. Tells which one waits for that.
    fn store_what_is_left(&mut self, now: Now) -> Option<FlushId> {
        if let Stage::Stopping(id) = self.stage
            && let Some(flush) = self.flushes.iter_mut().find(|flush| flush.id == id)
            && flush.is_over(now.monotonic_ms)
        {
            flush.give_up_goals(now.monotonic_ms + DEFAULT_STORE_TIMEOUT_MS);
            self.stage = Stage::Storing(id);
            self.put_by_records(now);
        }
        match self.stage {
            Stage::Storing(id) if self.is_storing() => Some(id),
            _ => None,
        }
    }

    pub(super) fn drop_items(&self, signal: Signal, why: &str, n: u64) {
        count(&self.source, signal, Fate::Dropped(why), n);
    }
}

fn count(source: &impl Source, signal: Signal, fate: Fate<'_>, n: u64) {
    if n > 0 {
        source.settle(signal, fate, n);
    }
}

impl<S: fmt::Debug, E: fmt::Debug> fmt::Debug for Pipeline<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("source", &self.source)
            .field("encoder", &self.encoder)
            .finish_non_exhaustive()
    }
}
