//! The pipeline itself: both signals, their schedules, and the flushes over them.

use std::collections::VecDeque;
use std::fmt;

use super::flush::{Flush, FlushId, Progress};
use super::lane::{Lane, Settled};
use super::spans::SpanQueue;
use super::{Encoder, Now, Output, Reply, Request, RequestId, Settings, Verdict, reason};
use crate::signal::Signal;
use crate::source::{Fate, Source};

/// The longest body of a request, in bytes: what a collector must take. A batch that is longer is sent in parts; a
/// single span, or a reading of the metrics, that is longer is dropped, counted as `request_too_large`.
pub const DEFAULT_MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

/// Takes telemetry from a [`Source`], encodes it with an [`Encoder`] and says what to send when; see the module.
pub struct Pipeline<S, E> {
    source: S,
    encoder: E,
    settings: Settings,
    random: Box<dyn FnMut() -> f64>,
    traces: Option<Traces>,
    metrics: Option<Metrics>,
    flushes: Vec<Flush>,
    outputs: VecDeque<Output>,
    next_id: u64,
    leaving: Option<Leaving>,
    stage: Stage,
}

struct Traces {
    lane: Lane,
    queue: SpanQueue,
    /// When to send what there is, however little.
    due: u64,
}

struct Metrics {
    lane: Lane,
    /// When to read and send them.
    due: u64,
    /// How often they were read.
    readings: u64,
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
    /// Stops when this is over.
    Stopping(FlushId),
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
        Pipeline {
            traces: settings.signals.contains(&Signal::Traces).then(|| Traces {
                lane: Lane::new(),
                queue: SpanQueue::new(settings.max_queue_size),
                due: now_ms + settings.schedule_delay_ms,
            }),
            metrics: settings.signals.contains(&Signal::Metrics).then(|| Metrics {
                lane: Lane::new(),
                due: now_ms + settings.metric_interval_ms,
                readings: 0,
            }),
            source,
            encoder,
            settings,
            random: Box::new(random),
            flushes: Vec::new(),
            outputs: VecDeque::new(),
            next_id: 0,
            leaving: None,
            stage: Stage::Running,
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

    /// Records may have come: a full batch leaves at once. Costs little when none have.
    pub fn handle_records(&mut self, now: Now) {
        if self.traces.is_some() && !self.source.is_empty() {
            self.advance(now);
        }
    }

    /// The time that [`Pipeline::next_wake`] named has come. Too early does no harm.
    pub fn handle_wake(&mut self, now: Now) {
        self.advance(now);
    }

    /// A request ended. Replies to requests that were aborted are ignored.
    pub fn handle_reply(&mut self, id: RequestId, reply: Reply, now: Now) {
        let Some(signal) =
            Signal::ALL.into_iter().find(|&signal| self.lane_mut(signal).is_some_and(|lane| lane.awaits(id)))
        else {
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
        let again = self.leaving.is_some() && self.source.is_empty();
        if self.stage == Stage::Running && !again {
            let flush = self.begin_flush(now);
            self.leaving = Some(Leaving { flush, max_body_bytes });
            self.advance(now);
        }
    }

    // Commands.

    /// Sends what is queued of every signal, metrics included. [`Output::Flushed`] tells when each item has been
    /// settled, or its signal's collector has failed once (then what remains stays pending and is not tried one by
    /// one), or [`DEFAULT_FLUSH_TIMEOUT_MS`](super::DEFAULT_FLUSH_TIMEOUT_MS) has passed.
    pub fn flush(&mut self, now: Now) -> FlushId {
        let id = self.begin_flush(now);
        self.advance(now);
        id
    }

    /// Flushes, then stops as [`Pipeline::stop`] does. [`Output::Flushed`] tells when that is done.
    pub fn shutdown(&mut self, now: Now) -> FlushId {
        let id = self.begin_flush(now);
        if self.stage == Stage::Running {
            self.stage = Stage::Stopping(id);
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
        if let Some(traces) = &mut self.traces {
            let queued = traces.queue.clear();
            self.drop_items(Signal::Traces, reason::SHUTDOWN, queued);
        }
        for signal in Signal::ALL {
            let Some((items, out)) = self.lane_mut(signal).map(Lane::abandon) else { continue };
            self.drop_items(signal, reason::SHUTDOWN, items);
            self.outputs.extend(out.map(Output::Abort));
        }
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
        // A lane that has a batch wakes for that; without one the schedule counts, but not while it has to hold.
        let wake = |lane: &Lane, due: u64| lane.next_wake().unwrap_or_else(|| due.max(lane.hold_until()));
        let traces = self
            .traces
            .as_ref()
            .map(|traces| wake(&traces.lane, if self.wants_batch(traces) { 0 } else { traces.due }));
        let metrics = self.metrics.as_ref().map(|metrics| wake(&metrics.lane, metrics.due));
        let flushes = self.flushes.iter().map(|flush| flush.deadline).min();
        [traces, metrics, flushes].into_iter().flatten().min()
    }

    // What happens after every input.

    fn advance(&mut self, now: Now) {
        if !self.is_stopped() {
            self.take_records();
            self.fail_overdue(now);
            self.release_flushes(now);
            self.send_spans(now);
            self.send_metrics(now);
            self.release_flushes(now);
        }
        self.finish_flushes(now);
    }

    fn take_records(&mut self) {
        let Some(traces) = &mut self.traces else { return };
        let mut over = 0;
        while !self.source.is_empty() {
            let records = self.source.drain(self.settings.max_queue_size);
            if records.is_empty() {
                break;
            }
            over += traces.queue.extend(records);
        }
        self.drop_items(Signal::Traces, reason::QUEUE_FULL, over);
    }

    fn fail_overdue(&mut self, now: Now) {
        for signal in Signal::ALL {
            let Some(id) = self.lane_mut(signal).and_then(|lane| lane.overdue(now.monotonic_ms)) else {
                continue;
            };
            self.outputs.push_back(Output::Abort(id));
            let reason = format!("no answer within {} ms", self.settings.timeout_ms(signal));
            self.settle(signal, &Verdict::Retry { after_ms: None, reason }, now);
        }
    }

    fn settle(&mut self, signal: Signal, verdict: &Verdict, now: Now) {
        let random = (self.random)();
        let Some(lane) = self.lane_mut(signal) else { return };
        let settled = lane.handle_verdict(verdict, now.monotonic_ms, random);
        let said = match verdict {
            Verdict::Accepted { reason, .. } => reason.as_deref(),
            Verdict::Refused { reason } | Verdict::Retry { reason, .. } => Some(reason.as_str()),
        };
        if let Some(said) = said {
            self.source.set_last_error(format!("{}: {said}", signal.name()));
        }
        match settled {
            Settled::Done { delivered, rejected } => {
                self.count(signal, Fate::Delivered, delivered);
                self.count(signal, Fate::Rejected, rejected);
            }
            Settled::Exhausted { items } => self.drop_items(signal, reason::RETRIES_EXHAUSTED, items),
            Settled::Kept => {}
        }
    }

    fn send_spans(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        let Some(mut traces) = self.traces.take() else { return };
        while traces.lane.is_idle() && now_ms >= traces.lane.hold_until() {
            if now_ms < traces.due && !self.wants_batch(&traces) {
                break;
            }
            let (body, count) = self.encode_spans(&mut traces.queue);
            self.pass_on_complaint(Signal::Traces);
            traces.queue.take(count);
            // What stays behind keeps its time: it may be over already, if the lane was not free.
            if traces.queue.len() == 0 {
                traces.due = now_ms + self.settings.schedule_delay_ms;
            }
            if count == 0 {
                break;
            }
            if body.len() > DEFAULT_MAX_REQUEST_BYTES {
                self.drop_items(Signal::Traces, reason::REQUEST_TOO_LARGE, count as u64);
            } else {
                traces.lane.load(body, count as u64);
            }
        }
        self.send(Signal::Traces, &mut traces.lane, now_ms);
        self.traces = Some(traces);
    }

    /// As many of the oldest spans as one request takes; one at least, if there is one.
    fn encode_spans(&mut self, queue: &mut SpanQueue) -> (Vec<u8>, usize) {
        if queue.len() == 0 {
            return (Vec::new(), 0);
        }
        let limit = self.leaving.map_or(DEFAULT_MAX_REQUEST_BYTES, |leaving| leaving.max_body_bytes);
        let mut count = self.settings.max_batch_size.min(queue.len());
        loop {
            let body = self.encoder.spans(queue.peek(count));
            if body.len() <= limit || count <= 1 {
                return (body, count);
            }
            // Spans are about as long as each other: so many should fit. Fewer than before in any case.
            let fit = count as u64 * limit as u64 / body.len() as u64;
            count = (fit as usize).clamp(1, count - 1);
        }
    }

    /// Whether a batch need not wait for its time: it is full, or a flush waits for it.
    fn wants_batch(&self, traces: &Traces) -> bool {
        let queue = &traces.queue;
        let flushed = |flush: &Flush| flush.goal(Signal::Traces).is_some_and(|goal| queue.left() < goal);
        queue.len() >= self.settings.max_batch_size || self.flushes.iter().any(flushed)
    }

    fn send_metrics(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        let Some(mut metrics) = self.metrics.take() else { return };
        let flushed = |flush: &Flush| flush.goal(Signal::Metrics).is_some_and(|goal| metrics.readings < goal);
        let due = now_ms >= metrics.due || self.flushes.iter().any(flushed);
        if due && metrics.lane.is_idle() && now_ms >= metrics.lane.hold_until() {
            metrics.due = now_ms + self.settings.metric_interval_ms;
            metrics.readings += 1;
            let encoded = self.encoder.metrics(&self.source.metrics(now.unix_nano));
            self.pass_on_complaint(Signal::Metrics);
            if encoded.points > 0 {
                self.source.emitted(Signal::Metrics, encoded.points);
                if encoded.body.len() > DEFAULT_MAX_REQUEST_BYTES {
                    self.drop_items(Signal::Metrics, reason::REQUEST_TOO_LARGE, encoded.points);
                } else {
                    metrics.lane.load(encoded.body, encoded.points);
                }
            }
        }
        self.send(Signal::Metrics, &mut metrics.lane, now_ms);
        self.metrics = Some(metrics);
    }

    fn send(&mut self, signal: Signal, lane: &mut Lane, now_ms: u64) {
        let id = RequestId(self.next_id);
        if let Some(body) = lane.send(id, now_ms, self.settings.timeout_ms(signal)) {
            self.next_id += 1;
            self.outputs.push_back(Output::Send(Request { id, signal, body }));
        }
    }

    fn begin_flush(&mut self, now: Now) -> FlushId {
        let now_ms = now.monotonic_ms;
        let id = FlushId(self.next_id);
        self.next_id += 1;
        let mut flush = Flush::new(id, now_ms);
        if !self.is_stopped() {
            self.take_records();
            if let Some(traces) = &mut self.traces {
                traces.lane.hurry(now_ms);
                flush.wait_for(Signal::Traces, traces.queue.came(), traces.lane.failed_ever());
            }
            if let Some(metrics) = &mut self.metrics {
                metrics.lane.hurry(now_ms);
                flush.wait_for(Signal::Metrics, metrics.readings + 1, metrics.lane.failed_ever());
            }
        }
        self.flushes.push(flush);
        id
    }

    fn release_flushes(&mut self, now: Now) {
        let (traces, metrics) = (self.traces.as_ref(), self.metrics.as_ref());
        let progress = |signal| match signal {
            Signal::Traces => traces.map(|traces| Progress {
                settled: traces.queue.left() - traces.lane.items(),
                failed: traces.lane.failed_ever(),
                must_wait: traces.lane.must_wait(now.monotonic_ms),
            }),
            Signal::Metrics => metrics.map(|metrics| Progress {
                settled: metrics.readings - u64::from(!metrics.lane.is_idle()),
                failed: metrics.lane.failed_ever(),
                must_wait: metrics.lane.must_wait(now.monotonic_ms),
            }),
        };
        for flush in &mut self.flushes {
            flush.update(progress);
        }
    }

    fn finish_flushes(&mut self, now: Now) {
        let now_ms = now.monotonic_ms;
        let (over, open) =
            std::mem::take(&mut self.flushes).into_iter().partition(|flush| flush.is_over(now_ms));
        let over: Vec<Flush> = over;
        self.flushes = open;
        let is_over = |id: FlushId| over.iter().any(|flush| flush.id == id);
        if self.leaving.is_some_and(|leaving| is_over(leaving.flush)) {
            self.leaving = None;
        }
        let stops = matches!(self.stage, Stage::Stopping(id) if is_over(id));
        if stops {
            self.stop();
        }
        self.outputs.extend(over.iter().map(|flush| Output::Flushed(flush.id)));
    }

    fn lane_mut(&mut self, signal: Signal) -> Option<&mut Lane> {
        match signal {
            Signal::Traces => self.traces.as_mut().map(|traces| &mut traces.lane),
            Signal::Metrics => self.metrics.as_mut().map(|metrics| &mut metrics.lane),
        }
    }

    fn pass_on_complaint(&mut self, signal: Signal) {
        if let Some(complaint) = self.encoder.complaint() {
            self.source.set_last_error(format!("{}: {complaint}", signal.name()));
        }
    }

    fn drop_items(&self, signal: Signal, reason: &str, n: u64) {
        self.count(signal, Fate::Dropped(reason), n);
    }

    fn count(&self, signal: Signal, fate: Fate<'_>, n: u64) {
        if n > 0 {
            self.source.settle(signal, fate, n);
        }
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
