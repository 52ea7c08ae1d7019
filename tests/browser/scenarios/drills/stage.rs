//! What the model says must be there: workers, what their handlers are at, and how calls ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use atelier_core::{
    CallId, CrashKind, Dispatch, End, Input, Instant, KeyId, Outcome, Reply, TaskConfig, TaskId, Timer,
    WorkerId,
};
use serde_json::json;

use super::model::{Model, Said, Seat};
use super::order::{Expected, ExpectedTask, ExpectedWorker};
use super::plan::{Deed, Handler, Plan, Start};

const COUNTERS: [&str; 9] = [
    "task.dispatch.total",
    "task.success.total",
    "task.failure.total",
    "task.canceled.total",
    "task.rejected.total",
    "task.requeue.total",
    "worker.spawn.total",
    "worker.crash.total",
    "worker.terminate.total",
];

/// Nobody waits for what comes later than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A worker that lives.
#[derive(Debug)]
pub(super) struct Worker {
    /// The how-manieth of all it is, from 1 on.
    pub(super) number: u64,
    pub(super) task: TaskId,
    pub(super) ready: bool,
    /// Its loop will never be free again.
    pub(super) hangs: bool,
    /// Calls whose handlers have begun and not ended, in their order.
    pub(super) running: Vec<usize>,
    heard: BTreeSet<usize>,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) handler: Handler,
    pub(super) end: Option<String>,
}

#[derive(Default)]
pub(super) struct Stage {
    model: Model,
    pub(super) now: Instant,
    pub(super) tasks: Vec<TaskId>,
    pub(super) calls: Vec<Call>,
    pub(super) workers: BTreeMap<Seat, Worker>,
    spawned: u64,
    keys: BTreeMap<u8, KeyId>,
    keys_ever: u64,
    counts: BTreeMap<TaskId, BTreeMap<&'static str, u64>>,
    last_crashes: BTreeMap<TaskId, CrashKind>,
    /// Cancelled calls whose handlers end because of it.
    pub(super) giving_up: VecDeque<usize>,
    /// Which worker was given which call, ever.
    pub(super) given: BTreeSet<(u64, usize)>,
    /// What the runtime tells the core before it does anything else.
    at_once: VecDeque<Input>,
    /// What happened, how often.
    pub(super) seen: BTreeMap<String, u64>,
}

// What users do.
impl Stage {
    pub(super) fn define(&mut self, config: TaskConfig, plan: &Plan) {
        let task = TaskId::from_bits(self.tasks.len() as u64);
        self.tasks.push(task);
        self.counts.insert(task, COUNTERS.map(|name| (name, 0)).into());
        self.model.define(task, config, self.now);
        self.carry_out(plan);
    }

    /// The tasks that are not disposed.
    pub(super) fn living_tasks(&self) -> Vec<TaskId> {
        self.tasks.iter().copied().filter(|task| self.model.state(*task).is_some()).collect()
    }

    pub(super) fn dispatch(&mut self, dispatch: Dispatch, handler: Handler, plan: &Plan) {
        self.calls.push(Call { handler, end: None });
        self.model.mint_call(dispatch.call);
        self.tell(Input::Dispatch(dispatch), plan);
    }

    pub(super) fn key(&mut self, name: u8) -> KeyId {
        let (model, ever) = (&mut self.model, &mut self.keys_ever);
        *self.keys.entry(name).or_insert_with(|| {
            *ever += 1;
            let key = KeyId::from_bits(*ever);
            model.mint_key(key);
            key
        })
    }

    pub(super) fn known_key(&self, name: u8) -> Option<KeyId> {
        self.keys.get(&name).copied()
    }

    /// A handler ends.
    pub(super) fn answer(&mut self, seat: Seat, call: usize, reply: Reply, plan: &Plan) {
        let Some(worker) = self.workers.get_mut(&seat) else { return };
        worker.running.retain(|&running| running != call);
        worker.heard.remove(&call);
        let worker = WorkerId::from_bits(worker.number);
        self.tell(Input::Settled { worker, call: call_id(call), reply }, plan);
    }

