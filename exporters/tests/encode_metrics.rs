//! Series, encoded and decoded again, value for value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use atelier_core::Outcome;
use atelier_core::names::{Metric as Name, Phase};
use atelier_exporters::pipeline::{Encoder, SelfReport};
use atelier_exporters::{OtlpConfig, OtlpEncoder, Temporality};
use atelier_telemetry::{
    Exemplar, GaugeValue, HistogramValue, MetricsSnapshot, OverflowSeries, Series, SeriesKey,
};
use hdrhistogram::Histogram;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, Metric, NumberDataPoint,
};
use prost::Message;
use support::{EPOCH_NANO, key};

const MINUTE: u64 = 60_000_000_000;

fn encoder(temporality: Temporality) -> OtlpEncoder {
    OtlpEncoder::new(&OtlpConfig { temporality, ..OtlpConfig::default() }, &[])
}

fn at(minute: u64, series: Vec<(SeriesKey, Series)>) -> MetricsSnapshot {
    MetricsSnapshot {
        start_unix_nano: EPOCH_NANO,
        time_unix_nano: EPOCH_NANO + minute * MINUTE,
        series,
        overflow: Vec::new(),
    }
}

fn metrics(encoder: &mut OtlpEncoder, snapshot: &MetricsSnapshot) -> Vec<Metric> {
    let encoded = encoder.metrics(snapshot, &SelfReport::default());
    if encoded.points == 0 {
        assert!(encoded.body.is_empty());
        return Vec::new();
    }
    let request = ExportMetricsServiceRequest::decode(encoded.body.as_slice()).unwrap();
    let scope = &request.resource_metrics[0].scope_metrics[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "atelier");
    scope.metrics.clone()
}

fn histogram(micros: &[u64]) -> Series {
    let mut histogram = Histogram::new(2).unwrap();
    for &micros in micros {
        histogram.record(micros).unwrap();
    }
    let seconds = || micros.iter().map(|&micros| micros as f64 / 1e6);
    Series::Histogram(HistogramValue {
        histogram,
        sum: seconds().sum(),
        min: seconds().fold(f64::INFINITY, f64::min),
        max: seconds().fold(0.0, f64::max),
        exemplars: Vec::new(),
    })
}

fn numbers(metric: &Metric) -> (Vec<NumberDataPoint>, Option<(i32, bool)>) {
    match metric.data.clone().unwrap() {
        Data::Sum(sum) => (sum.data_points, Some((sum.aggregation_temporality, sum.is_monotonic))),
        Data::Gauge(gauge) => (gauge.data_points, None),
        other => panic!("{other:?}"),
    }
}

fn distributions(metric: &Metric) -> (Vec<ExponentialHistogramDataPoint>, i32) {
    match metric.data.clone().unwrap() {
        Data::ExponentialHistogram(histogram) => (histogram.data_points, histogram.aggregation_temporality),
        other => panic!("{other:?}"),
    }
}

