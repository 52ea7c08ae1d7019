//! Percentiles against those of the same samples, for durations of every shape, whole and merged.

use atelier_core::Outcome;
use atelier_core::names::Metric;
use atelier_telemetry::frame::Distribution;
use atelier_telemetry::{HISTOGRAM_DIGITS, HistogramValue, Series, Telemetry};

use crate::support::*;

const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];
const METHODS: [&str; 4] = ["decode", "resize", "encode", "store"];

/// Makes a duration, in seconds.
type Make = fn(&mut Random) -> f64;

/// How durations may be spread.
const SHAPES: [(&str, Make); 7] = [
    ("all alike", |_| 0.0123),
    ("even", |random| random.unit() * 0.25),
    ("exponential", |random| -(1.0 - random.unit()).ln() * 0.004),
    ("every magnitude", |random| 10f64.powf(random.unit() * 8.0 - 5.5)),
    (
        "two humps",
        |random| if random.below(10) == 0 { 2.0 + random.unit() } else { 0.001 + random.unit() * 0.0002 },
    ),
    ("long tail", |random| 0.0005 / (1.0 - random.unit()).powf(1.5).max(1e-6)),
    ("a few microseconds", |random| random.below(12) as f64 * 1e-6),
];

fn shown(of: &Distribution) -> [f64; 5] {
    [of.p50, of.p90, of.p95, of.p99, of.p999]
}

/// `hdrhistogram` promises as many significant digits as it was asked for; what is below a microsecond is rounded.
fn assert_promise(of: &Distribution, samples: &[f64], about: &str) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let error = 10f64.powi(-i32::from(HISTOGRAM_DIGITS));
    for (quantile, found) in QUANTILES.into_iter().zip(shown(of)) {
        let rank = (quantile * sorted.len() as f64).ceil().max(1.0) as usize;
        let exact = sorted[rank - 1] * 1e3;
        let allowed = exact * error + 0.000_501;
        assert!((found - exact).abs() <= allowed, "{about}: {found} instead of {exact} at {quantile}");
    }
    let sum: f64 = sorted.iter().sum::<f64>() * 1e3;
    assert_eq!(of.count, sorted.len() as u64, "{about}");
    assert!(
        (of.sum - sum).abs() <= sum * 1e-9 && (of.mean * of.count as f64 - sum).abs() <= sum * 1e-9,
        "{about}"
    );
    assert!(
        (of.min - sorted[0] * 1e3).abs() <= 1e-9 && (of.max - sorted[sorted.len() - 1] * 1e3).abs() <= 1e-9
    );
    let steps = [&[of.min][..], &shown(of), &[of.max]].concat();
    assert!(steps.is_sorted(), "{about}: {of:?}");
}

#[test]
fn percentiles_are_right_for_every_shape_of_durations() {
    for (name, make) in SHAPES {
        for seed in 1..=6 {
            let mut random = Random::seeded(seed);
            let telemetry = Telemetry::new();
            // From a single call to many.
            let count = [1, 2, 7, 100, 1_000, 20_000][seed as usize - 1];
            let mut samples = Vec::new();
            let mut by_method: [Vec<f64>; METHODS.len()] = Default::default();
            listening(&telemetry, || {
                define(1, "resize");
                for _ in 0..count {
                    let (which, seconds) = (random.below(4) as usize, make(&mut random));
                    let outcome = Outcome::ALL[random.below(4) as usize];
                    measure(Metric::TaskDuration, seconds, of(1).method(METHODS[which]).outcome(outcome));
                    samples.push(seconds);
                    by_method[which].push(seconds);
                }
            });
            let about = format!("{name}, seed {seed}");
            assert_promise(&telemetry.distributions(RUNTIME, 1).duration, &samples, &about);
            // Those of one method are merged from its outcomes, as getTelemetry() does it.
            let snapshot = telemetry.metrics(RUNTIME, START);
            for (method, samples) in METHODS.into_iter().zip(&by_method).filter(|it| !it.1.is_empty()) {
                let mut parts = snapshot.series.iter().filter_map(|(key, series)| match series {
                    Series::Histogram(part) if key.method.as_deref() == Some(method) => Some(part),
                    _ => None,
                });
                let mut all: HistogramValue = parts.next().expect("a part").clone();
                parts.for_each(|part| all.merge(part));
                assert_promise(&all.distribution(), samples, &format!("{about}, {method}"));
            }
        }
    }
}
