//! The reference: the core's contract once more, as plainly as it can be said. Everything lies in plain lists, and every
//! question is answered by looking through all of them.

mod alarms;
mod calls;
mod liveness;
mod workers;

use alarms::Alarm;

use std::time::Duration;

use atelier_core::{
    AbortReason, CallId, CrashKind, End, Gauges, Input, Instant, KeyId, LastCrash, Mode, Priority,
    Settlement, TaskConfig, TaskId, TaskState, Timing, Totals, WorkerId, WorkerState,
};

/// What the model says; the core must say the same. Workers are named by task and place: their handles are the core's
/// business.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Spawn(Seat),
    Post(Seat, CallId),
    Cancel(Seat, CallId),
    Ping(Seat),
    Terminate(Seat),
    Admit(CallId),
    Settle(Settlement),
    Forget(KeyId),
    Dispatched(TaskId, CallId),
    Started(TaskId, CallId, Duration),
    Requeued(TaskId, CallId),
    Spawned(Seat),
    Crashed(Seat, CrashKind),
    Terminated(Seat),
    Gauges(TaskId, Gauges),
}

/// A place in a pool.
pub(crate) type Seat = (TaskId, u32);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spot {
    Minted,
    Doomed(AbortReason),
    Waiting,
    Pending,
    /// A worker is chosen, it has not been posted.
    Chosen(Who),
    Posted(Who),
    /// Settled, but the worker is still busy with it.
    Orphan(Who),
}

/// A worker of the model: its place in the list of all that ever were.
type Who = usize;

#[derive(Debug)]
struct Call {
    id: CallId,
    task: TaskId,
    key: Option<KeyId>,
    priority: Priority,
    grace: Option<Duration>,
    spot: Spot,
    /// The how-manieth dispatched call it is.
    order: u64,
    timing: Timing,
}

#[derive(Debug)]
struct Task {
    id: TaskId,
    config: TaskConfig,
    mode: Mode,
    seats: Vec<Holder>,
    /// The seat that a tie goes to, or the next one after it.
    turn: usize,
    crashes_in_a_row: u32,
    /// Those that made such a row longer, ever.
    crashes_counted: u64,
    /// When the pause after the last of them ends.
    rests_until: Instant,
    last_crash: Option<LastCrash>,
    totals: Totals,
    told: Gauges,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holder {
    Nobody,
    Resting,
    Worker(Who),
}

#[derive(Debug)]
struct Worker {
    /// The core's handle, as soon as it is known.
    id: Option<WorkerId>,
    seat: Seat,
    ready: bool,
    alive: bool,
    /// The crashes of its task that had counted when it began.
    crashes_before: u64,
    /// When it last said something, or got work while it had none.
    heard: Instant,
    /// How many questions for a sign of life it owes an answer to.
    asked: u32,
}

#[derive(Default)]
pub(crate) struct Model {
    now: Instant,
    /// Those that are not disposed.
    tasks: Vec<Task>,
    /// Those that are not over and left by their workers.
    calls: Vec<Call>,
    /// All that ever were.
    workers: Vec<Worker>,
    /// Those that are aborted or in use, and whether they are aborted.
    keys: Vec<(KeyId, bool)>,
    /// In the order they were set.
    alarms: Vec<(Instant, Alarm)>,
    said: Vec<Said>,
    dispatched: u64,
}

// What happens.
impl Model {
    pub(crate) fn define(&mut self, id: TaskId, config: TaskConfig, now: Instant) {
        self.now = self.now.max(now);
        self.tasks.push(Task {
            id,
            mode: Mode::Running,
            seats: vec![Holder::Nobody; config.pool_size as usize],
            turn: 0,
            crashes_in_a_row: 0,
            crashes_counted: 0,
            rests_until: now,
            last_crash: None,
            totals: Totals::default(),
            told: Gauges::default(),
            config,
        });
        self.start_if_eager(id);
        self.tell_gauges();
    }