fn texts(attributes: &[KeyValue]) -> Vec<String> {
    let text = |attribute: &KeyValue| match attribute.value.clone().unwrap().value.unwrap() {
        Attribute::StringValue(text) => format!("{}={text}", attribute.key),
        Attribute::IntValue(number) => format!("{}={number}", attribute.key),
        Attribute::BoolValue(flag) => format!("{}={flag}", attribute.key),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(text).collect()
}

#[test]
fn each_instrument_has_its_shape() {
    let completed = |outcome, error: Option<&str>| SeriesKey {
        method: Some("fit".into()),
        outcome: Some(outcome),
        error_type: error.map(Into::into),
        ..key(Name::TaskCompleted)
    };
    let gauge = GaugeValue { last: 3.0, min: 1.0, max: 9.0 };
    let run = SeriesKey { method: Some("fit".into()), phase: Some(Phase::Run), ..key(Name::TaskPhase) };
    let snapshot = at(
        2,
        vec![
            (run, histogram(&[1_000, 2_000, 2_000, 4_000, 0])),
            (completed(Outcome::Ok, None), Series::Counter(41)),
            (completed(Outcome::Error, Some("TypeError")), Series::Counter(1)),
            (SeriesKey { worker_index: Some(3), ..key(Name::WorkerSpawned) }, Series::Counter(u64::MAX)),
            (key(Name::QueuePending), Series::Gauge(gauge)),
        ],
    );
    let metrics = metrics(&mut encoder(Temporality::Cumulative), &snapshot);
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "atelier.task.completed",
            "atelier.worker.spawned",
            "atelier.queue.pending",
            "atelier.task.phase.duration"
        ]
    );
    assert_eq!(
        (metrics[0].unit.as_str(), metrics[0].description.as_str()),
        ("{call}", "Calls settled, by outcome.")
    );

    let (points, sum) = numbers(&metrics[0]);
    assert_eq!(sum, Some((AggregationTemporality::Cumulative as i32, true)));
    assert_eq!(
        points.iter().map(|point| point.value).collect::<Vec<_>>(),
        [Some(Value::AsInt(41)), Some(Value::AsInt(1))]
    );
    assert_eq!(
        (points[0].start_time_unix_nano, points[0].time_unix_nano),
        (EPOCH_NANO, EPOCH_NANO + 2 * MINUTE)
    );
    assert_eq!(
        texts(&points[1].attributes),
        [
            "atelier.task.id=task-7",
            "atelier.task.name=resize",
            "atelier.task.type=parallel",
            "code.function.name=fit",
            "atelier.outcome=error",
            "error.type=TypeError"
        ]
    );

    let (points, _) = numbers(&metrics[1]);
    assert_eq!(points[0].value, Some(Value::AsInt(i64::MAX)), "a counter does not wrap");
    assert!(texts(&points[0].attributes).contains(&"atelier.worker.index=3".to_owned()));

    let (points, gauge) = numbers(&metrics[2]);
    assert_eq!((points[0].value, gauge), (Some(Value::AsDouble(3.0)), None));

    let (points, temporality) = distributions(&metrics[3]);
    let point = &points[0];
    assert_eq!((metrics[3].unit.as_str(), temporality), ("s", AggregationTemporality::Cumulative as i32));
    assert_eq!((point.count, point.zero_count), (5, 1));
    assert!((point.sum.unwrap() - 0.009).abs() < 1e-12);
    assert_eq!((point.min, point.max, point.negative.as_ref()), (Some(0.0), Some(0.004), None));
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (EPOCH_NANO, EPOCH_NANO + 2 * MINUTE));
    // 1, 2 and 4 ms are two octaves: 64 steps an octave are the finest that fit, and -638 the first, computed with 400
    // bits of precision.
    let positive = point.positive.as_ref().unwrap();
    assert_eq!((point.scale, positive.offset, positive.bucket_counts.len()), (6, -638, 129));
    let filled: Vec<(usize, u64)> =
        positive.bucket_counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    assert_eq!(filled, [(0, 1), (64, 2), (128, 1)]);
    assert!(texts(&point.attributes).contains(&"atelier.phase=run".to_owned()));
}

#[test]
fn nothing_is_no_request() {
    assert_eq!(metrics(&mut encoder(Temporality::Cumulative), &at(1, vec![])), []);
}

#[test]
fn what_found_no_series_is_marked() {
    let mut snapshot = at(1, vec![(key(Name::TaskDispatched), Series::Counter(5))]);
    snapshot.overflow.push(OverflowSeries {
        metric: Name::TaskDispatched,
        value: Series::Counter(2),
        values: 2,
    });
    for temporality in [Temporality::Cumulative, Temporality::Delta] {
        let (points, _) = numbers(&metrics(&mut encoder(temporality), &snapshot)[0]);
        assert_eq!(points[1].value, Some(Value::AsInt(2)));
        assert_eq!(texts(&points[1].attributes), ["otel.metric.overflow=true"]);
    }
}

