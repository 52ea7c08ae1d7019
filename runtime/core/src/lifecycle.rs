//! How workers come and go: spawned, ready, idle, crashed, stopped, disposed.

use crate::config::{CrashPolicy, Init};
use crate::crash::Verdict;
use crate::handle::{CallId, TaskId, WorkerId};
use crate::input::CrashKind;
use crate::line::Line;
use crate::liveness::Life;
use crate::output::{End, Fact, Output};
use crate::runtime::Runtime;
use crate::task::{LastCrash, Mode, Place, Slot, Worker};
use crate::timers::Timer;

impl Runtime {
    pub(crate) fn spawn(&mut self, task: TaskId, index: usize) -> WorkerId {
        let born = self.tasks.get(task).map_or(0, |record| record.streak.counted());
        let worker = self.workers.insert(Worker {
            task,
            index: index as u32,
            ready: false,
            calls: Line::default(),
            staged: Line::default(),
            life: Life::new(self.now),
            born,
        });
        if let Some(record) = self.tasks.get_mut(task) {
            record.slots[index] = Slot::Live(worker);
            record.totals.spawned += 1;
            let (start, idle) = (record.config.start_timeout, record.config.idle_timeout);
            self.timers.set(Timer::WorkerStart(worker), self.now + start);
            if let Some(idle) = idle {
                self.timers.set(Timer::WorkerIdle(worker), self.now + idle);
            }
        }
        self.touch(task);
        self.emit(Output::Spawn { task, worker, index: index as u32 });
        self.fact(Fact::WorkerSpawned { task, worker, index: index as u32 });
        worker
    }

    pub(crate) fn start_all(&mut self, task: TaskId) {
        let size = self.tasks.get(task).map_or(0, |record| record.slots.len());
        for index in 0..size {
            if self.tasks.get(task).is_some_and(|record| record.slots[index] == Slot::Empty) {
                self.spawn(task, index);
            }
        }
    }

    pub(crate) fn worker_ready(&mut self, worker: WorkerId) {
        let Some(record) = self.workers.get_mut(worker) else { return };
        let first = !std::mem::replace(&mut record.ready, true);
        let (task, index) = (record.task, record.index);
        if !record.staged.is_empty() {
            self.unflushed.insert(worker);
        }
        self.timers.clear(Timer::WorkerStart(worker));
        if first {
            self.fact(Fact::WorkerReady { task, index });
        }
    }

    pub(crate) fn worker_idle(&mut self, worker: WorkerId) {
        let Some(record) = self.workers.get(worker) else { return };
        if record.calls.is_empty() {
            self.terminate(worker);
        }
    }

    /// The factory threw: the calls meant for this worker fail with its error, and the place is free again.
    pub(crate) fn spawn_failed(&mut self, worker: WorkerId) {
        let Some(record) = self.workers.get(worker).filter(|record| !record.ready) else { return };
        let task = record.task;
        if let Some(record) = self.tasks.get_mut(task) {
            record.totals.spawned = record.totals.spawned.saturating_sub(1);
        }
        for call in self.calls_of(worker) {
            self.end(call, End::SpawnFailed);
        }
        self.remove_worker(worker, Slot::Empty);
        self.pump(task);
    }

