//! What a strict receiver asks for beyond what is valid, each with its reason; another one lets it pass.

use crate::support::{self, attribute, exponential_point, number, post, receiver, serve, text};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, Metric, NumberDataPoint, Sum, exemplar, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};
use prost::Message;
use xtask::{ReceiverOptions, Server};

async fn strict() -> Server {
    serve(ReceiverOptions { strict: true, ..ReceiverOptions::default() }, Vec::new()).await
}

async fn refused(server: &Server, path: &str, body: Vec<u8>, reason: &str) {
    let answer = post(server, path, body.clone()).await;
    assert_eq!(answer.status, 400, "{reason}");
    assert!(answer.reason().contains(reason), "\"{}\" does not say \"{reason}\"", answer.reason());
    let answer = post(&receiver().await, path, body).await;
    assert_eq!(answer.status, 200, "it is valid all the same: {}", answer.reason());
}

#[tokio::test]
async fn careful_requests_are_taken() {
    let server = strict().await;
    let metrics = vec![
        support::metric("a.calls", support::sum(number(1))),
        support::metric("a.depth", support::gauge(number(1))),
        duration(|_| {}),
    ];
    for (path, body) in [
        ("/v1/traces", support::traces(vec![support::span()]).encode_to_vec()),
        ("/v1/metrics", support::metrics(metrics).encode_to_vec()),
        ("/v1/logs", support::logs(vec![support::log()]).encode_to_vec()),
    ] {
        let answer = post(&server, path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.reason());
    }
}