    pub(super) fn tell(&mut self, input: Input, plan: &Plan) {
        self.model.handle(&input, self.now);
        self.carry_out(plan);
    }

    /// Does what the model says, and tells it what comes of that at once.
    fn carry_out(&mut self, plan: &Plan) {
        self.listen(plan);
        while let Some(input) = self.at_once.pop_front() {
            self.model.handle(&input, self.now);
            self.listen(plan);
        }
    }
}

// What happens by itself.
impl Stage {
    /// Time has passed since the last turn. Workers that do not hang have shown that they live.
    pub(super) fn advance(&mut self, now: Instant, plan: &Plan) {
        while let Some((at, timer)) = self.model.next_timeout().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            match timer {
                Timer::Grace(_) => self.see("grace over"),
                Timer::WorkerIdle(_) => self.see("idle"),
                Timer::Restart(..) => self.see("restart"),
                _ => {}
            }
            self.tell(Input::Time, plan);
        }
        self.now = self.now.max(now);
    }

    /// The turn ends, and everything happens that nobody can keep from happening, the restarts of crashed workers among it.
    pub(super) fn settle(&mut self, plan: &Plan) {
        loop {
            if self.model.needs_flush() {
                self.tell(Input::Flush, plan);
                continue;
            }
            let inevitable = self.model.timers().filter(|(at, timer)| self.is_inevitable(*at, *timer));
            let Some((at, _)) = inevitable.min_by_key(|(at, _)| *at) else { return };
            self.advance(at, plan);
        }
    }

    fn is_inevitable(&self, at: Instant, timer: Timer) -> bool {
        match timer {
            _ if at.since(self.now) > PATIENCE => false,
            Timer::Liveness(worker) => {
                self.workers.values().any(|at| at.hangs && WorkerId::from_bits(at.number) == worker)
            }
            _ => true,
        }
    }

    fn listen(&mut self, plan: &Plan) {
        for said in self.model.said() {
            match said {
                Said::Spawn(seat) => self.spawn(seat, plan),
                Said::Post(seat, call) => self.post(seat, call),
                Said::Cancel(seat, call) => self.cancel(seat, call),
                Said::Ping(seat) => {
                    if let Some(worker) = self.workers.get(&seat).filter(|worker| !worker.hangs) {
                        let worker = WorkerId::from_bits(worker.number);
                        self.at_once.push_back(Input::WorkerAlive { worker });
                    }
                }
                Said::Terminate(seat) => {
                    self.workers.remove(&seat);
                }
                Said::Settle(settlement) => {
                    let (task, end) = (settlement.task, settlement.end);
                    self.count(task, counter(end.outcome()));
                    self.see(&name(end));
                    self.calls[settlement.call.to_bits() as usize].end = Some(name(end));
                }
                Said::Forget(key) => self.keys.retain(|_, known| *known != key),
                Said::Dispatched(task, _) => self.count(task, "task.dispatch.total"),
                Said::Requeued(task, _) => {
                    self.see("requeue");
                    self.count(task, "task.requeue.total");
                }
                Said::Crashed((task, _), kind) => {
                    self.count(task, "worker.crash.total");
                    self.see(kind.name());
                    self.last_crashes.insert(task, kind);
                }
                Said::Terminated((task, _)) => self.count(task, "worker.terminate.total"),
                Said::Admit(_) => self.see("admit"),
                Said::Started(..) | Said::Spawned(..) | Said::Gauges(..) => {}
            }
        }
    }

    fn spawn(&mut self, seat: Seat, plan: &Plan) {
        self.spawned += 1;
        let (number, task) = (self.spawned, seat.0);
        let id = WorkerId::from_bits(number);
        self.model.introduce(id, seat);
        if matches!(plan.start(number), Start::CannotBeMade) {
            // As the driver does: before whatever the worker function did.
            self.at_once.push_front(Input::SpawnFailed { worker: id });
        } else {
            self.count(task, "worker.spawn.total");
        }
        let (running, heard) = (Vec::new(), BTreeSet::new());
        self.workers.insert(seat, Worker { number, task, ready: false, hangs: false, running, heard });
    }

    fn post(&mut self, seat: Seat, id: CallId) {
        let call = id.to_bits() as usize;
        if self.calls[call].handler.deed == Deed::CannotBePosted {
            return self.at_once.push_back(Input::PostFailed { call: id });
        }
        let Some(worker) = self.workers.get_mut(&seat) else { return };
        if !worker.hangs {
            worker.running.push(call);
            self.given.insert((worker.number, call));
        }
    }

    fn cancel(&mut self, seat: Seat, id: CallId) {
        let call = id.to_bits() as usize;
        let Some(worker) = self.workers.get_mut(&seat) else { return };
        if worker.running.contains(&call) && !worker.hangs {
            worker.heard.insert(call);
            self.see("cancel");
            if self.calls[call].handler.heeds_signal {
                self.giving_up.push_back(call);
            }
        }
    }

    fn see(&mut self, what: &str) {
        *self.seen.entry(what.to_owned()).or_default() += 1;
    }

    fn count(&mut self, task: TaskId, name: &'static str) {
        *self.counts.entry(task).or_default().entry(name).or_default() += 1;
    }
}

