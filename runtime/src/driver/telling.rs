//! What telemetry is told of the core's facts.

use std::rc::Rc;

use atelier_core::names::WorkerFact;
use atelier_core::{End, Fact, Gauges, Instant, OnPage, TaskId, TaskState, Timing, WorkerClock};

use super::Driver;
use crate::calls::{Ran, Record};
use crate::emit::{Ended, Label, NamedCall};
use crate::error::{CallError, Crash, CrashCause};
use crate::methods::Method;
use crate::wire::HandlerTold;

impl Driver {
    pub(super) fn tell_settled(
        &self,
        task: TaskId,
        end: End,
        timing: Timing,
        record: &Record,
        error: Option<&CallError>,
        told: &HandlerTold,
    ) {
        let Some(label) = self.tasks.borrow().get(&task).map(|entry| entry.label.clone()) else { return };
        let ran = self.ran(record, timing);
        let message = error.map(CallError::message).unwrap_or_default();
        let ended = Ended {
            end,
            timing,
            handler: ran.map(|(ran, _)| ran),
            error_type: error.map(CallError::name),
            error_message: &message,
            error_stack: error.and_then(CallError::stack),
            dispatched_at: self.clock.unix_nanos(timing.dispatched),
            spans_lost: told.spans_lost,
            logs_lost: told.logs_lost,
        };
        let at = self.clock.unix_nanos(timing.settled);
        if let Some((span, ((from, to), on_page))) = record.span.as_ref().zip(ran) {
            let on_page = |millis| {
                let at = on_page.at(self.clock.since_origin(millis));
                self.clock.unix_nanos(at.clamp(from, to))
            };
            for each in &told.spans {
                let start = on_page(each.started);
                let ran = (start, on_page(each.ended).max(start));
                self.emitter.handler_span(&label, span, timing.worker_index, each, ran);
            }
            for log in &told.logs {
                self.emitter.handler_log(&label, span, timing.worker_index, log, on_page(log.time));
            }
        }
        self.emitter.settled(&label, &self.named(record), at, &ended, record.span.as_ref());
    }

    /// When a call's handler ran, on the page's clock, and how its worker's other times are read.
    fn ran(&self, record: &Record, timing: Timing) -> Option<((Instant, Instant), OnPage)> {
        let (Ran { worker, started, ended }, posted) = record.handler.zip(timing.posted)?;
        let (started, ended) = (self.clock.since_origin(started), self.clock.since_origin(ended));
        let mut clocks = self.worker_clocks.borrow_mut();
        // One that is gone already has nothing more to be learnt from.
        let mut unknown = WorkerClock::default();
        let clock = clocks.get_mut(&worker).unwrap_or(&mut unknown);
        let on_page = clock.call((started, ended), posted, timing.settled);
        Some((on_page.between(started, ended), on_page))
    }

    fn named(&self, record: &Record) -> NamedCall {
        NamedCall {
            number: record.number,
            method: self.method_name(record.method),
            span: record.span.as_ref().map(|span| span.context),
        }
    }

    /// Metrics begin: tells what holds already, as nothing else does until it changes.
    pub(crate) fn tell_present(&self) {
        let (core, at) = (self.core.borrow(), self.clock.unix_nanos(self.clock.now()));
        self.emitter.keys_aborted(at, core.aborted_keys());
        for (&task, entry) in self.tasks.borrow_mut().iter_mut() {
            entry.gauges = core.task_state(task).map(|state| {
                let workers = state.active_workers().saturating_sub(entry.unmade);
                let TaskState { in_flight, pending, waiting, .. } = state;
                Gauges { in_flight, pending, waiting, workers }
            });
            if let Some(gauges) = entry.gauges {
                self.emitter.gauges(&entry.label, at, None, gauges);
            }
        }
    }

