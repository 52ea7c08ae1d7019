//! The state machine's public face: handles in, inputs in, outputs out.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::config::{ConfigError, Init, TaskConfig};
use crate::handle::{CallId, KeyId, Slab, TaskId, WorkerId};
use crate::input::{Dispatch, Input, Priority};
use crate::output::{Fact, Output, Timing};
use crate::state::TaskState;
use crate::task::{Call, Key, Place, Task, Worker};
use crate::time::Instant;
use crate::timers::{Timer, TimerQueue};

/// Queues, pools and cancellation of one runtime.
///
/// The driver tells it what happened with [`Runtime::handle`], then takes every output from [`Runtime::poll_output`]
/// until there is none, and comes back with [`Input::Time`] at [`Runtime::next_timeout`] and with [`Input::Flush`] at
/// the end of a turn in which [`Runtime::needs_flush`] holds. Outputs must be carried out in order. Handles that are
/// stale or were never given out are safe everywhere: they name nothing.
#[derive(Debug, Default)]
pub struct Runtime {
    pub(crate) tasks: Slab<TaskId, Task>,
    pub(crate) workers: Slab<WorkerId, Worker>,
    pub(crate) calls: Slab<CallId, Call>,
    pub(crate) keys: Slab<KeyId, Key>,
    pub(crate) timers: TimerQueue,
    pub(crate) outputs: VecDeque<Output>,
    /// Workers that are ready and have staged calls.
    pub(crate) unflushed: BTreeSet<WorkerId>,
    /// Tasks whose gauges may have changed.
    pub(crate) touched: Vec<TaskId>,
    pub(crate) aborted_keys: usize,
    pub(crate) next_order: u64,
    pub(crate) now: Instant,
}

// Getters.
impl Runtime {
    /// A runtime without tasks.
    pub fn new() -> Runtime {
        Runtime::default()
    }

    /// When [`Input::Time`] is due, and why; `None` when nothing waits for time.
    pub fn next_timeout(&self) -> Option<(Instant, Timer)> {
        self.timers.next()
    }

    /// Whether something waits for the end of the turn ([`Input::Flush`]).
    pub fn needs_flush(&self) -> bool {
        !self.unflushed.is_empty()
    }

    /// The tasks, in no particular order.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.iter().map(|(id, _)| id)
    }

    /// A task's state; `None` when it is disposed.
    pub fn task_state(&self, task: TaskId) -> Option<TaskState> {
        self.tasks.get(task).map(|record| TaskState::of(record, &self.workers))
    }

    /// A task's settings; `None` when it is disposed.
    pub fn task_config(&self, task: TaskId) -> Option<&TaskConfig> {
        self.tasks.get(task).map(|record| &record.config)
    }

    /// The task that a worker belongs to, while it lives.
    pub fn task_of(&self, worker: WorkerId) -> Option<TaskId> {
        self.workers.get(worker).map(|record| record.task)
    }

    /// The calls that a worker has or will get.
    pub fn calls_at(&self, worker: WorkerId) -> Vec<CallId> {
        self.calls_of(worker)
    }

    /// Whether a key is aborted.
    pub fn is_key_aborted(&self, key: KeyId) -> bool {
        self.keys.get(key).is_some_and(|record| record.aborted)
    }

    /// How many keys are aborted and not cleared.
    pub fn aborted_keys(&self) -> usize {
        self.aborted_keys
    }

    /// Calls, workers, keys and timers that the core remembers: all zero when a runtime is at rest without workers.
    pub fn footprint(&self) -> [usize; 4] {
        [self.calls.len(), self.workers.len(), self.keys.len(), self.timers.len()]
    }
}

// Handles and inputs.
impl Runtime {
    /// Defines a task. Outputs may follow (eager workers start).
    ///
    /// # Errors
    /// When the settings make no sense.
    pub fn define_task(&mut self, config: TaskConfig, now: Instant) -> Result<TaskId, ConfigError> {
        config.validate()?;
        self.now = self.now.max(now);
        let eager = config.init == Init::Eager;
        let task = self.tasks.insert(Task::new(config));
        if eager {
            self.start_all(task);
        }
        self.tell_gauges();
        Ok(task)
    }

