//! Calls: how they come, move up and end.

use atelier_core::{
    AbortReason, CallId, CrashKind, Dispatch, End, KeyId, Mode, QueuePolicy, Reply, TaskId, WorkerId,
};

use super::{Alarm, Holder, Model, Said, Spot, Who};

impl Model {
    pub(super) fn dispatch(&mut self, dispatch: Dispatch) {
        let (now, order) = (self.now, self.dispatched);
        let Some(call) = self.call_mut(dispatch.call) else { return };
        let doomed = match call.spot {
            Spot::Minted => None,
            Spot::Doomed(reason) => Some(reason),
            _ => return,
        };
        call.task = dispatch.task;
        call.key = dispatch.key;
        call.priority = dispatch.priority;
        call.grace = dispatch.grace;
        call.order = order;
        call.timing.dispatched = now;
        call.timing.waits_since = now;
        self.dispatched += 1;
        if let Some(end) = self.refusal(&dispatch, doomed) {
            self.settle(dispatch.call, end);
            return self.remove(dispatch.call);
        }
        let own = dispatch.timeout;
        let timeout = own.or_else(|| self.task(dispatch.task).and_then(|task| task.config.timeout));
        if let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) {
            self.set_alarm(Alarm::CallTimeout(dispatch.call), timeout);
        }
        self.join(dispatch.task, dispatch.call);
    }

    /// What ends a call before it can join the queue.
    fn refusal(&mut self, dispatch: &Dispatch, doomed: Option<AbortReason>) -> Option<End> {
        let Some(task) = self.task_mut(dispatch.task) else { return Some(End::Disposed) };
        task.totals.dispatched += 1;
        let (mode, last) = (task.mode, task.last_crash);
        self.say(Said::Dispatched(dispatch.task, dispatch.call));
        if mode == Mode::Failed {
            let kind = last.map_or(CrashKind::Error, |last| last.kind);
            return Some(End::Crashed { worker_index: last.map(|last| last.worker_index), kind });
        }
        let aborted = dispatch.key.is_some_and(|key| self.is_key_aborted(key));
        doomed.or(aborted.then_some(AbortReason::Key)).map(End::Aborted)
    }

    fn join(&mut self, task: TaskId, id: CallId) {
        let Some(config) = self.task(task).map(|task| task.config.clone()) else { return };
        let pending = self.pending(task);
        if pending.is_empty() && self.seat_for_next(task).is_some() {
            self.admit(id);
            return self.start(task, id);
        }
        if config.max_queue_depth.is_none_or(|depth| pending.len() < depth as usize) {
            return self.admit(id);
        }
        match config.queue_policy {
            QueuePolicy::Block => {
                let turn = |id: CallId| self.call(id).map(|call| call.turn());
                if self.waiting(task).first().is_some_and(|&waits| turn(waits) < turn(id)) {
                    return self.wait(id);
                }
                self.admit(id);
                let Some(&last) = self.pending(task).last() else { return };
                self.wait(last);
            }
            policy @ (QueuePolicy::Reject | QueuePolicy::DropLatest) => {
                self.settle(id, End::Dropped(policy));
                self.remove(id);
            }
            policy @ QueuePolicy::DropOldest => {
                let all = pending.iter().copied().chain([id]);
                let oldest = all.min_by_key(|&id| self.call(id).map(|call| call.order));
                if oldest != Some(id) {
                    self.admit(id);
                }
                let Some(oldest) = oldest else { return };
                self.settle(oldest, End::Dropped(policy));
                self.remove(oldest);
            }
        }
    }

    /// A caller has to wait for its place.
    fn wait(&mut self, id: CallId) {
        let Some(call) = self.call_mut(id) else { return };
        call.spot = Spot::Waiting;
        // How long it waited for admission is told up to its first attempt.
        if call.timing.attempts == 0 {
            call.timing.admitted = None;
        }
    }

    /// A call gets its place in the queue.
    fn admit(&mut self, id: CallId) {
        let now = self.now;
        if let Some(call) = self.call_mut(id) {
            call.spot = Spot::Pending;
            call.timing.admitted.get_or_insert(now);
        }
    }

    /// Room was made: by turns, one that is pending starts and one that waits is let in.
    pub(super) fn move_up(&mut self, task: TaskId) {
        loop {
            let next = self.pending(task).first().copied();
            let starts = next.filter(|_| self.seat_for_next(task).is_some());
            if let Some(mut id) = starts {
                let turn = |id: CallId| self.call(id).map(|call| call.turn());
                // Whoever comes before it goes first, even without a place of its own in the queue.
                if let Some(earlier) =
                    self.waiting(task).first().copied().filter(|&first| turn(first) < turn(id))
                {
                    id = earlier;
                    self.admit(id);
                    self.say(Said::Admit(id));
                }
                self.start(task, id);
            }
            let Some(depth) = self.task(task).map(|task| task.config.max_queue_depth) else { return };
            let pending = self.pending(task).len();
            let place = depth.is_none_or(|depth| pending < depth as usize)
                || depth == Some(0) && pending == 0 && self.seat_for_next(task).is_some();
            let enters = self.waiting(task).first().copied().filter(|_| place);
            if let Some(id) = enters {
                self.admit(id);
                self.say(Said::Admit(id));
            }
            if starts.is_none() && enters.is_none() {
                return;
            }
        }
    }

    /// Where the next call would go, if one may go.
    fn seat_for_next(&self, id: TaskId) -> Option<usize> {
        let task = self.task(id)?;
        let pool = task.seats.len();
        if task.mode != Mode::Running || self.in_flight(task) >= task.config.max_in_flight {
            return None;
        }
        let share = (task.config.max_in_flight as f64 / pool as f64).ceil() as u32;
        let mut best: Option<(u32, usize)> = None;
        for step in 0..pool {
            let seat = (task.turn + step) % pool;
            let load = match task.seats[seat] {
                Holder::Resting => continue,
                Holder::Nobody => 0,
                Holder::Worker(who) => self.load(who),
            };
            if load < share && best.is_none_or(|(least, _)| load < least) {
                best = Some((load, seat));
            }
        }
        best.map(|(_, seat)| seat)
    }

    /// A pending call is given to the worker whose turn it is.
    fn start(&mut self, task: TaskId, id: CallId) {
        let Some(seat) = self.seat_for_next(task) else { return };
        let holder = self.task(task).map(|task| task.seats[seat]);
        let who = match holder {
            Some(Holder::Worker(who)) => who,
            _ => self.spawn((task, seat as u32)),
        };
        if let Some(task) = self.task_mut(task) {
            task.turn = (seat + 1) % task.seats.len();
        }
        if let Some(call) = self.call_mut(id) {
            call.spot = Spot::Chosen(who);
        }
        self.clear_alarm(Alarm::WorkerIdle(who));
    }

    pub(super) fn flush(&mut self) {
        let now = self.now;
        let ready = |who: Who| self.workers[who].ready;
        let mut given: Vec<(Option<WorkerId>, Who, u32)> = Vec::new();
        for id in self.in_order(|call| matches!(call.spot, Spot::Chosen(who) if ready(who))) {
            let Some(Spot::Chosen(who)) = self.call(id).map(|call| call.spot) else { continue };
            let seat = self.workers[who].seat;
            if given.iter().all(|(_, known, _)| *known != who) {
                given.push((self.workers[who].id, who, self.work_of(who)));
            }
            let Some(call) = self.call_mut(id) else { continue };
            call.spot = Spot::Posted(who);
            let wait = now.since(call.timing.waits_since);
            call.timing.waited += wait;
            call.timing.last_wait = wait;
            call.timing.posted = Some(now);
            call.timing.attempts += 1;
            call.timing.worker_index = Some(seat.1);
            self.say(Said::Post(seat, id));
            self.say(Said::Started(seat.0, id, wait));
        }
        // Among alarms for one moment the first handle's comes first.
        given.sort_unstable();
        for (_, who, before) in given {
            self.has_work(who, before);
        }
    }

    pub(super) fn answered(&mut self, worker: WorkerId, id: CallId, reply: Reply) {
        self.sign_of_life(worker);
        let (Some(who), Some(call)) = (self.who(worker), self.call(id)) else { return };
        let (task, spot) = (call.task, call.spot);
        if spot != Spot::Posted(who) && spot != Spot::Orphan(who) {
            return;
        }
        if reply == Reply::Ok
            && let Some(task) = self.task_mut(task)
        {
            task.crashes_in_a_row = 0;
        }
        if spot == Spot::Posted(who) {
            let end = match reply {
                Reply::Ok => End::Ok,
                Reply::Error => End::Error,
                Reply::Aborted => End::GaveUp,
            };
            self.settle(id, end);
        }
        self.remove(id);
        self.rest_if_idle(who);
        self.move_up(task);
    }

    pub(super) fn post_failed(&mut self, id: CallId) {
        let Some(call) = self.call(id) else { return };
        let (task, spot) = (call.task, call.spot);
        let (Spot::Posted(who) | Spot::Orphan(who)) = spot else { return };
        if spot == Spot::Posted(who) {
            self.settle(id, End::PostFailed);
        }
        self.remove(id);
        self.rest_if_idle(who);
        self.move_up(task);
    }

    pub(super) fn abort_key(&mut self, key: KeyId) {
        self.set_aborted(key, true);
        let calls = self.in_order(|call| call.key == Some(key));
        self.abort(&calls, AbortReason::Key);
    }

    /// All of them leave, then others move up.
    pub(super) fn abort(&mut self, calls: &[CallId], reason: AbortReason) {
        let mut tasks = Vec::new();
        for &id in calls {
            let Some(call) = self.call_mut(id) else { continue };
            let spot = call.spot;
            match spot {
                Spot::Minted => call.spot = Spot::Doomed(reason),
                Spot::Doomed(_) | Spot::Orphan(_) => {}
                Spot::Waiting | Spot::Pending | Spot::Chosen(_) => {
                    tasks.push(call.task);
                    self.settle(id, End::Aborted(reason));
                    self.remove(id);
                    if let Spot::Chosen(who) = spot {
                        self.rest_if_idle(who);
                    }
                }
                Spot::Posted(who) => {
                    call.spot = Spot::Orphan(who);
                    let grace = call.grace;
                    self.say(Said::Cancel(self.workers[who].seat, id));
                    self.settle(id, End::Aborted(reason));
                    if let Some(grace) = grace {
                        self.set_alarm(Alarm::Grace(id), grace);
                    }
                }
            }
        }
        tasks.sort_unstable();
        tasks.dedup();
        for task in tasks {
            self.move_up(task);
        }
    }
}
