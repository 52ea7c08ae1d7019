//! What a redaction sees, and what becomes of what it leaves, changes and breaks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use atelier_core::names::Metric;
use atelier_core::{ErrorKind, Outcome};
use atelier_exporters::pipeline::{Encoder, SelfReport};
use atelier_exporters::{
    AttributeValue, NamedValues, OtlpConfig, OtlpEncoder, Redact, RedactKind, Temporality,
};
use atelier_telemetry::{GaugeValue, MetricsSnapshot, Record, Series, SeriesKey, SpanRecord};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message;
use support::{EPOCH_NANO, call, key};

fn encoder(hook: impl Fn(NamedValues, RedactKind) -> Option<NamedValues> + 'static) -> OtlpEncoder {
    let resource = vec![("service.name".to_owned(), "canary-service".into())];
    let redact = Some(Redact::new(hook));
    OtlpEncoder::new(&OtlpConfig { redact, resource, ..OtlpConfig::default() }, &[])
}

fn failed() -> Record {
    let failed = SpanRecord {
        outcome: Outcome::Error,
        error_kind: Some(ErrorKind::Exception),
        error_type: Some("TypeError".into()),
        error_message: Some("canary-message".into()),
        method: "canary-method".into(),
        ..call(1)
    };
    Record::Span(failed.into())
}

fn dispatched(methods: &[(&str, u64)]) -> MetricsSnapshot {
    let of = |(method, total): &(&str, u64)| {
        let key = SeriesKey { method: Some((*method).into()), ..key(Metric::TaskDispatched) };
        (key, Series::Counter(*total))
    };
    let gauge = |handle: u64| {
        let task = atelier_telemetry::TaskMeta {
            handle,
            id: format!("task-{handle}").into(),
            ..atelier_telemetry::TaskMeta::clone(&support::task())
        };
        let value = GaugeValue { last: handle as f64, min: 0.0, max: 9.0 };
        (SeriesKey { task: task.into(), ..key(Metric::QueuePending) }, Series::Gauge(value))
    };
    MetricsSnapshot {
        start_unix_nano: EPOCH_NANO,
        time_unix_nano: EPOCH_NANO + 9,
        series: methods.iter().map(of).chain([gauge(1), gauge(2)]).collect(),
        overflow: Vec::new(),
    }
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn it_sees_all_attributes_of_a_span_and_the_status() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sees = Rc::clone(&seen);
    let mut encoder = encoder(move |attributes, kind| {
        sees.borrow_mut().push((kind, attributes.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()));
        Some(attributes)
    });
    encoder.spans(&[failed()]);
    let seen = seen.borrow();
    assert_eq!(
        seen.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        [RedactKind::Resource, RedactKind::Span]
    );
    for name in
        ["atelier.task.id", "atelier.task.name", "atelier.call.id", "error.type", "otel.status_description"]
    {
        assert!(seen[1].1.iter().any(|it| it == name), "{name}: {seen:?}");
    }
}

#[test]
fn what_it_takes_away_is_nowhere_and_what_it_changes_is_changed() {
    let mut encoder = encoder(|mut attributes, _| {
        attributes.retain(|(name, _)| name != "otel.status_description" && name != "service.name");
        for (name, value) in &mut attributes {
            if name == "code.function.name" || name == "atelier.task.name" {
                *value = "hidden".into();
            }
            // As a page would: JavaScript has one kind of number.
            if name == "atelier.phase.admission" {
                *value = AttributeValue::Int(0);
            }
        }
        Some(attributes)
    });
    let body = encoder.spans(&[failed()]);
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let group = &request.resource_spans[0].scope_spans[0];
    let span = &group.spans[0];
    assert_eq!(span.status.as_ref().unwrap().message, "");
    assert_eq!(support::text(span, "code.function.name"), "hidden");
    assert!(contains(&body, "unknown_service"), "collectors insist on a name");
    assert!(!contains(&body, "canary-service") && !contains(&body, "canary-message"));
    let scope = group.scope.as_ref().unwrap();
    let named = scope.attributes.iter().find(|it| it.key == "atelier.task.name").unwrap();
    assert!(format!("{named:?}").contains("hidden"), "what spans share is redacted, too");
    let phase = span.attributes.iter().find(|it| it.key == "atelier.phase.admission").unwrap();
    assert!(format!("{phase:?}").contains("DoubleValue(0.0)"), "{phase:?}");
    assert_eq!(encoder.complaint(), None);
}