#[test]
fn delta_sends_an_exemplar_once() {
    let exemplar = |number: u64, micros: u64| Exemplar {
        value: micros as f64 / 1e6,
        time_unix_nano: EPOCH_NANO + number,
        trace_id: number.into(),
        span_id: number,
    };
    let series = |micros: &[u64], exemplars: Vec<Exemplar>| {
        let Series::Histogram(value) = histogram(micros) else { panic!("it is a histogram") };
        vec![(key(Name::TaskDuration), Series::Histogram(HistogramValue { exemplars, ..value }))]
    };
    let mut encoder = encoder(Temporality::Delta);
    let mut sent = |minute, micros: &[u64], exemplars: &[Exemplar]| -> Vec<Vec<u8>> {
        let found = metrics(&mut encoder, &at(minute, series(micros, exemplars.to_vec())));
        let points = distributions(&found[0]).0;
        points[0].exemplars.iter().map(|exemplar| exemplar.span_id.clone()).collect()
    };
    let span = |number: u64| number.to_be_bytes().to_vec();
    let (one, two, three) = (exemplar(1, 1_000), exemplar(2, 4_000), exemplar(3, 1_000));
    assert_eq!(sent(1, &[1_000], std::slice::from_ref(&one)), [span(1)]);
    assert_eq!(sent(2, &[1_000, 4_000], &[one, two.clone()]), [span(2)], "the first was sent before");
    assert_eq!(sent(3, &[1_000, 4_000, 1_000], &[three, two]), [span(3)], "it took the place of the first");
}

#[test]
fn delta_sends_what_was_added() {
    let mut encoder = encoder(Temporality::Delta);
    let series = |count, micros: &[u64]| {
        vec![
            (key(Name::TaskDispatched), Series::Counter(count)),
            (key(Name::TaskDuration), histogram(micros)),
        ]
    };
    let first = metrics(&mut encoder, &at(1, series(3, &[1_000, 1_000])));
    let (points, sum) = numbers(&first[0]);
    assert_eq!(
        (points[0].value, sum),
        (Some(Value::AsInt(3)), Some((AggregationTemporality::Delta as i32, true)))
    );
    assert_eq!(points[0].start_time_unix_nano, EPOCH_NANO);
    assert_eq!(distributions(&first[1]).0[0].max, Some(0.001));

    let second = metrics(&mut encoder, &at(2, series(10, &[1_000, 1_000, 4_000])));
    let (points, _) = numbers(&second[0]);
    assert_eq!(points[0].value, Some(Value::AsInt(7)));
    assert_eq!(
        (points[0].start_time_unix_nano, points[0].time_unix_nano),
        (EPOCH_NANO + MINUTE, EPOCH_NANO + 2 * MINUTE)
    );
    let (points, temporality) = distributions(&second[1]);
    assert_eq!((points[0].count, temporality), (1, AggregationTemporality::Delta as i32));
    for one in [points[0].sum, points[0].min, points[0].max] {
        assert!((one.unwrap() - 0.004).abs() < 1e-12, "one value is its own extremes");
    }
    assert_eq!(points[0].positive.as_ref().unwrap().bucket_counts, [1]);

    assert_eq!(metrics(&mut encoder, &at(3, series(10, &[1_000, 1_000, 4_000]))), [], "no news");
    let more = metrics(&mut encoder, &at(4, series(10, &[1_000, 1_000, 4_000, 2_000, 3_000])));
    let (points, _) = distributions(&more[0]);
    assert_eq!((points[0].count, points[0].min, points[0].max), (2, None, None), "not known for an interval");
    // A series that was forgotten and began again.
    let again = metrics(&mut encoder, &at(5, series(2, &[])));
    assert_eq!(numbers(&again[0]).0[0].value, Some(Value::AsInt(2)));
}
