//! Workers that do not answer.

use atelier_core::{CallId, CrashKind, Init, Instant, WorkerId};
use std::time::Duration;

use super::{Alarm, Holder, Model, Said, Spot, Who};

impl Model {
    pub(super) fn sign_of_life(&mut self, id: WorkerId) {
        if let Some(who) = self.who(id) {
            self.begin_to_wait(who);
        }
    }

    fn begin_to_wait(&mut self, who: Who) {
        self.workers[who].heard = self.now;
        self.workers[who].asked = 0;
    }

    /// It has been given work. `before` is how much it had.
    pub(super) fn has_work(&mut self, who: Who, before: u32) {
        if before == 0 {
            self.begin_to_wait(who);
        }
        let Some(half) = self.half_of_hang_timeout(who) else { return };
        if !self.is_set(Alarm::Look(who)) {
            self.set_alarm(Alarm::Look(who), half);
        }
    }

    fn half_of_hang_timeout(&self, who: Who) -> Option<Duration> {
        let task = self.task(self.workers[who].seat.0)?;
        task.config.hang_timeout.map(|timeout| timeout / 2)
    }

    /// How many calls its script has seen and not answered.
    pub(super) fn work_of(&self, who: Who) -> u32 {
        let has = |spot: Spot| spot == Spot::Posted(who) || spot == Spot::Orphan(who);
        self.calls.iter().filter(|call| has(call.spot)).count() as u32
    }

    pub(super) fn look(&mut self, who: Who, due: Instant) {
        let (now, Some(half)) = (self.now, self.half_of_hang_timeout(who)) else { return };
        if self.work_of(who) == 0 {
            return;
        }
        let (heard, asked) = (self.workers[who].heard, self.workers[who].asked);
        if asked == 0 && now < heard + half {
            return self.set_alarm_at(Alarm::Look(who), heard + half);
        }
        let late = now > due + half / 2;
        if asked == 2 || (asked == 1 && !late) {
            return self.crash(who, CrashKind::Hang);
        }
        self.workers[who].asked += 1;
        self.set_alarm(Alarm::Look(who), half);
        self.say(Said::Ping(self.workers[who].seat));
    }

    /// The call that a worker has had the longest, whether somebody waits for it or not.
    pub(super) fn longest_at(&self, who: Who) -> Option<CallId> {
        let has = |spot: Spot| spot == Spot::Posted(who) || spot == Spot::Orphan(who);
        let there = self.calls.iter().filter(|call| has(call.spot));
        there.min_by_key(|call| (call.timing.posted, call.turn())).map(|call| call.id)
    }

    /// A cancelled handler has not ended in time: its worker is replaced, and nobody else pays for it.
    pub(super) fn grace_over(&mut self, id: CallId) {
        let Some(Spot::Orphan(who)) = self.call(id).map(|call| call.spot) else { return };
        let seat = self.workers[who].seat;
        self.take_back(who);
        self.terminate(who);
        let task = self.task(seat.0);
        let eager = task.is_some_and(|task| task.config.init == Init::Eager);
        if eager && task.is_some_and(|task| task.seats[seat.1 as usize] == Holder::Nobody) {
            self.spawn(seat);
        }
        self.move_up(seat.0);
    }
}
