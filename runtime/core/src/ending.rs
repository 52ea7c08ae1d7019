//! How calls end: answered, cancelled, refused, or with their task.

use std::collections::BTreeSet;

use crate::handle::{CallId, KeyId, TaskId, WorkerId};
use crate::input::{AbortReason, Reply};
use crate::output::{End, Fact, Output, Settlement};
use crate::runtime::Runtime;
use crate::task::Place;
use crate::timers::Timer;

impl Runtime {
    pub(crate) fn settled_by_worker(&mut self, worker: WorkerId, call: CallId, reply: Reply) {
        self.sign_of_life(worker);
        let Some(entry) = self.calls.get(call) else { return };
        let task = entry.task;
        let waited_for = match entry.place {
            Place::Posted(at) if at == worker => true,
            Place::Abandoned(at) if at == worker => false,
            _ => return,
        };
        if reply == Reply::Ok
            && let Some(record) = self.tasks.get_mut(task)
        {
            record.streak.reset();
        }
        self.leave_worker(call, worker);
        if waited_for {
            let end = match reply {
                Reply::Ok => End::Ok,
                Reply::Error => End::Error,
                Reply::Aborted => End::GaveUp,
            };
            self.settle(call, end);
        } else {
            self.calls.remove(call);
        }
        self.pump(task);
    }

    pub(crate) fn post_failed(&mut self, call: CallId) {
        let Some(entry) = self.calls.get(call) else { return };
        let task = entry.task;
        match entry.place {
            Place::Posted(worker) => {
                self.leave_worker(call, worker);
                self.settle(call, End::PostFailed);
            }
            // Cancelled between the post and the end of the turn: no worker will ever answer it.
            Place::Abandoned(worker) => self.drop_abandoned(call, worker),
            _ => return,
        }
        self.pump(task);
    }

    pub(crate) fn abort_call(&mut self, call: CallId, reason: AbortReason) {
        if let Some(task) = self.cancel(call, reason) {
            self.pump(task);
        }
    }

    /// Cancels a call and says which task has more room now.
    fn cancel(&mut self, call: CallId, reason: AbortReason) -> Option<TaskId> {
        let entry = self.calls.get_mut(call)?;
        let task = entry.task;
        match entry.place {
            Place::Nowhere => {
                entry.place = Place::Doomed(reason);
                return None;
            }
            Place::Doomed(_) | Place::Abandoned(_) => return None,
            Place::Posted(worker) => self.abandon(call, worker, End::Aborted(reason)),
            Place::Waiting | Place::Pending | Place::Staged(_) => self.end(call, End::Aborted(reason)),
        }
        Some(task)
    }

    pub(crate) fn abort_key(&mut self, key: KeyId) {
        let Some(record) = self.keys.get_mut(key) else { return };
        let is_new = !std::mem::replace(&mut record.aborted, true);
        let calls: Vec<CallId> = record.calls.calls().collect();
        // Others move up when all of them are gone: so none moves up only to be cancelled there.
        let tasks: BTreeSet<TaskId> =
            calls.into_iter().filter_map(|call| self.cancel(call, AbortReason::Key)).collect();
        for task in tasks {
            self.pump(task);
        }
        if is_new {
            self.aborted_keys += 1;
            self.fact(Fact::KeysAborted { count: self.aborted_keys });
        }
    }

    pub(crate) fn clear_key(&mut self, key: KeyId) {
        let Some(record) = self.keys.get_mut(key) else { return };
        if std::mem::take(&mut record.aborted) {
            self.aborted_keys -= 1;
            self.fact(Fact::KeysAborted { count: self.aborted_keys });
        }
        self.forget_unused_key(key);
    }

