//! A plan carried out: the core and the model side by side, compared after every input.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use atelier_core::{
    CallId, Dispatch, Fact, Input, Instant, KeyId, Output, Runtime, Settlement, TaskId, WorkerId,
};

use crate::browser::Browser;
use crate::model::{Model, Said, Seat};
use crate::plan::{Call, From, KEYS, Pick, Plan, Step};
use crate::pulse::Pulse;
use crate::watch::Watch;

/// What a run came to.
pub(crate) struct Run {
    /// Inputs handled.
    pub(crate) inputs: u64,
    /// What was said, how often: by the word it begins with, and by end for calls.
    pub(crate) seen: BTreeMap<String, u64>,
    /// The broken promise, if one was.
    pub(crate) failure: Option<String>,
    /// Everything that was said to and by the core, when it was asked for.
    pub(crate) trace: String,
}

/// Carries out a plan, up to its end or the first broken promise.
pub(crate) fn run(plan: &Plan, traced: bool) -> Run {
    let mut sim = Sim::new(plan, traced);
    let failure = sim.run().err();
    Run { inputs: sim.inputs, seen: sim.seen, failure, trace: sim.trace }
}

struct Sim<'a> {
    plan: &'a Plan,
    core: Runtime,
    model: Model,
    watch: Watch,
    pulse: Pulse,
    browser: Browser,
    now: Instant,
    /// Everything there ever was.
    tasks: Vec<TaskId>,
    calls: Vec<CallId>,
    workers: Vec<WorkerId>,
    minted: Vec<(CallId, Call)>,
    keys: BTreeMap<u8, KeyId>,
    stale_keys: Vec<KeyId>,
    traced: bool,
    trace: String,
    inputs: u64,
    seen: BTreeMap<String, u64>,
}

/// What goes on, or the promise that was broken.
type Held = Result<(), String>;

