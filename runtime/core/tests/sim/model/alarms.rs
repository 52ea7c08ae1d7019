//! What the model waits for.

use std::time::Duration;

use atelier_core::{AbortReason, CallId, CrashKind, Instant, Timer, WorkerId};

use super::{Model, Seat, Who};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Alarm {
    CallTimeout(CallId),
    WorkerIdle(Who),
    WorkerStart(Who),
    Grace(CallId),
    /// Has this worker given a sign of life?
    Look(Who),
    Restart(Seat),
}

impl Model {
    pub(super) fn time(&mut self) {
        while let Some((at, alarm)) = self.next_alarm().filter(|(at, _)| *at <= self.now) {
            self.alarms.retain(|set| *set != (at, alarm));
            match alarm {
                Alarm::CallTimeout(call) => self.abort(&[call], AbortReason::Timeout),
                Alarm::WorkerIdle(who) => {
                    if self.load(who) == 0 {
                        self.terminate(who);
                    }
                }
                Alarm::WorkerStart(who) => self.crash(who, CrashKind::StartTimeout),
                Alarm::Grace(call) => self.grace_over(call),
                Alarm::Look(who) => self.look(who, at),
                Alarm::Restart(seat) => self.restart(seat),
            }
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<(Instant, Timer)> {
        // The first of several that are due together: it was set first.
        self.timers().min_by_key(|(at, _)| *at)
    }

    /// Everything it waits for, in the order it was set.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Instant, Timer)> {
        let id = |who: Who| self.workers[who].id.unwrap_or(WorkerId::from_bits(u64::MAX));
        self.alarms.iter().map(move |&(at, alarm)| {
            let timer = match alarm {
                Alarm::CallTimeout(call) => Timer::CallTimeout(call),
                Alarm::WorkerIdle(who) => Timer::WorkerIdle(id(who)),
                Alarm::WorkerStart(who) => Timer::WorkerStart(id(who)),
                Alarm::Grace(call) => Timer::Grace(call),
                Alarm::Look(who) => Timer::Liveness(id(who)),
                Alarm::Restart((task, place)) => Timer::Restart(task, place),
            };
            (at, timer)
        })
    }

    pub(super) fn set_alarm(&mut self, alarm: Alarm, after: Duration) {
        self.set_alarm_at(alarm, self.now + after);
    }

    pub(super) fn set_alarm_at(&mut self, alarm: Alarm, at: Instant) {
        self.clear_alarm(alarm);
        self.alarms.push((at, alarm));
    }

    pub(super) fn clear_alarm(&mut self, alarm: Alarm) {
        self.alarms.retain(|(_, set)| *set != alarm);
    }

    pub(super) fn is_set(&self, alarm: Alarm) -> bool {
        self.alarms.iter().any(|(_, set)| *set == alarm)
    }

    fn next_alarm(&self) -> Option<(Instant, Alarm)> {
        self.alarms.iter().min_by_key(|(at, _)| *at).copied()
    }
}
