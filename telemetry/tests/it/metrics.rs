//! Aggregates against the exact ones of the same values.

use std::collections::HashMap;

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase};
use atelier_telemetry::frame::{Distribution, Totals};
use atelier_telemetry::{
    DEFAULT_MAX_METRICS_READERS, DEFAULT_MAX_SERIES_PER_METRIC, GaugeValue, MetricsReader, MetricsSnapshot,
    Series, SeriesKey, Telemetry,
};

use crate::support::*;

const METHODS: [&str; 3] = ["decode", "resize", "encode"];

fn find(snapshot: &MetricsSnapshot, wanted: impl Fn(&SeriesKey) -> bool) -> &Series {
    let mut found = snapshot.series.iter().filter(|(key, _)| wanted(key));
    let (_, series) = found.next().expect("no such series");
    assert!(found.next().is_none(), "more than one such series");
    series
}

/// The value that a share `quantile` of the samples does not exceed.
fn exact(sorted: &[f64], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted[rank - 1]
}

fn assert_like(distribution: &Distribution, mut samples_ms: Vec<f64>) {
    samples_ms.sort_by(f64::total_cmp);
    let close = |name: &str, got: f64, want: f64| {
        // One per cent of the value, and the microsecond it was rounded to.
        assert!((got - want).abs() <= want * 0.01 + 0.001, "{name}: {got} instead of {want}");
    };
    assert_eq!(distribution.count, samples_ms.len() as u64);
    close("p50", distribution.p50, exact(&samples_ms, 0.5));
    close("p90", distribution.p90, exact(&samples_ms, 0.9));
    close("p95", distribution.p95, exact(&samples_ms, 0.95));
    close("p99", distribution.p99, exact(&samples_ms, 0.99));
    close("p999", distribution.p999, exact(&samples_ms, 0.999));
    let sum: f64 = samples_ms.iter().sum();
    let same =
        |got: f64, want: f64| assert!((got - want).abs() <= want.abs() * 1e-9, "{got} instead of {want}");
    same(distribution.sum, sum);
    same(distribution.mean, sum / samples_ms.len() as f64);
    same(distribution.min, samples_ms[0]);
    same(distribution.max, samples_ms[samples_ms.len() - 1]);
}

#[test]
fn percentiles_are_those_of_the_samples() {
    let telemetry = Telemetry::new();
    let mut random = Random::seeded(11);
    let (mut waits, mut runs, mut durations) = (Vec::new(), Vec::new(), Vec::new());
    listening(&telemetry, || {
        define(1, "resize");
        define(2, "other");
        for _ in 0..20_000 {
            let method = METHODS[random.below(3) as usize];
            let outcome = Outcome::ALL[random.below(4) as usize];
            // From 10 µs to 100 s, every magnitude as often as the others.
            let mut seconds = || 10f64.powf(random.unit() * 7.0 - 5.0);
            let (wait, run, duration) = (seconds(), seconds(), seconds());
            measure(Metric::QueueWait, wait, of(1).method(method));
            measure(Metric::TaskPhase, run, of(1).method(method).phase(Phase::Run));
            measure(Metric::TaskPhase, 1.0, of(1).method(method).phase(Phase::Reply));
            measure(Metric::TaskDuration, duration, of(1).method(method).outcome(outcome));
            measure(Metric::TaskDuration, 50.0, of(2).method(method).outcome(outcome));
            waits.push(wait * 1e3);
            runs.push(run * 1e3);
            durations.push(duration * 1e3);
        }
    });
    let distributions = telemetry.distributions(RUNTIME, 1);
    assert_like(&distributions.wait, waits);
    assert_like(&distributions.run, runs);
    assert_like(&distributions.duration, durations);
}

#[test]
fn distributions_keep_up_with_what_comes_later() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        assert_eq!(telemetry.distributions(RUNTIME, 1), Default::default());
        measure(Metric::QueueWait, 0.001, of(1).method("a"));
        assert_eq!(telemetry.distributions(RUNTIME, 1).wait.max, 1.0);
        measure(Metric::QueueWait, 0.002, of(1).method("a"));
        measure(Metric::QueueWait, 0.003, of(1).method("b"));
    });
    let wait = telemetry.distributions(RUNTIME, 1).wait;
    assert_eq!((wait.count, wait.min, wait.max, wait.p50), (3, 1.0, 3.0, wait.p50));
    assert!((wait.p50 - 2.0).abs() < 0.02);
    assert_eq!(telemetry.distributions(RUNTIME, 99), Default::default());
}

