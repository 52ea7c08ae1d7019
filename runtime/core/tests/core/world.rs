//! A small world around the core: virtual time, workers that do as they are told, and everything it said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atelier_core::{
    AbortReason, CallId, CrashKind, Dispatch, End, Fact, Input, Instant, KeyId, Mode, Output, Priority,
    Reply, Runtime, Settlement, TaskConfig, TaskId, TaskState, WorkerId,
};

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The core with somebody who carries out what it asks for, and who notices at once when it breaks a promise that
/// always holds: a call settled twice, a word to a worker that is gone, a call posted to two workers.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) core: Runtime,
    now: Instant,
    living: BTreeMap<WorkerId, (TaskId, u32)>,
    newborn: BTreeSet<WorkerId>,
    at: BTreeMap<CallId, WorkerId>,
    ends: BTreeMap<CallId, Settlement>,
    dispatched: BTreeSet<CallId>,
    heard: Vec<Output>,
    tasks: Vec<TaskId>,
}

/// What is special about a call.
#[derive(Clone, Copy, Default)]
pub(crate) struct With {
    pub(crate) key: Option<KeyId>,
    pub(crate) priority: Priority,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Option<Duration>,
}

impl With {
    pub(crate) fn key(key: KeyId) -> With {
        With { key: Some(key), ..With::default() }
    }

    pub(crate) fn priority(priority: Priority) -> With {
        With { priority, ..With::default() }
    }

    pub(crate) fn grace(millis: u64) -> With {
        With { grace: Some(ms(millis)), ..With::default() }
    }

    pub(crate) fn timeout(millis: u64) -> With {
        With { timeout: Some(ms(millis)), ..With::default() }
    }
}

// What users do.
impl World {
    pub(crate) fn new() -> World {
        World::default()
    }

    pub(crate) fn task(&mut self, config: TaskConfig) -> TaskId {
        let task = self.core.define_task(config, self.now).unwrap();
        self.tasks.push(task);
        self.listen();
        task
    }

    pub(crate) fn call(&mut self, task: TaskId) -> CallId {
        self.call_with(task, With::default())
    }

    pub(crate) fn call_with(&mut self, task: TaskId, with: With) -> CallId {
        let call = self.core.mint_call();
        self.dispatch(task, call, with);
        call
    }

    pub(crate) fn calls(&mut self, task: TaskId, count: usize) -> Vec<CallId> {
        (0..count).map(|_| self.call(task)).collect()
    }

    pub(crate) fn dispatch(&mut self, task: TaskId, call: CallId, with: With) {
        let With { key, priority, timeout, grace } = with;
        self.dispatched.insert(call);
        self.tell(Input::Dispatch(Dispatch { call, task, key, priority, timeout, grace }));
    }

    pub(crate) fn abort(&mut self, call: CallId) {
        self.tell(Input::AbortCall { call, reason: AbortReason::Signal });
    }

    pub(crate) fn abort_key(&mut self, key: KeyId) {
        self.tell(Input::AbortKey { key });
    }

    pub(crate) fn clear_key(&mut self, key: KeyId) {
        self.tell(Input::ClearKey { key });
    }

    pub(crate) fn pause(&mut self, task: TaskId) {
        self.tell(Input::Pause { task });
    }

    pub(crate) fn resume(&mut self, task: TaskId) {
        self.tell(Input::Resume { task });
    }

    pub(crate) fn dispose(&mut self, task: TaskId) {
        self.tell(Input::Dispose { task });
    }
}

// What the browser does.
impl World {
    /// One input, at the present moment.
    pub(crate) fn tell(&mut self, input: Input) {
        self.core.handle(input, self.now);
        self.listen();
    }

    /// The page's turn ends.
    pub(crate) fn flush(&mut self) {
        self.tell(Input::Flush);
        assert!(!self.core.needs_flush(), "something still waits for the end of the turn");
    }

