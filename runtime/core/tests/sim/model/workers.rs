//! Workers: how they come and go.

use atelier_core::{CallId, CrashKind, CrashPolicy, End, Init, LastCrash, Mode, TaskId, WorkerId};
use std::time::Duration;

use super::{Alarm, Holder, Model, Said, Seat, Spot, Who, Worker};

impl Model {
    pub(super) fn spawn(&mut self, seat: Seat) -> Who {
        let who = self.workers.len();
        let crashes_before = self.task(seat.0).map_or(0, |task| task.crashes_counted);
        let heard = self.now;
        self.workers.push(Worker {
            id: None,
            seat,
            ready: false,
            alive: true,
            crashes_before,
            heard,
            asked: 0,
        });
        if let Some(task) = self.task_mut(seat.0) {
            task.seats[seat.1 as usize] = Holder::Worker(who);
            task.totals.spawned += 1;
            let start = task.config.start_timeout;
            self.set_alarm(Alarm::WorkerStart(who), start);
        }
        self.say(Said::Spawn(seat));
        self.say(Said::Spawned(seat));
        self.rest_if_idle(who);
        who
    }

    pub(super) fn start_if_eager(&mut self, id: TaskId) {
        let Some(task) = self.task(id).filter(|task| task.config.init == Init::Eager) else { return };
        for place in 0..task.seats.len() {
            if self.task(id).is_some_and(|task| task.seats[place] == Holder::Nobody) {
                self.spawn((id, place as u32));
            }
        }
    }

    /// A worker without work stops after a while, where the task says so.
    pub(super) fn rest_if_idle(&mut self, who: Who) {
        let Worker { seat, alive, .. } = self.workers[who];
        let idle = self.task(seat.0).and_then(|task| task.config.idle_timeout);
        if let Some(idle) = idle.filter(|_| alive && self.load(who) == 0) {
            self.set_alarm(Alarm::WorkerIdle(who), idle);
        }
    }

    pub(super) fn ready(&mut self, id: WorkerId) {
        let Some(who) = self.who(id) else { return };
        self.workers[who].ready = true;
        self.clear_alarm(Alarm::WorkerStart(who));
    }

    pub(super) fn spawn_failed(&mut self, id: WorkerId) {
        let Some(who) = self.who(id).filter(|&who| !self.workers[who].ready) else { return };
        // It never was one.
        if let Some(task) = self.task_mut(self.workers[who].seat.0) {
            task.totals.spawned -= 1;
        }
        for call in self.calls_of(who) {
            self.settle(call, End::SpawnFailed);
            self.remove(call);
        }
        self.bury(who, Holder::Nobody);
        self.move_up(self.workers[who].seat.0);
    }

    pub(super) fn crash(&mut self, who: Who, kind: CrashKind) {
        let Worker { id, seat, ready, crashes_before, .. } = self.workers[who];
        let kind = if kind == CrashKind::Error && !ready { CrashKind::Load } else { kind };
        let (now, blame) = (self.now, End::Crashed { worker_index: Some(seat.1), kind });
        let Some(task) = self.task_mut(seat.0) else { return };
        let worker = id.unwrap_or(WorkerId::from_bits(u64::MAX));
        task.totals.crashed += 1;
        task.last_crash = Some(LastCrash { at: now, worker, worker_index: seat.1, kind });
        let policy = task.config.crash_policy;
        // Workers that began together and die as they start are one crash of the row.
        let same = !ready && task.crashes_in_a_row > 0 && task.crashes_counted > crashes_before;
        if policy != CrashPolicy::FailTask && !same {
            task.crashes_in_a_row += 1;
            task.crashes_counted += 1;
        }
        let (row, retries) = (task.crashes_in_a_row, task.config.crash_max_retries);
        self.say(Said::Crashed(seat, kind));
        if policy == CrashPolicy::FailTask || row > retries {
            self.fail(seat.0, who, blame);
            return;
        }
        let cause = if kind == CrashKind::Hang { self.longest_at(who) } else { None };
        for call in self.calls_of(who) {
            // Where one call keeps all from going on, the others are not to blame.
            let innocent = cause.is_some_and(|cause| cause != call);
            let requeue = innocent || policy == CrashPolicy::RestartRequeueInFlight;
            match self.call(call).map(|call| call.spot) {
                Some(Spot::Orphan(_)) => self.remove(call),
                // It was ready and has not seen this one.
                Some(Spot::Chosen(_)) if ready || requeue => self.requeue(call),
                Some(Spot::Posted(_)) if requeue => self.requeue(call),
                _ => {
                    self.settle(call, blame);
                    self.remove(call);
                }
            }
        }
        self.bury(who, Holder::Resting);
        let pause = (0..row - 1).fold(Duration::from_millis(100), |pause, _| pause * 2);
        let mut until = now + pause.min(Duration::from_secs(2));
        if let Some(task) = self.task_mut(seat.0) {
            if same && task.rests_until > now {
                until = task.rests_until;
            } else if !same {
                task.rests_until = until;
            }
        }
        self.set_alarm(Alarm::Restart(seat), until.since(now));
        self.move_up(seat.0);
    }

