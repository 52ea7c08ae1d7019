//! What telemetry is told of the core's facts.

use std::rc::Rc;

use atelier_core::names::WorkerFact;
use atelier_core::{End, Fact, Gauges, TaskId, TaskState, Timing};

use super::Driver;
use crate::calls::Record;
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
        let message = error.map(CallError::message).unwrap_or_default();
        let ended = Ended {
            end,
            timing,
            handler: record.handler,
            error_type: error.map(CallError::name),
            error_message: &message,
            dispatched_at: self.clock.unix_nanos(timing.dispatched),
            spans_lost: told.spans_lost,
            logs_lost: told.logs_lost,
        };
        let at = self.clock.unix_nanos(timing.settled);
        if let Some((span, (from, to))) = record.span.as_ref().zip(ended.handler_ran()) {
            let on_page = |millis| self.clock.unix_nanos(self.clock.at_unix_millis(millis).clamp(from, to));
            for each in &told.spans {
                let ran = (on_page(each.started), on_page(each.ended));
                self.emitter.handler_span(&label, span, timing.worker_index, each, ran);
            }
            for log in &told.logs {
                self.emitter.handler_log(&label, span, timing.worker_index, log, on_page(log.time));
            }
        }
        self.emitter.settled(&label, &self.named(record), at, &ended, record.span.as_ref());
    }

    fn named(&self, record: &Record) -> NamedCall {
        NamedCall {
            number: record.number,
            method: self.method_name(record.method),
            span: record.span.as_ref().map(|span| span.context),
        }
    }

    /// Metrics begin: tells what holds already, as nothing else does until it changes. Who begins to listen just after
    /// this is told every gauge again when one changes.
    pub(crate) fn tell_present(&self) {
        let (core, at) = (self.core.borrow(), self.clock.unix_nanos(self.clock.now()));
        self.emitter.keys_aborted(at, core.aborted_keys());
        for (&task, entry) in self.tasks.borrow_mut().iter_mut() {
            entry.gauges = None;
            if let Some(state) = core.task_state(task) {
                let workers = state.active_workers();
                let TaskState { in_flight, pending, waiting, .. } = state;
                self.emitter.gauges(&entry.label, at, None, Gauges { in_flight, pending, waiting, workers });
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
            Fact::WorkerSpawned { task, index } => {
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
            Fact::Gauges { task, gauges } => {
                if let Some(entry) = tasks.get_mut(&task) {
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