    /// Every new worker gets ready, and the turn ends: what can be posted is posted.
    pub(crate) fn turn(&mut self) {
        for worker in std::mem::take(&mut self.newborn) {
            self.tell(Input::WorkerReady { worker });
        }
        self.flush();
    }

    /// A worker answers; the turn ends.
    pub(crate) fn ok(&mut self, call: CallId) {
        self.answer(call, Reply::Ok);
        self.turn();
    }

    /// A handler throws; the turn ends.
    pub(crate) fn err(&mut self, call: CallId) {
        self.answer(call, Reply::Error);
        self.turn();
    }

    pub(crate) fn answer(&mut self, call: CallId, reply: Reply) {
        let worker = self.at(call);
        self.at.remove(&call);
        self.tell(Input::Settled { worker, call, reply });
    }

    /// A call that was just posted could not be sent.
    pub(crate) fn post_failed(&mut self, call: CallId) {
        self.at.remove(&call);
        self.tell(Input::PostFailed { call });
    }

    pub(crate) fn crash(&mut self, worker: WorkerId) {
        self.tell(Input::WorkerCrashed { worker, kind: CrashKind::Error });
    }

    /// Time passes; whatever falls due on the way happens at its moment.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some((at, _)) = self.core.next_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.tell(Input::Time);
            let next = self.core.next_timeout();
            assert!(
                next.is_none_or(|(at, _)| at > self.now),
                "told the time, it still waits for it: {next:?}"
            );
        }
        self.now = until;
    }

    /// The page sleeps: time passes, and nothing is looked at until it wakes.
    pub(crate) fn sleep(&mut self, duration: Duration) {
        self.now = self.now + duration;
        self.tell(Input::Time);
    }
}

// What can be seen.
impl World {
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn state(&self, task: TaskId) -> TaskState {
        self.core.task_state(task).unwrap()
    }

    pub(crate) fn mode(&self, task: TaskId) -> Mode {
        self.state(task).mode
    }

    /// In flight, pending, waiting, workers alive.
    pub(crate) fn gauges(&self, task: TaskId) -> [u32; 4] {
        let state = self.state(task);
        [state.in_flight, state.pending, state.waiting, state.active_workers()]
    }

    /// How a call ended; `None` while it has not.
    pub(crate) fn end(&self, call: CallId) -> Option<End> {
        self.ends.get(&call).map(|settlement| settlement.end)
    }

    pub(crate) fn settlement(&self, call: CallId) -> &Settlement {
        &self.ends[&call]
    }

    pub(crate) fn ends(&self, calls: &[CallId]) -> Vec<Option<End>> {
        calls.iter().map(|&call| self.end(call)).collect()
    }

    /// The worker that has a call.
    pub(crate) fn at(&self, call: CallId) -> WorkerId {
        *self.at.get(&call).expect("the call is at no worker")
    }

    pub(crate) fn is_posted(&self, call: CallId) -> bool {
        self.at.contains_key(&call)
    }

    pub(crate) fn index_of(&self, worker: WorkerId) -> u32 {
        self.living[&worker].1
    }

    /// The task's living workers by their places.
    pub(crate) fn workers(&self, task: TaskId) -> Vec<WorkerId> {
        let mut workers: Vec<_> =
            self.living.iter().filter(|(_, of)| of.0 == task).map(|(worker, of)| (of.1, *worker)).collect();
        workers.sort_unstable();
        workers.into_iter().map(|(_, worker)| worker).collect()
    }

