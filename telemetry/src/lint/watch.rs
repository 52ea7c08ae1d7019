//! What is gathered of one task.

use std::sync::Arc;

use atelier_core::names::{Clue, Instrument, Metric, Phase};
use atelier_core::{AbortReason, Outcome};
use rustc_hash::FxHashMap;

use super::endings::DEFAULT_CANCEL_PATIENCE_SECONDS;
use super::messages::DEFAULT_LATE_REPLY_SECONDS;
use super::settings::Settings;
use super::window::{DEFAULT_EVIDENCE_SECONDS, Evidence, SECOND, Window};
use crate::events::MetricFields;
use crate::record::TaskMeta;

/// A task's gauges as they were last told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauges {
    pub(super) in_flight: u64,
    pub(super) pending: u64,
    pub(super) waiting: u64,
    pub(super) workers: u64,
}

/// A cancelled call that goes on.
#[derive(Debug)]
pub(super) struct Abandoned {
    pub(super) since: u64,
    pub(super) method: Option<Arc<str>>,
}

/// The evidence of one task.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) meta: Arc<TaskMeta>,
    pub(super) settings: Settings,
    pub(super) window: Window,
    pub(super) gauges: Gauges,
    /// Until when the gauges' time is in the window.
    counted_until: Option<u64>,
    /// Calls that timed out since one was answered.
    pub(super) timeouts: u64,
    pub(super) last_timeout: u64,
    /// When a call was last answered.
    pub(super) last_answer: Option<u64>,
    /// Cancelled calls that go on. At most as many as may be in flight, since each has a place there.
    pub(super) abandoned: FxHashMap<u64, Abandoned>,
    /// The method whose handler last ended too late after its cancellation.
    pub(super) deaf_method: Option<Arc<str>>,
    /// The method whose payload was last copied in vain.
    pub(super) copied_method: Option<Arc<str>>,
    /// When workers were last stopped on purpose, by place.
    stopped: FxHashMap<u32, u64>,
    last_event: u64,
}

impl Watch {
    pub(super) fn new(meta: Arc<TaskMeta>, settings: Settings) -> Watch {
        Watch {
            meta,
            settings,
            window: Window::new(),
            gauges: Gauges::default(),
            counted_until: None,
            timeouts: 0,
            last_timeout: 0,
            last_answer: None,
            abandoned: FxHashMap::default(),
            deaf_method: None,
            copied_method: None,
            stopped: FxHashMap::default(),
            last_event: 0,
        }
    }

    /// Whether there is nothing left to be judged.
    pub(super) fn is_spent(&self, now: u64) -> bool {
        let Gauges { in_flight, pending, waiting, workers } = self.gauges;
        now.saturating_sub(self.last_event) > DEFAULT_EVIDENCE_SECONDS * SECOND
            && in_flight + pending + waiting + workers == 0
            && self.timeouts == 0
            && self.abandoned.is_empty()
    }

    /// The clock was set back: what is still to be judged happened by the new time, and the evidence by the second begins anew.
    pub(super) fn set_back(&mut self, by: i64) {
        let moved = |time: &mut u64| *time = time.saturating_add_signed(by);
        self.window = Window::new();
        self.abandoned.values_mut().for_each(|call| moved(&mut call.since));
        self.stopped.values_mut().for_each(moved);
        for time in [&mut self.last_timeout, &mut self.last_event] {
            moved(time);
        }
        for time in [&mut self.counted_until, &mut self.last_answer].into_iter().flatten() {
            moved(time);
        }
    }

    /// Puts the time that has passed since into the window, with the gauges as they have been.
    pub(super) fn advance(&mut self, now: u64) {
        let Some(counted_until) = self.counted_until else {
            self.counted_until = Some(now);
            return;
        };
        if now <= counted_until {
            return;
        }
        // What is older than the window is not kept anyway.
        let mut from = counted_until.max(now.saturating_sub(DEFAULT_EVIDENCE_SECONDS * SECOND));
        while from < now {
            let second = from / SECOND;
            let until = now.min((second + 1) * SECOND);
            self.pass(second, (until - from) as f64 / SECOND as f64);
            from = until;
        }
        self.counted_until = Some(now);
    }

    fn pass(&mut self, second: u64, seconds: f64) {
        let Gauges { in_flight, pending, waiting, workers } = self.gauges;
        let is_busy = in_flight >= self.meta.max_in_flight;
        // A task that is stopped has nothing in flight: what waits then was told to.
        let is_full = (in_flight > 0 && waiting > 0) || (is_busy && pending >= self.meta.max_queue_depth);
        let is_crowded = is_busy && pending + waiting > 0;
        let Some(evidence) = self.window.at(second) else { return };
        evidence.known += seconds;
        evidence.full += if is_full { seconds } else { 0.0 };
        evidence.crowded += if is_crowded { seconds } else { 0.0 };
        evidence.backlog += (pending + waiting) as f64 * seconds;
        evidence.waiting += waiting as f64 * seconds;
        evidence.most_in_flight = evidence.most_in_flight.max(in_flight);
        evidence.fewest_workers = Some(evidence.fewest_workers.map_or(workers, |fewest| fewest.min(workers)));
    }

