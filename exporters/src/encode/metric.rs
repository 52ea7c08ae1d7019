//! Series as OTLP metrics.

use std::borrow::Cow;

use atelier_core::names::{Instrument, Metric as Name, field};
use atelier_telemetry::{GaugeValue, HistogramValue, MetricsSnapshot, Series, SeriesKey};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Metric,
    NumberDataPoint, Sum, exemplar,
};

use super::attribute::{bool, int, string};
use super::exponential;
use super::limits::Limiter;
use super::redaction::Redaction;
use crate::config::Temporality;
use crate::redact::RedactKind;

/// Marks the series of what found no series of its own (OpenTelemetry's metrics SDK, "Overflow attribute").
const OVERFLOW: &str = "otel.metric.overflow";

/// The metrics of a snapshot in the table's order, those without a point left out, and how many points they have.
pub(super) fn metrics(
    snapshot: &MetricsSnapshot,
    temporality: Temporality,
    redaction: &mut Redaction,
    limiter: &mut Limiter,
) -> (Vec<Metric>, u64) {
    let mut points = 0;
    let mut metrics = Vec::new();
    for &name in Name::ALL {
        let Some((data, count)) = data(name, snapshot, temporality, redaction, limiter) else { continue };
        points += count;
        metrics.push(Metric {
            name: name.otlp().to_owned(),
            description: name.description().to_owned(),
            unit: name.unit().to_owned(),
            data: Some(data),
            ..Metric::default()
        });
    }
    (metrics, points)
}

fn data(
    name: Name,
    snapshot: &MetricsSnapshot,
    temporality: Temporality,
    redaction: &mut Redaction,
    limiter: &mut Limiter,
) -> Option<(Data, u64)> {
    let aggregation_temporality = match temporality {
        Temporality::Cumulative => AggregationTemporality::Cumulative as i32,
        Temporality::Delta => AggregationTemporality::Delta as i32,
    };
    let mut numbers = Vec::new();
    let mut distributions = Vec::new();
    for (attributes, value) in points(name, snapshot, redaction, limiter) {
        match &*value {
            Series::Counter(total) => {
                let total = i64::try_from(*total).unwrap_or(i64::MAX);
                numbers.push(number(attributes, Value::AsInt(total), snapshot));
            }
            Series::Gauge(GaugeValue { last, .. }) => {
                numbers.push(number(attributes, Value::AsDouble(*last), snapshot));
            }
            Series::Histogram(value) => distributions.push(distribution(attributes, value, snapshot)),
        }
    }
    let count = (numbers.len() + distributions.len()) as u64;
    let data = match name.instrument() {
        Instrument::Counter => {
            Data::Sum(Sum { data_points: numbers, aggregation_temporality, is_monotonic: true })
        }
        Instrument::Gauge => Data::Gauge(Gauge { data_points: numbers }),
        Instrument::Histogram => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: distributions,
            aggregation_temporality,
        }),
    };
    (count > 0).then_some((data, count))
}