impl<'a> Sim<'a> {
    fn new(plan: &'a Plan, traced: bool) -> Sim<'a> {
        Sim {
            plan,
            core: Runtime::new(),
            model: Model::default(),
            watch: Watch::default(),
            pulse: Pulse::default(),
            browser: Browser::default(),
            now: Instant::ZERO,
            tasks: Vec::new(),
            calls: Vec::new(),
            workers: Vec::new(),
            minted: Vec::new(),
            keys: BTreeMap::new(),
            stale_keys: Vec::new(),
            traced,
            trace: String::new(),
            inputs: 0,
            seen: BTreeMap::new(),
        }
    }

    fn run(&mut self) -> Held {
        self.define()?;
        self.define()?;
        for step in &self.plan.steps {
            self.step(step)?;
        }
        self.end()
    }

    fn step(&mut self, step: &Step) -> Held {
        match *step {
            Step::Call(call) => {
                let id = self.mint(call);
                self.dispatch(id, call)
            }
            Step::Mint(call) => {
                let id = self.mint(call);
                self.minted.push((id, call));
                Ok(())
            }
            Step::DispatchMinted(pick) => match choose(pick, self.minted.len()) {
                Some(at) => {
                    let (id, call) = self.minted.remove(at);
                    self.dispatch(id, call)
                }
                None => Ok(()),
            },
            Step::DispatchAgain(pick, task) => {
                let minted = |id: &CallId| self.minted.iter().any(|(minted, _)| minted == id);
                let id = choose(pick, self.calls.len()).map(|at| self.calls[at]).filter(|id| !minted(id));
                let (Some(call), Some(task)) = (id, self.task(task)) else { return Ok(()) };
                let priority = Default::default();
                self.tell(Input::Dispatch(Dispatch {
                    call,
                    task,
                    key: None,
                    priority,
                    timeout: None,
                    grace: None,
                }))
            }
            Step::Flush => self.tell(Input::Flush),
            Step::Pass(duration) => self.pass(duration),
            Step::Sleep(duration) => {
                self.now = self.now + duration;
                self.pass(Duration::ZERO)
            }
            Step::Answer { worker: From::Ever(worker), call, reply } => {
                let (worker, call) = (self.worker(From::Ever(worker)), self.call(call));
                self.tell_if(worker.zip(call).map(|(worker, call)| Input::Settled { worker, call, reply }))
            }
            Step::Answer { worker: From::Now(pick), reply, .. } => {
                let posted: Vec<_> = self.watch.posted().collect();
                let at = choose(pick, posted.len()).map(|at| posted[at]);
                self.tell_if(at.map(|(call, worker)| Input::Settled { worker, call, reply }))
            }
            Step::PostFailed(call) => {
                let call = self.call(call);
                self.tell_if(call.map(|call| Input::PostFailed { call }))
            }
            Step::Ready(worker) => {
                let worker = self.worker(worker);
                self.tell_if(worker.map(|worker| Input::WorkerReady { worker }))
            }
            Step::Alive(worker) => {
                let worker = self.worker(worker);
                self.tell_if(worker.map(|worker| Input::WorkerAlive { worker }))
            }
            Step::Crash(worker, kind) => {
                let worker = self.worker(worker);
                self.tell_if(worker.map(|worker| Input::WorkerCrashed { worker, kind }))
            }
            Step::SpawnFailed(worker) => {
                let worker = self.worker(worker);
                self.tell_if(worker.map(|worker| Input::SpawnFailed { worker }))
            }
            Step::AbortCall(call, reason) => {
                let call = self.call(call);
                self.tell_if(call.map(|call| Input::AbortCall { call, reason }))
            }
            Step::AbortKey(key) => {
                let key = self.key(key);
                self.tell(Input::AbortKey { key })
            }
            Step::ClearKey(key) => {
                let key = self.keys.get(&key).copied();
                self.tell_if(key.map(|key| Input::ClearKey { key }))
            }
            Step::AbortStaleKey(pick) => {
                let key = choose(pick, self.stale_keys.len()).map(|at| self.stale_keys[at]);
                self.tell_if(key.map(|key| Input::AbortKey { key }))
            }
            Step::ClearStaleKey(pick) => {
                let key = choose(pick, self.stale_keys.len()).map(|at| self.stale_keys[at]);
                self.tell_if(key.map(|key| Input::ClearKey { key }))
            }
            Step::Pause(task) => {
                let task = self.task(task);
                self.tell_if(task.map(|task| Input::Pause { task }))
            }
            Step::Resume(task) => {
                let task = self.task(task);
                self.tell_if(task.map(|task| Input::Resume { task }))
            }
            Step::Dispose(task) => {
                let task = self.task(task);
                self.tell_if(task.map(|task| Input::Dispose { task }))
            }
            Step::Define if self.core.tasks().count() < 4 => self.define(),
            Step::Define => Ok(()),
        }
    }

    /// Ends everything: then every call has ended, and nothing is remembered.
    fn end(&mut self) -> Held {
        for (id, call) in std::mem::take(&mut self.minted) {
            self.dispatch(id, call)?;
        }
        for task in self.tasks.clone() {
            self.tell(Input::Dispose { task })?;
        }
        for key in 0..KEYS as u8 {
            self.step(&Step::ClearKey(key))?;
        }
        let lost: Vec<CallId> = self.watch.unsettled().collect();
        if !lost.is_empty() {
            return Err(format!("calls that never ended: {lost:?}"));
        }
        if self.core.footprint() != [0; 4] {
            return Err(format!("at the end it still remembers {:?}", self.core.footprint()));
        }
        Ok(())
    }
}

// Who is meant.
impl Sim<'_> {
    fn task(&self, from: From) -> Option<TaskId> {
        match from {
            From::Ever(pick) => choose(pick, self.tasks.len()).map(|at| self.tasks[at]),
            From::Now(pick) => {
                let now: Vec<TaskId> = self.core.tasks().collect();
                choose(pick, now.len()).map(|at| now[at])
            }
        }
    }

    fn worker(&self, from: From) -> Option<WorkerId> {
        match from {
            From::Ever(pick) => choose(pick, self.workers.len()).map(|at| self.workers[at]),
            From::Now(pick) => {
                let now: Vec<WorkerId> = self.watch.living().collect();
                choose(pick, now.len()).map(|at| now[at])
            }
        }
    }

    fn call(&self, from: From) -> Option<CallId> {
        match from {
            From::Ever(pick) => choose(pick, self.calls.len()).map(|at| self.calls[at]),
            From::Now(pick) => {
                let now: Vec<CallId> = self.watch.unsettled().collect();
                choose(pick, now.len()).map(|at| now[at])
            }
        }
    }

    fn key(&mut self, name: u8) -> KeyId {
        let (core, model) = (&mut self.core, &mut self.model);
        *self.keys.entry(name).or_insert_with(|| {
            let key = core.mint_key();
            model.mint_key(key);
            key
        })
    }
}