    /// The task gives up.
    fn fail(&mut self, id: TaskId, dead: Who, blame: End) {
        self.end_all_calls(id, blame);
        self.bury(dead, Holder::Nobody);
        self.terminate_all(id);
        if let Some(task) = self.task_mut(id) {
            task.mode = Mode::Failed;
        }
    }

    pub(super) fn restart(&mut self, seat: Seat) {
        if self.task(seat.0).is_none() {
            return;
        }
        self.spawn(seat);
        self.move_up(seat.0);
    }

    pub(super) fn pause(&mut self, id: TaskId) {
        let Some(task) = self.task_mut(id).filter(|task| task.mode == Mode::Running) else { return };
        task.mode = Mode::Paused;
        for who in task.living().collect::<Vec<_>>() {
            self.take_back(who);
        }
        self.terminate_all(id);
    }

    pub(super) fn resume(&mut self, id: TaskId) {
        let Some(task) = self.task_mut(id) else { return };
        if task.mode != Mode::Running {
            task.mode = Mode::Running;
            task.crashes_in_a_row = 0;
        }
        self.start_if_eager(id);
        self.move_up(id);
    }

    pub(super) fn dispose(&mut self, id: TaskId) {
        if self.task(id).is_none() {
            return;
        }
        self.end_all_calls(id, End::Disposed);
        self.terminate_all(id);
        self.tell_gauges();
        self.tasks.retain(|task| task.id != id);
    }

    fn end_all_calls(&mut self, task: TaskId, end: End) {
        for call in self.in_order(|call| call.task == task) {
            if !matches!(self.call(call).map(|call| call.spot), Some(Spot::Orphan(_))) {
                self.settle(call, end);
            }
            self.remove(call);
        }
    }

    fn terminate_all(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        for who in task.living().collect::<Vec<_>>() {
            self.terminate(who);
        }
        let Some(task) = self.task_mut(id) else { return };
        task.seats.fill(Holder::Nobody);
        self.alarms.retain(|(_, alarm)| !matches!(alarm, Alarm::Restart(seat) if seat.0 == id));
    }

    /// Ends a worker on purpose.
    pub(super) fn terminate(&mut self, who: Who) {
        let seat = self.workers[who].seat;
        self.bury(who, Holder::Nobody);
        self.say(Said::Terminated(seat));
        if let Some(task) = self.task_mut(seat.0) {
            task.totals.terminated += 1;
        }
    }

    fn bury(&mut self, who: Who, after: Holder) {
        let seat = self.workers[who].seat;
        self.workers[who].alive = false;
        self.clear_alarm(Alarm::WorkerIdle(who));
        self.clear_alarm(Alarm::WorkerStart(who));
        self.clear_alarm(Alarm::Look(who));
        self.say(Said::Terminate(seat));
        if let Some(task) = self.task_mut(seat.0) {
            task.seats[seat.1 as usize] = after;
        }
    }

    /// What a worker has goes back to the queue; what nobody waits for is forgotten.
    pub(super) fn take_back(&mut self, who: Who) {
        for call in self.calls_of(who) {
            match self.call(call).map(|call| call.spot) {
                Some(Spot::Orphan(_)) => self.remove(call),
                _ => self.requeue(call),
            }
        }
    }

    /// Back to its old place; told and counted when a worker had seen it.
    fn requeue(&mut self, id: CallId) {
        let now = self.now;
        let Some(call) = self.call_mut(id) else { return };
        let (task, seen) = (call.task, matches!(call.spot, Spot::Posted(_)));
        call.spot = Spot::Pending;
        if seen {
            call.timing.waits_since = now;
            self.say(Said::Requeued(task, id));
            if let Some(task) = self.task_mut(task) {
                task.totals.requeued += 1;
            }
        }
    }
}