#[test]
fn extreme_durations_hurt_nobody() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        for seconds in [0.0, -0.5, 1e-9, 7200.0, f64::NAN, f64::INFINITY] {
            measure(Metric::TaskDuration, seconds, of(1).method("a").outcome(Outcome::Ok));
        }
    });
    let duration = telemetry.distributions(RUNTIME, 1).duration;
    assert_eq!((duration.count, duration.min, duration.max), (4, 0.0, 7_200_000.0));
    assert!((3_600_000.0..3_700_000.0).contains(&duration.p999), "{duration:?}");
    let ledger = telemetry.ledger(RUNTIME);
    assert_eq!(row(&ledger, "aggregation", "metrics").dropped, [("not_finite".to_owned(), 2)]);
}

#[test]
fn counters_are_counts() {
    let telemetry = Telemetry::new();
    let mut random = Random::seeded(12);
    let mut counts: HashMap<(u64, &str, Outcome), u64> = HashMap::new();
    let mut totals = [Totals::default(); 2];
    listening(&telemetry, || {
        define(1, "resize");
        define(2, "encode");
        for _ in 0..10_000 {
            let task = 1 + random.below(2);
            let method = METHODS[random.below(3) as usize];
            let outcome = Outcome::ALL[random.below(4) as usize];
            let total = &mut totals[task as usize - 1];
            count(Metric::TaskDispatched, 1, of(task).method(method));
            total.dispatched += 1;
            // The worker is no attribute of this metric and must not split its series.
            count(Metric::TaskCompleted, 1, of(task).method(method).outcome(outcome).worker(random.below(4)));
            *counts.entry((task, method, outcome)).or_default() += 1;
            match outcome {
                Outcome::Ok => total.success += 1,
                Outcome::Error => total.failure += 1,
                Outcome::Canceled => total.canceled += 1,
                Outcome::Rejected => total.rejected += 1,
            }
            let several = random.below(3);
            count(Metric::TaskRequeued, several, of(task).method(method));
            total.requeued += several;
            count(Metric::WorkerSpawned, 1, of(task).worker(random.below(4)));
            total.spawned += 1;
        }
        count(Metric::WorkerCrashed, 2, of(1).worker(0));
        count(Metric::WorkerTerminated, 3, of(2).worker(0));
        totals[0].crashed = 2;
        totals[1].terminated = 3;
    });

    assert_eq!([telemetry.totals(RUNTIME, 1), telemetry.totals(RUNTIME, 2)], totals);
    let snapshot = telemetry.metrics(RUNTIME, START + 1);
    for ((task, method, outcome), expected) in counts {
        let series = find(&snapshot, |key| {
            key.metric == Metric::TaskCompleted
                && key.task.handle == task
                && key.method.as_deref() == Some(method)
                && key.outcome == Some(outcome)
        });
        assert!(matches!(series, Series::Counter(total) if *total == expected), "{series:?}");
    }
    assert_eq!((snapshot.start_unix_nano, snapshot.time_unix_nano), (START, START + 1));
    assert!(snapshot.overflow.is_empty());
}

#[test]
fn series_outlive_their_task() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        count(Metric::TaskDispatched, 5, of(1).method("a"));
        dispose(1);
    });
    let snapshot = telemetry.metrics(RUNTIME, START);
    let series = find(&snapshot, |key| &*key.task.id == "resize");
    assert!(matches!(series, Series::Counter(5)));
}