    pub(crate) fn worker_crashed(&mut self, worker: WorkerId, kind: CrashKind) {
        let Some(record) = self.workers.get(worker) else { return };
        let (task, index, ready) = (record.task, record.index, record.ready);
        let kind = if kind == CrashKind::Error && !ready { CrashKind::Load } else { kind };
        let (now, born) = (self.now, record.born);
        let Some(record) = self.tasks.get_mut(task) else { return };
        record.totals.crashed += 1;
        record.last_crash = Some(LastCrash { at: now, worker, worker_index: index, kind });
        let (policy, retries) = (record.config.crash_policy, record.config.crash_max_retries);
        let verdict = match policy {
            CrashPolicy::FailTask => Verdict::GiveUp,
            CrashPolicy::RestartFailInFlight | CrashPolicy::RestartRequeueInFlight => {
                if ready {
                    record.streak.crashed(retries, now)
                } else {
                    record.streak.crashed_at_start(born, retries, now)
                }
            }
        };
        self.fact(Fact::WorkerCrashed { task, worker, index, kind });

        let blame = End::Crashed { worker_index: Some(index), kind };
        let keep = policy == CrashPolicy::RestartRequeueInFlight && verdict != Verdict::GiveUp;
        // Only one call can keep a worker from answering, perhaps one that was cancelled; the others wait behind it.
        let hangs = kind == CrashKind::Hang && verdict != Verdict::GiveUp;
        let culprit = if hangs { self.longest_at(worker) } else { None };
        for call in self.calls_of(worker) {
            match self.calls.get(call).map(|entry| entry.place) {
                Some(Place::Abandoned(_)) => self.drop_abandoned(call, worker),
                // A worker that was ready has not seen what is only staged for it: no blame, no loss.
                Some(Place::Staged(_)) if ready && verdict != Verdict::GiveUp => self.requeue(call, worker),
                Some(Place::Posted(_)) if culprit.is_some_and(|culprit| culprit != call) => {
                    self.requeue(call, worker);
                }
                Some(Place::Posted(_) | Place::Staged(_)) if keep => self.requeue(call, worker),
                _ => self.end(call, blame),
            }
        }
        match verdict {
            Verdict::GiveUp => {
                self.remove_worker(worker, Slot::Empty);
                self.fail_task(task, blame);
            }
            Verdict::RestartAt(at) => {
                self.remove_worker(worker, Slot::Backoff);
                self.timers.set(Timer::Restart(task, index), at);
                self.pump(task);
            }
        }
    }

    /// A worker's place may be filled again: the pause after its crash is over, so that it has one again whether a call
    /// wants it or not, or it was ended without a pause.
    pub(crate) fn restart(&mut self, task: TaskId, index: u32) {
        let Some(record) = self.tasks.get(task) else { return };
        let wanted = match record.slots.get(index as usize) {
            Some(Slot::Backoff) => true,
            Some(Slot::Empty) => record.config.init == Init::Eager,
            _ => false,
        };
        if wanted {
            self.spawn(task, index as usize);
        }
        self.pump(task);
    }

    pub(crate) fn pause(&mut self, task: TaskId) {
        let Some(record) = self.tasks.get_mut(task) else { return };
        if record.mode != Mode::Running {
            return;
        }
        record.mode = Mode::Paused;
        for worker in record.workers().collect::<Vec<_>>() {
            self.take_calls_back(worker);
            self.terminate(worker);
        }
        self.end_backoffs(task);
    }

    pub(crate) fn resume(&mut self, task: TaskId) {
        let Some(record) = self.tasks.get_mut(task) else { return };
        if record.mode == Mode::Running {
            return self.start_if_eager(task);
        }
        record.mode = Mode::Running;
        record.streak.reset();
        self.start_if_eager(task);
        self.pump(task);
    }

    pub(crate) fn dispose(&mut self, task: TaskId) {
        if self.tasks.get(task).is_none() {
            return;
        }
        self.end_everything(task, End::Disposed);
        if let Some(record) = self.tasks.get(task) {
            let (gauges, told) = (record.gauges(), record.told);
            if gauges != told {
                self.fact(Fact::Gauges { task, gauges });
            }
        }
        self.tasks.remove(task);
    }

    pub(crate) fn start_if_eager(&mut self, task: TaskId) {
        if self.tasks.get(task).is_some_and(|record| record.config.init == Init::Eager) {
            self.start_all(task);
        }
    }

    /// The task gives up: everything it has fails, until its workers are started again.
    fn fail_task(&mut self, task: TaskId, blame: End) {
        if let Some(record) = self.tasks.get_mut(task) {
            record.mode = Mode::Failed;
        }
        self.end_everything(task, blame);
    }