// What is done.
impl Sim<'_> {
    fn define(&mut self) -> Held {
        let config = self.plan.task(self.tasks.len() as u64);
        if self.traced {
            let _ = writeln!(self.trace, "{:?} {config:?}", self.now);
        }
        let task = self.core.define_task(config.clone(), self.now).map_err(|error| error.to_string())?;
        self.tasks.push(task);
        self.model.define(task, config, self.now);
        self.listen(&Input::Flush)
    }

    fn mint(&mut self, call: Call) -> CallId {
        let id = self.core.mint_call();
        self.model.mint_call(id);
        self.calls.push(id);
        self.browser.expect(id, call.handler);
        id
    }

    fn dispatch(&mut self, id: CallId, call: Call) -> Held {
        let Call { priority, timeout, grace, .. } = call;
        let Some(task) = self.task(call.task).or(self.tasks.first().copied()) else { return Ok(()) };
        let key = call.key.map(|key| self.key(key));
        self.tell(Input::Dispatch(Dispatch { call: id, task, key, priority, timeout, grace }))
    }

    /// Lets everything happen that is due until then, each at its moment, and ends the turn after each.
    fn pass(&mut self, duration: Duration) -> Held {
        let until = self.now + duration;
        loop {
            let timer = self.core.next_timeout().map(|(at, _)| at);
            let event = self.browser.next();
            let next = [timer, event].into_iter().flatten().min().filter(|at| *at <= until);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            if timer == Some(at) {
                self.tell(Input::Time)?;
            } else if let Some(input) = self.browser.take() {
                self.tell(input)?;
            }
            if self.core.needs_flush() {
                self.tell(Input::Flush)?;
            }
        }
        self.now = until;
        Ok(())
    }

    fn tell_if(&mut self, input: Option<Input>) -> Held {
        input.map_or(Ok(()), |input| self.tell(input))
    }

    fn tell(&mut self, input: Input) -> Held {
        self.inputs += 1;
        if self.traced {
            let _ = writeln!(self.trace, "{:?} {input:?}", self.now);
        }
        if let Some((_, timer)) = self.core.next_timeout().filter(|_| self.traced && input == Input::Time) {
            *self.seen.entry(word(&format!("{timer:?}"))).or_default() += 1;
        }
        self.watch.before(&input);
        self.pulse.before(&input, self.now);
        self.core.handle(input.clone(), self.now);
        self.model.handle(&input, self.now);
        self.listen(&input)
    }
}

// What is compared.
impl Sim<'_> {
    fn listen(&mut self, input: &Input) -> Held {
        let mut said = Vec::new();
        while let Some(output) = self.core.poll_output() {
            if self.traced {
                let _ = writeln!(self.trace, "    {output:?}");
                *self.seen.entry(name(&output)).or_default() += 1;
            }
            self.watch.output(&output)?;
            self.pulse.output(&self.core, &output, self.now)?;
            self.browser.hear(&output, self.plan, self.now);
            match output {
                Output::Spawn { task, worker, index } => {
                    self.workers.push(worker);
                    if !self.model.introduce(worker, (task, index)) {
                        return Err(format!("the core starts a worker at {index}, the model does not"));
                    }
                }
                Output::ForgetKey { key } => {
                    self.keys.retain(|_, known| *known != key);
                    self.stale_keys.push(key);
                }
                _ => {}
            }
            said.extend(self.translate(output));
        }
        agree(said, self.model.said())?;
        self.watch.after(&self.core, input)?;
        self.pulse.after(&self.core, input, self.now)?;
        self.same("footprint (calls, workers, keys, timers)", Runtime::footprint, Model::footprint)?;
        self.same("next timeout", Runtime::next_timeout, Model::next_timeout)?;
        self.same("need of a flush", Runtime::needs_flush, Model::needs_flush)?;
        for &task in &self.tasks {
            self.same("state", |core| core.task_state(task), |model| model.state(task))?;
        }
        for &key in self.keys.values().chain(self.stale_keys.last()) {
            self.same("key", |core| core.is_key_aborted(key), |model| model.is_key_aborted(key))?;
        }
        Ok(())
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &str,
        core: impl Fn(&Runtime) -> T,
        model: impl Fn(&Model) -> T,
    ) -> Held {
        let (core, model) = (core(&self.core), model(&self.model));
        if core == model { Ok(()) } else { Err(format!("{what}\n  core:  {core:?}\n  model: {model:?}")) }
    }

    fn translate(&self, output: Output) -> Option<Said> {
        let seat = |worker: WorkerId| self.watch.seat(worker);
        Some(match output {
            Output::Spawn { task, index, .. } => Said::Spawn((task, index)),
            Output::Post { worker, call } => Said::Post(seat(worker)?, call),
            Output::Cancel { worker, call } => Said::Cancel(seat(worker)?, call),
            Output::Ping { worker } => Said::Ping(seat(worker)?),
            Output::Terminate { worker } => Said::Terminate(seat(worker)?),
            Output::Admit { call } => Said::Admit(call),
            Output::Settle(settlement) => Said::Settle(settlement),
            Output::ForgetKey { key } => Said::Forget(key),
            Output::Fact(fact) => match fact {
                Fact::Dispatched { task, call } => Said::Dispatched(task, call),
                Fact::Started { task, call, wait, .. } => Said::Started(task, call, wait),
                Fact::Requeued { task, call, .. } => Said::Requeued(task, call),
                Fact::WorkerSpawned { task, index, .. } => Said::Spawned((task, index)),
                Fact::WorkerCrashed { task, index, kind, .. } => Said::Crashed((task, index), kind),
                Fact::WorkerTerminated { task, index } => Said::Terminated((task, index)),
                Fact::Gauges { task, gauges } => Said::Gauges(task, gauges),
                _ => return None,
            },
            _ => return None,
        })
    }
}

