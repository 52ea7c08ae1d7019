//! A plan carried out: step by step the page is told what to do, and must come to what the model came to.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use atelier_core::{AbortReason, CrashKind, Dispatch, Input, Instant, Reply, TaskConfig, TaskId, WorkerId};
use atelier_tests::{Scene, Tab};
use serde_json::json;

use super::model::Seat;
use super::order::{Expected, Order, options_of};
use super::plan::{Call, Deed, From, KEYS, Pick, Plan, Start, Step};
use super::stage::{Stage, call_id, task_name};

/// Steps of a plan; many of them mean nothing to a page.
const STEPS: usize = 90;
const MOST_CALLS: usize = 50;
const MOST_TASKS: usize = 3;
/// Workers of which it is known beforehand whether they can be made.
const MOST_WORKERS: u64 = 1_000;
/// Long enough for a worker on a busy machine to answer, twice.
const HANG_TIMEOUT: Duration = Duration::from_millis(1_600);
/// Two pauses, at most, between the same task's crashes: they take real time.
const MOST_RETRIES: u32 = 2;
const IDLE_TIMEOUT: Duration = Duration::from_millis(30);
/// Of a handler that does not mind its signal.
const SHORT_GRACE: Duration = Duration::from_millis(25);
/// Of one that does; never over.
const LONG_GRACE: Duration = Duration::from_secs(600);

pub(super) async fn play(scene: &Scene, seed: u64) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let plan = Plan::new(seed, STEPS);
    let unmakeable: Vec<u64> =
        (1..=MOST_WORKERS).filter(|&worker| matches!(plan.start(worker), Start::CannotBeMade)).collect();
    let prepare = format!(
        "import('/tests/drill.js').then(({{ Drill }}) => {{ globalThis.drill = new Drill({}); return null; }})",
        serde_json::to_string(&unmakeable)?
    );
    scene.tab.eval::<Option<bool>>(&prepare).await?;
    let mut play = Play::new(Some(&scene.tab), &plan);
    play.run().await.with_context(|| format!("seed {seed}, after:\n{}", play.done.join("\n")))
}

/// What happens in a seed's drill, and how often, without a page.
pub(super) async fn rehearse(seed: u64) -> Result<BTreeMap<String, u64>> {
    let plan = Plan::new(seed, STEPS);
    let mut play = Play::new(None, &plan);
    play.run().await?;
    Ok(play.stage.seen)
}

struct Play<'a> {
    /// Where it happens; nowhere, in a rehearsal.
    tab: Option<&'a Tab>,
    plan: &'a Plan,
    stage: Stage,
    /// What is told in this turn.
    orders: Vec<Order>,
    /// What was told, for who wants to know how it came to this.
    done: Vec<String>,
    begun: std::time::Instant,
    /// Each hang takes its time, so there is one at most.
    has_hung: bool,
}

