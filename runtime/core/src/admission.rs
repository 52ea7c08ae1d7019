//! From the call to the worker: who waits, who is refused, who goes next, and to whom.

use crate::config::QueuePolicy;
use crate::handle::{CallId, TaskId, WorkerId};
use crate::input::{AbortReason, CrashKind, Dispatch};
use crate::output::{End, Fact, Output};
use crate::runtime::Runtime;
use crate::task::{Call, Mode, Place, Slot};
use crate::timers::Timer;

impl Runtime {
    pub(crate) fn dispatch(&mut self, dispatch: Dispatch) {
        let Dispatch { call, task, key, timeout, .. } = dispatch;
        if !self.begin(dispatch) {
            return;
        }
        let Some(record) = self.tasks.get_mut(task) else {
            return self.settle(call, End::Disposed);
        };
        record.totals.dispatched += 1;
        let (mode, timeout) = (record.mode, timeout.or(record.config.timeout));
        let last_crash = record.last_crash;
        self.fact(Fact::Dispatched { task, call });
        if mode == Mode::Failed {
            return self.settle(
                call,
                End::Crashed {
                    worker_index: last_crash.map(|crash| crash.worker_index),
                    kind: last_crash.map_or(CrashKind::Error, |crash| crash.kind),
                },
            );
        }
        if let Some(&Call { place: Place::Doomed(reason), .. }) = self.calls.get(call) {
            return self.settle(call, End::Aborted(reason));
        }
        if key.is_some_and(|key| self.is_key_aborted(key)) {
            return self.settle(call, End::Aborted(AbortReason::Key));
        }
        // No time at all would let no call through; it says that there is no limit.
        if let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) {
            self.timers.set(Timer::CallTimeout(call), self.now + timeout);
            if let Some(record) = self.calls.get_mut(call) {
                record.has_timeout = true;
            }
        }
        self.enqueue(task, call);
    }

    /// A new call joins the queue, or meets its policy.
    fn enqueue(&mut self, task: TaskId, call: CallId) {
        self.touch(task);
        self.accept(task, call);
        self.pump(task);
        let Some(record) = self.tasks.get(task) else { return };
        let Some(depth) = record.config.max_queue_depth else { return };
        if record.pending.len() <= depth as usize {
            return;
        }
        match record.config.queue_policy {
            QueuePolicy::Block => {
                // The last in line is the one that has to wait, which a more urgent newcomer need not be, unless those
                // who wait come before it: after a requeue they may be more urgent than the last in line.
                let newcomer = self.calls.get(call).map(|entry| entry.rank);
                let others_first = record.waiting.first().is_some_and(|(rank, _)| Some(rank) < newcomer);
                let last = if others_first { Some(call) } else { record.pending.last() };
                if let Some(last) = last {
                    self.send_back(task, last);
                }
            }
            policy @ (QueuePolicy::Reject | QueuePolicy::DropLatest) => self.refuse(call, policy),
            policy @ QueuePolicy::DropOldest => match record.pending.oldest() {
                Some(oldest) if oldest != call => self.end(oldest, End::Dropped(policy)),
                _ => self.refuse(call, policy),
            },
        }
    }

    /// A call that was accepted a moment ago finds that there is no place, and is dropped: it was never in the queue.
    fn refuse(&mut self, call: CallId, policy: QueuePolicy) {
        if let Some(entry) = self.calls.get_mut(call) {
            entry.timing.admitted = None;
        }
        self.end(call, End::Dropped(policy));
    }

    /// A call is accepted into the queue.
    fn accept(&mut self, task: TaskId, call: CallId) {
        let now = self.now;
        let (Some(record), Some(entry)) = (self.tasks.get_mut(task), self.calls.get_mut(call)) else {
            return;
        };
        entry.place = Place::Pending;
        entry.timing.admitted.get_or_insert(now);
        record.pending.insert(entry.priority, entry.rank, call);
    }

    /// A call that was accepted a moment ago finds that there is no place: its caller waits.
    fn send_back(&mut self, task: TaskId, call: CallId) {
        let (Some(record), Some(entry)) = (self.tasks.get_mut(task), self.calls.get_mut(call)) else {
            return;
        };
        record.pending.remove(entry.priority, entry.rank);
        entry.place = Place::Waiting;
        // One that had run already waits a second time; that does not make its admission longer than it was.
        if entry.timing.attempts == 0 {
            entry.timing.admitted = None;
        }
        record.waiting.insert(entry.rank, call);
    }

    /// Gives pending calls to workers and places to waiting ones, as far as the limits allow.
    pub(crate) fn pump(&mut self, task: TaskId) {
        loop {
            let staged = self.stage_next(task);
            if !self.admit_next(task) && !staged {
                return;
            }
        }
    }

    fn admit_next(&mut self, task: TaskId) -> bool {
        let Some(record) = self.tasks.get(task) else { return false };
        // With no places at all a call must not sit in the queue: it goes on only when it can start at once.
        let passes_through = || {
            record.config.max_queue_depth == Some(0)
                && record.pending.is_empty()
                && record.can_start()
                && self.least_loaded(task).is_some()
        };
        if record.waiting.is_empty() || (record.queue_is_full() && !passes_through()) {
            return false;
        }
        self.admit(task)
    }

    /// The first of those who wait gets its place.
    fn admit(&mut self, task: TaskId) -> bool {
        let Some(record) = self.tasks.get_mut(task) else { return false };
        let Some((_, call)) = record.waiting.pop_first() else { return false };
        self.accept(task, call);
        self.touch(task);
        self.emit(Output::Admit { call });
        true
    }

    fn stage_next(&mut self, task: TaskId) -> bool {
        let Some(record) = self.tasks.get(task) else { return false };
        if !record.can_start() || record.pending.is_empty() {
            return false;
        }
        // A requeued call may stand in the queue while somebody waits who comes before it.
        let waits = record.waiting.first().map(|(rank, _)| rank);
        let overdue = waits.is_some_and(|rank| record.pending.first().is_some_and(|first| rank < first));
        let Some(index) = self.least_loaded(task) else { return false };
        if overdue {
            self.admit(task);
        }
        let worker = match self.tasks.get(task).map(|record| record.slots[index]) {
            Some(Slot::Live(worker)) => worker,
            Some(Slot::Empty) => self.spawn(task, index),
            Some(Slot::Backoff) | None => return false,
        };
        let Some(record) = self.tasks.get_mut(task) else { return false };
        let Some((rank, call)) = record.pending.pop_next() else { return false };
        record.next_slot = (index + 1) % record.slots.len();
        record.in_flight += 1;
        self.touch(task);
        if let Some(entry) = self.calls.get_mut(call) {
            entry.place = Place::Staged(worker);
        }
        if let Some(entry) = self.workers.get_mut(worker) {
            entry.calls.insert(rank, call);
            entry.staged.insert(rank, call);
            if entry.ready {
                self.unflushed.insert(worker);
            }
        }
        self.timers.clear(Timer::WorkerIdle(worker));
        true
    }

    /// The place in the pool with the fewest calls; ties rotate, so that idle workers are used, and lazy ones started,
    /// one after the other. Linear in the size of the pool, not in the number of calls.
    fn least_loaded(&self, task: TaskId) -> Option<usize> {
        let record = self.tasks.get(task)?;
        let size = record.slots.len();
        let limit = record.config.max_in_flight_per_worker() as usize;
        (0..size)
            .map(|step| (record.next_slot + step) % size)
            .filter_map(|index| match record.slots[index] {
                Slot::Empty => Some((0, index)),
                Slot::Backoff => None,
                Slot::Live(worker) => Some((self.workers.get(worker)?.calls.len(), index)),
            })
            .filter(|&(load, _)| load < limit)
            .min_by_key(|&(load, _)| load)
            .map(|(_, index)| index)
    }

    /// The turn ends: what is staged for workers that are ready leaves.
    pub(crate) fn flush(&mut self) {
        for worker in std::mem::take(&mut self.unflushed) {
            self.post_staged(worker);
        }
    }

    fn post_staged(&mut self, worker: WorkerId) {
        let now = self.now;
        let Some(record) = self.workers.get_mut(worker) else { return };
        let (task, index) = (record.task, record.index);
        let had_work = record.has_work();
        for call in std::mem::take(&mut record.staged).calls() {
            let Some(entry) = self.calls.get_mut(call) else { continue };
            entry.place = Place::Posted(worker);
            let timing = &mut entry.timing;
            let wait = timing.end_wait(now);
            timing.posted = Some(now);
            timing.attempts += 1;
            timing.worker_index = Some(index);
            self.outputs.push_back(Output::Post { worker, call });
            self.outputs.push_back(Output::Fact(Fact::Started { task, call, index, wait }));
        }
        self.watch(worker, had_work);
    }
}
