//! Data points, each with what its metric says.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
    SummaryDataPoint, exemplar, number_data_point,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::value::{DecodedScope, Json, Shared, as_string, attributes, double, optional_hex};

/// The latest point of a series as `GET /api/metrics` tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedMetric {
    /// The metric's name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// Its unit (UCUM).
    pub unit: String,
    /// `gauge`, `sum`, `histogram`, `exponentialHistogram` or `summary`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `delta` or `cumulative`; `None` for gauges and summaries.
    pub temporality: Option<&'static str>,
    /// Whether a sum only grows; `None` for what is no sum.
    pub monotonic: Option<bool>,
    /// The series.
    pub attributes: Json,
    /// Since when it counts, nanoseconds since the Unix epoch; 0 when it does not say.
    #[serde(serialize_with = "as_string")]
    pub start_time_unix_nano: u64,
    /// When it was read, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub time_unix_nano: u64,
    /// The point itself: `value`; or `count`, `sum`, `min`, `max` with `bounds` and `buckets`; or the same with
    /// `scale`, `zeroCount`, `positive` and `negative` (`{offset, buckets}`); or `count`, `sum` and `quantiles`.
    #[serde(flatten)]
    pub point: Json,
    /// Calls that the point can be led back to.
    pub exemplars: Vec<DecodedExemplar>,
    /// Attributes of its resource.
    pub resource: Shared<Json>,
    /// The library that made it.
    pub scope: Shared<DecodedScope>,
}

/// An exemplar of a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedExemplar {
    /// What was measured.
    pub value: Value,
    /// When, nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_string")]
    pub time_unix_nano: u64,
    /// 32 hexadecimal digits, if it belongs to a trace.
    pub trace_id: Option<String>,
    /// 16 hexadecimal digits, if it belongs to a span.
    pub span_id: Option<String>,
    /// Attributes that the series does not have.
    pub attributes: Json,
}

impl DecodedMetric {
    /// What tells this series from every other: its name and everything it is about.
    pub(in crate::receiver) fn series(&self) -> String {
        json!([self.name, self.kind, self.attributes, *self.resource, *self.scope]).to_string()
    }
}

/// A point of any kind, before it knows its metric.
struct Point {
    attributes: Json,
    start: u64,
    time: u64,
    point: Value,
    exemplars: Vec<Exemplar>,
}

/// Takes a checked request apart: one item for each data point.
pub(in crate::receiver) fn decode_metrics(request: ExportMetricsServiceRequest) -> Vec<DecodedMetric> {
    let mut decoded = Vec::new();
    for group in request.resource_metrics {
        let resource = Shared::new(attributes(group.resource.unwrap_or_default().attributes));
        for scoped in group.scope_metrics {
            let scope = Shared::new(DecodedScope::from_wire(scoped.scope));
            for metric in scoped.metrics {
                let Some(data) = metric.data else { continue };
                let (kind, temporality, monotonic, points) = points_of(data);
                decoded.extend(points.into_iter().map(|point| DecodedMetric {
                    name: metric.name.clone(),
                    description: metric.description.clone(),
                    unit: metric.unit.clone(),
                    kind,
                    temporality,
                    monotonic,
                    attributes: point.attributes,
                    start_time_unix_nano: point.start,
                    time_unix_nano: point.time,
                    point: object(point.point),
                    exemplars: point.exemplars.into_iter().map(decode_exemplar).collect(),
                    resource: resource.clone(),
                    scope: scope.clone(),
                }));
            }
        }
    }
    decoded
}

