//! Workers that do not answer: a cancelled handler that goes on past its grace, and a worker without a sign of life.

use std::time::Duration;

use crate::handle::{CallId, WorkerId};
use crate::input::CrashKind;
use crate::output::{Fact, Output};
use crate::runtime::Runtime;
use crate::task::Place;
use crate::time::Instant;
use crate::timers::Timer;

/// What is known of a worker's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// When it was last heard of, or got work after it had none.
    last_sign: Instant,
    /// How often it was asked since.
    asked: u32,
    /// Whether a timer is set.
    watched: bool,
}

impl Life {
    pub(crate) fn new(now: Instant) -> Life {
        Life { last_sign: now, asked: 0, watched: false }
    }
}

impl Runtime {
    /// Something was heard of a worker.
    pub(crate) fn sign_of_life(&mut self, worker: WorkerId) {
        let now = self.now;
        if let Some(record) = self.workers.get_mut(worker) {
            record.life.last_sign = now;
            record.life.asked = 0;
        }
    }

    /// A worker says that it lives.
    pub(crate) fn worker_alive(&mut self, worker: WorkerId) {
        self.sign_of_life(worker);
        if let Some(record) = self.workers.get(worker) {
            let (task, index) = (record.task, record.index);
            self.fact(Fact::WorkerAlive { task, index });
        }
    }

    /// A worker was sent work. One that had none owed no sign of life until now; its timer may be left from earlier work.
    pub(crate) fn watch(&mut self, worker: WorkerId, had_work: bool) {
        let Some(timeout) = self.hang_timeout(worker) else { return };
        if !had_work {
            self.sign_of_life(worker);
        }
        let Some(record) = self.workers.get_mut(worker).filter(|record| !record.life.watched) else { return };
        record.life.watched = true;
        self.timers.set(Timer::Liveness(worker), self.now + timeout / 2);
    }

    fn hang_timeout(&self, worker: WorkerId) -> Option<Duration> {
        let task = self.workers.get(worker)?.task;
        self.tasks.get(task)?.config.hang_timeout
    }

    /// Half the timeout without a sign: ask. The whole of it: it hangs. `due` is when this should have been looked at:
    /// when the page itself was late by much (it was busy, or the machine slept), the worker gets one more chance, since
    /// its answer may lie unread. Only one: a hidden page, whose timers the browser holds back, is late every time.
    pub(crate) fn look_for_life(&mut self, worker: WorkerId, due: Instant) {
        let (now, Some(timeout)) = (self.now, self.hang_timeout(worker)) else { return };
        let half = timeout / 2;
        let late = now.since(due) > half / 2;
        let Some(record) = self.workers.get_mut(worker) else { return };
        if !record.has_work() {
            record.life.watched = false;
            return;
        }
        let silent = now.since(record.life.last_sign);
        let next = if record.life.asked > 1 || (record.life.asked == 1 && !late) {
            return self.worker_crashed(worker, CrashKind::Hang);
        } else if silent < half {
            record.life.last_sign + half
        } else {
            record.life.asked += 1;
            now + half
        };
        let (asked, task, index) = (record.life.asked > 0, record.task, record.index);
        self.timers.set(Timer::Liveness(worker), next);
        if asked {
            self.emit(Output::Ping { worker });
            self.fact(Fact::WorkerAsked { task, index });
        }
    }

    /// A cancelled call's handler has not ended in its grace: its worker is replaced. The other calls there are not to
    /// blame and go back to the queue.
    pub(crate) fn grace_over(&mut self, call: CallId) {
        let Some(entry) = self.calls.get(call) else { return };
        let (task, Place::Abandoned(worker)) = (entry.task, entry.place) else { return };
        let index = self.workers.get(worker).map(|record| record.index);
        if let Some(index) = index {
            self.fact(Fact::GraceOver { task, index });
        }
        self.take_calls_back(worker);
        self.terminate(worker);
        if let Some(index) = index {
            self.restart(task, index);
        }
    }

    /// The call that a worker has had the longest, whether its caller still waits or not: of a worker that hangs, the most
    /// likely cause.
    pub(crate) fn longest_at(&self, worker: WorkerId) -> Option<CallId> {
        self.calls_of(worker)
            .into_iter()
            .filter_map(|call| {
                let entry = self.calls.get(call)?;
                let is_there = matches!(entry.place, Place::Posted(_) | Place::Abandoned(_));
                is_there.then_some((entry.timing.posted, entry.rank, call))
            })
            .min()
            .map(|(_, _, call)| call)
    }
}