    /// Settles a call that a worker goes on with; its place there stays taken until the worker answers.
    fn abandon(&mut self, call: CallId, worker: WorkerId, end: End) {
        self.emit(Output::Cancel { worker, call });
        if let Some(record) = self.workers.get(worker) {
            let (task, index) = (record.task, record.index);
            self.fact(Fact::CancelSent { task, call, index });
        }
        let first = self.workers.get(worker).and_then(|record| record.calls.first());
        let is_first = first.is_some_and(|(_, first)| first == call);
        if is_first && let Some(task) = self.calls.get(call).map(|entry| entry.task) {
            self.fact(Fact::Abandoned { task, call });
        }
        self.report(call, end);
        if let Some(entry) = self.calls.get_mut(call) {
            entry.place = Place::Abandoned(worker);
            entry.told_abandoned = is_first;
            if let Some(grace) = entry.grace {
                self.timers.set(Timer::Grace(call), self.now + grace);
            }
        }
    }

    /// Takes a call out of wherever it is before a worker has it, and settles it.
    pub(crate) fn end(&mut self, call: CallId, end: End) {
        let Some(entry) = self.calls.get(call) else { return };
        let (task, rank, priority) = (entry.task, entry.rank, entry.priority);
        match entry.place {
            Place::Waiting | Place::Pending => {
                if let Some(record) = self.tasks.get_mut(task) {
                    record.waiting.remove(rank);
                    record.pending.remove(priority, rank);
                }
            }
            Place::Staged(worker) | Place::Posted(worker) | Place::Abandoned(worker) => {
                self.leave_worker(call, worker);
            }
            Place::Nowhere | Place::Doomed(_) => {}
        }
        self.touch(task);
        self.settle(call, end);
    }

    /// Frees a call's place at its worker.
    pub(crate) fn leave_worker(&mut self, call: CallId, worker: WorkerId) {
        let Some(entry) = self.calls.get(call) else { return };
        let (task, rank) = (entry.task, entry.rank);
        let abandoned = entry.told_abandoned.then_some(entry.timing.settled);
        if entry.grace.is_some() && matches!(entry.place, Place::Abandoned(_)) {
            self.timers.clear(Timer::Grace(call));
        }
        if let Some(cancelled) = abandoned {
            self.fact(Fact::Released { task, call, after: self.now.since(cancelled) });
        }
        self.touch(task);
        let Some(record) = self.tasks.get_mut(task) else { return };
        record.in_flight = record.in_flight.saturating_sub(1);
        let idle_timeout = record.config.idle_timeout;
        let Some(entry) = self.workers.get_mut(worker) else { return };
        entry.calls.remove(rank);
        entry.staged.remove(rank);
        if entry.staged.is_empty() {
            self.unflushed.remove(&worker);
        }
        if entry.calls.is_empty()
            && let Some(idle_timeout) = idle_timeout
        {
            self.timers.set(Timer::WorkerIdle(worker), self.now + idle_timeout);
        }
    }

    /// Tells the driver how a call ended, and forgets the call.
    pub(crate) fn settle(&mut self, call: CallId, end: End) {
        self.report(call, end);
        self.calls.remove(call);
    }

    fn report(&mut self, call: CallId, end: End) {
        let now = self.now;
        let Some(entry) = self.calls.get_mut(call) else { return };
        entry.timing.settled = now;
        if !matches!(entry.place, Place::Posted(_) | Place::Abandoned(_)) {
            entry.timing.end_wait(now);
        }
        let (task, key, rank, timing) = (entry.task, entry.key.take(), entry.rank, entry.timing);
        if std::mem::take(&mut entry.has_timeout) {
            self.timers.clear(Timer::CallTimeout(call));
        }
        if let Some(record) = self.tasks.get_mut(task) {
            record.totals.outcomes[end.outcome() as usize] += 1;
        }
        if let Some(key) = key {
            if let Some(record) = self.keys.get_mut(key) {
                record.calls.remove(rank);
            }
            self.forget_unused_key(key);
        }
        self.emit(Output::Settle(Settlement { call, task, end, timing }));
    }

    fn forget_unused_key(&mut self, key: KeyId) {
        if self.keys.get(key).is_some_and(|record| !record.aborted && record.calls.is_empty()) {
            self.keys.remove(key);
            self.emit(Output::ForgetKey { key });
        }
    }
}