impl<'a> Play<'a> {
    fn new(tab: Option<&'a Tab>, plan: &'a Plan) -> Play<'a> {
        Play {
            tab,
            plan,
            stage: Stage::default(),
            orders: Vec::new(),
            done: Vec::new(),
            begun: std::time::Instant::now(),
            has_hung: false,
        }
    }

    async fn run(&mut self) -> Result<()> {
        self.define();
        self.define();
        for step in &self.plan.steps {
            self.step(*step).await?;
        }
        self.end().await
    }

    async fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Call(call) if self.stage.calls.len() < MOST_CALLS => self.call(call),
            Step::AbortCall(from, _) => {
                let open = |&call: &usize| self.stage.calls[call].end.is_none();
                let open: Vec<usize> = (0..self.stage.calls.len()).filter(open).collect();
                if let Some(call) = choose(from, &open) {
                    let (id, reason) = (call_id(call), AbortReason::Signal);
                    self.order(Order::Abort { call }, Some(Input::AbortCall { call: id, reason }));
                }
            }
            Step::AbortKey(key) => {
                let input = Input::AbortKey { key: self.stage.key(key) };
                self.order(Order::AbortKey { key: key_name(key) }, Some(input));
            }
            Step::ClearKey(key) => self.clear(key),
            Step::Pause(from) => self.of_task(from, "stopWorkers", |task| Input::Pause { task }),
            Step::Resume(from) => self.of_task(from, "startWorkers", |task| Input::Resume { task }),
            Step::Dispose(from) => self.of_task(from, "dispose", |task| Input::Dispose { task }),
            Step::Define if self.stage.tasks.len() < MOST_TASKS => self.define(),
            Step::Flush => self.turn().await?,
            Step::Pass(after) | Step::Sleep(after) => {
                self.turn().await?;
                self.begin_all().await?;
                self.do_deeds(after).await?;
            }
            Step::Answer { call, reply, .. } => {
                self.turn().await?;
                let running = self.running();
                if let Some(call) = choose(call, &running) {
                    self.answer(call, reply).await?;
                }
            }
            Step::Ready(from) => {
                self.turn().await?;
                let seats = self.seats(|worker| !worker.ready);
                if let Some(seat) = choose(from, &seats) {
                    self.begin(seat);
                    self.turn().await?;
                }
            }
            Step::Crash(from, kind) => {
                self.turn().await?;
                let seats = self.seats(|worker| !worker.hangs);
                if let Some(seat) = choose(from, &seats) {
                    self.crash(seat, kind).await?;
                }
            }
            // What only the simulator can do.
            _ => {}
        }
        Ok(())
    }

    /// Ends everything: every call has ended, and nobody has begun what was not for him.
    async fn end(&mut self) -> Result<()> {
        self.turn().await?;
        self.compare_totals().await?;
        for task in self.stage.living_tasks() {
            let what = "dispose";
            self.order(Order::Task { task: task_name(task), what }, Some(Input::Dispose { task }));
        }
        (0..KEYS as u8).for_each(|key| self.clear(key));
        self.turn().await?;
        if let Some(call) = self.stage.calls.iter().position(|call| call.end.is_none()) {
            bail!("even the model has not ended call {call}");
        }
        let Some(tab) = self.tab else { return Ok(()) };
        let began: Vec<(u64, usize)> = tab.eval("drill.began()").await?;
        let foreign: Vec<_> = began.iter().filter(|pair| !self.stage.given.contains(pair)).collect();
        if !foreign.is_empty() {
            bail!("workers began what they should not have had (worker, call): {foreign:?}");
        }
        Ok(())
    }

    /// The runtime's own counters say what the events said.
    async fn compare_totals(&self) -> Result<()> {
        let Some(tab) = self.tab else { return Ok(()) };
        let living = self.stage.living_tasks();
        let Expected { mut tasks, .. } = self.stage.expected();
        tasks.retain(|task| living.iter().any(|living| task_name(*living) == task.task));
        let named = serde_json::to_string(&tasks)?;
        let totals: serde_json::Value = tab.eval(&format!("drill.totals({named})")).await?;
        let counts = json!(tasks.iter().map(|task| &task.counts).collect::<Vec<_>>());
        if totals != counts {
            bail!("getTelemetry() counts {totals}, not {counts}");
        }
        Ok(())
    }
}

