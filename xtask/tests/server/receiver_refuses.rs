//! What the receiver refuses, with which status and which reason.

use std::io::Write;

use crate::support::{self, ask, exponential_point, get, histogram_point, number, post, receiver, serve};
use axum::http::Method;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};
use prost::Message;
use xtask::{ReceiverOptions, Server};

/// `google.rpc.Status`, decoded independently of the code under test.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

async fn refused(server: &Server, path: &str, body: Vec<u8>, reason: &str) {
    let before = server.receiver().received();
    let answer = post(server, path, body).await;
    assert_eq!(answer.status, 400, "{reason}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-protobuf");
    assert!(answer.reason().contains(reason), "\"{}\" does not say \"{reason}\"", answer.reason());
    let status = RpcStatus::decode(answer.body).unwrap();
    assert_eq!(status.code, 3);
    assert!(status.message.contains(reason), "{}", status.message);
    let after = server.receiver().received();
    assert_eq!(after.rejected, before.rejected + 1, "{reason}");
    assert_eq!(after.last_rejection, Some(status.message));
    let items = |r: &xtask::Received| (r.spans, r.metric_points, r.log_records);
    assert_eq!(items(&after), items(&before), "a refused request is not taken in part");
}

#[tokio::test]
async fn malformed_spans() {
    type Breakage = (fn(&mut Span), &'static str);
    let breakages: Vec<Breakage> = vec![
        (|s| s.trace_id = vec![1; 15], "trace id has 15 bytes"),
        (|s| s.trace_id = Vec::new(), "trace id has 0 bytes"),
        (|s| s.trace_id = vec![0; 16], "trace id is all zero"),
        (|s| s.span_id = vec![2; 9], "span id has 9 bytes"),
        (|s| s.span_id = vec![0; 8], "span id is all zero"),
        (|s| s.parent_span_id = vec![3; 3], "parent span id has 3 bytes"),
        (|s| s.parent_span_id = vec![0; 8], "parent span id is all zero"),
        (|s| s.parent_span_id = s.span_id.clone(), "its own parent"),
        (|s| s.name = String::new(), "name is empty"),
        (|s| s.kind = 9, "kind 9"),
        (|s| s.start_time_unix_nano = 0, "start time is missing"),
        (|s| s.end_time_unix_nano = s.start_time_unix_nano - 1, "before it starts"),
        (|s| s.status = Some(Status { code: 3, ..Status::default() }), "status code 3"),
        (|s| s.status = Some(Status { code: 1, message: "fine".into() }), "without being an error"),
        (|s| s.attributes.push(support::text("", "x")), "empty key"),
        (|s| s.attributes.push(support::text("atelier.task.id", "x")), "there twice"),
        (|s| s.attributes.push(KeyValue { key_strindex: 1, ..KeyValue::default() }), "key is an index"),
        (
            |s| s.events.push(span::Event { time_unix_nano: 1, ..span::Event::default() }),
            "event's name is empty",
        ),
        (|s| s.events.push(span::Event { name: "e".into(), ..span::Event::default() }), "has no time"),
        (|s| s.links.push(span::Link { span_id: vec![1; 8], ..span::Link::default() }), "link's trace id"),
        (|s| s.links.push(span::Link { trace_id: vec![1; 16], ..span::Link::default() }), "link's span id"),
    ];
    let server = receiver().await;
    for (break_it, reason) in breakages {
        let mut broken = support::span();
        break_it(&mut broken);
        // A sound neighbour goes down with it, and says which one was wrong.
        let request = support::traces(vec![support::span(), broken]);
        refused(&server, "/v1/traces", request.encode_to_vec(), reason).await;
        assert!(server.receiver().received().last_rejection.unwrap().starts_with("span 1 "));
    }
}

#[tokio::test]
async fn malformed_metrics() {
    fn number_with(change: fn(&mut opentelemetry_proto::tonic::metrics::v1::NumberDataPoint)) -> Data {
        let mut point = number(1);
        change(&mut point);
        support::sum(point)
    }
    fn histogram_with(change: fn(&mut opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint)) -> Data {
        let mut point = histogram_point();
        change(&mut point);
        support::histogram(point)
    }
    fn exponential_with(
        change: fn(&mut opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint),
    ) -> Data {
        let mut point = exponential_point();
        change(&mut point);
        support::exponential(point)
    }
    let unspecified = match support::sum(number(1)) {
        Data::Sum(mut sum) => {
            sum.aggregation_temporality = 0;
            Data::Sum(sum)
        }
        other => other,
    };
    let empty = match support::gauge(number(1)) {
        Data::Gauge(mut gauge) => {
            gauge.data_points.clear();
            Data::Gauge(gauge)
        }
        other => other,
    };
    let breakages: Vec<(Metric, &str)> = vec![
        (support::metric("", support::sum(number(1))), "name is empty"),
        (Metric { name: "m".into(), ..Metric::default() }, "no data"),
        (support::metric("m", empty), "no data points"),
        (support::metric("m", unspecified), "aggregation temporality 0"),
        (support::metric("m", number_with(|p| p.time_unix_nano = 0)), "time is missing"),
        (
            support::metric("m", number_with(|p| p.start_time_unix_nano = p.time_unix_nano + 1)),
            "after its time",
        ),
        (support::metric("m", number_with(|p| p.value = None)), "has no value"),
        (support::metric("m", number_with(|p| p.exemplars.push(Default::default()))), "exemplar has no time"),
        (support::metric("m", histogram_with(|p| p.count = 4)), "count is 4, its buckets hold 3"),
        (support::metric("m", histogram_with(|p| p.bucket_counts = vec![3])), "1 bounds make 2 buckets"),
        (support::metric("m", histogram_with(|p| p.bucket_counts.clear())), "no bucket counts"),
        (
            support::metric(
                "m",
                histogram_with(|p| {
                    p.bucket_counts = vec![1, 1, 1];
                    p.explicit_bounds = vec![2.0, 1.0];
                }),
            ),
            "do not rise",
        ),
        (support::metric("m", histogram_with(|p| p.sum = Some(f64::NAN))), "no finite number"),
        (support::metric("m", exponential_with(|p| p.zero_count = 2)), "count is 6, its buckets hold 7"),
        (support::metric("m", exponential_with(|p| p.count = 5)), "count is 5, its buckets hold 6"),
        (
            support::metric(
                "m",
                exponential_with(|p| {
                    p.min = Some(2.0);
                    p.max = Some(1.0);
                }),
            ),
            "above its greatest",
        ),
    ];
    let server = receiver().await;
    for (broken, reason) in breakages {
        let request = support::metrics(vec![support::metric("sound", support::sum(number(1))), broken]);
        refused(&server, "/v1/metrics", request.encode_to_vec(), reason).await;
    }
}

#[tokio::test]
async fn malformed_logs() {
    type Breakage = (fn(&mut LogRecord), &'static str);
    let breakages: Vec<Breakage> = vec![
        (|l| l.observed_time_unix_nano = 0, "observed time is missing"),
        (|l| l.severity_number = 25, "severity 25"),
        (|l| l.trace_id = vec![1; 8], "trace id has 8 bytes"),
        (|l| l.trace_id = Vec::new(), "span id without a trace id"),
        (|l| l.attributes = vec![support::text("", "x")], "empty key"),
    ];
    let server = receiver().await;
    for (break_it, reason) in breakages {
        let mut broken = support::log();
        break_it(&mut broken);
        refused(&server, "/v1/logs", support::logs(vec![broken]).encode_to_vec(), reason).await;
    }
}

#[tokio::test]
async fn envelopes_without_items_or_service() {
    let server = receiver().await;
    refused(&server, "/v1/traces", Vec::new(), "no span").await;
    refused(&server, "/v1/traces", support::traces(Vec::new()).encode_to_vec(), "no span").await;
    refused(&server, "/v1/metrics", support::metrics(Vec::new()).encode_to_vec(), "no metric").await;
    refused(&server, "/v1/logs", support::logs(Vec::new()).encode_to_vec(), "no log record").await;
    let mut anonymous = support::traces(vec![support::span()]);
    anonymous.resource_spans[0].resource.as_mut().unwrap().attributes = vec![support::text("host.name", "h")];
    refused(&server, "/v1/traces", anonymous.encode_to_vec(), "service.name is missing").await;
    anonymous.resource_spans[0].resource.as_mut().unwrap().attributes =
        vec![support::text("service.name", "")];
    refused(&server, "/v1/traces", anonymous.encode_to_vec(), "service.name is empty").await;
    anonymous.resource_spans[0].resource = None;
    refused(&server, "/v1/traces", anonymous.encode_to_vec(), "no resource").await;
}

#[tokio::test]
async fn bytes_that_are_no_message() {
    let server = receiver().await;
    refused(&server, "/v1/traces", b"garbage".to_vec(), "no OTLP traces request").await;
    let mut cut = support::traces(vec![support::span()]).encode_to_vec();
    cut.truncate(cut.len() / 2);
    refused(&server, "/v1/traces", cut, "no OTLP traces request").await;
    let headers = [support::PROTOBUF, ("content-encoding", "gzip")];
    let answer = ask(&server, Method::POST, "/v1/traces", &headers, "not gzip").await;
    assert_eq!(answer.status, 400);
    assert!(answer.reason().contains("no valid gzip"), "{}", answer.reason());
}

#[tokio::test]
async fn forms_that_are_not_spoken() {
    let server = receiver().await;
    let body = support::traces(vec![support::span()]).encode_to_vec();
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("content-type", "text/plain")], "text/plain"),
        (&[], "no content type"),
        (&[support::PROTOBUF, ("content-encoding", "br")], "\"br\""),
    ];
    for (headers, reason) in cases {
        let answer = ask(&server, Method::POST, "/v1/traces", headers, body.clone()).await;
        assert_eq!(answer.status, 415, "{headers:?}");
        assert!(answer.reason().contains(reason), "{}", answer.reason());
    }
    assert_eq!(server.receiver().received().rejected, 3);
    assert_eq!(get(&server, "/v1/traces").await.status, 405);
}