#[tokio::test]
async fn spans_follow_the_conventions() {
    type Breakage = (fn(&mut Span), &'static str);
    let breakages: Vec<Breakage> = vec![
        (|s| s.status = Some(Status { code: 1, ..Status::default() }), "leave it unset on success"),
        (|s| s.attributes.retain(|a| a.key != "error.type"), "an error without error.type"),
        (
            |s| {
                let name = "exception".to_owned();
                s.events.push(span::Event { name, time_unix_nano: support::NOW, ..span::Event::default() });
            },
            "send a log record",
        ),
        (|s| s.trace_state = (0..33).map(|i| format!("k{i}=v,")).collect(), "33 members"),
        (|s| s.kind = 0, "kind is unspecified"),
        (|s| s.attributes.push(KeyValue { key: "a".into(), ..KeyValue::default() }), "\"a\" has no value"),
    ];
    let server = strict().await;
    for (break_it, reason) in breakages {
        let mut broken = support::span();
        break_it(&mut broken);
        refused(&server, "/v1/traces", support::traces(vec![broken]).encode_to_vec(), reason).await;
    }
    let twice = support::traces(vec![support::span(), support::span()]);
    refused(&server, "/v1/traces", twice.encode_to_vec(), "twice in one request").await;
}

#[tokio::test]
async fn envelopes_say_who_speaks_and_none_is_empty() {
    let server = strict().await;
    let with = |change: &dyn Fn(&mut Resource)| {
        let mut request = support::traces(vec![support::span()]);
        change(request.resource_spans[0].resource.as_mut().unwrap());
        request.encode_to_vec()
    };
    let without_sdk = with(&|resource| resource.attributes.retain(|a| a.key != "telemetry.sdk.version"));
    refused(&server, "/v1/traces", without_sdk, "telemetry.sdk.version is missing").await;
    let cases = [
        (text("browser.platform", ""), "browser.platform is no string or empty"),
        (text("browser.mobile", "false"), "browser.mobile is no boolean"),
        (text("browser.brands", "Chromium"), "browser.brands is no list"),
    ];
    for (wrong, reason) in cases {
        let body = with(&|resource| resource.attributes.push(wrong.clone()));
        refused(&server, "/v1/traces", body, reason).await;
    }
    let mut request = support::traces(vec![support::span()]);
    request.resource_spans[0].scope_spans[0].scope = None;
    refused(&server, "/v1/traces", request.encode_to_vec(), "there is no scope").await;
    let mut request = support::traces(vec![support::span()]);
    request.resource_spans[0].scope_spans.push(Default::default());
    request.resource_spans[0].scope_spans[1].scope = support::scope();
    refused(&server, "/v1/traces", request.encode_to_vec(), "a group without spans").await;
    let mut request = support::logs(vec![support::log()]);
    request.resource_logs[0].scope_logs.clear();
    let mut both = support::logs(vec![support::log()]);
    both.resource_logs.extend(request.resource_logs);
    refused(&server, "/v1/logs", both.encode_to_vec(), "a group without scopes").await;
}

/// Six durations, one of them zero.
fn duration(change: impl Fn(&mut ExponentialHistogramDataPoint)) -> Metric {
    let mut point = exponential_point();
    // Scale 3, buckets -2 to 0: from 2^(-2/8) to 2^(1/8).
    (point.min, point.max, point.sum) = (Some(0.0), Some(1.05), Some(4.8));
    change(&mut point);
    Metric { unit: "s".into(), ..support::metric("a.duration", support::exponential(point)) }
}

fn exemplar(value: f64) -> Exemplar {
    Exemplar {
        time_unix_nano: support::NOW,
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        value: Some(exemplar::Value::AsDouble(value)),
        ..Exemplar::default()
    }
}

#[tokio::test]
async fn metrics_follow_the_conventions() {
    let calls = |name: &str, change: fn(&mut NumberDataPoint)| {
        let mut point = number(1);
        change(&mut point);
        support::metric(name, support::sum(point))
    };
    let with_unit = |metric: Metric, unit: &str| Metric { unit: unit.into(), ..metric };
    let up_and_down =
        Data::Sum(Sum { data_points: vec![number(1)], aggregation_temporality: 1, is_monotonic: false });
    let twice = Data::Sum(Sum {
        data_points: vec![number(1), number(2)],
        aggregation_temporality: 2,
        is_monotonic: true,
    });
    let bad_buckets = |p: &mut ExponentialHistogramDataPoint| {
        let positive = p.positive.as_mut().unwrap();
        positive.bucket_counts.resize(161, 0);
    };
    let no_zeros = |p: &mut ExponentialHistogramDataPoint, min: f64| {
        (p.zero_count, p.count, p.min, p.sum) = (0, 5, Some(min), Some(4.8));
    };
    let cases: Vec<(Metric, &str)> = vec![
        (calls("a_total", |_| {}), "ends in total"),
        (calls("a.b.total", |_| {}), "ends in total"),
        (calls("1a", |_| {}), "other characters"),
        (calls("a b", |_| {}), "other characters"),
        (with_unit(calls("a.calls", |_| {}), ""), "no unit"),
        (with_unit(duration(|_| {}), "ms"), "send seconds"),
        (with_unit(calls("a.duration", |_| {}), "{call}"), "send seconds"),
        (Metric { name: "a.wait".into(), ..duration(|_| {}) }, "does not end in .duration"),
        (calls("a.calls", |p| p.start_time_unix_nano = 0), "since when it counts"),
        (calls("a.calls", |p| *p = NumberDataPoint { value: number(-1).value, ..p.clone() }), "below 0"),
        (support::metric("a.open", up_and_down), "must be cumulative"),
        (support::metric("a.calls", twice), "two points with the same attributes"),
        (duration(|p| p.scale = 21), "scale is 21"),
        (duration(bad_buckets), "161 buckets"),
        (duration(|p| p.max = Some(2.0)), "greatest value 2 is not in its last bucket"),
        (duration(|p| p.min = Some(0.5)), "counts zeros"),
        (duration(move |p| no_zeros(p, 0.5)), "least value 0.5 is not in its first bucket"),
        (duration(|p| p.sum = Some(6.5)), "cannot add up to 6.5"),
        (duration(|p| p.exemplars = vec![exemplar(1.2)]), "exemplar of 1.2 outside"),
        (
            duration(|p| p.exemplars = vec![Exemplar { span_id: Vec::new(), ..exemplar(1.0) }]),
            "leads to no span",
        ),
        (
            duration(|p| p.exemplars = vec![Exemplar { time_unix_nano: 1, ..exemplar(1.0) }]),
            "an exemplar is of 1, outside",
        ),
    ];
    let server = strict().await;
    for (broken, reason) in cases {
        refused(&server, "/v1/metrics", support::metrics(vec![broken]).encode_to_vec(), reason).await;
    }
    let same = vec![calls("a.calls", |_| {}), support::metric("A.calls", support::gauge(number(1)))];
    refused(&server, "/v1/metrics", support::metrics(same).encode_to_vec(), "twice in one scope").await;
    let fine = duration(|p| {
        p.exemplars = vec![exemplar(1.0)];
        no_zeros(p, 0.85);
    });
    let answer = post(&server, "/v1/metrics", support::metrics(vec![fine]).encode_to_vec()).await;
    assert_eq!(answer.status, 200, "{}", answer.reason());
}

#[tokio::test]
async fn log_records_follow_the_conventions() {
    type Breakage = (fn(&mut LogRecord), &'static str);
    let breakages: Vec<Breakage> = vec![
        (|l| l.severity_number = 0, "no severity"),
        (|l| l.severity_text = String::new(), "no severity text"),
        (|l| l.time_unix_nano = l.observed_time_unix_nano + 1, "before it happened"),
        (|l| l.body = None, "neither a body nor an event name"),
        (|l| l.event_name = "a b".into(), "has a space"),
        (|l| l.attributes.push(text("event.name", "a")), "has a field of its own"),
        (|l| l.attributes.push(text("exception.stacktrace", "a")), "without exception.type"),
        (|l| l.attributes.push(attribute("exception.type", Value::IntValue(1))), "without exception.type"),
    ];
    let server = strict().await;
    for (break_it, reason) in breakages {
        let mut broken = support::log();
        break_it(&mut broken);
        refused(&server, "/v1/logs", support::logs(vec![broken]).encode_to_vec(), reason).await;
    }
}

fn at(start: u64, time: u64, value: i64) -> NumberDataPoint {
    NumberDataPoint { start_time_unix_nano: start, time_unix_nano: time, ..number(value) }
}

/// Sends one point after the other, and returns whether each was taken.
async fn taken(temporality: i32, points: Vec<NumberDataPoint>) -> Vec<bool> {
    let server = strict().await;
    let mut taken = Vec::new();
    for point in points {
        let sum = Sum { data_points: vec![point], aggregation_temporality: temporality, is_monotonic: true };
        let body = support::metrics(vec![support::metric("a.calls", Data::Sum(sum))]).encode_to_vec();
        taken.push(post(&server, "/v1/metrics", body).await.status == 200);
    }
    taken
}

#[tokio::test]
async fn what_counts_from_the_beginning_does_not_fall() {
    let points = vec![
        at(1, 10, 5),
        at(1, 20, 5),
        at(1, 20, 5),
        at(1, 30, 4),
        at(1, 20, 6),
        at(1, 15, 5),
        at(1, 15, 6),
    ];
    // Again is fine, and so is late; falling is not, nor another value at the same time.
    assert_eq!(taken(2, points).await, [true, true, true, false, false, true, false]);
    let anew = vec![at(1, 10, 5), at(11, 20, 1), at(11, 30, 0)];
    assert_eq!(taken(2, anew).await, [true, true, false]);
}

#[tokio::test]
async fn what_counts_from_the_last_time_does_not_overlap() {
    let points = vec![at(1, 10, 5), at(10, 20, 1), at(10, 20, 1), at(15, 30, 1), at(20, 30, 1), at(1, 10, 5)];
    assert_eq!(taken(1, points).await, [true, true, true, false, true, true]);
}