// What the page's user does, in the page's turn.
impl Play<'_> {
    fn order(&mut self, order: Order, input: Option<Input>) {
        self.catch_up();
        self.orders.push(order);
        if let Some(input) = input {
            self.stage.tell(input, self.plan);
        }
    }

    /// The model's clock is the real one: a call that waits long overtakes others there, too.
    fn catch_up(&mut self) {
        if self.orders.is_empty() {
            let now = Instant::from_nanos(self.begun.elapsed().as_nanos() as u64);
            self.stage.advance(now, self.plan);
        }
    }

    fn define(&mut self) {
        let nth = self.stage.tasks.len() as u64;
        let planned = self.plan.task(nth);
        let config = TaskConfig {
            timeout: None,
            max_queue_depth: planned.max_queue_depth.or(Some(1_000)),
            crash_max_retries: planned.crash_max_retries.min(MOST_RETRIES),
            idle_timeout: planned.idle_timeout.map(|_| IDLE_TIMEOUT),
            hang_timeout: planned.hang_timeout.map(|_| HANG_TIMEOUT),
            start_timeout: LONG_GRACE,
            ..planned
        };
        let options = options_of(&config);
        self.order(Order::Define { task: task_name(TaskId::from_bits(nth)), options }, None);
        self.stage.define(config, self.plan);
    }

    fn call(&mut self, planned: Call) {
        let Some(task) = choose(planned.task, &self.stage.living_tasks()) else { return };
        let call = self.stage.calls.len();
        let mut handler = planned.handler;
        // Of two at once it could not be known which one the page finds out about first.
        let unclonable =
            |other: &super::stage::Call| other.end.is_none() && other.handler.deed == Deed::CannotBePosted;
        if handler.deed == Deed::CannotBePosted && self.stage.calls.iter().any(unclonable) {
            handler.deed = Deed::Wait;
        }
        let grace = planned.grace.map(|_| if handler.heeds_signal { LONG_GRACE } else { SHORT_GRACE });
        let cancel = match grace {
            None => json!("cooperative"),
            Some(grace) => json!({ "graceMs": grace.as_millis() as u64 }),
        };
        let options = json!({
            "priority": planned.priority.name(),
            "key": planned.key.map(key_name),
            "cancel": cancel,
            "clonable": handler.deed != Deed::CannotBePosted,
        });
        self.order(Order::Call { task: task_name(task), call, options }, None);
        let key = planned.key.map(|key| self.stage.key(key));
        let (call, priority, timeout) = (call_id(call), planned.priority, None);
        let dispatch = Dispatch { call, task, key, priority, timeout, grace };
        self.stage.dispatch(dispatch, handler, self.plan);
    }

    fn clear(&mut self, key: u8) {
        let input = self.stage.known_key(key).map(|key| Input::ClearKey { key });
        self.order(Order::ClearKey { key: key_name(key) }, input);
    }

    fn of_task(&mut self, from: From, what: &'static str, input: impl Fn(TaskId) -> Input) {
        if let Some(task) = choose(from, &self.stage.living_tasks()) {
            self.order(Order::Task { task: task_name(task), what }, Some(input(task)));
        }
    }
}