fn name(output: &Output) -> String {
    let whole = match output {
        Output::Settle(settlement) => format!("{:?}", settlement.end),
        Output::Fact(Fact::WorkerCrashed { kind, .. }) => format!("WorkerCrashed({kind:?})"),
        Output::Fact(fact) => format!("{fact:?}"),
        output => format!("{output:?}"),
    };
    word(&whole)
}

/// What a debug text begins with.
fn word(whole: &str) -> String {
    whole.split([' ', '{']).next().unwrap_or_default().to_owned()
}

fn choose(pick: Pick, from: usize) -> Option<usize> {
    (from > 0).then(|| pick as usize % from)
}

/// The same was said: to each worker and to those who wait in the same order, and everything else once each, in whatever
/// order. Gauges come last.
fn agree(core: Vec<Said>, model: Vec<Said>) -> Held {
    let is_gauge = |said: &Said| matches!(said, Said::Gauges(..));
    let first_gauge = core.iter().position(is_gauge).unwrap_or(core.len());
    if !core[first_gauge..].iter().all(is_gauge) {
        return Err(format!("something was said after the gauges: {core:?}"));
    }
    if core == model {
        return Ok(());
    }
    let (mut core, mut model) = (core, model);
    // Stable: what has the same key keeps its order.
    core.sort_by_key(order);
    model.sort_by_key(order);
    if core == model {
        return Ok(());
    }
    let only = |these: &[Said], those: &[Said]| {
        let rest: Vec<_> = these.iter().filter(|said| !those.contains(said)).collect();
        format!("{rest:?}")
    };
    Err(format!(
        "outputs\n  only the core:  {}\n  only the model: {}\n  core:  {core:?}\n  model: {model:?}",
        only(&core, &model),
        only(&model, &core)
    ))
}

fn order(said: &Said) -> (u8, u64, u64) {
    let seat = |seat: &Seat| (seat.0.to_bits(), u64::from(seat.1));
    let (kind, (a, b)) = match said {
        // Everything for one worker, in the order it was said.
        Said::Spawn(at) | Said::Post(at, _) | Said::Cancel(at, _) | Said::Ping(at) | Said::Terminate(at) => {
            (0, seat(at))
        }
        Said::Spawned(at) | Said::Crashed(at, _) | Said::Terminated(at) => (1, seat(at)),
        Said::Admit(_) => (2, (0, 0)),
        Said::Settle(Settlement { call, .. }) => (3, (call.to_bits(), 0)),
        Said::Forget(key) => (4, (key.to_bits(), 0)),
        Said::Dispatched(_, call) | Said::Started(_, call, _) | Said::Requeued(_, call) => {
            (5, (call.to_bits(), 0))
        }
        Said::Gauges(task, _) => (6, (task.to_bits(), 0)),
    };
    (kind, a, b)
}
