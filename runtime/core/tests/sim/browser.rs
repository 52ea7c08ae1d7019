//! What is around the core: workers that start well or not, handlers that do their deeds, all at their moments.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_core::{CallId, CrashKind, Input, Instant, Output, Reply, WorkerId};

use crate::plan::{Deed, Handler, Plan, Start};

/// Everything that is going to happen by itself. What dead workers were about to say is said all the same: messages that
/// were under way arrive, and must not count.
#[derive(Default)]
pub(crate) struct Browser {
    events: Vec<Event>,
    handlers: BTreeMap<CallId, Handler>,
    /// Until when workers hear and say nothing; for ever, where there is no moment.
    busy: BTreeMap<WorkerId, Option<Instant>>,
    started: u64,
}

struct Event {
    at: Instant,
    /// Whose loop must be free for it.
    of: Option<WorkerId>,
    input: Input,
}

/// How long a worker takes to notice that a signal fired, or that it is asked for a sign of life.
const NOTICES_AFTER: Duration = Duration::from_micros(700);

impl Browser {
    pub(crate) fn expect(&mut self, call: CallId, handler: Handler) {
        self.handlers.insert(call, handler);
    }

    pub(crate) fn hear(&mut self, output: &Output, plan: &Plan, now: Instant) {
        match *output {
            Output::Spawn { worker, .. } => {
                self.started += 1;
                match plan.start(self.started) {
                    Start::Ready(after) => self.plan(now + after, worker, Input::WorkerReady { worker }),
                    Start::Crash(after) => self.crash(now + after, worker, CrashKind::Error),
                    Start::CannotBeMade => self.page(now, Input::SpawnFailed { worker }),
                    Start::Silence => {}
                }
            }
            Output::Post { worker, call } => {
                let Some(&Handler { deed, after, .. }) = self.handlers.get(&call) else { return };
                match deed {
                    Deed::Answer(reply) => {
                        self.plan(now + after, worker, Input::Settled { worker, call, reply });
                    }
                    Deed::AnswerBusily(reply) => {
                        self.keep_busy(worker, now, Some(after));
                        self.plan(now + after, worker, Input::Settled { worker, call, reply });
                    }
                    Deed::Crash(kind) => self.crash(now + after, worker, kind),
                    Deed::CannotBePosted => self.page(now, Input::PostFailed { call }),
                    Deed::Wait => {}
                    Deed::Hang => self.keep_busy(worker, now, None),
                }
            }
            Output::Cancel { worker, call }
                if self.handlers.get(&call).is_some_and(|handler| handler.heeds_signal) =>
            {
                let notices = Input::Settled { worker, call, reply: Reply::Error };
                self.plan(now + NOTICES_AFTER, worker, notices);
            }
            Output::Ping { worker } => {
                self.plan(now + NOTICES_AFTER, worker, Input::WorkerAlive { worker });
            }
            _ => {}
        }
    }

    /// Something that a worker is going to say, as soon as its loop is free.
    fn plan(&mut self, at: Instant, worker: WorkerId, input: Input) {
        let at = match self.busy.get(&worker) {
            None => at,
            Some(Some(until)) => at.max(*until),
            Some(None) => return,
        };
        self.events.push(Event { at, of: Some(worker), input });
    }

    fn page(&mut self, at: Instant, input: Input) {
        self.events.push(Event { at, of: None, input });
    }

    /// A worker dies of its own, when its loop gets to it.
    fn crash(&mut self, at: Instant, worker: WorkerId, kind: CrashKind) {
        self.plan(at, worker, Input::WorkerCrashed { worker, kind });
    }

    /// A handler takes its worker's loop: what others there would have said is said later, or never.
    fn keep_busy(&mut self, worker: WorkerId, now: Instant, duration: Option<Duration>) {
        let busy = self.busy.entry(worker).or_insert(Some(now));
        *busy = busy.zip(duration).map(|(until, duration)| until.max(now) + duration);
        match *busy {
            None => self.events.retain(|event| event.of != Some(worker) || event.at <= now),
            Some(until) => {
                let late = self.events.iter_mut().filter(|event| event.of == Some(worker) && event.at > now);
                late.for_each(|event| event.at = event.at.max(until));
            }
        }
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.events.iter().map(|event| event.at).min()
    }

    /// What happens next: of several at one moment the one that was caused first.
    pub(crate) fn take(&mut self) -> Option<Input> {
        let (at, _) = self.events.iter().enumerate().min_by_key(|(_, event)| event.at)?;
        Some(self.events.remove(at).input)
    }
}