/// The series of a metric with their attributes. Those that a redaction or a cut has left no difference are one: a stream
/// of points is known by its attributes (OpenTelemetry data model, "Single-Writer").
fn points<'a>(
    name: Name,
    snapshot: &'a MetricsSnapshot,
    redaction: &mut Redaction,
    limiter: &mut Limiter,
) -> Vec<(Vec<KeyValue>, Cow<'a, Series>)> {
    let series = snapshot.series.iter().filter(|(key, _)| key.metric == name);
    let series = series.map(|(key, value)| (attributes(key), value));
    let overflow = snapshot.overflow.iter().filter(|overflow| overflow.metric == name);
    let overflow = overflow.map(|overflow| (vec![bool(OVERFLOW, true)], &overflow.value));
    let mut points: Vec<(Vec<KeyValue>, Cow<'a, Series>)> = Vec::new();
    let mut may_be_same = redaction.is_wanted();
    for (mut attributes, value) in series.chain(overflow) {
        redaction.attributes(&mut attributes, RedactKind::Metric);
        may_be_same |= limiter.values(&mut attributes);
        let same = may_be_same.then(|| points.iter_mut().find(|(known, _)| *known == attributes));
        match same.flatten() {
            Some((_, sum)) => merge(sum.to_mut(), value),
            None => points.push((attributes, Cow::Borrowed(value))),
        }
    }
    points
}

/// Adds a series to another one of the same metric. Our gauges count calls and workers, so they add up, too.
pub(super) fn merge(sum: &mut Series, value: &Series) {
    match (sum, value) {
        (Series::Counter(sum), Series::Counter(value)) => *sum = sum.saturating_add(*value),
        (Series::Gauge(sum), Series::Gauge(value)) => sum.last += value.last,
        (Series::Histogram(sum), Series::Histogram(value)) => {
            // NaN says "not known", and so does what it is part of.
            let bounds = (sum.min + value.min, sum.max + value.max);
            sum.merge(value);
            if bounds.0.is_nan() {
                sum.min = f64::NAN;
            }
            if bounds.1.is_nan() {
                sum.max = f64::NAN;
            }
        }
        _ => {}
    }
}

pub(super) fn number(attributes: Vec<KeyValue>, value: Value, snapshot: &MetricsSnapshot) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        start_time_unix_nano: snapshot.start_unix_nano,
        time_unix_nano: snapshot.time_unix_nano.max(snapshot.start_unix_nano),
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

pub(super) fn distribution(
    attributes: Vec<KeyValue>,
    value: &HistogramValue,
    snapshot: &MetricsSnapshot,
) -> ExponentialHistogramDataPoint {
    let exponential::Buckets { scale, zero_count, offset, counts } = exponential::buckets(value);
    let known = |bound: f64| (!value.histogram.is_empty() && bound.is_finite()).then_some(bound);
    ExponentialHistogramDataPoint {
        attributes,
        start_time_unix_nano: snapshot.start_unix_nano,
        time_unix_nano: snapshot.time_unix_nano.max(snapshot.start_unix_nano),
        count: value.histogram.len(),
        sum: value.sum.is_finite().then_some(value.sum),
        scale,
        zero_count,
        positive: (!counts.is_empty()).then_some(Buckets { offset, bucket_counts: counts }),
        min: known(value.min),
        max: known(value.max),
        zero_threshold: exponential::ZERO_THRESHOLD,
        exemplars: value.exemplars.iter().map(exemplar).collect(),
        ..ExponentialHistogramDataPoint::default()
    }
}

/// A call that the distribution leads to; it is among the spans that are exported.
fn exemplar(exemplar: &atelier_telemetry::Exemplar) -> Exemplar {
    Exemplar {
        time_unix_nano: exemplar.time_unix_nano,
        trace_id: exemplar.trace_id.to_be_bytes().to_vec(),
        span_id: exemplar.span_id.to_be_bytes().to_vec(),
        value: Some(exemplar::Value::AsDouble(exemplar.value)),
        ..Exemplar::default()
    }
}

fn attributes(key: &SeriesKey) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(6);
    attributes.push(string(field::TASK_ID, &key.task.id));
    if let Some(name) = &key.task.name {
        attributes.push(string(field::TASK_NAME, name));
    }
    attributes.push(string(field::TASK_TYPE, &key.task.kind));
    if let Some(method) = &key.method {
        attributes.push(string(field::METHOD, method));
    }
    if let Some(index) = key.worker_index {
        attributes.push(int(field::WORKER_INDEX, u64::from(index)));
    }
    if let Some(outcome) = key.outcome {
        attributes.push(string(field::OUTCOME, outcome.name()));
    }
    if let Some(error_type) = &key.error_type {
        attributes.push(string(field::ERROR_TYPE, error_type));
    }
    if let Some(phase) = key.phase {
        attributes.push(string(field::PHASE, phase.name()));
    }
    attributes
}
