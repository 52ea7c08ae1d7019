//! Random faults from a seed, printed when a run fails: whatever the collector does, every span is accounted for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use atelier_exporters::pipeline::{Answer, Reply, reason};
use atelier_exporters::{OtlpConfig, Signal};
use support::{Act, World};

/// Numbers that look random, the same for the same seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn fault(dice: &mut Dice) -> Act {
    match dice.roll(9) {
        0 => Act::Fail("connection reset"),
        1 => Act::Hang,
        2 => Act::status(503),
        3 => Act::retry_after(429, "3"),
        4 => Act::retry_after(503, "Thu, 01 Jan 2026 00:00:30 GMT"),
        5 => Act::status(400),
        6 => Act::status(500),
        _ => Act::ok(),
    }
}

fn run(seed: u64) {
    let mut dice = Dice(seed);
    let config = OtlpConfig {
        max_queue_size: 200,
        max_batch_size: 50,
        metric_interval_ms: 7_000,
        ..OtlpConfig::default()
    };
    let mut world = World::new(&config);
    world.set_counter(1);
    let mut flushes = Vec::new();
    for _ in 0..200 {
        let signal = if dice.roll(2) == 0 { Signal::Traces } else { Signal::Metrics };
        let act = fault(&mut dice);
        world.script(signal, [act]);
        match dice.roll(6) {
            0 => flushes.push(world.flush()),
            1 => {
                let now = world.now();
                world.pipeline.handle_leaving(3_000, now);
                world.serve();
            }
            2 if !world.out.is_empty() => {
                let signal = world.out[0].1;
                let answer =
                    Answer { status: if dice.roll(2) == 0 { 200 } else { 502 }, ..Answer::default() };
                world.finish(signal, Reply::Answered(answer));
            }
            _ => world.emit(dice.roll(80)),
        }
        world.pass(dice.roll(3_000));
    }
    // The collector has recovered: all that is left goes out.
    world.script.clear();
    world.pass(120_000);
    let account = world.traces();
    assert_eq!(account.pending(), 0, "nothing is forgotten");
    assert_eq!(world.metrics().pending(), 0);
    assert!(account.dropped.keys().all(|why| why == reason::QUEUE_FULL), "{:?}", account.dropped);
    assert!(flushes.iter().all(|flush| world.flushed.contains(flush)), "every flush ends");

    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for call in world.received.iter().flat_map(|request| &request.calls) {
        *times.entry(call.parse().unwrap()).or_default() += 1;
    }
    let dropped: u64 = account.dropped.values().sum();
    assert_eq!(times.len() as u64, account.emitted - dropped, "what was not dropped was sent");

    world.emit(120);
    world.shutdown();
    let account = world.traces();
    assert_eq!((account.pending(), world.metrics().pending()), (0, 0));
}

#[test]
fn every_span_is_accounted_for_whatever_happens() {
    for seed in 0..12 {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
