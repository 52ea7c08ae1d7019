//! Everything emitted is accounted for, whatever consumers do.

use atelier_core::KeptFor;
use atelier_core::names::{Metric, field};
use atelier_telemetry::{Record, Signal, SubscribeOptions, Subscription, Telemetry};

use crate::support::*;

fn with_capacity(capacity: usize) -> SubscribeOptions {
    SubscribeOptions { capacity, ..SubscribeOptions::default() }
}

#[test]
fn a_slow_consumer_loses_the_oldest_and_the_loss_is_counted() {
    let telemetry = Telemetry::new();
    let slow = telemetry.subscribe(RUNTIME, "slow", with_capacity(10));
    listening(&telemetry, || {
        define(1, "resize");
        for value in 0..25 {
            count(Metric::QueuePending, value, of(1));
        }
        call(1, 1);
    });
    let records = slow.drain(usize::MAX);
    let values: Vec<f64> = records
        .iter()
        .filter_map(|it| match it {
            Record::Metric(metric) => Some(metric.value),
            _ => None,
        })
        .collect();
    assert_eq!(values, [16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0]);
    assert!(matches!(records.last(), Some(Record::Span(_))));
    let ledger = slow.ledger();
    let events = row(&ledger, "slow", "events");
    assert_eq!(
        (events.emitted, events.pending, events.dropped.as_slice()),
        (25, 9, &[("queue_full".into(), 16)][..])
    );
    assert_eq!(row(&ledger, "slow", "spans").pending, 1);
}

#[test]
fn what_is_kept_although_it_is_not_sampled_is_only_for_those_who_ask() {
    let telemetry = Telemetry::new();
    let asks = telemetry.subscribe(RUNTIME, "asks", SubscribeOptions { kept: true, ..Default::default() });
    let others = telemetry.subscribe(RUNTIME, "others", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        call(1, 1);
        let kept = open_call_in(1, 2, None, None);
        kept.record(field::SAMPLING_REASON, KeptFor::Slow.name());
        end_call(kept, 2);
    });
    let told = |subscription: &Subscription| {
        let calls = subscription.drain(usize::MAX).into_iter().filter_map(|record| match record {
            Record::Span(call) => Some((call.call_id, call.kept_for)),
            _ => None,
        });
        calls.collect::<Vec<_>>()
    };
    assert_eq!(told(&asks), [(1, None), (2, Some(KeptFor::Slow))]);
    assert_eq!(told(&others), [(1, None)]);
    assert_eq!(row(&asks.ledger(), "asks", "spans").emitted, 2);
    assert_eq!(
        row(&others.ledger(), "others", "spans").emitted,
        1,
        "what one is not told of is not emitted to it"
    );
}

#[test]
fn a_queue_without_room_drops_everything() {
    let telemetry = Telemetry::new();
    let none = telemetry.subscribe(RUNTIME, "none", with_capacity(0));
    listening(&telemetry, || {
        define(1, "resize");
        count(Metric::TaskDispatched, 1, of(1));
    });
    assert!(none.is_empty());
    assert_eq!(row(&none.ledger(), "none", "events").dropped, [("queue_full".to_owned(), 1)]);
}

#[test]
fn records_in_hand_are_pending_until_they_are_settled() {
    let telemetry = Telemetry::new();
    let consumer = telemetry.subscribe(RUNTIME, "otlp:1", SubscribeOptions::default());
    listening(&telemetry, || {
        define(1, "resize");
        for number in 0..10 {
            call(1, number);
        }
    });
    let pending = || row(&telemetry.ledger(RUNTIME), "otlp:1", "spans").pending;
    assert_eq!((consumer.len(), pending()), (10, 10));
    assert_eq!(consumer.drain(6).len(), 6);
    assert_eq!((consumer.len(), pending()), (4, 10));
    consumer.delivered(Signal::Spans, 3);
    consumer.rejected(Signal::Spans, 2);
    consumer.dropped(Signal::Spans, "too-old", 1);
    consumer.dropped(Signal::Spans, "never", 0);
    consumer.set_last_error(Some("503".to_owned()));
    let ledger = telemetry.ledger(RUNTIME);
    let spans = row(&ledger, "otlp:1", "spans");
    assert_eq!((spans.emitted, spans.delivered, spans.rejected, spans.pending), (10, 3, 2, 4));
    assert_eq!(spans.dropped, [("too-old".to_owned(), 1)]);
    assert_eq!(spans.last_error.as_deref(), Some("503"));
}

