//! Random lives from a seed, printed when a run fails: whatever the page and the collector do, every item of every
//! signal is accounted for at every moment, and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use atelier_exporters::pipeline::{Answer, DEFAULT_FLUSH_TIMEOUT_MS, FlushId, Reply, reason};
use atelier_exporters::{OtlpConfig, Signal};
use support::{Act, Random, World, partial};

const QUEUE: u64 = 200;
const BATCH: u64 = 50;

fn fault(random: &mut Random) -> Act {
    match random.below(11) {
        0 => Act::Fail("connection reset"),
        1 | 2 => Act::Hang,
        3 => Act::status(503),
        4 => Act::retry_after(429, "3"),
        5 => Act::retry_after(503, "Thu, 01 Jan 2026 00:00:30 GMT"),
        6 => Act::status(400),
        7 => Act::status(500),
        8 => Act::Partial(random.below(60)),
        _ => Act::ok(),
    }
}

/// A pipeline's life, and what is known of it from outside.
struct Life {
    world: World,
    random: Random,
    /// What the page emitted.
    spans: u64,
    logs: u64,
    /// Flushes, and when they began.
    flushes: Vec<(FlushId, u64)>,
}

impl Life {
    fn new(seed: u64) -> Life {
        let config = OtlpConfig {
            max_queue_size: QUEUE as u32,
            max_batch_size: BATCH as u32,
            metric_interval_ms: 7_000,
            ..OtlpConfig::default()
        };
        let mut world = World::new(&config);
        world.set_counter(1);
        Life { world, random: Random(seed), spans: 0, logs: 0, flushes: Vec::new() }
    }

    fn step(&mut self) {
        let Life { world, random, .. } = self;
        let act = fault(random);
        let signal = Signal::ALL[random.below(Signal::ALL.len() as u64) as usize];
        world.script(signal, [act]);
        // The collector takes small requests only, now and then; a single item is never too large.
        match random.below(20) {
            0 => world.max_body_bytes = 1_000 + random.below(8_000) as usize,
            1 => world.max_body_bytes = usize::MAX,
            _ => {}
        }
        match random.below(12) {
            0 => self.flushes.push((world.flush(), world.now_ms)),
            1 => {
                let now = world.now();
                world.pipeline.handle_leaving(3_000, now);
                world.serve();
            }
            2 | 3 if !world.out.is_empty() => {
                let place = random.below(world.out.len() as u64) as usize;
                let signal = world.out[place].1;
                let reply = match random.below(4) {
                    0 => Reply::Answered(Answer { status: 502, ..Answer::default() }),
                    1 => Reply::Failed("cut off".to_owned()),
                    2 => Reply::Answered(partial(signal, random.below(60))),
                    _ => Reply::Answered(Answer { status: 200, ..Answer::default() }),
                };
                world.finish(signal, reply);
            }
            4 => world.busy = random.below(2) == 0,
            5 => world.be_idle(),
            // A source that is closed takes nothing any more.
            _ if world.pipeline.is_stopped() => {}
            6..=8 => {
                let logs = random.below(40);
                self.logs += logs;
                world.tell(logs);
            }
            _ => {
                let spans = random.below(80);
                self.spans += spans;
                world.emit(spans);
            }
        }
        world.pass(random.below(3_000));
        self.check();
    }

    /// What must be so at every moment.
    fn check(&self) {
        let Life { world, .. } = self;
        for (signal, emitted) in [(Signal::Traces, self.spans), (Signal::Logs, self.logs)] {
            let account = world.source.account(signal);
            assert_eq!(account.emitted, emitted);
            assert!(account.pending() <= QUEUE + BATCH, "{signal:?}: memory is bounded: {account:?}");
        }
        for signal in Signal::ALL {
            let account = world.source.account(signal);
            let judged = world.judged.get(&signal).copied().unwrap_or_default();
            assert_eq!(
                (account.delivered, account.rejected),
                (judged.taken, judged.refused),
                "{signal:?}: what the collector says is what counts"
            );
            // Never less than nothing.
            account.pending();
        }
        for (flush, began) in &self.flushes {
            let in_time = world.now_ms < began + DEFAULT_FLUSH_TIMEOUT_MS;
            assert!(in_time || world.flushed.contains(flush), "a flush hangs");
        }
    }

    fn sent(&self, items: impl Fn(&support::Received) -> &Vec<String>) -> u64 {
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for item in self.world.received.iter().flat_map(items) {
            *times.entry(item).or_default() += 1;
        }
        times.len() as u64
    }
}

/// The collector recovers: all that is left goes out.
fn recover(life: &mut Life) {
    life.world.script.clear();
    life.world.max_body_bytes = usize::MAX;
    life.world.busy = false;
    life.world.be_idle();
    life.world.pass(120_000);
    life.check();
    for signal in Signal::ALL {
        let account = life.world.source.account(signal);
        assert_eq!(account.pending(), 0, "{signal:?}: nothing is forgotten");
        assert!(account.dropped.keys().all(|why| why == reason::QUEUE_FULL), "{:?}", account.dropped);
    }
    for (account, sent) in [
        (life.world.traces(), life.sent(|request| &request.calls)),
        (life.world.logs(), life.sent(|request| &request.logs)),
    ] {
        let dropped: u64 = account.dropped.values().sum();
        assert_eq!(sent, account.emitted - dropped, "what was not dropped was sent");
    }
}

/// It is shut down in the middle of everything.
fn end(life: &mut Life) {
    life.flushes.push((life.world.shutdown(), life.world.now_ms));
    for _ in 0..20 {
        life.step();
    }
    life.world.pass(DEFAULT_FLUSH_TIMEOUT_MS);
    life.check();
    assert!(life.world.pipeline.is_stopped());
}

fn run(seed: u64) {
    let mut life = Life::new(seed);
    for _ in 0..200 {
        life.step();
    }
    if seed.is_multiple_of(2) {
        recover(&mut life);
    }
    end(&mut life);
}

#[test]
fn everything_is_accounted_for_whatever_happens() {
    for seed in 0..24 {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
