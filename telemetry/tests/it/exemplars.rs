//! Exemplars: from a percentile to a call.

use atelier_core::Outcome;
use atelier_core::names::{Metric, Phase};
use atelier_telemetry::{DEFAULT_EXEMPLARS, HistogramValue, Series, Telemetry};

use crate::support::*;

/// A duration of a sampled call, whose ids tell the call.
fn duration(seconds: f64, call: u64) {
    let of = of(1).method("resize").outcome(Outcome::Ok).at(START + call);
    measure(Metric::TaskDuration, seconds, of.span(u128::from(call) << 64 | 0xabc, call));
}

fn histogram(telemetry: &Telemetry, metric: Metric) -> HistogramValue {
    let snapshot = telemetry.metrics(RUNTIME, START);
    let mut all = snapshot.series.into_iter().filter(|(key, _)| key.metric == metric);
    match all.next() {
        Some((_, Series::Histogram(histogram))) => histogram,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_range_remembers_its_latest_sampled_call() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        duration(0.001, 1);
        duration(0.0011, 2);
        duration(0.1, 3);
        // Not sampled.
        measure(Metric::TaskDuration, 0.0012, of(1).method("resize").outcome(Outcome::Ok).at(START + 9));
        measure(Metric::TaskDuration, 50.0, of(1).method("resize").outcome(Outcome::Ok));
    });
    let histogram = histogram(&telemetry, Metric::TaskDuration);
    assert_eq!(histogram.histogram.len(), 5);
    let kept: Vec<_> =
        histogram.exemplars.iter().map(|it| (it.value, it.trace_id, it.span_id, it.time_unix_nano)).collect();
    assert_eq!(
        kept,
        [
            (0.001, 1 << 64 | 0xabc, 1, START + 1),
            (0.0011, 2 << 64 | 0xabc, 2, START + 2),
            (0.1, 3 << 64 | 0xabc, 3, START + 3)
        ]
    );
}

#[test]
fn they_are_bounded_in_order_and_each_within_a_power_of_two() {
    for seed in 1..=10 {
        let telemetry = Telemetry::new();
        let mut random = Random::seeded(seed);
        let mut latest: std::collections::BTreeMap<u32, (f64, u64)> = std::collections::BTreeMap::new();
        listening(&telemetry, || {
            define(1, "resize");
            for call in 0..5_000 {
                // From a tenth of a microsecond to a day.
                let seconds = 10f64.powf(random.unit() * 12.0 - 7.0);
                duration(seconds, call);
                let micros = (seconds * 1e6).round().max(1.0);
                latest.insert((micros.log2().floor() as u32).min(31), (seconds, call));
            }
        });
        let histogram = histogram(&telemetry, Metric::TaskDuration);
        assert_eq!(histogram.exemplars.len(), DEFAULT_EXEMPLARS);
        let kept: Vec<_> = histogram.exemplars.iter().map(|it| (it.value, it.span_id)).collect();
        assert_eq!(kept, latest.into_values().collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn a_percentile_leads_to_a_call_of_about_its_length() {
    let telemetry = Telemetry::new();
    let mut random = Random::seeded(4);
    let mut lengths = Vec::new();
    listening(&telemetry, || {
        define(1, "resize");
        for call in 0..10_000 {
            let seconds = 10f64.powf(random.unit() * 5.0 - 5.0);
            duration(seconds, call);
            lengths.push(seconds * 1e3);
            let sampled = of(1).method("resize").span(1, call);
            measure(Metric::QueueWait, 0.5, sampled);
            measure(Metric::TaskPhase, 0.25, sampled.phase(Phase::Run));
            measure(Metric::TaskPhase, 0.75, of(1).method("resize").phase(Phase::Reply));
        }
    });
    let all = telemetry.distributions(RUNTIME, 1);
    let at: Vec<&str> = all.exemplars.duration.iter().map(|it| it.at.as_str()).collect();
    assert_eq!(at, ["p50", "p90", "p95", "p99", "max"]);
    let duration = all.duration;
    let numbers = [duration.p50, duration.p90, duration.p95, duration.p99, duration.max];
    for (exemplar, number) in all.exemplars.duration.iter().zip(numbers) {
        let ratio = exemplar.value / number;
        assert!((0.49..=2.04).contains(&ratio), "{exemplar:?} for {number}");
        let call = usize::from_str_radix(&exemplar.span_id, 16).unwrap();
        assert_eq!(lengths[call], exemplar.value, "the call has that length");
        assert_eq!(exemplar.trace_id, format!("{:032x}", (call as u128) << 64 | 0xabc));
        assert!((exemplar.ts - (START + call as u64) as f64 / 1e6).abs() < 0.001);
    }
    assert!(all.exemplars.wait.iter().all(|it| it.value == 500.0));
    assert!(all.exemplars.run.iter().all(|it| it.value == 250.0), "of the run phase, not of others");
}

#[test]
fn without_a_call_in_its_range_the_nearest_one_is_taken() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        assert!(telemetry.distributions(RUNTIME, 1).exemplars.is_empty());
        duration(0.010, 1);
        duration(10.0, 2);
    });
    let histogram = histogram(&telemetry, Metric::TaskDuration);
    let near = |seconds| histogram.exemplar_near(seconds).map(|it| it.span_id);
    assert_eq!([near(0.0), near(0.05), near(1.0), near(1e9)], [Some(1), Some(1), Some(2), Some(2)]);
}

#[test]
fn merged_histograms_keep_the_later_call() {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        define(1, "resize");
        for (method, seconds, call) in [("a", 0.003, 5), ("b", 0.0031, 2), ("b", 0.1, 3), ("a", 9.0, 4)] {
            let of = of(1).method(method).outcome(Outcome::Ok).at(START + call);
            measure(Metric::TaskDuration, seconds, of.span(1, call));
        }
    });
    let mut parts: Vec<HistogramValue> = telemetry
        .metrics(RUNTIME, START)
        .series
        .into_iter()
        .filter_map(|(_, series)| match series {
            Series::Histogram(histogram) => Some(histogram),
            _ => None,
        })
        .collect();
    let calls = |of: &HistogramValue| of.exemplars.iter().map(|it| it.span_id).collect::<Vec<_>>();
    let (b, mut a) = (parts.pop().unwrap(), parts.pop().unwrap());
    assert_eq!((calls(&a), calls(&b)), (vec![5, 4], vec![2, 3]));
    a.merge(&b);
    assert_eq!(calls(&a), [5, 3, 4]);
    assert_eq!(a.histogram.len(), 4);
}
