//! Metrics and their data points.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogramDataPoint, Metric, NumberDataPoint, exemplar,
    metric::Data, number_data_point,
};

use super::{
    Checked, careful_attributes, careful_resource, careful_scope, demand, demand_items, first_twice,
};

/// The longest name of an instrument (metrics API, "Instrument name syntax").
const MAX_NAME: usize = 255;
/// Units in which durations are not told.
const NOT_SECONDS: [&str; 4] = ["ms", "us", "ns", "min"];
/// Buckets on one side of an exponential histogram (metrics SDK, "MaxSize").
const MAX_BUCKETS: usize = 160;
/// Scales of the SDK's exponential histograms: "MaxScale", and the least that the specification names.
const SCALES: std::ops::RangeInclusive<i32> = -10..=20;
/// Rounding of sums of doubles, as a part of them.
const ROUNDING: f64 = 1e-6;

pub(in crate::receiver) fn careful_metrics(request: &ExportMetricsServiceRequest) -> Checked {
    let mut names = Vec::new();
    for (group_index, group) in request.resource_metrics.iter().enumerate() {
        careful_resource(group.resource.as_ref())?;
        demand_items(group.scope_metrics.len(), "scopes")?;
        for (scope_index, scoped) in group.scope_metrics.iter().enumerate() {
            careful_scope(scoped.scope.as_ref())?;
            demand_items(scoped.metrics.len(), "metrics")?;
            for metric in &scoped.metrics {
                careful_metric(metric).map_err(|reason| format!("metric \"{}\": {reason}", metric.name))?;
                names.push((group_index, scope_index, metric.name.to_ascii_lowercase()));
            }
        }
    }
    first_twice(names)
        .map_or(Ok(()), |(_, _, name)| Err(format!("metric \"{name}\": it is there twice in one scope")))
}

fn careful_metric(metric: &Metric) -> Checked {
    careful_name(&metric.name)?;
    demand(!metric.unit.is_empty(), || "it has no unit".to_owned())?;
    let is_duration = metric.name.ends_with(".duration");
    demand(!NOT_SECONDS.contains(&metric.unit.as_str()), || {
        format!("its unit is {}; send seconds", metric.unit)
    })?;
    demand(!is_duration || metric.unit == "s", || format!("a duration in {}; send seconds", metric.unit))?;
    match metric.data.as_ref() {
        Some(Data::Sum(sum)) => {
            let delta = sum.aggregation_temporality() == AggregationTemporality::Delta;
            demand(sum.is_monotonic || !delta, || "it may fall, so it must be cumulative".to_owned())?;
            for point in &sum.data_points {
                demand(point.start_time_unix_nano > 0, || {
                    "a point does not say since when it counts".to_owned()
                })?;
                demand(!sum.is_monotonic || number(point) >= 0.0, || {
                    "it only grows, yet is below 0".to_owned()
                })?;
                careful_exemplars(&point.exemplars, point.start_time_unix_nano, point.time_unix_nano)?;
            }
            unique(sum.data_points.iter().map(|point| &point.attributes))
        }
        Some(Data::Gauge(gauge)) => unique(gauge.data_points.iter().map(|point| &point.attributes)),
        Some(Data::ExponentialHistogram(histogram)) => {
            let seconds = metric.unit == "s";
            demand(!seconds || is_duration, || {
                "a distribution of seconds whose name does not end in .duration".to_owned()
            })?;
            histogram.data_points.iter().try_for_each(careful_distribution)?;
            unique(histogram.data_points.iter().map(|point| &point.attributes))
        }
        Some(Data::Histogram(histogram)) => {
            unique(histogram.data_points.iter().map(|point| &point.attributes))
        }
        Some(Data::Summary(_)) => Err("it is a summary; send a histogram".to_owned()),
        None => Ok(()),
    }
}

/// Metrics API, "Instrument name syntax", and the semantic conventions on names.
fn careful_name(name: &str) -> Checked {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    demand(name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(allowed), || {
        "its name has other characters than letters, digits, _ . - and /".to_owned()
    })?;
    demand(name.len() <= MAX_NAME, || format!("its name is longer than {MAX_NAME}"))?;
    demand(!name.ends_with("_total") && !name.ends_with(".total"), || {
        "its name ends in total; that is for what writes Prometheus's format".to_owned()
    })
}

