//! What must hold of hangs and graces at every moment, whatever the model says.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_core::{CallId, CrashKind, End, Fact, Input, Instant, Mode, Output, Runtime, TaskId, WorkerId};

#[derive(Default)]
pub(crate) struct Pulse {
    living: BTreeMap<WorkerId, Worker>,
    graces: BTreeMap<CallId, Duration>,
    /// Workers that hung in this step, and the calls that were blamed for it, by task.
    hung: BTreeMap<TaskId, u32>,
    blamed: BTreeMap<TaskId, u32>,
}

struct Worker {
    task: TaskId,
    half: Option<Duration>,
    /// When it was last heard of, or got work after it had none.
    heard: Instant,
    /// When it was asked for a sign of life that it has not given.
    asked: Option<Instant>,
    /// What it has not answered, and when the patience with it ends.
    calls: BTreeMap<CallId, Option<Instant>>,
    /// It is known to have crashed.
    crashed: bool,
}

/// Fails with the promise that was broken.
macro_rules! hold {
    ($condition:expr, $($promise:tt)*) => {
        if !$condition {
            return Err(format!($($promise)*));
        }
    };
}

impl Pulse {
    /// Before an input is handled.
    pub(crate) fn before(&mut self, input: &Input, now: Instant) {
        self.hung.clear();
        self.blamed.clear();
        match *input {
            Input::Dispatch(dispatch) => {
                if let Some(grace) = dispatch.grace {
                    self.graces.entry(dispatch.call).or_insert(grace);
                }
            }
            Input::Settled { worker, call, .. } => {
                self.sign(worker, now);
                self.gone(worker, call);
            }
            Input::WorkerAlive { worker } => self.sign(worker, now),
            Input::PostFailed { call } => {
                let workers: Vec<WorkerId> = self.living.keys().copied().collect();
                workers.into_iter().for_each(|worker| self.gone(worker, call));
            }
            _ => {}
        }
    }

    fn sign(&mut self, worker: WorkerId, now: Instant) {
        if let Some(worker) = self.living.get_mut(&worker) {
            (worker.heard, worker.asked) = (now, None);
        }
    }

    fn gone(&mut self, worker: WorkerId, call: CallId) {
        if let Some(worker) = self.living.get_mut(&worker) {
            worker.calls.remove(&call);
        }
    }

    pub(crate) fn output(&mut self, core: &Runtime, output: &Output, now: Instant) -> Result<(), String> {
        match *output {
            Output::Spawn { task, worker, .. } => {
                let timeout = core.task_config(task).and_then(|config| config.hang_timeout);
                let half = timeout.map(|timeout| timeout / 2);
                let (calls, crashed) = (BTreeMap::new(), false);
                self.living.insert(worker, Worker { task, half, heard: now, asked: None, calls, crashed });
            }
            Output::Post { worker, call } => {
                let Some(worker) = self.living.get_mut(&worker) else { return Ok(()) };
                if worker.calls.is_empty() {
                    (worker.heard, worker.asked) = (now, None);
                }
                worker.calls.insert(call, None);
            }
            Output::Cancel { worker, call } => {
                let grace = self.graces.get(&call).map(|grace| now + *grace);
                if let Some(worker) = self.living.get_mut(&worker) {
                    worker.calls.insert(call, grace);
                }
            }
            Output::Ping { worker } => {
                let Some(worker) = self.living.get_mut(&worker) else {
                    return Err(format!("asks one that is gone: {worker:?}"));
                };
                let half = worker.half.ok_or("asks though nobody wanted that")?;
                hold!(!worker.calls.is_empty(), "asks one that has nothing to do");
                hold!(now.since(worker.heard) >= half, "asks one that was just heard of");
                worker.asked = Some(now);
            }
            Output::Fact(Fact::WorkerCrashed { task, worker, kind, .. }) => {
                let Some(worker) = self.living.get_mut(&worker) else { return Ok(()) };
                worker.crashed = true;
                if kind == CrashKind::Hang {
                    *self.hung.entry(task).or_default() += 1;
                    let half = worker.half.ok_or("hangs though nobody wanted to know")?;
                    hold!(now.since(worker.heard) >= half * 2, "hangs so soon after {:?}", worker.heard);
                    hold!(
                        worker.asked.is_some_and(|asked| now.since(asked) >= half),
                        "hangs though it was asked at {:?}",
                        worker.asked
                    );
                }
            }
            Output::Settle(ref settlement) => {
                if matches!(settlement.end, End::Crashed { kind: CrashKind::Hang, .. }) {
                    *self.blamed.entry(settlement.task).or_default() += 1;
                }
            }
            Output::Terminate { worker } => {
                let Some(dead) = self.living.remove(&worker) else { return Ok(()) };
                let running = core.task_state(dead.task).is_some_and(|state| state.mode == Mode::Running);
                let out_of_patience = || dead.calls.values().flatten().any(|end| *end <= now);
                hold!(
                    dead.calls.is_empty() || dead.crashed || !running || out_of_patience(),
                    "a busy worker of a running task is ended for nothing: {worker:?}"
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// After an input is handled.
    pub(crate) fn after(&self, core: &Runtime, input: &Input, now: Instant) -> Result<(), String> {
        if *input != Input::Time {
            return Ok(());
        }
        for (id, worker) in &self.living {
            let impatient = worker.calls.iter().find(|(_, end)| end.is_some_and(|end| end <= now));
            hold!(impatient.is_none(), "a grace is over, and its worker lives: {id:?} {impatient:?}");
            let (Some(half), false) = (worker.half, worker.calls.is_empty()) else { continue };
            let since = worker.asked.unwrap_or(worker.heard);
            hold!(now.since(since) < half, "silent since {since:?}, and nobody cares: {id:?}");
        }
        for (task, blamed) in &self.blamed {
            let running = core.task_state(*task).is_some_and(|state| state.mode == Mode::Running);
            let hung = self.hung.get(task).copied().unwrap_or_default();
            hold!(!running || *blamed <= hung, "{blamed} calls are blamed where {hung} workers hung");
        }
        Ok(())
    }
}
