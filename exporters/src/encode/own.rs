//! What the exporter says about itself (OpenTelemetry's semantic conventions, "OpenTelemetry SDK metrics").

use std::collections::BTreeMap;

use atelier_core::names::field;
use atelier_telemetry::{MetricsSnapshot, Series};
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, ExponentialHistogram, Metric, Sum};

use super::attribute::{int, string};
use super::delta::added;
use super::limits::Excess;
use super::metric::{distribution, merge, number};
use super::redaction::Redaction;
use crate::config::{Protocol, Temporality};
use crate::pipeline::{SelfReport, SignalReport};
use crate::redact::RedactKind;
use crate::signal::Signal;

/// The scope of these metrics.
const SCOPE: &str = "atelier-exporters";
const OPERATION_DURATION: &str = "otel.sdk.exporter.operation.duration";

/// One value of one metric.
#[derive(Clone, Debug)]
struct Point {
    metric: String,
    unit: &'static str,
    description: &'static str,
    attributes: Vec<KeyValue>,
    value: Own,
}

#[derive(Clone, Debug)]
enum Own {
    /// It goes up and down.
    Level(u64),
    /// It counts on.
    Counted(Series),
}

/// Where a signal is sent, as attributes.
#[derive(Clone, Debug, Default)]
struct Server {
    component_type: String,
    attributes: Vec<KeyValue>,
}

/// Makes the exporter's own metrics.
#[derive(Debug, Default)]
pub(super) struct OwnMetrics {
    servers: BTreeMap<Signal, Server>,
    /// What did not fit into the limits, by signal.
    excess: BTreeMap<Signal, Excess>,
    /// What was exported last, and when; only kept for delta temporality.
    last: Option<(u64, Vec<Point>)>,
}

impl OwnMetrics {
    /// Learns where a signal is sent. An address that is not absolute says nothing.
    pub(super) fn send_to(&mut self, signal: Signal, url: &str, protocol: Protocol) {
        let json = match protocol {
            Protocol::HttpProtobuf => "",
            Protocol::HttpJson => "json_",
        };
        let component_type = format!("otlp_http_{json}{}_exporter", component(signal));
        let attributes = server(url)
            .map(|(address, port)| vec![string("server.address", &address), int("server.port", port.into())])
            .unwrap_or_default();
        self.servers.insert(signal, Server { component_type, attributes });
    }

    /// Learns what did not fit so far.
    pub(super) fn exceeded(&mut self, excess: &[(Signal, Excess)]) {
        self.excess.extend(excess.iter().copied());
    }

    /// The scope of these metrics.
    pub(super) fn scope() -> InstrumentationScope {
        InstrumentationScope {
            name: SCOPE.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        }
    }

    /// The metrics as they go beside those of a snapshot, and how many points they have.
    pub(super) fn metrics(
        &mut self,
        report: &SelfReport,
        time_unix_nano: u64,
        temporality: Temporality,
        redaction: &mut Redaction,
    ) -> (Vec<Metric>, u64) {
        let mut now = Vec::new();
        for signal in &report.signals {
            self.points(signal, &mut |mut point| {
                redaction.attributes(&mut point.attributes, RedactKind::Metric);
                add(&mut now, point);
            });
        }
        let (since, shown) = match temporality {
            Temporality::Cumulative => (report.start_unix_nano, now),
            Temporality::Delta => {
                let (since, last) = self.last.take().unwrap_or((report.start_unix_nano, Vec::new()));
                let news = now.iter().filter_map(|point| news(point, &last)).collect();
                self.last = Some((time_unix_nano, now));
                (since, news)
            }
        };
        let times = |start_unix_nano| MetricsSnapshot {
            start_unix_nano,
            time_unix_nano,
            ..MetricsSnapshot::default()
        };
        let count = shown.len() as u64;
        (written(shown, temporality, &times(report.start_unix_nano), &times(since)), count)
    }

    /// What is to be said of one signal.
    fn points(&self, of: &SignalReport, add: &mut impl FnMut(Point)) {
        let (kind, unit) = naming(of.signal);
        let server = self.servers.get(&of.signal).cloned().unwrap_or_default();
        let exporter = |error: Option<&str>| {
            let mut attributes = of_component(&server.component_type, &of.account.consumer);
            attributes.extend(server.attributes.iter().cloned());
            attributes.extend(error.map(|error| string(field::ERROR_TYPE, error)));
            attributes
        };
        let processor = |error: Option<&str>| {
            let component_type = format!("batching_{}_processor", component(of.signal));
            let mut attributes = of_component(&component_type, &of.account.consumer);
            attributes.extend(error.map(|error| string(field::ERROR_TYPE, error)));
            attributes
        };
        let mut tell = |part: &str, description, attributes, value| {
            let metric = format!("otel.sdk.{}", part.replace("{}", kind));
            add(Point { metric, unit, description, attributes, value });
        };
        if let Some((size, capacity)) = of.queue {
            tell(
                "processor.{}.queue.size",
                "Records that wait for their batch.",
                processor(None),
                Own::Level(size),
            );
            let description = "Records that may wait.";
            tell("processor.{}.queue.capacity", description, processor(None), Own::Level(capacity));
            let description = "Records that were handed on to be exported, or lost before that.";
            tell("processor.{}.processed", description, processor(None), counted(of.encoded()));
            for (why, n) in of.lost_before() {
                tell("processor.{}.processed", description, processor(Some(why)), counted(n));
            }
        }
        let description = "Items that are out, or wait to be sent again.";
        tell("exporter.{}.inflight", description, exporter(None), Own::Level(of.in_flight()));
        let description = "Items that were exported, or failed to be.";
        tell("exporter.{}.exported", description, exporter(None), counted(of.account.delivered));
        for (why, n) in of.failed() {
            tell("exporter.{}.exported", description, exporter(Some(why)), counted(n));
        }
        let Excess { cut, dropped } = self.excess.get(&of.signal).copied().unwrap_or_default();
        let mut exceed = |name: &str, unit, description, total| {
            if total > 0 {
                let metric = format!("atelier.exporter.{kind}.{name}");
                let attributes = exporter(None);
                add(Point { metric, unit, description, attributes, value: counted(total) });
            }
        };
        exceed("text.cut", "{text}", "Texts that were too long and were cut.", cut);
        exceed(
            "attribute.dropped",
            "{attribute}",
            "Attributes that were too many and were left out.",
            dropped,
        );
        for (error, value) in &of.operations.0 {
            add(Point {
                metric: OPERATION_DURATION.to_owned(),
                unit: "s",
                description: "From a batch's first attempt to the end of its last.",
                attributes: exporter(*error),
                value: Own::Counted(Series::Histogram(value.clone())),
            });
        }
    }
}