    /// A handle for a call that is about to be dispatched.
    pub fn mint_call(&mut self) -> CallId {
        self.calls.insert(Call {
            task: TaskId::from_bits(u64::MAX),
            rank: (0, 0),
            key: None,
            place: Place::Nowhere,
            timing: Timing {
                dispatched: self.now,
                admitted: None,
                waits_since: self.now,
                waited: Duration::ZERO,
                last_wait: Duration::ZERO,
                posted: None,
                settled: self.now,
                attempts: 0,
                worker_index: None,
            },
            priority: Priority::UserVisible,
            has_timeout: false,
            grace: None,
            told_abandoned: false,
        })
    }

    /// A handle for a key that is about to be used or aborted. [`Output::ForgetKey`] takes it back.
    pub fn mint_key(&mut self) -> KeyId {
        self.keys.insert(Key::default())
    }

    /// Takes one input. `now` never runs backwards: an earlier moment counts as the latest one seen.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = self.now.max(now);
        match input {
            Input::Dispatch(dispatch) => self.dispatch(dispatch),
            Input::Flush => self.flush(),
            Input::Settled { worker, call, reply } => self.settled_by_worker(worker, call, reply),
            Input::PostFailed { call } => self.post_failed(call),
            Input::WorkerReady { worker } => self.worker_ready(worker),
            Input::WorkerAlive { worker } => self.worker_alive(worker),
            Input::Returned { worker, call } => self.returned(worker, call),
            Input::WorkerCrashed { worker, kind } => self.worker_crashed(worker, kind),
            Input::SpawnFailed { worker } => self.spawn_failed(worker),
            Input::AbortCall { call, reason } => self.abort_call(call, reason),
            Input::AbortKey { key } => self.abort_key(key),
            Input::ClearKey { key } => self.clear_key(key),
            Input::Pause { task } => self.pause(task),
            Input::Resume { task } => self.resume(task),
            Input::Dispose { task } => self.dispose(task),
            Input::Time => self.time(),
        }
        self.tell_gauges();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}

// What the other files share.
impl Runtime {
    pub(crate) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.outputs.push_back(Output::Fact(fact));
    }

    /// Notes that a task's gauges may have changed.
    pub(crate) fn touch(&mut self, task: TaskId) {
        if self.touched.last() != Some(&task) {
            self.touched.push(task);
        }
    }

    fn tell_gauges(&mut self) {
        for task in std::mem::take(&mut self.touched) {
            let Some(record) = self.tasks.get_mut(task) else { continue };
            let gauges = record.gauges();
            if gauges != record.told {
                record.told = gauges;
                self.fact(Fact::Gauges { task, gauges });
            }
        }
    }

    fn time(&mut self) {
        while let Some((due, timer)) = self.timers.pop_due(self.now) {
            match timer {
                Timer::CallTimeout(call) => self.abort_call(call, crate::input::AbortReason::Timeout),
                Timer::WorkerIdle(worker) => self.worker_idle(worker),
                Timer::WorkerStart(worker) => {
                    self.worker_crashed(worker, crate::input::CrashKind::StartTimeout);
                }
                Timer::Grace(call) => self.grace_over(call),
                Timer::Liveness(worker) => self.look_for_life(worker, due),
                Timer::Restart(task, index) => self.restart(task, index),
            }
        }
    }

    /// Fills a minted call's record and its key's.
    pub(crate) fn begin(&mut self, dispatch: Dispatch) -> bool {
        let now = self.now;
        let Some(call) = self.calls.get_mut(dispatch.call) else { return false };
        if !matches!(call.place, Place::Nowhere | Place::Doomed(_)) {
            return false;
        }
        call.task = dispatch.task;
        call.key = dispatch.key;
        call.priority = dispatch.priority;
        call.grace = dispatch.grace;
        call.rank = ((now + dispatch.priority.handicap()).as_nanos(), self.next_order);
        self.next_order += 1;
        call.timing.dispatched = now;
        call.timing.waits_since = now;
        let rank = call.rank;
        if let Some(key) = dispatch.key.and_then(|key| self.keys.get_mut(key)) {
            key.calls.insert(rank, dispatch.call);
        }
        true
    }
}