fn pending(snapshot: &MetricsSnapshot) -> GaugeValue {
    match find(snapshot, |key| key.metric == Metric::QueuePending) {
        Series::Gauge(gauge) => *gauge,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_reader_has_the_extremes_since_its_own_last_read() {
    let telemetry = Telemetry::new();
    let gauge = |last, min, max| GaugeValue { last, min, max };
    let first = telemetry.metrics_reader(RUNTIME);
    let read = |reader: &MetricsReader| pending(&reader.read(START));
    listening(&telemetry, || {
        define(1, "resize");
        for value in [3, 9, 1, 4] {
            count(Metric::QueuePending, value, of(1));
        }
        let second = telemetry.metrics_reader(RUNTIME);
        assert_eq!(read(&first), gauge(4.0, 1.0, 9.0));
        assert_eq!(read(&first), gauge(4.0, 4.0, 4.0));
        count(Metric::QueuePending, 2, of(1));
        assert_eq!(read(&first), gauge(2.0, 2.0, 4.0));
        assert_eq!(read(&second), gauge(2.0, 2.0, 4.0), "since it is there");
        count(Metric::QueuePending, 7, of(1));
        assert_eq!(read(&second), gauge(7.0, 2.0, 7.0));
        assert_eq!(read(&second), gauge(7.0, 7.0, 7.0));
        assert_eq!(read(&first), gauge(7.0, 2.0, 7.0), "what others read is not lost");
        assert_eq!(pending(&telemetry.metrics(RUNTIME, START)), gauge(7.0, 1.0, 9.0), "since the beginning");
        drop(second);
        count(Metric::QueuePending, 0, of(1));
        assert_eq!(read(&first), gauge(0.0, 0.0, 7.0));
    });
}

#[test]
fn readers_with_extremes_are_limited() {
    let telemetry = Telemetry::new();
    let readers: Vec<MetricsReader> =
        (0..=DEFAULT_MAX_METRICS_READERS).map(|_| telemetry.metrics_reader(RUNTIME)).collect();
    listening(&telemetry, || {
        define(1, "resize");
        for value in [5, 1, 2] {
            count(Metric::QueuePending, value, of(1));
        }
    });
    let max_twice =
        |reader: &MetricsReader| [pending(&reader.read(START)).max, pending(&reader.read(START)).max];
    let (last, others) = readers.split_last().unwrap();
    assert!(others.iter().all(|reader| max_twice(reader) == [5.0, 2.0]));
    assert_eq!(max_twice(last), [5.0, 5.0], "since the beginning, always");
    drop(readers);
    let later = telemetry.metrics_reader(RUNTIME);
    assert_eq!(max_twice(&later), [2.0, 2.0], "the place of one that is gone is free");
}

#[test]
fn extremes_against_a_list_of_all_values() {
    for seed in 1..=20 {
        let telemetry = Telemetry::new();
        let mut random = Random::seeded(seed);
        // A reader and what it has to see, from the value at its last read on.
        let mut readers: Vec<(MetricsReader, Vec<u64>)> = Vec::new();
        listening(&telemetry, || {
            define(1, "resize");
            let mut value = 0;
            count(Metric::QueuePending, value, of(1));
            for step in 0..500 {
                match random.below(8) {
                    0 if readers.len() < 6 => readers.push((telemetry.metrics_reader(RUNTIME), vec![value])),
                    1 if !readers.is_empty() => {
                        drop(readers.swap_remove(random.below(readers.len() as u64) as usize));
                    }
                    2 | 3 if !readers.is_empty() => {
                        let which = random.below(readers.len() as u64) as usize;
                        let (reader, seen) = &mut readers[which];
                        let gauge = pending(&reader.read(START));
                        let [min, max] = [seen.iter().min(), seen.iter().max()].map(|it| *it.unwrap() as f64);
                        let expected = GaugeValue { last: value as f64, min, max };
                        assert_eq!(gauge, expected, "seed {seed}, step {step}");
                        *seen = vec![value];
                    }
                    _ => {
                        value = random.below(1_000);
                        count(Metric::QueuePending, value, of(1));
                        readers.iter_mut().for_each(|(_, seen)| seen.push(value));
                    }
                }
            }
        });
    }
}

#[test]
fn series_are_limited_and_the_rest_is_counted_together() {
    let telemetry = Telemetry::new();
    let calls = DEFAULT_MAX_SERIES_PER_METRIC as u64 + 500;
    listening(&telemetry, || {
        define(1, "resize");
        for _ in 0..2 {
            for number in 0..calls {
                count(Metric::TaskDispatched, 1, of(1).method(&format!("method{number}")));
            }
        }
        count(Metric::TaskRequeued, 1, of(1).method("method0"));
    });
    let snapshot = telemetry.metrics(RUNTIME, START);
    let dispatched: Vec<u64> = snapshot
        .series
        .iter()
        .filter(|(key, _)| key.metric == Metric::TaskDispatched)
        .map(|(_, series)| match series {
            Series::Counter(total) => *total,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(dispatched.len(), DEFAULT_MAX_SERIES_PER_METRIC - 1);
    assert!(dispatched.iter().all(|&total| total == 2));
    let [overflow] = snapshot.overflow.as_slice() else { panic!("{:?}", snapshot.overflow) };
    assert_eq!((overflow.metric, overflow.values), (Metric::TaskDispatched, 2 * 501));
    assert!(matches!(overflow.value, Series::Counter(1_002)), "{overflow:?}");
    assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, 2 * calls, "totals know no limit");
}

#[test]
fn a_reset_begins_anew_and_keeps_gauges() {
    let telemetry = Telemetry::new();
    let reader = telemetry.metrics_reader(RUNTIME);
    listening(&telemetry, || {
        define(1, "resize");
        let fill = |time: u64| {
            count(Metric::QueuePending, 7, of(1).at(time));
            count(Metric::QueuePending, 3, of(1).at(time));
            for number in 0..DEFAULT_MAX_SERIES_PER_METRIC + 5 {
                count(Metric::TaskDispatched, 1, of(1).at(time).method(&format!("method{number}")));
            }
            measure(Metric::TaskDuration, 0.5, of(1).at(time).method("a").outcome(Outcome::Ok).span(1, 1));
        };
        fill(START);
        let before = telemetry.metrics(RUNTIME, START + 1);
        assert_eq!(pending(&reader.read(START + 1)), GaugeValue { last: 3.0, min: 3.0, max: 7.0 });
        telemetry.reset(RUNTIME);
        assert_eq!(telemetry.totals(RUNTIME, 1), Totals::default());
        assert_eq!(telemetry.distributions(RUNTIME, 1), Default::default());
        let empty = telemetry.metrics(RUNTIME, START + 2);
        assert_eq!((empty.series.len(), empty.overflow.len()), (1, 0));
        assert_eq!(pending(&empty), GaugeValue { last: 3.0, min: 3.0, max: 3.0 });
        assert_eq!(empty.start_unix_nano, START + 2);
        count(Metric::QueuePending, 5, of(1));
        assert_eq!(pending(&reader.read(START + 3)), GaugeValue { last: 5.0, min: 3.0, max: 5.0 });
        fill(START + 4);
        let after = telemetry.metrics(RUNTIME, START + 5);
        assert_eq!((after.series.len(), after.start_unix_nano), (before.series.len(), START + 2));
        assert_eq!(after.overflow[0].values, before.overflow[0].values);
        let both = [&before, &after].map(|it| find(it, |key| key.metric == Metric::TaskDuration).clone());
        assert!(
            both.iter()
                .all(|it| matches!(it, Series::Histogram(histogram) if histogram.histogram.len() == 1))
        );
        assert_eq!(telemetry.distributions(RUNTIME, 1).duration.count, 1);
        assert_eq!(telemetry.totals(RUNTIME, 1).dispatched, DEFAULT_MAX_SERIES_PER_METRIC as u64 + 5);
    });
}

#[test]
fn gauges_without_a_series_have_their_extremes_too() {
    let telemetry = Telemetry::new();
    let reader = telemetry.metrics_reader(RUNTIME);
    listening(&telemetry, || {
        for task in 0..DEFAULT_MAX_SERIES_PER_METRIC as u64 + 3 {
            define(task, &format!("task{task}"));
            for value in [task, 2 * task] {
                count(Metric::QueuePending, value, of(task));
            }
        }
    });
    let overflow = || match reader.read(START).overflow.as_slice() {
        [only] => (only.metric, only.values, only.value.clone()),
        other => panic!("{other:?}"),
    };
    let (first, last) =
        (DEFAULT_MAX_SERIES_PER_METRIC as f64 - 1.0, DEFAULT_MAX_SERIES_PER_METRIC as f64 + 2.0);
    let expected = GaugeValue { last: 2.0 * last, min: first, max: 2.0 * last };
    let (metric, values, value) = overflow();
    assert_eq!((metric, values), (Metric::QueuePending, 8));
    assert!(matches!(value, Series::Gauge(gauge) if gauge == expected), "{value:?}");
    let settled = GaugeValue { last: 2.0 * last, min: 2.0 * last, max: 2.0 * last };
    assert!(matches!(overflow().2, Series::Gauge(gauge) if gauge == settled));
}