    /// Ends every call and every worker of a task.
    fn end_everything(&mut self, task: TaskId, end: End) {
        let Some(record) = self.tasks.get(task) else { return };
        let mut calls: Vec<CallId> = record.pending.calls().chain(record.waiting.calls()).collect();
        let workers: Vec<WorkerId> = record.workers().collect();
        for &worker in &workers {
            calls.extend(self.calls_of(worker));
        }
        for call in calls {
            match self.calls.get(call).map(|entry| entry.place) {
                Some(Place::Abandoned(worker)) => self.drop_abandoned(call, worker),
                _ => self.end(call, end),
            }
        }
        for worker in workers {
            self.terminate(worker);
        }
        self.end_backoffs(task);
    }

    /// Ends a worker on purpose. Whatever it had must have left it.
    pub(crate) fn terminate(&mut self, worker: WorkerId) {
        let Some(record) = self.workers.get(worker) else { return };
        let (task, index) = (record.task, record.index);
        if let Some(record) = self.tasks.get_mut(task) {
            record.totals.terminated += 1;
        }
        self.remove_worker(worker, Slot::Empty);
        self.fact(Fact::WorkerTerminated { task, index });
    }

    fn remove_worker(&mut self, worker: WorkerId, leave: Slot) {
        self.emit(Output::Terminate { worker });
        self.timers.clear(Timer::WorkerIdle(worker));
        self.timers.clear(Timer::WorkerStart(worker));
        self.timers.clear(Timer::Liveness(worker));
        self.unflushed.remove(&worker);
        if let Some(record) = self.workers.remove(worker) {
            self.touch(record.task);
            if let Some(task) = self.tasks.get_mut(record.task) {
                task.slots[record.index as usize] = leave;
            }
        }
    }

    fn end_backoffs(&mut self, task: TaskId) {
        let Some(record) = self.tasks.get_mut(task) else { return };
        for (index, slot) in record.slots.iter_mut().enumerate() {
            if *slot == Slot::Backoff {
                *slot = Slot::Empty;
                self.timers.clear(Timer::Restart(task, index as u32));
            }
        }
    }

    pub(crate) fn calls_of(&self, worker: WorkerId) -> Vec<CallId> {
        self.workers.get(worker).map(|record| record.calls.calls().collect()).unwrap_or_default()
    }

    /// Puts what a worker has back into the queue; what nobody waits for is forgotten.
    pub(crate) fn take_calls_back(&mut self, worker: WorkerId) {
        for call in self.calls_of(worker) {
            match self.calls.get(call).map(|entry| entry.place) {
                Some(Place::Abandoned(_)) => self.drop_abandoned(call, worker),
                _ => self.requeue(call, worker),
            }
        }
    }

    /// A worker gives back a call that it has not begun. It is about to end, so nothing is given to it instead.
    pub(crate) fn returned(&mut self, worker: WorkerId, call: CallId) {
        match self.calls.get(call).map(|entry| entry.place) {
            Some(Place::Posted(at)) if at == worker => self.requeue(call, worker),
            Some(Place::Abandoned(at)) if at == worker => self.drop_abandoned(call, worker),
            _ => {}
        }
    }

    /// Puts a call back where it was in the queue. Only one that a worker had is told as requeued.
    fn requeue(&mut self, call: CallId, worker: WorkerId) {
        self.leave_worker(call, worker);
        let now = self.now;
        let Some(entry) = self.calls.get_mut(call) else { return };
        let (task, rank, priority) = (entry.task, entry.rank, entry.priority);
        let was_posted = matches!(entry.place, Place::Posted(_));
        entry.place = Place::Pending;
        if was_posted {
            entry.timing.waits_since = now;
        }
        if let Some(record) = self.tasks.get_mut(task) {
            record.pending.insert(priority, rank, call);
            if was_posted {
                record.totals.requeued += 1;
            }
        }
        if was_posted && let Some(record) = self.workers.get(worker) {
            let index = record.index;
            self.fact(Fact::Requeued { task, call, index });
        }
    }

    pub(crate) fn drop_abandoned(&mut self, call: CallId, worker: WorkerId) {
        self.leave_worker(call, worker);
        self.calls.remove(call);
    }
}