// What can be seen.
impl Stage {
    /// Where a handler runs that has not ended; one that hangs cannot be talked to.
    pub(super) fn place_of(&self, call: usize) -> Option<(Seat, &Worker)> {
        let mut places = self.workers.iter().map(|(seat, worker)| (*seat, worker));
        places.find(|(_, worker)| !worker.hangs && worker.running.contains(&call))
    }

    /// Whether the task wants to know of hangs.
    pub(super) fn is_watched(&self, task: TaskId) -> bool {
        self.model.state(task).is_some_and(|state| state.config.hang_timeout.is_some())
    }

    pub(super) fn expected(&self) -> Expected {
        let tasks = self.tasks.iter().map(|&task| {
            let counts = self.counts.get(&task).cloned().unwrap_or_default();
            let last_crash = self.last_crashes.get(&task).map(|kind| kind.name());
            let state = match self.model.state(task) {
                Some(state) => json!({
                    "activeWorkers": state.active_workers(),
                    "workerStatus": state.worker_status(),
                    "taskStatus": state.task_status(),
                    "totalDispatched": counts["task.dispatch.total"],
                    "queueDepth": state.in_flight,
                    "pendingQueueDepth": state.pending,
                    "waitingQueueDepth": state.waiting,
                    "queueDepthByWorker": state.workers.iter().map(|worker| worker.calls()).collect::<Vec<_>>(),
                    "lastCrash": last_crash,
                }),
                None => json!({
                    "activeWorkers": 0, "queueDepth": 0, "pendingQueueDepth": 0, "waitingQueueDepth": 0,
                }),
            };
            ExpectedTask { task: task_name(task), state, counts }
        });
        let workers = self.workers.values().filter(|worker| !worker.hangs).map(|worker| ExpectedWorker {
            worker: worker.number,
            running: worker.running.clone(),
            heard: worker.heard.iter().copied().collect(),
        });
        Expected {
            tasks: tasks.collect(),
            calls: self.calls.iter().map(|call| call.end.clone()).collect(),
            workers: workers.collect(),
        }
    }
}

pub(super) fn call_id(call: usize) -> CallId {
    CallId::from_bits(call as u64)
}

pub(super) fn task_name(task: TaskId) -> String {
    format!("task {}", task.to_bits())
}

fn counter(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "task.success.total",
        Outcome::Error => "task.failure.total",
        Outcome::Canceled => "task.canceled.total",
        Outcome::Rejected => "task.rejected.total",
    }
}

/// What the page's promise ends with.
fn name(end: End) -> String {
    match end {
        End::Ok => "ok".to_owned(),
        End::Error => "ToldError".to_owned(),
        End::PostFailed => "DataCloneError".to_owned(),
        End::Aborted(_) | End::GaveUp => "AbortError".to_owned(),
        End::Dropped(_) => "QueueDropError".to_owned(),
        End::Disposed => "TaskDisposedError".to_owned(),
        End::Crashed { kind, .. } => format!("WorkerCrashedError: {}", kind.name()),
        End::SpawnFailed => "UnmakeableError".to_owned(),
        other => format!("{other:?}"),
    }
}