// What workers do, each in a turn of its own.
impl Play<'_> {
    /// The turn ends, and the page must come to what the model comes to. Then those give up, one by one, whose signal
    /// has fired and who mind that.
    async fn turn(&mut self) -> Result<()> {
        self.tell_page().await?;
        while let Some(call) = self.stage.giving_up.pop_front() {
            if let Some((seat, worker)) = self.stage.place_of(call) {
                let number = worker.number;
                self.order(Order::Tell { worker: number, what: "throw", call: Some(call) }, None);
                self.stage.answer(seat, call, Reply::Error, self.plan);
                self.tell_page().await?;
            }
        }
        Ok(())
    }

    async fn tell_page(&mut self) -> Result<()> {
        if self.orders.is_empty() {
            return Ok(());
        }
        self.stage.settle(self.plan);
        let orders = serde_json::to_string(&self.orders)?;
        self.done.push(format!("  {orders}"));
        self.orders.clear();
        let expected = serde_json::to_string(&self.stage.expected())?;
        if let Some(tab) = self.tab {
            tab.eval::<Option<bool>>(&format!("drill.turn({orders}, {expected})")).await?;
        }
        Ok(())
    }

    /// A worker's script goes on: the worker takes calls, or dies.
    fn begin(&mut self, seat: Seat) {
        let Some(number) = self.stage.workers.get(&seat).map(|worker| worker.number) else { return };
        let worker = WorkerId::from_bits(number);
        let (what, input) = match self.plan.start(number) {
            Start::Crash(_) => ("crash", Input::WorkerCrashed { worker, kind: CrashKind::Error }),
            _ => ("expose", Input::WorkerReady { worker }),
        };
        self.order(Order::Tell { worker: number, what, call: None }, Some(input));
        if let Some(worker) = self.stage.workers.get_mut(&seat).filter(|worker| worker.number == number) {
            worker.ready = true;
        }
    }

    async fn begin_all(&mut self) -> Result<()> {
        loop {
            let seats = self.seats(|worker| !worker.ready);
            let Some(&seat) = seats.first() else { return Ok(()) };
            self.begin(seat);
            self.turn().await?;
        }
    }

    /// Every handler that needs no longer than this does what it does, the quickest first.
    async fn do_deeds(&mut self, within: Duration) -> Result<()> {
        let mut running = self.running();
        running.retain(|&call| self.stage.calls[call].handler.after <= within);
        running.sort_by_key(|&call| self.stage.calls[call].handler.after);
        for call in running {
            match self.stage.calls[call].handler.deed {
                Deed::Answer(reply) | Deed::AnswerBusily(reply) => self.answer(call, reply).await?,
                Deed::Crash(kind) => {
                    if let Some((seat, _)) = self.stage.place_of(call) {
                        self.crash(seat, kind).await?;
                    }
                }
                Deed::Hang => self.hang(call).await?,
                Deed::Wait | Deed::CannotBePosted => {}
            }
        }
        Ok(())
    }

    async fn answer(&mut self, call: usize, reply: Reply) -> Result<()> {
        let Some((seat, worker)) = self.stage.place_of(call) else { return Ok(()) };
        let what = match reply {
            Reply::Ok => "return",
            Reply::Error => "throw",
            Reply::Aborted => "give up",
        };
        let worker = worker.number;
        self.order(Order::Tell { worker, what, call: Some(call) }, None);
        self.stage.answer(seat, call, reply, self.plan);
        self.turn().await
    }

    async fn crash(&mut self, seat: Seat, kind: CrashKind) -> Result<()> {
        let Some(number) = self.stage.workers.get(&seat).map(|worker| worker.number) else { return Ok(()) };
        let worker = WorkerId::from_bits(number);
        if kind == CrashKind::MessageError {
            self.order(Order::MessageError { worker: number }, Some(Input::WorkerCrashed { worker, kind }));
        } else {
            let kind = CrashKind::Error;
            let order = Order::Tell { worker: number, what: "crash", call: None };
            self.order(order, Some(Input::WorkerCrashed { worker, kind }));
        }
        self.turn().await
    }

    async fn hang(&mut self, call: usize) -> Result<()> {
        let Some((seat, worker)) = self.stage.place_of(call) else { return Ok(()) };
        let watched = self.stage.is_watched(worker.task);
        if self.has_hung || !watched {
            return Ok(());
        }
        self.has_hung = true;
        let worker = worker.number;
        self.order(Order::Tell { worker, what: "hang", call: Some(call) }, None);
        if let Some(worker) = self.stage.workers.get_mut(&seat) {
            worker.hangs = true;
        }
        self.turn().await
    }

    /// Calls whose handlers can be talked to, in the order of the calls.
    fn running(&self) -> Vec<usize> {
        (0..self.stage.calls.len()).filter(|&call| self.stage.place_of(call).is_some()).collect()
    }

    fn seats(&self, fits: impl Fn(&super::stage::Worker) -> bool) -> Vec<Seat> {
        self.stage.workers.iter().filter(|(_, worker)| fits(worker)).map(|(seat, _)| *seat).collect()
    }
}

fn choose<T: Copy>(from: From, list: &[T]) -> Option<T> {
    let (From::Now(pick) | From::Ever(pick)) = from;
    pick_of(pick, list)
}

fn pick_of<T: Copy>(pick: Pick, list: &[T]) -> Option<T> {
    (!list.is_empty()).then(|| list[pick as usize % list.len()])
}

fn key_name(key: u8) -> String {
    format!("key {key}")
}