fn points_of(data: Data) -> (&'static str, Option<&'static str>, Option<bool>, Vec<Point>) {
    fn all<P>(points: Vec<P>, decode: fn(P) -> Point) -> Vec<Point> {
        points.into_iter().map(decode).collect()
    }
    match data {
        Data::Gauge(gauge) => ("gauge", None, None, all(gauge.data_points, number)),
        Data::Sum(sum) => (
            "sum",
            temporality(sum.aggregation_temporality),
            Some(sum.is_monotonic),
            all(sum.data_points, number),
        ),
        Data::Histogram(h) => {
            ("histogram", temporality(h.aggregation_temporality), None, all(h.data_points, histogram))
        }
        Data::ExponentialHistogram(h) => (
            "exponentialHistogram",
            temporality(h.aggregation_temporality),
            None,
            all(h.data_points, exponential),
        ),
        Data::Summary(s) => ("summary", None, None, all(s.data_points, summary)),
    }
}

fn temporality(code: i32) -> Option<&'static str> {
    match AggregationTemporality::try_from(code) {
        Ok(AggregationTemporality::Delta) => Some("delta"),
        Ok(AggregationTemporality::Cumulative) => Some("cumulative"),
        Ok(AggregationTemporality::Unspecified) | Err(_) => None,
    }
}

fn number(point: NumberDataPoint) -> Point {
    let value = match point.value {
        Some(number_data_point::Value::AsInt(number)) => number.into(),
        Some(number_data_point::Value::AsDouble(number)) => double(number),
        None => Value::Null,
    };
    Point {
        attributes: attributes(point.attributes),
        start: point.start_time_unix_nano,
        time: point.time_unix_nano,
        point: json!({ "value": value }),
        exemplars: point.exemplars,
    }
}

fn histogram(point: HistogramDataPoint) -> Point {
    let bounds: Vec<Value> = point.explicit_bounds.into_iter().map(double).collect();
    Point {
        attributes: attributes(point.attributes),
        start: point.start_time_unix_nano,
        time: point.time_unix_nano,
        point: json!({
            "count": point.count, "sum": point.sum.map(double),
            "min": point.min.map(double), "max": point.max.map(double),
            "bounds": bounds, "buckets": point.bucket_counts,
        }),
        exemplars: point.exemplars,
    }
}

fn exponential(point: ExponentialHistogramDataPoint) -> Point {
    let buckets = |side: Option<Buckets>| {
        let side = side.unwrap_or_default();
        json!({ "offset": side.offset, "buckets": side.bucket_counts })
    };
    Point {
        attributes: attributes(point.attributes),
        start: point.start_time_unix_nano,
        time: point.time_unix_nano,
        point: json!({
            "count": point.count, "sum": point.sum.map(double),
            "min": point.min.map(double), "max": point.max.map(double),
            "scale": point.scale, "zeroCount": point.zero_count, "zeroThreshold": double(point.zero_threshold),
            "positive": buckets(point.positive), "negative": buckets(point.negative),
        }),
        exemplars: point.exemplars,
    }
}

fn summary(point: SummaryDataPoint) -> Point {
    let quantiles: Vec<Value> = (point.quantile_values.into_iter())
        .map(|at| json!({ "quantile": double(at.quantile), "value": double(at.value) }))
        .collect();
    Point {
        attributes: attributes(point.attributes),
        start: point.start_time_unix_nano,
        time: point.time_unix_nano,
        point: json!({ "count": point.count, "sum": double(point.sum), "quantiles": quantiles }),
        exemplars: Vec::new(),
    }
}

fn object(value: Value) -> Json {
    match value {
        Value::Object(object) => object,
        _ => Json::new(),
    }
}

fn decode_exemplar(exemplar: Exemplar) -> DecodedExemplar {
    DecodedExemplar {
        value: match exemplar.value {
            Some(exemplar::Value::AsInt(number)) => number.into(),
            Some(exemplar::Value::AsDouble(number)) => double(number),
            None => Value::Null,
        },
        time_unix_nano: exemplar.time_unix_nano,
        trace_id: optional_hex(&exemplar.trace_id),
        span_id: optional_hex(&exemplar.span_id),
        attributes: attributes(exemplar.filtered_attributes),
    }
}