    /// Everything said since somebody last asked.
    pub(crate) fn heard(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.heard)
    }

    /// Calls posted since somebody last asked, in order.
    pub(crate) fn posts(&mut self) -> Vec<CallId> {
        self.take(|output| match output {
            Output::Post { call, .. } => Some(*call),
            _ => None,
        })
    }

    /// The same in the order of the calls: in which order several workers get their mail is nobody's business.
    pub(crate) fn posted(&mut self) -> Vec<CallId> {
        let mut posts = self.posts();
        posts.sort_unstable();
        posts
    }

    /// Calls admitted since somebody last asked, in order.
    pub(crate) fn admitted(&mut self) -> Vec<CallId> {
        self.take(|output| match output {
            Output::Admit { call } => Some(*call),
            _ => None,
        })
    }

    /// Calls that ended since somebody last asked, in order.
    pub(crate) fn settled(&mut self) -> Vec<CallId> {
        self.take(|output| match output {
            Output::Settle(settlement) => Some(settlement.call),
            _ => None,
        })
    }

    /// Calls requeued since somebody last asked, in order.
    pub(crate) fn requeued(&mut self) -> Vec<CallId> {
        self.take(|output| match output {
            Output::Fact(Fact::Requeued { call, .. }) => Some(*call),
            _ => None,
        })
    }

    /// Cancelled at workers since somebody last asked.
    pub(crate) fn cancels(&mut self) -> Vec<(WorkerId, CallId)> {
        self.take(|output| match output {
            Output::Cancel { worker, call } => Some((*worker, *call)),
            _ => None,
        })
    }

    /// Keys forgotten since somebody last asked.
    pub(crate) fn forgotten(&mut self) -> Vec<KeyId> {
        self.take(|output| match output {
            Output::ForgetKey { key } => Some(*key),
            _ => None,
        })
    }

    /// Places of workers started since somebody last asked.
    pub(crate) fn spawned(&mut self) -> Vec<u32> {
        self.take(|output| match output {
            Output::Spawn { index, .. } => Some(*index),
            _ => None,
        })
    }

    fn take<T>(&mut self, pick: impl Fn(&Output) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.heard.retain(|output| match pick(output) {
            Some(value) => {
                taken.push(value);
                false
            }
            None => true,
        });
        taken
    }

    /// Ends every task: each call that was ever dispatched has ended, and nothing is remembered.
    pub(crate) fn end_of_world(mut self) {
        for task in self.tasks.clone() {
            self.dispose(task);
        }
        let lost: Vec<_> = self.dispatched.iter().filter(|call| !self.ends.contains_key(call)).collect();
        assert!(lost.is_empty(), "calls that never ended: {lost:?}");
        assert!(self.living.is_empty(), "workers that were never terminated: {:?}", self.living);
        assert_eq!(self.core.footprint(), [0; 4], "calls, workers, keys, timers that are still remembered");
        assert_eq!(self.core.next_timeout(), None);
        assert!(!self.core.needs_flush());
        assert_eq!(self.core.tasks().count(), 0);
    }

    fn listen(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match &output {
                Output::Spawn { task, worker, index } => {
                    assert!(
                        self.living.values().all(|of| of != &(*task, *index)),
                        "two workers in one place"
                    );
                    self.living.insert(*worker, (*task, *index));
                    self.newborn.insert(*worker);
                }
                Output::Post { worker, call } => {
                    assert!(self.living.contains_key(worker), "a post to a worker that is gone");
                    assert!(!self.newborn.contains(worker), "a post to a worker that is not ready");
                    assert!(!self.ends.contains_key(call), "a post of a call that is over");
                    assert_eq!(self.at.insert(*call, *worker), None, "a post of a call that a worker has");
                }
                Output::Cancel { worker, call } => {
                    assert_eq!(
                        self.at.get(call),
                        Some(worker),
                        "a cancel for a worker that has no such call"
                    );
                }
                Output::Terminate { worker } => {
                    self.living.remove(worker).expect("a worker terminated twice");
                    self.newborn.remove(worker);
                    self.at.retain(|_, at| at != worker);
                }
                Output::Settle(settlement) => {
                    let before = self.ends.insert(settlement.call, settlement.clone());
                    assert_eq!(before, None, "a call settled twice");
                }
                _ => {}
            }
            self.heard.push(output);
        }
    }
}
