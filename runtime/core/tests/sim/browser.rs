//! What is around the core: workers that start well or not, handlers that do their deeds, all at their moments.

use std::collections::BTreeMap;
use std::time::Duration;

use atelier_core::{CallId, CrashKind, Input, Instant, Output, Reply, WorkerId};

use crate::plan::{Deed, Handler, Plan, Start};

/// Everything that is going to happen by itself. What dead workers were about to say is said all the same: messages that
/// were under way arrive, and must not count.
#[derive(Default)]
pub(crate) struct Browser {
    events: Vec<(Instant, Input)>,
    handlers: BTreeMap<CallId, Handler>,
    started: u64,
}

/// How long a handler takes to notice that its signal fired.
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
                    Start::Ready(after) => self.events.push((now + after, Input::WorkerReady { worker })),
                    Start::Crash(after) => self.crash(now + after, worker, CrashKind::Error),
                    Start::CannotBeMade => self.events.push((now, Input::SpawnFailed { worker })),
                    Start::Silence => {}
                }
            }
            Output::Post { worker, call } => {
                let Some(&Handler { deed, after, .. }) = self.handlers.get(&call) else { return };
                match deed {
                    Deed::Answer(reply) => {
                        self.events.push((now + after, Input::Settled { worker, call, reply }));
                    }
                    Deed::Crash(kind) => self.crash(now + after, worker, kind),
                    Deed::CannotBePosted => self.events.push((now, Input::PostFailed { call })),
                    Deed::Hang => {}
                }
            }
            Output::Cancel { worker, call }
                if self.handlers.get(&call).is_some_and(|handler| handler.heeds_signal) =>
            {
                let notices = Input::Settled { worker, call, reply: Reply::Error };
                self.events.push((now + NOTICES_AFTER, notices));
            }
            _ => {}
        }
    }

    fn crash(&mut self, at: Instant, worker: WorkerId, kind: CrashKind) {
        self.events.push((at, Input::WorkerCrashed { worker, kind }));
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.events.iter().map(|(at, _)| *at).min()
    }

    /// What happens next: of several at one moment the one that was caused first.
    pub(crate) fn take(&mut self) -> Option<Input> {
        let (at, _) = self.events.iter().enumerate().min_by_key(|(_, (moment, _))| *moment)?;
        Some(self.events.remove(at).1)
    }
}