#[test]
fn what_a_consumer_makes_itself_is_in_the_ledger_too() {
    let telemetry = Telemetry::new();
    let exporter =
        telemetry.subscribe(RUNTIME, "otlp:1", SubscribeOptions { metrics: false, ..Default::default() });
    exporter.emitted(Signal::Metrics, 30);
    exporter.delivered(Signal::Metrics, 20);
    let ledger = exporter.ledger();
    let points = row(&ledger, "otlp:1", "metrics");
    assert_eq!((points.emitted, points.delivered, points.pending), (30, 20, 10));
    exporter.rejected(Signal::Metrics, 15);
    let ledger = exporter.ledger();
    let points = row(&ledger, "otlp:1", "metrics");
    assert_eq!((points.emitted, points.rejected, points.pending), (35, 15, 0));
    assert!(balances(points));
}

#[test]
fn a_dropped_subscription_ends() {
    let telemetry = Telemetry::new();
    let gone = telemetry.subscribe(RUNTIME, "listener:1", SubscribeOptions::default());
    let stays = telemetry.subscribe(RUNTIME, "listener:2", SubscribeOptions::default());
    drop(gone);
    let consumers: Vec<_> = telemetry.ledger(RUNTIME).into_iter().map(|row| row.consumer).collect();
    assert_eq!(consumers, ["listener:2", "listener:2"]);
    assert!(stays.is_empty());
}

/// A consumer that drains, settles and forgets as it likes; it knows what it did.
struct Erratic {
    subscription: Subscription,
    name: String,
    in_hand: [u64; 2],
    settled: [u64; 2],
}

impl Erratic {
    fn act(&mut self, random: &mut Random) {
        for record in self.subscription.drain(random.below(40) as usize) {
            self.in_hand[usize::from(!matches!(record, Record::Metric(_)))] += 1;
        }
        for (place, signal) in [Signal::Events, Signal::Spans].into_iter().enumerate() {
            let n = random.below(self.in_hand[place] + 1);
            self.in_hand[place] -= n;
            self.settled[place] += n;
            match random.below(4) {
                0 => self.subscription.delivered(signal, n),
                1 => self.subscription.rejected(signal, n),
                2 => self.subscription.dropped(signal, "too-old", n),
                _ => self.subscription.dropped(signal, "page-left", n),
            }
        }
    }
}

#[test]
fn the_ledger_balances_at_every_moment_under_random_load() {
    for seed in 1..=8 {
        let telemetry = Telemetry::new();
        let mut random = Random::seeded(seed);
        let mut consumers: Vec<Erratic> = (0..4)
            .map(|number| {
                let name = format!("listener:{number}");
                let capacity = [0, 5, 64, 100_000][number];
                let subscription = telemetry.subscribe(RUNTIME, &name, with_capacity(capacity));
                Erratic { subscription, name, in_hand: [0; 2], settled: [0; 2] }
            })
            .collect();
        let mut reader = telemetry.frames(RUNTIME, "panel");
        let mut emitted = [0u64; 2];
        listening(&telemetry, || {
            define(1, "resize");
            for step in 0..3_000 {
                match random.below(12) {
                    0..=4 => {
                        count(Metric::TaskDispatched, 1, of(1).method("a"));
                        emitted[0] += 1;
                    }
                    5 | 6 => {
                        call(1, step);
                        emitted[1] += 1;
                    }
                    7 => {
                        drop(open_call(1, step));
                        emitted[1] += 1;
                    }
                    8 => {
                        // A task that nobody introduced.
                        measure(Metric::QueueWait, 0.1, of(2).method("a"));
                        emitted[0] += 1;
                    }
                    9 => {
                        reader.next(0.0, vec![task_frame("resize", 1)]);
                    }
                    _ => {
                        let which = random.below(4) as usize;
                        consumers[which].act(&mut random);
                    }
                }
                let ledger = telemetry.ledger(RUNTIME);
                for row in &ledger {
                    assert!(balances(row), "seed {seed}, step {step}: {row:?}");
                }
                for consumer in &consumers {
                    for (place, signal) in ["events", "spans"].into_iter().enumerate() {
                        let row = row(&ledger, &consumer.name, signal);
                        assert_eq!(row.emitted, emitted[place], "seed {seed}, step {step}: {row:?}");
                        let waiting = row.pending - consumer.in_hand[place];
                        let lost: u64 = row
                            .dropped
                            .iter()
                            .filter(|it| it.0 != "too-old" && it.0 != "page-left")
                            .map(|it| it.1)
                            .sum();
                        let known = waiting + lost + consumer.in_hand[place] + consumer.settled[place];
                        assert_eq!(known, emitted[place], "seed {seed}, step {step}: {row:?}");
                    }
                }
                assert_eq!(row(&ledger, "panel", "spans").emitted, emitted[1], "seed {seed}, step {step}");
            }
        });
        for consumer in &consumers {
            let left = consumer.subscription.drain(usize::MAX).len() as u64;
            let ledger = telemetry.ledger(RUNTIME);
            let pending: u64 =
                ledger.iter().filter(|it| it.consumer == consumer.name).map(|it| it.pending).sum();
            assert_eq!(pending, left + consumer.in_hand[0] + consumer.in_hand[1], "seed {seed}");
        }
    }
}