/// No two points of a metric have the same attributes, in whatever order.
fn unique<'a>(points: impl Iterator<Item = &'a Vec<KeyValue>>) -> Checked {
    let identities = points
        .map(|attributes| {
            careful_attributes(attributes)?;
            let mut parts: Vec<String> =
                attributes.iter().map(|one| format!("{}={:?}", one.key, one.value)).collect();
            parts.sort_unstable();
            Ok(parts.join(","))
        })
        .collect::<Result<Vec<String>, String>>()?;
    first_twice(identities)
        .map_or(Ok(()), |twice| Err(format!("two points with the same attributes: {twice}")))
}

fn number(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(number_data_point::Value::AsInt(number)) => number as f64,
        Some(number_data_point::Value::AsDouble(number)) => number,
        None => 0.0,
    }
}

fn careful_exemplars(exemplars: &[Exemplar], start: u64, time: u64) -> Checked {
    for exemplar in exemplars {
        demand(!exemplar.trace_id.is_empty() && !exemplar.span_id.is_empty(), || {
            "an exemplar leads to no span".to_owned()
        })?;
        demand((start..=time).contains(&exemplar.time_unix_nano), || {
            format!("an exemplar is of {}, outside of {start} to {time}", exemplar.time_unix_nano)
        })?;
    }
    Ok(())
}

fn careful_distribution(point: &ExponentialHistogramDataPoint) -> Checked {
    demand(point.start_time_unix_nano > 0, || "a point does not say since when it counts".to_owned())?;
    demand(SCALES.contains(&point.scale), || format!("its scale is {}, outside of -10 to 20", point.scale))?;
    careful_exemplars(&point.exemplars, point.start_time_unix_nano, point.time_unix_nano)?;
    for buckets in [&point.positive, &point.negative].into_iter().flatten() {
        let count = buckets.bucket_counts.len();
        demand(count <= MAX_BUCKETS, || format!("it has {count} buckets, more than {MAX_BUCKETS}"))?;
    }
    if let (Some(min), Some(max)) = (point.min, point.max) {
        careful_bounds(point, min, max)?;
    }
    Ok(())
}

/// The least and the greatest value lie in the first and the last bucket that hold anything, so does every exemplar
/// lie between them, and the sum is one that so many such values can have.
fn careful_bounds(point: &ExponentialHistogramDataPoint, min: f64, max: f64) -> Checked {
    let count = point.count as f64;
    if let Some(sum) = point.sum {
        let slack = ROUNDING * (1.0 + sum.abs());
        demand((count * min - slack..=count * max + slack).contains(&sum), || {
            format!("{} values from {min} to {max} cannot add up to {sum}", point.count)
        })?;
    }
    for exemplar in &point.exemplars {
        let value = match exemplar.value {
            Some(exemplar::Value::AsDouble(value)) => value,
            Some(exemplar::Value::AsInt(value)) => value as f64,
            None => continue,
        };
        demand((min - ROUNDING..=max + ROUNDING).contains(&value), || {
            format!("an exemplar of {value} outside of {min} to {max}")
        })?;
    }
    let negative =
        point.negative.as_ref().is_some_and(|side| side.bucket_counts.iter().any(|&count| count > 0));
    let Some(positive) = point.positive.as_ref().filter(|_| !negative) else { return Ok(()) };
    let filled = || (positive.offset..).zip(&positive.bucket_counts).filter(|(_, count)| **count > 0);
    let (Some((first, _)), Some((last, _))) = (filled().next(), filled().last()) else { return Ok(()) };
    // Bucket i holds (base^i, base^(i+1)], with base = 2^(2^-scale).
    let bound = |index: i32| (f64::from(index) * (-f64::from(point.scale)).exp2()).exp2();
    demand(max <= bound(last + 1) * (1.0 + ROUNDING) && max >= bound(last) * (1.0 - ROUNDING), || {
        format!("its greatest value {max} is not in its last bucket, ({}, {}]", bound(last), bound(last + 1))
    })?;
    if point.zero_count > 0 {
        return demand(min <= point.zero_threshold, || {
            format!("it counts zeros, yet its least value {min} is above {}", point.zero_threshold)
        });
    }
    demand(min >= bound(first) * (1.0 - ROUNDING) && min <= bound(first + 1) * (1.0 + ROUNDING), || {
        format!("its least value {min} is not in its first bucket, ({}, {}]", bound(first), bound(first + 1))
    })
}
