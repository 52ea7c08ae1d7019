//! What the exporter says about itself, against the ledger of the source and what the collector saw.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use atelier_exporters::pipeline::{Answer, Reply};
use atelier_exporters::{OtlpConfig, Protocol, Redact, RedactKind, Signal, Temporality};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric};
use support::{Act, EPOCH_NANO, World};

fn world(config: OtlpConfig) -> World {
    let endpoint = Some("https://collector.example:4318".to_owned());
    let world = World::new(&OtlpConfig { endpoint, ..config });
    world.source.tells_accounts.set(true);
    world.source.set_points(1);
    world
}

/// The exporter's own metrics in the last request with metrics.
fn own(world: &World) -> Vec<Metric> {
    let request = world.received.iter().rfind(|request| request.signal == Signal::Metrics).unwrap();
    let scope = request.scopes.iter().find(|scope| scope.scope.as_ref().unwrap().name == "atelier-exporters");
    scope.map(|scope| scope.metrics.clone()).unwrap_or_default()
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|it| it.key == name)?.value.clone()?.value?;
    Some(match value {
        Any::StringValue(text) => text,
        Any::IntValue(number) => number.to_string(),
        other => panic!("{name}: {other:?}"),
    })
}

/// Numbers by metric and `error.type`.
fn numbers(metrics: &[Metric]) -> BTreeMap<(String, String), i64> {
    let mut numbers = BTreeMap::new();
    for metric in metrics {
        let Some(Data::Sum(sum)) = &metric.data else { continue };
        for point in &sum.data_points {
            let error = text(&point.attributes, "error.type").unwrap_or_default();
            let Some(Value::AsInt(value)) = point.value else { panic!("a whole number") };
            let twice = numbers.insert((metric.name.clone(), error), value);
            assert_eq!(twice, None, "{} has two points alike", metric.name);
        }
    }
    numbers
}

fn at(numbers: &BTreeMap<(String, String), i64>, name: &str, error: &str) -> Option<i64> {
    numbers.get(&(format!("otel.sdk.{name}"), error.to_owned())).copied()
}

#[test]
fn the_exporter_tells_of_itself_what_the_ledger_says() {
    let config = OtlpConfig { max_queue_size: 600, ..OtlpConfig::default() };
    let mut world = world(config);
    world.script(Signal::Traces, [Act::Partial(12), Act::status(400), Act::Hang]);
    world.emit(512);
    world.emit(512);
    world.emit(512);
    world.emit(700);
    world.tell(600);
    world.pass(60_000 - 5_001);
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(512);
    world.emit(100);
    world.script(Signal::Logs, vec![Act::Fail("down"); 9]);
    world.tell(4);
    world.pass(5_001);
    let numbers = numbers(&own(&world));
    let traces = world.traces();
    assert_eq!(at(&numbers, "exporter.span.exported", ""), Some(traces.delivered as i64));
    assert_eq!(at(&numbers, "exporter.span.exported", "rejected"), Some(traces.rejected as i64));
    assert_eq!(traces.rejected, 12 + 512);
    assert_eq!(
        at(&numbers, "processor.span.processed", "queue_full"),
        Some(traces.dropped["queue_full"] as i64)
    );
    let emitted = at(&numbers, "processor.span.processed", "").unwrap()
        + at(&numbers, "processor.span.processed", "queue_full").unwrap()
        + at(&numbers, "processor.span.queue.size", "").unwrap();
    assert_eq!(emitted, traces.emitted as i64, "each span is waiting, handed on or lost");
    let inflight = at(&numbers, "exporter.span.inflight", "").unwrap();
    let waiting = at(&numbers, "processor.span.queue.size", "").unwrap();
    assert_eq!((inflight, waiting, traces.pending()), (512, 100, 612));
    assert_eq!(at(&numbers, "processor.span.queue.capacity", ""), Some(600));
    assert_eq!(at(&numbers, "processor.log.queue.capacity", ""), Some(600));
    assert_eq!(at(&numbers, "exporter.log.exported", ""), Some(600));
    assert_eq!(at(&numbers, "exporter.log.inflight", ""), Some(4));
    assert_eq!(at(&numbers, "exporter.metric_data_point.exported", ""), Some(0), "the first export");
    assert_eq!(world.metrics().emitted, world.received.last().unwrap().points as u64);

    world.pass(60_000);
    let numbers = self::numbers(&own(&world));
    let before = world.metrics().emitted - world.received.last().unwrap().points as u64;
    assert_eq!(
        at(&numbers, "exporter.metric_data_point.exported", ""),
        Some(before as i64),
        "its own points too"
    );
}

