//! Metrics and their data points.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint,
    Metric, NumberDataPoint, SummaryDataPoint, metric::Data,
};

use super::{Checked, check_attributes, check_optional_id, check_resource, check_scope, demand};

/// Checks a whole request of metrics.
pub(in crate::receiver) fn check_metrics(request: &ExportMetricsServiceRequest) -> Checked {
    let mut index = 0_usize;
    for group in &request.resource_metrics {
        check_resource(group.resource.as_ref())?;
        for scoped in &group.scope_metrics {
            check_scope(scoped.scope.as_ref())?;
            for metric in &scoped.metrics {
                check_metric(metric)
                    .map_err(|reason| format!("metric {index} \"{}\": {reason}", metric.name))?;
                index += 1;
            }
        }
    }
    demand(index > 0, || "the request holds no metric; send no empty envelope".to_owned())
}

fn check_metric(metric: &Metric) -> Checked {
    demand(!metric.name.is_empty(), || "its name is empty".to_owned())?;
    let points = match metric.data.as_ref().ok_or("it has no data")? {
        Data::Gauge(gauge) => each(&gauge.data_points, check_number)?,
        Data::Sum(sum) => {
            check_temporality(sum.aggregation_temporality)?;
            each(&sum.data_points, check_number)?
        }
        Data::Histogram(histogram) => {
            check_temporality(histogram.aggregation_temporality)?;
            each(&histogram.data_points, check_histogram)?
        }
        Data::ExponentialHistogram(histogram) => {
            check_temporality(histogram.aggregation_temporality)?;
            each(&histogram.data_points, check_exponential_histogram)?
        }
        Data::Summary(summary) => each(&summary.data_points, check_summary)?,
    };
    demand(points > 0, || "it has no data points".to_owned())
}

/// Checks every point and counts them.
fn each<P>(points: &[P], check: impl Fn(&P) -> Checked) -> Result<usize, String> {
    for (index, point) in points.iter().enumerate() {
        check(point).map_err(|reason| format!("point {index}: {reason}"))?;
    }
    Ok(points.len())
}

fn check_temporality(temporality: i32) -> Checked {
    match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Delta | AggregationTemporality::Cumulative) => Ok(()),
        _ => Err(format!("aggregation temporality {temporality} is none; it is 1 (delta) or 2 (cumulative)")),
    }
}

fn check_point(start: u64, time: u64, attributes: &[KeyValue], exemplars: &[Exemplar]) -> Checked {
    demand(time > 0, || "its time is missing".to_owned())?;
    demand(start <= time, || format!("it starts ({start}) after its time ({time})"))?;
    check_attributes(attributes)?;
    exemplars.iter().try_for_each(check_exemplar)
}

fn check_exemplar(exemplar: &Exemplar) -> Checked {
    demand(exemplar.time_unix_nano > 0, || "an exemplar has no time".to_owned())?;
    demand(exemplar.value.is_some(), || "an exemplar has no value".to_owned())?;
    check_optional_id("an exemplar's trace id", &exemplar.trace_id, 16)?;
    check_optional_id("an exemplar's span id", &exemplar.span_id, 8)?;
    check_attributes(&exemplar.filtered_attributes).map_err(|reason| format!("exemplar: {reason}"))
}

fn has_no_recorded_value(flags: u32) -> bool {
    flags & DataPointFlags::NoRecordedValueMask as u32 != 0
}

fn check_number(point: &NumberDataPoint) -> Checked {
    check_point(point.start_time_unix_nano, point.time_unix_nano, &point.attributes, &point.exemplars)?;
    demand(point.value.is_some() || has_no_recorded_value(point.flags), || "it has no value".to_owned())
}

fn check_histogram(point: &HistogramDataPoint) -> Checked {
    check_point(point.start_time_unix_nano, point.time_unix_nano, &point.attributes, &point.exemplars)?;
    check_distribution(point.count, point.sum, point.min, point.max)?;
    let (bounds, counts) = (&point.explicit_bounds, &point.bucket_counts);
    demand(bounds.windows(2).all(|pair| pair[0] < pair[1]), || "its bounds do not rise".to_owned())?;
    if counts.is_empty() {
        return demand(bounds.is_empty(), || "it has bounds but no bucket counts".to_owned());
    }
    demand(counts.len() == bounds.len() + 1, || {
        format!("{} bounds make {} buckets, it has {}", bounds.len(), bounds.len() + 1, counts.len())
    })?;
    check_count(point.count, counts, 0)
}

fn check_exponential_histogram(point: &ExponentialHistogramDataPoint) -> Checked {
    check_point(point.start_time_unix_nano, point.time_unix_nano, &point.attributes, &point.exemplars)?;
    check_distribution(point.count, point.sum, point.min, point.max)?;
    demand(point.zero_threshold >= 0.0, || {
        format!("its zero threshold {} is below 0", point.zero_threshold)
    })?;
    let counts_of =
        |buckets: &Option<Buckets>| buckets.as_ref().map_or(&[][..], |b| &b.bucket_counts).to_vec();
    let counts = [counts_of(&point.positive), counts_of(&point.negative)].concat();
    check_count(point.count, &counts, point.zero_count)
}

fn check_summary(point: &SummaryDataPoint) -> Checked {
    check_point(point.start_time_unix_nano, point.time_unix_nano, &point.attributes, &[])?;
    for value in &point.quantile_values {
        demand((0.0..=1.0).contains(&value.quantile), || {
            format!("quantile {} is not in 0..1", value.quantile)
        })?;
    }
    Ok(())
}

fn check_count(count: u64, buckets: &[u64], zeros: u64) -> Checked {
    let sum = buckets.iter().fold(u128::from(zeros), |sum, &bucket| sum + u128::from(bucket));
    demand(u128::from(count) == sum, || format!("its count is {count}, its buckets hold {sum}"))
}

fn check_distribution(count: u64, sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> Checked {
    demand(sum.is_none_or(f64::is_finite), || "its sum is no finite number".to_owned())?;
    demand(count > 0 || sum.is_none_or(|sum| sum == 0.0), || "it counts nothing, yet has a sum".to_owned())?;
    match (min, max) {
        (Some(min), Some(max)) => {
            demand(min <= max, || format!("its least value {min} is above its greatest {max}"))
        }
        _ => Ok(()),
    }
}
