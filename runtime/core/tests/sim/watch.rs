//! What must hold after every step, whatever the model says.

use std::collections::{BTreeMap, BTreeSet};

use atelier_core::{
    CallId, Dispatch, Fact, Gauges, Input, Mode, Output, Priority, Runtime, TaskId, WorkerId, WorkerState,
};

use crate::model::Seat;

/// What is known of a call that was dispatched.
struct Known {
    task: TaskId,
    priority: Priority,
    order: u64,
}

#[derive(Default)]
pub(crate) struct Watch {
    /// Calls that have not ended.
    open: BTreeMap<CallId, Known>,
    over: BTreeSet<CallId>,
    living: BTreeMap<WorkerId, Seat>,
    /// Where every worker that ever was had its place.
    seats: BTreeMap<WorkerId, Seat>,
    ready: BTreeSet<WorkerId>,
    /// Calls that were posted and are still at their worker.
    posted: BTreeMap<CallId, WorkerId>,
    /// Calls that have a worker, posted or not.
    placed: BTreeSet<CallId>,
    told: BTreeMap<TaskId, Gauges>,
    dispatched: u64,
}

/// Fails with the promise that was broken.
macro_rules! hold {
    ($condition:expr, $($promise:tt)*) => {
        if !$condition {
            return Err(format!($($promise)*));
        }
    };
}

impl Watch {
    pub(crate) fn living(&self) -> impl Iterator<Item = WorkerId> {
        self.living.keys().copied()
    }

    pub(crate) fn seat(&self, worker: WorkerId) -> Option<Seat> {
        self.seats.get(&worker).copied()
    }

    /// Calls at workers, and their workers.
    pub(crate) fn posted(&self) -> impl Iterator<Item = (CallId, WorkerId)> {
        self.posted.iter().map(|(call, worker)| (*call, *worker))
    }

    pub(crate) fn unsettled(&self) -> impl Iterator<Item = CallId> {
        self.open.keys().copied()
    }

    /// Before an input is handled.
    pub(crate) fn before(&mut self, input: &Input) {
        match *input {
            Input::Dispatch(Dispatch { call, task, priority, .. })
                if !self.open.contains_key(&call) && !self.over.contains(&call) =>
            {
                self.open.insert(call, Known { task, priority, order: self.dispatched });
                self.dispatched += 1;
            }
            Input::WorkerReady { worker } if self.living.contains_key(&worker) => {
                self.ready.insert(worker);
            }
            Input::Settled { worker, call, .. } if self.posted.get(&call) == Some(&worker) => {
                self.posted.remove(&call);
            }
            Input::PostFailed { call } => {
                self.posted.remove(&call);
            }
            _ => {}
        }
    }

    pub(crate) fn output(&mut self, output: &Output) -> Result<(), String> {
        match output {
            Output::Spawn { task, worker, index } => {
                let seat = (*task, *index);
                hold!(!self.seats.contains_key(worker), "a worker's handle was used before: {worker:?}");
                hold!(self.living.values().all(|at| *at != seat), "two workers in one place: {seat:?}");
                self.living.insert(*worker, seat);
                self.seats.insert(*worker, seat);
            }
            Output::Post { worker, call } => {
                hold!(self.living.contains_key(worker), "a post to a worker that is gone: {call:?}");
                hold!(self.ready.contains(worker), "a post to a worker that is not ready: {call:?}");
                hold!(!self.posted.contains_key(call), "a post of a call that a worker has: {call:?}");
                hold!(self.open.contains_key(call), "a post of a call that is over: {call:?}");
                self.posted.insert(*call, *worker);
            }
            Output::Cancel { worker, call } => {
                hold!(self.posted.get(call) == Some(worker), "a cancel where the call is not: {call:?}");
            }
            Output::Terminate { worker } => {
                hold!(self.living.remove(worker).is_some(), "a worker terminated twice: {worker:?}");
                self.posted.retain(|_, at| at != worker);
            }
            Output::Settle(settlement) => {
                let call = settlement.call;
                hold!(self.over.insert(call), "a call settled twice: {call:?}");
                let known = self.open.remove(&call);
                hold!(known.is_some(), "a call settled that was never dispatched: {call:?}");
                let task = known.map(|known| known.task);
                hold!(task == Some(settlement.task), "a call settled for another task: {call:?}");
            }
            Output::Fact(Fact::Gauges { task, gauges }) => {
                self.told.insert(*task, *gauges);
            }
            _ => {}
        }
        Ok(())
    }

    /// After an input is handled.
    pub(crate) fn after(&mut self, core: &Runtime, input: &Input) -> Result<(), String> {
        for task in core.tasks() {
            let Some(state) = core.task_state(task) else { return Err("a task without a state".to_owned()) };
            let share = state.config.max_in_flight.div_ceil(state.config.pool_size);
            let loads: Vec<u32> = state.workers.iter().map(|worker| worker.calls()).collect();
            let outcomes: u64 = state.totals.outcomes.iter().sum();
            let open = self.open.values().filter(|call| call.task == task).count() as u64;
            hold!(state.in_flight <= state.config.max_in_flight, "too many in flight: {state:?}");
            hold!(loads.iter().sum::<u32>() == state.in_flight, "permits lost or won: {state:?}");
            hold!(loads.iter().all(|load| *load <= share), "too many at one worker: {state:?}");
            hold!(state.totals.dispatched == outcomes + open, "{open} calls open, but {:?}", state.totals);
            hold!(
                state.mode == Mode::Running || state.active_workers() == 0,
                "workers of a stopped task: {state:?}"
            );
            let told = self.told.get(&task).copied().unwrap_or_default();
            let gauges = Gauges {
                in_flight: state.in_flight,
                pending: state.pending,
                waiting: state.waiting,
                workers: state.active_workers(),
            };
            hold!(told == gauges, "told {told:?}, but it is {gauges:?}");
            hold!(
                state.waiting == 0
                    || state.config.max_queue_depth.is_some_and(|depth| state.pending >= depth),
                "callers wait beside free places: {state:?}"
            );
            let room = state.in_flight < state.config.max_in_flight && state.mode == Mode::Running;
            let free = |worker: &WorkerState| *worker != WorkerState::Backoff && worker.calls() < share;
            hold!(
                state.pending + state.waiting == 0 || !room || !state.workers.iter().any(free),
                "calls wait beside free workers: {state:?}"
            );
        }
        self.order(core, input)
    }

    /// Whoever got a worker in this step came before all of the same priority that have none.
    fn order(&mut self, core: &Runtime, input: &Input) -> Result<(), String> {
        let placed: BTreeSet<CallId> = self.living.keys().flat_map(|worker| core.calls_at(*worker)).collect();
        // In one go, time may place a call and then send back an older one with its dead worker.
        if *input != Input::Time {
            for call in placed.difference(&self.placed) {
                let Some(chosen) = self.open.get(call) else { continue };
                let overtaken = self.open.iter().find(|(id, other)| {
                    (other.task, other.priority) == (chosen.task, chosen.priority)
                        && other.order < chosen.order
                        && !placed.contains(id)
                });
                hold!(overtaken.is_none(), "{call:?} overtook {:?}", overtaken.map(|(id, _)| id));
            }
        }
        self.placed = placed;
        Ok(())
    }
}