#[test]
fn components_are_named_as_the_conventions_want() {
    let config = OtlpConfig::default();
    let mut world = world(config);
    world.emit(512);
    world.tell(512);
    world.pass(60_000);
    let mut told: BTreeMap<String, (String, Option<String>, Option<String>)> = BTreeMap::new();
    for metric in own(&world) {
        let Some(Data::Sum(sum)) = &metric.data else { continue };
        let attributes = &sum.data_points[0].attributes;
        assert_eq!(text(attributes, "otel.component.name").as_deref(), Some("otlp:1"));
        let component = text(attributes, "otel.component.type").unwrap();
        told.insert(
            format!("{} {}", metric.name, metric.unit),
            (component, text(attributes, "server.address"), text(attributes, "server.port")),
        );
    }
    let collector = (Some("collector.example".to_owned()), Some("4318".to_owned()));
    let exporter = |name: &str| (name.to_owned(), collector.0.clone(), collector.1.clone());
    let processor = |name: &str| (name.to_owned(), None, None);
    let expected = [
        ("otel.sdk.processor.span.queue.size {span}", processor("batching_span_processor")),
        ("otel.sdk.processor.span.queue.capacity {span}", processor("batching_span_processor")),
        ("otel.sdk.processor.span.processed {span}", processor("batching_span_processor")),
        ("otel.sdk.exporter.span.inflight {span}", exporter("otlp_http_span_exporter")),
        ("otel.sdk.exporter.span.exported {span}", exporter("otlp_http_span_exporter")),
        ("otel.sdk.processor.log.queue.size {log_record}", processor("batching_log_processor")),
        ("otel.sdk.processor.log.queue.capacity {log_record}", processor("batching_log_processor")),
        ("otel.sdk.processor.log.processed {log_record}", processor("batching_log_processor")),
        ("otel.sdk.exporter.log.inflight {log_record}", exporter("otlp_http_log_exporter")),
        ("otel.sdk.exporter.log.exported {log_record}", exporter("otlp_http_log_exporter")),
        ("otel.sdk.exporter.metric_data_point.inflight {data_point}", exporter("otlp_http_metric_exporter")),
        ("otel.sdk.exporter.metric_data_point.exported {data_point}", exporter("otlp_http_metric_exporter")),
    ];
    assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn a_batch_takes_from_its_first_attempt_to_its_last() {
    let mut world = world(OtlpConfig::default());
    world.script(Signal::Traces, [Act::Hang]);
    world.emit(512);
    world.pass(3_000);
    world.finish(Signal::Traces, Reply::Answered(Answer { status: 503, ..Answer::default() }));
    world.script(Signal::Traces, [Act::ok(), Act::status(400)]);
    world.pass(1_000);
    world.emit(512);
    world.pass(60_000);
    let metrics = own(&world);
    let metric = metrics.iter().find(|metric| metric.name == "otel.sdk.exporter.operation.duration").unwrap();
    assert_eq!(metric.unit, "s");
    let Some(Data::ExponentialHistogram(histogram)) = &metric.data else { panic!("a histogram") };
    let of = |error: Option<&str>| {
        let point = histogram.data_points.iter().find(|point| {
            text(&point.attributes, "error.type").as_deref() == error
                && text(&point.attributes, "otel.component.type").as_deref()
                    == Some("otlp_http_span_exporter")
        });
        let point = point.unwrap();
        (point.count, point.sum.unwrap())
    };
    assert_eq!(of(None), (1, 4.0), "three seconds out, and one of backoff");
    assert_eq!(of(Some("rejected")), (1, 0.0));
}

#[test]
fn deltas_add_up_to_totals_and_levels_stay_as_they_are() {
    let mut world = world(OtlpConfig { temporality: Temporality::Delta, ..OtlpConfig::default() });
    let mut exported = 0;
    let mut start = EPOCH_NANO;
    for round in 1..=4 {
        world.source.set_points(round);
        world.emit(512);
        world.tell(round);
        world.pass(60_000);
        let metrics = own(&world);
        for metric in &metrics {
            let Some(Data::Sum(sum)) = &metric.data else { continue };
            let is_level = !metric.name.ends_with("processed") && !metric.name.ends_with("exported");
            assert_eq!(sum.is_monotonic, !is_level, "{}", metric.name);
            let (expected, since) = match is_level {
                true => (AggregationTemporality::Cumulative, EPOCH_NANO),
                false => (AggregationTemporality::Delta, start),
            };
            assert_eq!(sum.aggregation_temporality, expected as i32, "{}", metric.name);
            assert!(
                sum.data_points.iter().all(|point| point.start_time_unix_nano == since),
                "{}",
                metric.name
            );
        }
        let numbers = numbers(&metrics);
        exported += at(&numbers, "exporter.span.exported", "").unwrap_or(0);
        assert_eq!(at(&numbers, "processor.span.queue.capacity", ""), Some(16_384));
        start = EPOCH_NANO + world.now_ms * 1_000_000;
    }
    assert_eq!(exported, 4 * 512);
}

#[test]
fn a_redaction_sees_them_too_and_what_it_makes_alike_is_one_point() {
    let redact = Redact::new(|mut attributes, kind| {
        attributes.retain(|(name, _)| kind != RedactKind::Metric || name == "otel.component.type");
        Some(attributes)
    });
    let config =
        OtlpConfig { redact: Some(redact), protocol: Protocol::HttpProtobuf, ..OtlpConfig::default() };
    let mut world = world(config);
    world.script(Signal::Traces, [Act::Partial(12)]);
    world.emit(512);
    world.pass(60_000);
    let numbers = numbers(&own(&world));
    assert_eq!(at(&numbers, "exporter.span.exported", ""), Some(512), "exported and failed together");
}

#[test]
fn nothing_is_said_where_there_is_nothing_else_to_say() {
    let mut world = world(OtlpConfig::default());
    world.source.set_points(0);
    world.emit(512);
    world.pass(180_000);
    assert!(world.times(Signal::Metrics).is_empty());
}