    /// Bytes of a call's payload were copied although they could have been moved.
    pub(super) fn tell_copied(&self, task: TaskId, method: Method, bytes: f64) {
        if let Some(entry) = self.tasks.borrow().get(&task) {
            let at = self.clock.unix_nanos(self.now.get());
            self.emitter.copied(&entry.label, &self.method_name(method), at, bytes);
        }
    }

    pub(super) fn tell_fact(&self, fact: Fact) {
        let at = self.clock.unix_nanos(self.now.get());
        let mut tasks = self.tasks.borrow_mut();
        let named = |call| {
            let mut records = self.records.borrow_mut();
            records.get_mut(call).map_or_else(NamedCall::default, |record| self.named(record))
        };
        let with = |task: TaskId, tell: &dyn Fn(&Label)| {
            if let Some(entry) = tasks.get(&task) {
                tell(&entry.label);
            }
        };
        match fact {
            Fact::Dispatched { .. }
            | Fact::Started { .. }
            | Fact::Requeued { .. }
            | Fact::CancelSent { .. }
                if !self.emitter.metrics() => {}
            Fact::Dispatched { task, call } => {
                with(task, &|label| self.emitter.dispatched(label, &named(call), at));
            }
            Fact::Started { task, call, index, wait } => {
                let wait = wait.as_secs_f64();
                with(task, &|label| self.emitter.started(label, &named(call), index, at, wait));
            }
            Fact::Requeued { task, call, index } => {
                with(task, &|label| self.emitter.requeued(label, &named(call), index, at));
            }
            Fact::CancelSent { task, call, index } => {
                let call = named(call);
                with(task, &|label| {
                    self.emitter.worker_life(label, index, at, WorkerFact::CancelSent, Some(&call));
                });
            }
            Fact::WorkerReady { task, index } => {
                with(task, &|label| self.emitter.worker_life(label, index, at, WorkerFact::Ready, None));
            }
            Fact::WorkerAsked { task, index } => {
                with(task, &|label| self.emitter.worker_life(label, index, at, WorkerFact::Ping, None));
            }
            Fact::WorkerAlive { task, index } => {
                with(task, &|label| self.emitter.worker_life(label, index, at, WorkerFact::Alive, None));
            }
            Fact::GraceOver { task, index } => {
                with(task, &|label| self.emitter.worker_life(label, index, at, WorkerFact::GraceOver, None));
            }
            Fact::WorkerSpawned { task, worker, index } if self.ports.borrow().contains_key(&worker) => {
                with(task, &|label| self.emitter.worker_spawned(label, index, at));
            }
            Fact::WorkerTerminated { task, index } => {
                with(task, &|label| self.emitter.worker_terminated(label, index, at));
            }
            Fact::WorkerCrashed { task, worker, index, kind } => {
                // When no event told of it, the core found out by itself.
                let cause =
                    self.causes.borrow_mut().remove(&worker).unwrap_or_else(|| CrashCause::found(kind));
                if let Some(entry) = tasks.get_mut(&task) {
                    let task_id = entry.label.id.clone();
                    let crash = Rc::new(Crash { task_id, worker_index: Some(index), kind, cause });
                    self.emitter.worker_crashed(&entry.label, index, at, &crash);
                    entry.crash = Some(crash);
                }
            }
            Fact::Abandoned { task, call } => {
                with(task, &|label| self.emitter.abandoned(label, call, &named(call).method, at));
            }
            Fact::Released { task, call, after } => {
                with(task, &|label| self.emitter.released(label, call, at, after));
            }
            Fact::KeysAborted { count } => self.emitter.keys_aborted(at, count),
            Fact::Gauges { task, mut gauges } => {
                if let Some(entry) = tasks.get_mut(&task) {
                    gauges.workers = gauges.workers.saturating_sub(entry.unmade);
                    let told = entry.gauges.take();
                    if self.emitter.metrics() {
                        self.emitter.gauges(&entry.label, at, told, gauges);
                        entry.gauges = Some(gauges);
                    }
                }
            }
            _ => {}
        }
    }
}
