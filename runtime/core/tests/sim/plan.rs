//! What happens in a world: its tasks and its steps, all from one seed. Steps choose among what there is by number
//! ("the seventh of the calls"), so that any of them can be left out and the others still mean something.

use std::time::Duration;

use atelier_core::{AbortReason, CrashKind, CrashPolicy, Init, Priority, QueuePolicy, Reply, TaskConfig};

use super::rng::Rng;

/// Which of a list: its length divides this.
pub(crate) type Pick = u32;

/// What a handler does once it has a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    pub(crate) deed: Deed,
    pub(crate) after: Duration,
    /// It ends soon after its signal fires; else it goes on as if nothing were.
    pub(crate) heeds_signal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    /// It answers; its worker hears everything meanwhile.
    Answer(Reply),
    /// It keeps its worker from everything else until it answers.
    AnswerBusily(Reply),
    /// It never ends; its worker hears everything.
    Wait,
    /// It never ends, and its worker is never heard of again.
    Hang,
    Crash(CrashKind),
    CannotBePosted,
}

/// What becomes of a new worker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Ready(Duration),
    Crash(Duration),
    CannotBeMade,
    Silence,
}

/// Whether a step takes what there is now, or anything there ever was: stale handles, second answers, wrong workers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Now(Pick),
    Ever(Pick),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) task: From,
    pub(crate) key: Option<u8>,
    pub(crate) priority: Priority,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    pub(crate) handler: Handler,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Call(Call),
    /// A call's handle is made; a later step dispatches it.
    Mint(Call),
    DispatchMinted(Pick),
    DispatchAgain(Pick, From),
    Flush,
    /// Time passes, and the page does what falls due on the way; turns end when they should.
    Pass(Duration),
    /// Time passes, but the page sleeps and finds out afterwards.
    Sleep(Duration),
    Answer {
        worker: From,
        call: From,
        reply: Reply,
    },
    PostFailed(From),
    Ready(From),
    Alive(From),
    Crash(From, CrashKind),
    SpawnFailed(From),
    AbortCall(From, AbortReason),
    AbortKey(u8),
    ClearKey(u8),
    AbortStaleKey(Pick),
    ClearStaleKey(Pick),
    Pause(From),
    Resume(From),
    Dispose(From),
    Define,
}

pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    /// How many of a hundred workers do not start well.
    trouble: u64,
}

pub(crate) const KEYS: u64 = 4;

impl Plan {
    pub(crate) fn new(seed: u64, steps: usize) -> Plan {
        let mut rng = Rng::new(seed, 1);
        let trouble = rng.pick(&[0, 0, 10, 50]);
        let mood = Mood::new(&mut rng);
        let steps = (0..steps).map(|_| mood.step(&mut rng)).collect();
        Plan { seed, steps, trouble }
    }

    /// The same world with fewer steps.
    pub(crate) fn with_steps(&self, steps: Vec<Step>) -> Plan {
        Plan { steps, ..*self }
    }

    /// The settings of the task that is defined as the `nth`.
    pub(crate) fn task(&self, nth: u64) -> TaskConfig {
        let mut rng = Rng::new(self.seed, 1000 + nth);
        let pool_size = rng.pick(&[1, 1, 2, 2, 3, 4]);
        let max_in_flight = rng.pick(&[1, pool_size, pool_size, 2 * pool_size, 2 * pool_size + 1, 9]);
        TaskConfig {
            max_in_flight,
            max_queue_depth: rng.pick(&[Some(0), Some(1), Some(2), Some(5), None]),
            queue_policy: rng.pick(&[
                QueuePolicy::Block,
                QueuePolicy::Block,
                QueuePolicy::Reject,
                QueuePolicy::DropLatest,
                QueuePolicy::DropOldest,
            ]),
            crash_policy: rng.pick(&CrashPolicy::ALL),
            crash_max_retries: rng.pick(&[0, 1, 3, 3, 6]),
            init: rng.pick(&[Init::Lazy, Init::Lazy, Init::Eager]),
            timeout: rng.pick(&[None, None, Some(millis(40)), Some(millis(700))]),
            idle_timeout: rng.pick(&[None, None, Some(millis(0)), Some(millis(30)), Some(millis(400))]),
            start_timeout: rng.pick(&[millis(30_000), millis(1000), millis(15)]),
            hang_timeout: rng.pick(&[None, None, Some(millis(12)), Some(millis(200)), Some(millis(3000))]),
            ..if pool_size == 1 && rng.percent(50) {
                TaskConfig::singleton()
            } else {
                TaskConfig::parallel(pool_size)
            }
        }
    }