#[tokio::test]
async fn the_reason_comes_in_json_for_those_who_ask() {
    let server = receiver().await;
    let headers = [support::PROTOBUF, ("accept", "application/json")];
    let answer = ask(&server, Method::POST, "/v1/traces", &headers, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, "application/json"));
    assert_eq!(answer.json()["code"], 3);
    assert!(answer.json()["message"].as_str().unwrap().contains("no span"));
}

#[tokio::test]
async fn requests_beyond_the_limit() {
    let limit = 10_000;
    let server =
        serve(ReceiverOptions { max_body_bytes: limit, ..ReceiverOptions::default() }, Vec::new()).await;
    let padded = |length: usize| {
        let mut one = support::span();
        one.name = "x".repeat(length);
        support::traces(vec![one]).encode_to_vec()
    };
    assert_eq!(post(&server, "/v1/traces", padded(limit - 600)).await.status, 200);
    for length in [limit, limit * 3 / 2] {
        let answer = post(&server, "/v1/traces", padded(length)).await;
        assert_eq!(answer.status, 413);
        assert!(answer.reason().contains("10000 bytes"), "{}", answer.reason());
    }
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&padded(limit * 50)).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < limit);
    let headers = [support::PROTOBUF, ("content-encoding", "gzip")];
    let answer = ask(&server, Method::POST, "/v1/traces", &headers, bomb).await;
    assert_eq!(answer.status, 413);
    assert!(answer.reason().contains("decompressed"), "{}", answer.reason());
    assert_eq!((server.receiver().received().spans, server.receiver().received().rejected), (1, 3));
}
