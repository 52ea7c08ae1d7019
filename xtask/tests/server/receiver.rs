//! What the receiver takes, counts and shows.

use std::io::Write;

use crate::support::{
    self, ask, attribute, get, log, logs, metric, metrics, number, post, receiver, serve, span, traces,
};
use axum::body::Bytes;
use axum::http::Method;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;
use xtask::{Limits, ReceiverOptions};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_span_is_counted_and_shown_as_it_was_sent() {
    let server = receiver().await;
    let answer = post(&server, "/v1/traces", traces(vec![span()]).encode_to_vec()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-protobuf");
    let response = ExportTraceServiceResponse::decode(answer.body).unwrap();
    assert_eq!(response, ExportTraceServiceResponse::default());

    let received = get(&server, "/api/received").await.json();
    assert_eq!((&received["spans"], &received["rejected"]), (&json!(1), &json!(0)));
    assert_eq!(received["resources"], json!([support::shown_resource()]));
    let spans = get(&server, "/api/spans").await.json();
    assert_eq!(
        spans,
        json!([{
            "traceId": "01".repeat(16), "spanId": "02".repeat(8), "parentSpanId": "03".repeat(8), "traceState": "",
            "name": "resize", "kind": "internal",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000002500000", "durationMs": 2.5,
            "status": { "code": "error", "message": "no such file" },
            "attributes": { "atelier.task.id": "resize", "atelier.attempt": 1, "error.type": "NotFoundError" },
            "events": [], "links": [],
            "resource": support::shown_resource(),
            "scope": { "name": "atelier", "version": "0.1.0", "attributes": {} },
        }])
    );
}

#[tokio::test]
async fn a_root_span_has_no_parent_and_the_newest_span_comes_first() {
    let server = receiver().await;
    for id in 1..=3 {
        let one = support::traces(vec![{
            let mut root = span();
            root.span_id = vec![id; 8];
            root.parent_span_id = Vec::new();
            root.status = None;
            root
        }]);
        assert_eq!(post(&server, "/v1/traces", one.encode_to_vec()).await.status, 200);
    }
    let spans = get(&server, "/api/spans?limit=2").await.json();
    assert_eq!(spans.as_array().unwrap().len(), 2);
    assert_eq!((&spans[0]["spanId"], &spans[1]["spanId"]), (&json!("03".repeat(8)), &json!("02".repeat(8))));
    assert_eq!((&spans[0]["parentSpanId"], &spans[0]["status"]["code"]), (&json!(null), &json!("unset")));
}

#[tokio::test]
async fn attribute_values_of_every_kind_are_shown() {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValueList, any_value::Value};
    let server = receiver().await;
    let mut one = span();
    let item = |value| AnyValue { value: Some(value) };
    one.attributes = vec![
        attribute("text", Value::StringValue("<b>".into())),
        attribute("flag", Value::BoolValue(true)),
        attribute("number", Value::DoubleValue(0.5)),
        attribute("nan", Value::DoubleValue(f64::NAN)),
        attribute("bytes", Value::BytesValue(vec![0, 255])),
        attribute("list", Value::ArrayValue(ArrayValue { values: vec![item(Value::IntValue(7))] })),
        attribute("map", Value::KvlistValue(KeyValueList { values: vec![support::text("a", "b")] })),
    ];
    assert_eq!(post(&server, "/v1/traces", traces(vec![one]).encode_to_vec()).await.status, 200);
    let shown = get(&server, "/api/spans").await.json();
    assert_eq!(
        shown[0]["attributes"],
        json!({ "text": "<b>", "flag": true, "number": 0.5, "nan": "NaN", "bytes": "00ff", "list": [7], "map": { "a": "b" } })
    );
}

