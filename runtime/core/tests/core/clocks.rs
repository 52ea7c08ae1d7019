//! Clocks that sleep, are set, run apart and are coarse, simulated: what is told of a call stays right, whatever they do.

use std::time::Duration;

use atelier_core::{
    BOUNDS_KEPT, Epoch, Instant, LOOK_EVERY, MAX_DRIFT, Monotonic, WorkerClock, unix_nano_of_millis,
};

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
/// 2026, about.
const START: u64 = 1_800_000_000_000_000_000;

/// xorshift64 (Marsaglia): the same numbers on every machine.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From nothing to just below `end`.
    fn below(&mut self, end: i64) -> i64 {
        (self.next() % end as u64) as i64
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

/// A worker's clock as the page's raw time would read on it: ahead by so much, faster by so many millionths, told in
/// steps of so many nanoseconds.
struct SimClock {
    ahead: i64,
    faster_ppm: i64,
    coarse: i64,
}

impl SimClock {
    fn read(&self, truth: i64) -> i64 {
        let exact = truth + self.ahead + truth / 1_000_000 * self.faster_ppm;
        exact.div_euclid(self.coarse) * self.coarse
    }
}

fn instant(nanos: i64) -> Instant {
    Instant::from_nanos(nanos.try_into().expect("after the origin"))
}

fn nanos(at: Instant) -> i64 {
    at.as_nanos().try_into().expect("in this century")
}

/// A life of calls between a page and a worker; how far off the last ones were told on the page's clock, at the most.
fn life(rng: &mut Rng, worker: &SimClock, page: &SimClock, calls: u32) -> i64 {
    let mut clock = WorkerClock::default();
    let (mut truth, mut worst) = (SECOND, 0);
    for call in 0..calls {
        truth += rng.below(50 * MILLI);
        let posted = truth;
        // Mostly as fast as a message is, now and then behind a busy loop.
        let delay = |rng: &mut Rng| {
            let most = if rng.one_in(4) { 80 * MILLI } else { 200_000 };
            20_000 + rng.below(most)
        };
        let started = posted + delay(rng);
        let ended = started + rng.below(10 * MILLI);
        let answered = ended + delay(rng);
        truth = answered;
        let (from, to) = (instant(page.read(posted)), instant(page.read(answered)));
        let ran = (worker.read(started), worker.read(ended));
        let on_page = clock.call(ran, from, to);
        let (start, end) = (on_page.at(ran.0), on_page.at(ran.1));
        assert!(from <= start && start <= end && end <= to, "in order, whatever the clocks do");
        assert_eq!(on_page.at(i64::MIN), from);
        assert_eq!(on_page.at(i64::MAX), to);
        if call >= calls / 2 {
            let off = (nanos(start) - page.read(started)).abs().max((nanos(end) - page.read(ended)).abs());
            worst = worst.max(off);
        }
    }
    worst
}

#[test]
fn a_workers_times_are_right_however_far_its_origin_is_from_the_pages() {
    let mut rng = Rng(0x5EED);
    for _ in 0..200 {
        for coarse in [1, 5_000, 100_000, MILLI] {
            for hours in [0, 1, -1, 24 * 365] {
                let ahead = hours * 3600 * SECOND + if hours == 0 { 0 } else { rng.below(SECOND) };
                let worker = SimClock { ahead, faster_ppm: 0, coarse };
                let page = SimClock { ahead: 0, faster_ppm: 0, coarse };
                let off = life(&mut rng, &worker, &page, 60);
                // The fastest of some dozen messages took far less than 200 µs each way; each clock is off by a step.
                let most = 200_000 + 2 * coarse;
                assert!(off <= most, "{off} ns off, with {hours} h between and steps of {coarse} ns");
            }
        }
    }
}

#[test]
fn clocks_that_run_apart_do_not_make_it_worse_than_they_are() {
    let mut rng = Rng(0xFACE);
    for faster_ppm in [-200, 200, 50] {
        let worker = SimClock { ahead: 7 * SECOND, faster_ppm, coarse: 100_000 };
        let page = SimClock { ahead: 0, faster_ppm: 0, coarse: 100_000 };
        // A quarter of an hour, in which they come apart by up to 180 ms.
        let off = life(&mut rng, &worker, &page, 15_000);
        let meanwhile = 2 * BOUNDS_KEPT.as_nanos() as i64 / 1_000_000 * faster_ppm.abs();
        assert!(off <= 400_000 + meanwhile, "{off} ns off at {faster_ppm} ppm");
    }
}

#[test]
fn a_clock_that_jumps_is_found_out_by_the_next_call() {
    for jump in [-3600 * SECOND, -SECOND, 5 * MILLI, SECOND, 3600 * SECOND] {
        let mut clock = WorkerClock::default();
        let call = |clock: &mut WorkerClock, at: i64, ahead: i64| {
            let ran = (at + 50_000 + ahead, at + 8 * MILLI + ahead);
            let on_page = clock.call(ran, instant(at), instant(at + 8 * MILLI + 40_000));
            (nanos(on_page.at(ran.0)) - at, nanos(on_page.at(ran.1)) - at)
        };
        assert_eq!(call(&mut clock, SECOND, 0), (50_000, 8 * MILLI), "they agree");
        for (n, ahead) in [jump, jump, jump, 0, 0].into_iter().enumerate() {
            let (start, end) = call(&mut clock, SECOND + (n as i64 + 1) * 20 * MILLI, ahead);
            assert!((start - 50_000).abs() <= 50_000 && (end - 8 * MILLI).abs() <= 50_000, "{start}, {end}");
        }
    }
}

#[test]
fn a_sleep_moves_the_epoch_once_and_neighbours_stay_in_order() {
    let mut rng = Rng(0xC10C);
    for _ in 0..200 {
        let mut epoch = Epoch::new(START);
        // What the wall clock is ahead of the monotonic one.
        let (mut now, mut ahead, mut told) = (0_i64, 0_i64, 0_u64);
        let (mut moves, mut sleeps) = (0, 0);
        for _ in 0..400 {
            now += rng.below(40 * MILLI);
            if rng.one_in(40) {
                ahead += 2 * SECOND + rng.below(10 * 3600 * SECOND);
                sleeps += 1;
            }
            // The wall clock is trimmed, and told in whole milliseconds.
            let trimmed = rng.below(600 * MILLI) - 300 * MILLI;
            let wall = ((START as i64 + now + ahead + trimmed) / MILLI * MILLI) as u64;
            let at = instant(now);
            if epoch.is_due(at) {
                moves += u32::from(epoch.look(wall, at, at));
                let off = (epoch.unix_nano(at) as i64 - (START as i64 + now + ahead)).abs();
                assert!(off <= MAX_DRIFT.as_nanos() as i64 + 600 * MILLI, "{off} ns off");
            }
            assert!(epoch.unix_nano(at) >= told, "never back");
            told = epoch.unix_nano(at);
        }
        assert!(moves <= sleeps, "{moves} moves after {sleeps} sleeps");
    }
}

#[test]
fn the_epoch_follows_a_clock_that_is_set_both_ways_and_nothing_less() {
    let mut epoch = Epoch::new(START);
    let (second, hour) = (SECOND as u64, 3600 * SECOND as u64);
    let at = |n: u64| Instant::ZERO + LOOK_EVERY * n as u32;
    for (n, wall) in [(1, epoch.unix_nano(at(1)) + 999_000_000), (2, epoch.unix_nano(at(2)) - 999_000_000)] {
        assert!(!epoch.look(wall, at(n), at(n)));
    }
    let wall = |epoch: Epoch, n| epoch.unix_nano(at(n));
    assert!(
        !epoch.look(wall(epoch, 3), at(3), at(3 + 30)),
        "whoever was not scheduled in between has not slept"
    );
    assert!(!epoch.look(wall(epoch, 40), at(40 - 30), at(40)), "nor was a clock set");
    assert!(!epoch.look(0, at(41), at(40)), "of a clock that goes back nothing can be said");
    assert_eq!(epoch.origin_unix_nano(), START);
    assert!(epoch.look(wall(epoch, 50) + hour, at(50), at(50)));
    assert_eq!(epoch.origin_unix_nano(), START + hour);
    assert!(!epoch.is_due(at(50) + LOOK_EVERY / 2) && epoch.is_due(at(51)));
    assert!(epoch.is_due(at(49)), "a clock that went back is looked at");
    assert!(epoch.look(wall(epoch, 60) - hour, at(60), at(60)));
    assert_eq!(epoch.origin_unix_nano(), START);
    assert!(epoch.look(0, at(70), at(70)), "even to the beginning");
    assert!(epoch.unix_nano(at(70)) <= 7 * second);
    epoch.count_from(START + 4 * second);
    assert_eq!(epoch.unix_nano(Instant::ZERO), START + 4 * second);
}

#[test]
fn moments_never_go_back_and_go_on_whatever_the_clock_shows() {
    let mut rng = Rng(0x5E7);
    let mut clock = Monotonic::default();
    let (mut truth, mut before) = (0_i64, Instant::ZERO);
    for _ in 0..2_000 {
        let jump = if rng.one_in(10) { rng.below(3600 * SECOND) } else { 0 };
        clock.read(instant(truth + jump));
        truth += 5 * MILLI;
        let now = clock.read(instant(truth));
        assert!(now >= before, "never back");
        truth += 7 * MILLI;
        let later = clock.read(instant(truth));
        assert_eq!(later.since(now), Duration::from_millis(7), "and it does not stand still");
        assert_eq!(clock.shown(later), instant(truth));
        before = later;
    }
    for nonsense in [u64::MAX, u64::MAX / 2] {
        assert_eq!(clock.read(Instant::from_nanos(nonsense)), before);
    }
    clock.at_least(before + Duration::from_secs(5));
    assert_eq!(clock.read(instant(truth)), before + Duration::from_secs(5));
    clock.at_least(before);
    assert_eq!(clock.read(instant(truth + SECOND)), before + Duration::from_secs(6));
}

#[test]
fn milliseconds_since_the_epoch_keep_what_a_double_has_of_them() {
    // Every eighth of a millisecond is exact in a double up to the year 10889.
    for eighths in (0..8).map(|n| n + 8 * 1_790_000_000_123_u64) {
        assert_eq!(unix_nano_of_millis(eighths as f64 / 8.0), eighths * 125_000);
    }
    assert_eq!(unix_nano_of_millis(f64::NAN), 0);
    assert_eq!(unix_nano_of_millis(-5.0), 0);
}