    pub(crate) fn mint_call(&mut self, id: CallId) {
        let timing = Timing {
            dispatched: self.now,
            admitted: None,
            waits_since: self.now,
            last_wait: Duration::ZERO,
            waited: Duration::ZERO,
            posted: None,
            settled: self.now,
            attempts: 0,
            worker_index: None,
        };
        let task = TaskId::from_bits(u64::MAX);
        let (key, priority, grace, spot) = (None, Priority::default(), None, Spot::Minted);
        self.calls.push(Call { id, task, key, priority, grace, spot, order: 0, timing });
    }

    pub(crate) fn mint_key(&mut self, id: KeyId) {
        self.keys.push((id, false));
    }

    pub(crate) fn handle(&mut self, input: &Input, now: Instant) {
        self.now = self.now.max(now);
        match *input {
            Input::Dispatch(dispatch) => self.dispatch(dispatch),
            Input::Flush => self.flush(),
            Input::Settled { worker, call, reply } => self.answered(worker, call, reply),
            Input::PostFailed { call } => self.post_failed(call),
            Input::WorkerReady { worker } => self.ready(worker),
            Input::WorkerAlive { worker } => self.sign_of_life(worker),
            Input::WorkerCrashed { worker, kind } => {
                if let Some(who) = self.who(worker) {
                    self.crash(who, kind);
                }
            }
            Input::SpawnFailed { worker } => self.spawn_failed(worker),
            Input::AbortCall { call, reason } => self.abort(&[call], reason),
            Input::AbortKey { key } => self.abort_key(key),
            Input::ClearKey { key } => {
                self.set_aborted(key, false);
                self.forget_if_unused(key);
            }
            Input::Pause { task } => self.pause(task),
            Input::Resume { task } => self.resume(task),
            Input::Dispose { task } => self.dispose(task),
            Input::Time => self.time(),
            _ => {}
        }
        self.tell_gauges();
    }

    /// The core started these workers: from now on their handles are known. Those it started and the model did not are
    /// left over.
    pub(crate) fn introduce(&mut self, id: WorkerId, seat: Seat) -> bool {
        let newborn = self.workers.iter_mut().find(|worker| worker.id.is_none() && worker.seat == seat);
        newborn.map(|worker| worker.id = Some(id)).is_some()
    }

    /// What was said since somebody last asked.
    pub(crate) fn said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }
}

// What can be seen.
impl Model {
    pub(crate) fn state(&self, id: TaskId) -> Option<TaskState> {
        let task = self.task(id)?;
        let gauges = self.gauges(task);
        let workers = task.seats.iter().map(|holder| match *holder {
            Holder::Nobody => WorkerState::Absent,
            Holder::Resting => WorkerState::Backoff,
            Holder::Worker(who) if self.workers[who].ready => WorkerState::Ready { calls: self.load(who) },
            Holder::Worker(who) => WorkerState::Starting { calls: self.load(who) },
        });
        Some(TaskState {
            config: task.config.clone(),
            mode: task.mode,
            in_flight: gauges.in_flight,
            pending: gauges.pending,
            waiting: gauges.waiting,
            workers: workers.collect(),
            totals: task.totals,
            last_crash: task.last_crash,
        })
    }

    pub(crate) fn needs_flush(&self) -> bool {
        self.calls.iter().any(|call| matches!(call.spot, Spot::Chosen(who) if self.workers[who].ready))
    }

    pub(crate) fn is_key_aborted(&self, id: KeyId) -> bool {
        self.keys.contains(&(id, true))
    }

    pub(crate) fn footprint(&self) -> [usize; 4] {
        let workers = self.workers.iter().filter(|worker| worker.alive).count();
        [self.calls.len(), workers, self.keys.len(), self.alarms.len()]
    }
}

// What the others share.
impl Model {
    fn say(&mut self, said: Said) {
        self.said.push(said);
    }

    fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    fn task_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id)
    }

    fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.iter().find(|call| call.id == id)
    }

    fn call_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.id == id)
    }

    /// The living worker with this handle.
    fn who(&self, id: WorkerId) -> Option<Who> {
        self.workers.iter().rposition(|worker| worker.alive && worker.id == Some(id))
    }

    /// The calls a worker has, in the order they are to be taken.
    fn calls_of(&self, who: Who) -> Vec<CallId> {
        self.in_order(|call| call.is_at(who))
    }

    fn load(&self, who: Who) -> u32 {
        self.calls.iter().filter(|call| call.is_at(who)).count() as u32
    }

    /// The calls that fit, the one that goes first first.
    fn in_order(&self, fits: impl Fn(&Call) -> bool) -> Vec<CallId> {
        let mut calls: Vec<_> =
            self.calls.iter().filter(|call| fits(call)).map(|call| (call.turn(), call.id)).collect();
        calls.sort_unstable();
        calls.into_iter().map(|(_, id)| id).collect()
    }

    fn pending(&self, task: TaskId) -> Vec<CallId> {
        self.in_order(|call| call.task == task && call.spot == Spot::Pending)
    }

    fn waiting(&self, task: TaskId) -> Vec<CallId> {
        self.in_order(|call| call.task == task && call.spot == Spot::Waiting)
    }

    fn count(&self, task: TaskId, spot: Spot) -> u32 {
        self.calls.iter().filter(|call| call.task == task && call.spot == spot).count() as u32
    }

    fn in_flight(&self, task: &Task) -> u32 {
        task.living().map(|who| self.load(who)).sum()
    }

    fn gauges(&self, task: &Task) -> Gauges {
        Gauges {
            in_flight: self.in_flight(task),
            pending: self.count(task.id, Spot::Pending),
            waiting: self.count(task.id, Spot::Waiting),
            workers: task.living().count() as u32,
        }
    }

    fn tell_gauges(&mut self) {
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            let (id, gauges) = (task.id, self.gauges(task));
            if gauges != task.told {
                self.tasks[at].told = gauges;
                self.say(Said::Gauges(id, gauges));
            }
        }
    }

    fn settle(&mut self, id: CallId, end: End) {
        let now = self.now;
        self.clear_alarm(Alarm::CallTimeout(id));
        let Some(call) = self.call_mut(id) else { return };
        call.timing.settled = now;
        if !matches!(call.spot, Spot::Posted(_) | Spot::Orphan(_)) {
            let wait = now.since(call.timing.waits_since);
            call.timing.waited += wait;
            call.timing.last_wait = wait;
        }
        let (task, key, timing) = (call.task, call.key.take(), call.timing);
        if let Some(task) = self.task_mut(task) {
            task.totals.outcomes[end.outcome() as usize] += 1;
        }
        self.say(Said::Settle(Settlement { call: id, task, end, timing }));
        if let Some(key) = key {
            self.forget_if_unused(key);
        }
    }

    fn remove(&mut self, id: CallId) {
        self.clear_alarm(Alarm::Grace(id));
        self.calls.retain(|call| call.id != id);
    }

    fn set_aborted(&mut self, id: KeyId, aborted: bool) {
        self.keys.iter_mut().filter(|key| key.0 == id).for_each(|key| key.1 = aborted);
    }

    fn forget_if_unused(&mut self, id: KeyId) {
        if self.keys.contains(&(id, false)) && self.calls.iter().all(|call| call.key != Some(id)) {
            self.keys.retain(|key| key.0 != id);
            self.say(Said::Forget(id));
        }
    }
}

impl Call {
    fn is_at(&self, who: Who) -> bool {
        matches!(self.spot, Spot::Chosen(at) | Spot::Posted(at) | Spot::Orphan(at) if at == who)
    }

    /// Earlier goes first; less urgent ones stand further behind, as if they had come later.
    fn turn(&self) -> (Instant, u64) {
        let behind = match self.priority {
            Priority::UserBlocking => Duration::ZERO,
            Priority::UserVisible => Duration::from_secs(2),
            Priority::Background => Duration::from_secs(12),
        };
        (self.timing.dispatched + behind, self.order)
    }
}

impl Task {
    fn living(&self) -> impl Iterator<Item = Who> + '_ {
        self.seats.iter().filter_map(|holder| match holder {
            Holder::Worker(who) => Some(*who),
            Holder::Nobody | Holder::Resting => None,
        })
    }
}