/// How the conventions call a signal's items, and their unit.
fn naming(signal: Signal) -> (&'static str, &'static str) {
    match signal {
        Signal::Traces => ("span", "{span}"),
        Signal::Logs => ("log", "{log_record}"),
        Signal::Metrics => ("metric_data_point", "{data_point}"),
    }
}

/// How they call the components that are for a signal.
fn component(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "span",
        Signal::Logs => "log",
        Signal::Metrics => "metric",
    }
}

/// The name is the one in the ledger: it tells one exporter of a page from another.
fn of_component(component_type: &str, name: &str) -> Vec<KeyValue> {
    vec![string("otel.component.type", component_type), string("otel.component.name", name)]
}

/// Host and port of an absolute `http` or `https` address.
fn server(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let standard = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    // The colons of an IPv6 address are within brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(standard)),
        _ => (authority, standard),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// Adds a point, to one with the same attributes if a redaction has left no difference.
fn add(points: &mut Vec<Point>, point: Point) {
    let same = points.iter_mut().find(|it| it.metric == point.metric && it.attributes == point.attributes);
    match (same.map(|same| &mut same.value), point.value) {
        (Some(Own::Level(sum)), Own::Level(value)) => *sum += value,
        (Some(Own::Counted(sum)), Own::Counted(value)) => merge(sum, &value),
        (_, value) => points.push(Point { value, ..point }),
    }
}

/// What a point has more than the last time; levels are told as they are.
fn news(point: &Point, last: &[Point]) -> Option<Point> {
    let before = last.iter().find(|it| it.metric == point.metric && it.attributes == point.attributes);
    let value = match (&point.value, before.map(|before| &before.value)) {
        (Own::Counted(now), Some(Own::Counted(before))) => Own::Counted(added(Some(before), now)?),
        (Own::Counted(now), _) => Own::Counted(added(None, now)?),
        (Own::Level(now), _) => Own::Level(*now),
    };
    Some(Point { value, ..point.clone() })
}

fn written(
    points: Vec<Point>,
    temporality: Temporality,
    from_the_beginning: &MetricsSnapshot,
    since: &MetricsSnapshot,
) -> Vec<Metric> {
    let cumulative = AggregationTemporality::Cumulative as i32;
    let chosen = match temporality {
        Temporality::Cumulative => cumulative,
        Temporality::Delta => AggregationTemporality::Delta as i32,
    };
    let mut metrics: Vec<Metric> = Vec::new();
    for Point { metric, unit, description, attributes, value } in points {
        let whole = |value: u64| Value::AsInt(i64::try_from(value).unwrap_or(i64::MAX));
        let place = metrics.iter().position(|known| known.name == metric).unwrap_or_else(|| {
            let data = match &value {
                // What goes up and down stays cumulative in any case.
                Own::Level(_) => sum(cumulative, false),
                Own::Counted(Series::Histogram(_)) => Data::ExponentialHistogram(ExponentialHistogram {
                    data_points: Vec::new(),
                    aggregation_temporality: chosen,
                }),
                Own::Counted(_) => sum(chosen, true),
            };
            let (unit, description) = (unit.to_owned(), description.to_owned());
            metrics.push(Metric { name: metric, unit, description, data: Some(data), ..Metric::default() });
            metrics.len() - 1
        });
        match (&mut metrics[place].data, value) {
            (Some(Data::Sum(sum)), Own::Level(value)) => {
                sum.data_points.push(number(attributes, whole(value), from_the_beginning));
            }
            (Some(Data::Sum(sum)), Own::Counted(Series::Counter(value))) => {
                sum.data_points.push(number(attributes, whole(value), since));
            }
            (Some(Data::ExponentialHistogram(histogram)), Own::Counted(Series::Histogram(value))) => {
                histogram.data_points.push(distribution(attributes, &value, since));
            }
            _ => {}
        }
    }
    metrics
}

fn counted(total: u64) -> Own {
    Own::Counted(Series::Counter(total))
}

fn sum(aggregation_temporality: i32, is_monotonic: bool) -> Data {
    Data::Sum(Sum { data_points: Vec::new(), aggregation_temporality, is_monotonic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let of = |url| server(url).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(of("https://c.example/v1/traces").as_deref(), Some("c.example 443"));
        assert_eq!(of("http://c.example:4318/v1/traces").as_deref(), Some("c.example 4318"));
        assert_eq!(of("http://[::1]:4318/").as_deref(), Some("::1 4318"));
        assert_eq!(of("http://[::1]").as_deref(), Some("::1 80"));
        assert_eq!(of("/v1/traces"), None);
    }
}