    /// Takes a metric's value.
    pub(super) fn metric(&mut self, metric: Metric, value: f64, fields: &MetricFields) {
        let (time, count) = (fields.time, value as u64);
        self.last_event = self.last_event.max(time);
        if metric.instrument() != Instrument::Gauge {
            return self.event(metric, value, fields);
        }
        // The time until now is the old value's.
        self.advance(time);
        match metric {
            Metric::QueueInFlight => self.gauges.in_flight = count,
            Metric::QueuePending => self.gauges.pending = count,
            Metric::QueueWaiting => self.gauges.waiting = count,
            _ => self.gauges.workers = count,
        }
        if let Some(evidence) = self.window.at(time / SECOND) {
            evidence.most_in_flight = evidence.most_in_flight.max(self.gauges.in_flight);
        }
    }

    fn event(&mut self, metric: Metric, value: f64, fields: &MetricFields) {
        let time = fields.time;
        match metric {
            Metric::TaskCompleted => self.completed(time, fields.outcome, fields.cancel_reason),
            Metric::WorkerTerminated => {
                if let Some(index) = fields.worker_index {
                    self.stopped.insert(index, time);
                }
            }
            _ => {}
        }
        let restarts = metric == Metric::WorkerSpawned && self.was_just_stopped(fields.worker_index, time);
        let Some(evidence) = self.window.at(time / SECOND) else { return };
        match metric {
            Metric::QueueWait => evidence.started += 1,
            Metric::TaskCompleted if fields.outcome == Some(Outcome::Rejected) => evidence.refused += 1,
            Metric::TaskRequeued => evidence.requeued += value as u64,
            Metric::WorkerCrashed => evidence.crashed += 1,
            Metric::WorkerSpawned if restarts => evidence.restarted += 1,
            Metric::TaskPhase => duration(evidence, fields.phase, value),
            _ => {}
        }
    }

    fn completed(&mut self, time: u64, outcome: Option<Outcome>, reason: Option<AbortReason>) {
        match (outcome, reason) {
            (Some(Outcome::Ok | Outcome::Error), _) => {
                self.timeouts = 0;
                self.last_answer = Some(time);
            }
            (Some(Outcome::Canceled), Some(AbortReason::Timeout)) => {
                self.timeouts += 1;
                self.last_timeout = time;
            }
            _ => {}
        }
    }

    fn was_just_stopped(&mut self, index: Option<u32>, time: u64) -> bool {
        let stopped = index.and_then(|index| self.stopped.remove(&index));
        stopped.is_some_and(|stopped| time.saturating_sub(stopped) <= DEFAULT_EVIDENCE_SECONDS * SECOND)
    }

    /// Takes a clue, with the method it is about.
    pub(super) fn clue(&mut self, clue: Clue, value: f64, fields: &MetricFields, method: Option<Arc<str>>) {
        self.last_event = self.last_event.max(fields.time);
        match clue {
            Clue::CallAbandoned => {
                self.abandoned.insert(fields.call, Abandoned { since: fields.time, method });
            }
            Clue::CallReleased => self.released(value, fields),
            Clue::PayloadCopied => {
                self.copied_method = method;
                if let Some(evidence) = self.window.at(fields.time / SECOND) {
                    evidence.copied_calls += 1;
                    evidence.copied_bytes += value;
                }
            }
            Clue::KeysAborted => {}
        }
    }

    fn released(&mut self, seconds: f64, fields: &MetricFields) {
        let method = self.abandoned.remove(&fields.call).and_then(|call| call.method);
        if seconds < DEFAULT_CANCEL_PATIENCE_SECONDS {
            return;
        }
        self.deaf_method = method;
        if let Some(evidence) = self.window.at(fields.time / SECOND) {
            evidence.overruns += 1;
            evidence.longest_overrun = evidence.longest_overrun.max(seconds);
        }
    }
}

fn duration(evidence: &mut Evidence, phase: Option<Phase>, seconds: f64) {
    match phase {
        Some(Phase::Run) => {
            evidence.ran += 1;
            evidence.run += seconds;
        }
        Some(Phase::Delivery) => evidence.travel += seconds,
        Some(Phase::Reply) => {
            evidence.travel += seconds;
            evidence.replies += 1;
            evidence.late_replies += u64::from(seconds >= DEFAULT_LATE_REPLY_SECONDS);
            evidence.longest_reply = evidence.longest_reply.max(seconds);
        }
        _ => {}
    }
}