    /// What becomes of the `nth` worker ever started.
    pub(crate) fn start(&self, nth: u64) -> Start {
        let mut rng = Rng::new(self.seed, (1 << 32) + nth);
        let after = millis(rng.pick(&[0, 1, 5, 20, 80]));
        if !rng.percent(self.trouble) {
            return Start::Ready(after);
        }
        match rng.below(3) {
            0 => Start::Crash(after),
            1 => Start::CannotBeMade,
            _ => Start::Silence,
        }
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What kinds of steps a world is rich in.
struct Mood {
    weights: Vec<(u64, Kind)>,
    /// How many of a hundred steps take stale or foreign handles.
    nonsense: u64,
    priorities: bool,
    keys: bool,
    /// How many of a hundred handlers misbehave.
    misdeeds: u64,
    /// How many of a hundred of the others keep their worker busy.
    busy: u64,
    /// Handlers take up to this long.
    slow: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Call,
    Mint,
    DispatchMinted,
    DispatchAgain,
    Flush,
    Pass,
    Sleep,
    Answer,
    PostFailed,
    Ready,
    Alive,
    Crash,
    SpawnFailed,
    AbortCall,
    AbortKey,
    ClearKey,
    StaleKey,
    Pause,
    Resume,
    Dispose,
    Define,
}

impl Mood {
    fn new(rng: &mut Rng) -> Mood {
        use Kind::*;
        let usual = [
            (120, Call),
            (4, Mint),
            (4, DispatchMinted),
            (1, DispatchAgain),
            (30, Flush),
            (60, Pass),
            (4, Sleep),
            (20, Answer),
            (2, PostFailed),
            (10, Ready),
            (3, Alive),
            (3, Crash),
            (1, SpawnFailed),
            (12, AbortCall),
            (5, AbortKey),
            (5, ClearKey),
            (1, StaleKey),
            (3, Pause),
            (12, Resume),
            (1, Dispose),
            (2, Define),
        ];
        let weights = usual.map(|(weight, kind)| (weight * rng.pick(&[0, 1, 1, 1, 3]), kind));
        let mut weights = weights.to_vec();
        // Without these there is nothing to see.
        weights.extend([(40, Call), (10, Pass), (1, Resume)]);
        Mood {
            weights,
            nonsense: rng.pick(&[0, 0, 5, 30]),
            priorities: rng.percent(60),
            keys: rng.percent(70),
            misdeeds: rng.pick(&[0, 5, 20, 60]),
            busy: rng.pick(&[0, 0, 30]),
            slow: rng.pick(&[2, 50, 500]),
        }
    }

    fn step(&self, rng: &mut Rng) -> Step {
        let total = self.weights.iter().map(|(weight, _)| weight).sum();
        let mut at = rng.below(total);
        let kind = self.weights.iter().find(|(weight, _)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        match kind.map_or(Kind::Call, |(_, kind)| *kind) {
            Kind::Call => Step::Call(self.call(rng)),
            Kind::Mint => Step::Mint(self.call(rng)),
            Kind::DispatchMinted => Step::DispatchMinted(pick(rng)),
            Kind::DispatchAgain => Step::DispatchAgain(pick(rng), self.from(rng)),
            Kind::Flush => Step::Flush,
            Kind::Pass => {
                Step::Pass(Duration::from_micros(rng.pick(&[0, 1, 500, 3_000, 20_000, 100_000, 2_500_000])))
            }
            Kind::Sleep => Step::Sleep(millis(rng.pick(&[1, 50, 1000, 13_000]))),
            Kind::Answer => Step::Answer {
                worker: self.from(rng),
                call: self.from(rng),
                reply: rng.pick(&[Reply::Ok, Reply::Ok, Reply::Error, Reply::Aborted]),
            },
            Kind::PostFailed => Step::PostFailed(self.from(rng)),
            Kind::Ready => Step::Ready(self.from(rng)),
            Kind::Alive => Step::Alive(self.from(rng)),
            Kind::Crash => Step::Crash(self.from(rng), crash(rng)),
            Kind::SpawnFailed => Step::SpawnFailed(self.from(rng)),
            Kind::AbortCall => Step::AbortCall(
                self.from(rng),
                rng.pick(&[AbortReason::Signal, AbortReason::Signal, AbortReason::Timeout, AbortReason::Key]),
            ),
            Kind::AbortKey => Step::AbortKey(rng.below(KEYS) as u8),
            Kind::ClearKey => Step::ClearKey(rng.below(KEYS) as u8),
            Kind::StaleKey if rng.percent(50) => Step::AbortStaleKey(pick(rng)),
            Kind::StaleKey => Step::ClearStaleKey(pick(rng)),
            Kind::Pause => Step::Pause(self.from(rng)),
            Kind::Resume => Step::Resume(self.from(rng)),
            Kind::Dispose => Step::Dispose(self.from(rng)),
            Kind::Define => Step::Define,
        }
    }

    fn from(&self, rng: &mut Rng) -> From {
        if rng.percent(self.nonsense) { From::Ever(pick(rng)) } else { From::Now(pick(rng)) }
    }

    fn call(&self, rng: &mut Rng) -> Call {
        let all = [Priority::UserBlocking, Priority::UserVisible, Priority::Background];
        let key = (self.keys && rng.percent(40)).then(|| rng.below(KEYS) as u8);
        Call {
            task: self.from(rng),
            key,
            priority: if self.priorities { rng.pick(&all) } else { Priority::UserVisible },
            timeout: rng.pick(&[None, None, None, Some(millis(0)), Some(millis(25)), Some(millis(3000))]),
            grace: rng.pick(&[None, None, Some(millis(0)), Some(millis(10)), Some(millis(300))]),
            handler: self.handler(rng),
        }
    }

    fn handler(&self, rng: &mut Rng) -> Handler {
        let deed = if !rng.percent(self.misdeeds) {
            let reply = rng.pick(&[Reply::Ok, Reply::Ok, Reply::Ok, Reply::Error, Reply::Aborted]);
            if rng.percent(self.busy) { Deed::AnswerBusily(reply) } else { Deed::Answer(reply) }
        } else {
            match rng.below(6) {
                0 | 1 => Deed::Crash(crash(rng)),
                2 => Deed::Wait,
                3 | 4 => Deed::Hang,
                _ => Deed::CannotBePosted,
            }
        };
        let after = Duration::from_micros(rng.below(self.slow * 1000));
        Handler { deed, after, heeds_signal: rng.percent(50) }
    }
}

fn pick(rng: &mut Rng) -> Pick {
    rng.next() as Pick
}

fn crash(rng: &mut Rng) -> CrashKind {
    rng.pick(&[CrashKind::Error, CrashKind::Error, CrashKind::MessageError, CrashKind::Load])
}