#[test]
fn one_that_fails_takes_the_attributes_and_not_the_span() {
    let mut encoder = encoder(|attributes, kind| (kind == RedactKind::Metric).then_some(attributes));
    let body = encoder.spans(&[failed(), failed()]);
    assert_eq!(support::spans(&body).len(), 2);
    assert!(!contains(&body, "canary-service") && !contains(&body, "canary-message"));
    for span in support::spans(&body) {
        assert_eq!((span.attributes.len(), support::text(&span, "error.type").as_str()), (1, "_OTHER"));
    }
    let resource = ExportTraceServiceRequest::decode(&body[..]).unwrap().resource_spans.remove(0).resource;
    let left: Vec<String> = resource.unwrap().attributes.into_iter().map(|it| it.key).collect();
    let defaults = ["service.name", "telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"];
    assert_eq!(left, defaults, "what collectors insist on");
    let complaint = encoder.complaint().unwrap();
    assert!(complaint.contains("for 3 of") && complaint.contains("(3 so far)"), "{complaint}");
    assert_eq!(encoder.complaint(), None, "told once");
    // What is encoded again in smaller parts is counted once.
    encoder.spans(&[failed(), failed()]);
    encoder.spans(&[failed()]);
    let complaint = encoder.complaint().unwrap();
    assert!(complaint.contains("for 1 of") && complaint.contains("(4 so far)"), "{complaint}");
}

#[test]
fn names_that_are_empty_or_there_twice_and_numbers_that_are_none_do_not_leave() {
    let mut encoder = encoder(|_, _| {
        let odd = [("", 1.0), ("a", 1.5), ("a", 2.5), ("b", f64::NAN)];
        Some(odd.map(|(name, value)| (name.to_owned(), AttributeValue::Double(value))).to_vec())
    });
    let spans = support::spans(&encoder.spans(&[failed()]));
    assert_eq!(spans[0].attributes.len(), 2, "and the type of the error");
    assert!(format!("{:?}", spans[0].attributes[0]).contains("1.5"));
}

#[test]
fn series_that_cannot_be_told_apart_any_more_are_one() {
    for temporality in [Temporality::Cumulative, Temporality::Delta] {
        let redact = Some(Redact::new(|mut attributes, _| {
            attributes.retain(|(name, _)| name != "code.function.name" && name != "atelier.task.id");
            Some(attributes)
        }));
        let config = OtlpConfig { redact, temporality, ..OtlpConfig::default() };
        let mut encoder = OtlpEncoder::new(&config, &[]);
        let mut totals = |methods| {
            let body = encoder.metrics(&dispatched(methods), &SelfReport::default()).body;
            let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
            let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
            let values = metrics.iter().flat_map(|metric| match metric.data.as_ref().unwrap() {
                Data::Sum(sum) => sum.data_points.iter().map(|it| it.value.unwrap()).collect::<Vec<_>>(),
                Data::Gauge(gauge) => gauge.data_points.iter().map(|it| it.value.unwrap()).collect(),
                other => panic!("{other:?}"),
            });
            values.collect::<Vec<_>>()
        };
        assert_eq!(totals(&[("a", 3), ("b", 4)]), [Value::AsInt(7), Value::AsDouble(3.0)]);
        let later = if temporality == Temporality::Delta { 6 } else { 13 };
        assert_eq!(totals(&[("a", 8), ("b", 5)]), [Value::AsInt(later), Value::AsDouble(3.0)]);
    }
}