#[tokio::test]
async fn each_series_shows_its_latest_point_and_every_point_counts() {
    let server = receiver().await;
    for value in [1, 2] {
        let request = metrics(vec![
            metric("atelier.task.dispatched", support::sum(number(value))),
            metric("atelier.queue.pending", support::gauge(number(-value))),
            metric("bounded", support::histogram(support::histogram_point())),
            metric("exponential", support::exponential(support::exponential_point())),
        ]);
        let answer = post(&server, "/v1/metrics", request.encode_to_vec()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(get(&server, "/api/received").await.json()["metricPoints"], json!(8));
    let shown = get(&server, "/api/metrics").await.json();
    let by_name = |name: &str| {
        let found: Vec<_> = shown.as_array().unwrap().iter().filter(|point| point["name"] == name).collect();
        assert_eq!(found.len(), 1, "{name} in {shown}");
        found[0].clone()
    };
    let sum = by_name("atelier.task.dispatched");
    assert_eq!((&sum["type"], &sum["value"], &sum["monotonic"]), (&json!("sum"), &json!(2), &json!(true)));
    assert_eq!((&sum["temporality"], &sum["unit"]), (&json!("cumulative"), &json!("{call}")));
    assert_eq!(sum["attributes"], json!({ "atelier.task.id": "resize" }));
    assert_eq!(sum["timeUnixNano"], json!("1700000000000000001"));
    assert_eq!(by_name("atelier.queue.pending")["value"], json!(-2));
    let bounded = by_name("bounded");
    assert_eq!((&bounded["buckets"], &bounded["bounds"]), (&json!([1, 2]), &json!([0.25])));
    let exponential = by_name("exponential");
    assert_eq!(exponential["positive"], json!({ "offset": -2, "buckets": [2, 0, 3] }));
    assert_eq!((&exponential["zeroCount"], &exponential["count"]), (&json!(1), &json!(6)));
}

#[tokio::test]
async fn a_log_record_is_counted_and_shown() {
    let server = receiver().await;
    assert_eq!(post(&server, "/v1/logs", logs(vec![log()]).encode_to_vec()).await.status, 200);
    assert_eq!(get(&server, "/api/received").await.json()["logRecords"], json!(1));
    let shown = get(&server, "/api/logs").await.json();
    assert_eq!(shown[0]["body"], json!("worker crashed"));
    assert_eq!((&shown[0]["severityText"], &shown[0]["spanId"]), (&json!("ERROR"), &json!("02".repeat(8))));
}

#[tokio::test]
async fn a_compressed_request_is_understood() {
    let server = receiver().await;
    let body = gzip(&traces(vec![span(), span()]).encode_to_vec());
    let headers = [support::PROTOBUF, ("content-encoding", "gzip")];
    let answer = ask(&server, Method::POST, "/v1/traces", &headers, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.receiver().received().spans, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_are_counted_exactly() {
    let server = receiver().await;
    let body: Bytes = traces(vec![span(); 7]).encode_to_vec().into();
    let bad: Bytes = traces(Vec::new()).encode_to_vec().into();
    let posts = (0..40).map(|number| {
        let body = if number % 4 == 0 { bad.clone() } else { body.clone() };
        post(&server, "/v1/traces", body)
    });
    let answers = futures::future::join_all(posts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 30);
    let received = server.receiver().received();
    assert_eq!((received.spans, received.rejected, received.resources.len()), (210, 10, 1));
}

#[tokio::test]
async fn what_does_not_fit_is_counted_as_evicted() {
    let limits = Limits { spans: 2, logs: 1, series: 1, resources: 0 };
    let server = serve(ReceiverOptions { limits, ..ReceiverOptions::default() }, Vec::new()).await;
    let points = vec![metric("a", support::gauge(number(1))), metric("b", support::gauge(number(2)))];
    assert_eq!(post(&server, "/v1/traces", traces(vec![span(); 5]).encode_to_vec()).await.status, 200);
    assert_eq!(post(&server, "/v1/logs", logs(vec![log(); 3]).encode_to_vec()).await.status, 200);
    assert_eq!(post(&server, "/v1/metrics", metrics(points).encode_to_vec()).await.status, 200);
    let received = get(&server, "/api/received").await.json();
    assert_eq!(
        (&received["spans"], &received["logRecords"], &received["metricPoints"]),
        (&json!(5), &json!(3), &json!(2))
    );
    assert_eq!(
        received["evicted"],
        json!({ "spans": 3, "logRecords": 2, "metricPoints": 1, "resources": 10 })
    );
    assert_eq!(get(&server, "/api/spans").await.json().as_array().unwrap().len(), 2);
    assert_eq!(get(&server, "/api/metrics").await.json()[0]["name"], json!("a"));
}

#[tokio::test]
async fn reset_forgets_everything() {
    let server = receiver().await;
    assert_eq!(post(&server, "/v1/traces", traces(vec![span()]).encode_to_vec()).await.status, 200);
    assert_eq!(post(&server, "/v1/traces", "garbage").await.status, 400);
    assert_eq!(ask(&server, Method::POST, "/api/reset", &[], "").await.status, 204);
    let received = get(&server, "/api/received").await.json();
    assert_eq!(
        (&received["spans"], &received["rejected"], &received["resources"]),
        (&json!(0), &json!(0), &json!([]))
    );
    assert_eq!(get(&server, "/api/spans").await.json(), json!([]));
}

#[tokio::test]
async fn until_waits_for_what_comes_later() {
    let server = receiver().await;
    let (received, answer) = tokio::join!(
        server.receiver().until(|received| received.spans == 1),
        post(&server, "/v1/traces", traces(vec![span()]).encode_to_vec())
    );
    assert_eq!((received.spans, answer.status.as_u16()), (1, 200));
}

#[tokio::test]
async fn a_page_of_any_origin_may_post() {
    let server = receiver().await;
    let asked = [
        ("origin", "http://elsewhere.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,content-encoding,x-key"),
    ];
    let preflight = ask(&server, Method::OPTIONS, "/v1/traces", &asked, "").await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-headers"), "*");
    let refused = ask(&server, Method::POST, "/v1/traces", &[asked[0], support::PROTOBUF], "garbage").await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "*",
        "a refusal must be readable for the page, too"
    );
}
