//! OTLP in JSON: the same request in both forms is understood as the same, and what JSON must not do is said.

use crate::support::{self, Answer, ask, get, receiver, serve};
use axum::http::Method;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prost::Message;
use serde_json::{Value, json};
use xtask::{ReceiverOptions, Server};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post_json(server: &Server, path: &str, body: &Value) -> Answer {
    ask(server, Method::POST, path, &[JSON], body.to_string()).await
}

async fn strict() -> Server {
    serve(ReceiverOptions { strict: true, ..ReceiverOptions::default() }, Vec::new()).await
}

/// What `support` makes in protobuf, written by hand as the specification has it in JSON.
fn span() -> Value {
    json!({
        "traceId": "01".repeat(16), "spanId": "02".repeat(8), "parentSpanId": "03".repeat(8), "name": "resize",
        "kind": 1, "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000002500000",
        "attributes": [
            { "key": "atelier.task.id", "value": { "stringValue": "resize" } },
            { "key": "atelier.attempt", "value": { "intValue": "1" } },
            { "key": "error.type", "value": { "stringValue": "NotFoundError" } },
        ],
        "status": { "code": 2, "message": "no such file" },
    })
}

fn envelope(plural: &str, scoped: &str, items: &str, item: Value) -> Value {
    let attribute = |(key, value)| json!({ "key": key, "value": { "stringValue": value } });
    json!({ plural: [{
        "resource": { "attributes": support::RESOURCE.map(attribute) },
        scoped: [{ "scope": { "name": "atelier", "version": "0.1.0" }, items: [item] }],
    }] })
}

fn traces(span: Value) -> Value {
    envelope("resourceSpans", "scopeSpans", "spans", span)
}

fn exponential() -> Value {
    envelope(
        "resourceMetrics",
        "scopeMetrics",
        "metrics",
        json!({
            "name": "a.sizes", "unit": "By",
            "exponentialHistogram": { "aggregationTemporality": 2, "dataPoints": [{
                "startTimeUnixNano": "1700000000000000000", "timeUnixNano": "1700000000000000001",
                "count": "6", "sum": 1.5, "scale": 3, "zeroCount": "1",
                "positive": { "offset": -2, "bucketCounts": ["2", "0", "3"] },
            }] },
        }),
    )
}

fn log() -> Value {
    envelope(
        "resourceLogs",
        "scopeLogs",
        "logRecords",
        json!({
            "timeUnixNano": "1700000000000000000", "observedTimeUnixNano": "1700000000000000001",
            "severityNumber": 17, "severityText": "ERROR", "body": { "stringValue": "worker crashed" },
            "traceId": "01".repeat(16), "spanId": "02".repeat(8),
        }),
    )
}

#[tokio::test]
async fn both_forms_of_a_request_are_understood_as_the_same() {
    let sizes = Metric {
        unit: "By".into(),
        ..support::metric("a.sizes", support::exponential(support::exponential_point()))
    };
    let cases: [(&str, &str, Value, Vec<u8>); 3] = [
        ("traces", "spans", traces(span()), support::traces(vec![support::span()]).encode_to_vec()),
        ("metrics", "metrics", exponential(), support::metrics(vec![sizes]).encode_to_vec()),
        ("logs", "logs", log(), support::logs(vec![support::log()]).encode_to_vec()),
    ];
    for (signal, shown, in_json, in_protobuf) in cases {
        let (first, second) = (strict().await, strict().await);
        let answer = post_json(&first, &format!("/v1/{signal}"), &in_json).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "{}".to_owned()));
        assert_eq!(answer.header("content-type"), "application/json");
        let answer = support::post(&second, &format!("/v1/{signal}"), in_protobuf).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let path = format!("/api/{shown}");
        assert_eq!(get(&first, &path).await.json(), get(&second, &path).await.json());
        assert_eq!(get(&first, &path).await.json().as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn values_of_every_kind_are_understood() {
    let server = strict().await;
    let mut one = span();
    one["attributes"] = json!([
        { "key": "text", "value": { "stringValue": "a" } },
        { "key": "flag", "value": { "boolValue": true } },
        { "key": "least", "value": { "intValue": "-9223372036854775808" } },
        { "key": "number", "value": { "doubleValue": -0.5 } },
        { "key": "nan", "value": { "doubleValue": "NaN" } },
        { "key": "bytes", "value": { "bytesValue": "AP8=" } },
        { "key": "list", "value": { "arrayValue": { "values": [{ "intValue": "7" }] } } },
        { "key": "map", "value": { "kvlistValue": { "values": [{ "key": "a", "value": { "boolValue": false } }] } } },
        { "key": "error.type", "value": { "stringValue": "E" } },
    ]);
    let answer = post_json(&server, "/v1/traces", &traces(one)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        get(&server, "/api/spans").await.json()[0]["attributes"],
        json!({
            "text": "a", "flag": true, "least": i64::MIN, "number": -0.5, "nan": "NaN", "bytes": "00ff",
            "list": [7], "map": { "a": false }, "error.type": "E",
        })
    );
}

#[tokio::test]
async fn what_json_must_not_do_is_refused_with_its_place() {
    let server = receiver().await;
    let place = "resourceSpans.0.scopeSpans.0.spans.0";
    let cases: [(&str, Value, &str); 12] = [
        ("kind", json!("SPAN_KIND_INTERNAL"), "kind is a name"),
        ("traceId", json!("AQEBAQEBAQEBAQEBAQEBAQ=="), "traceId is not hexadecimal"),
        ("traceId", json!("012"), "traceId has an odd number"),
        ("traceId", json!("0101"), "trace id has 2 bytes"),
        ("spanId", json!(7), "spanId is no string"),
        ("trace_id", json!("01"), "trace_id is no field; in JSON it is called \"traceId\""),
        ("startTimeUnixNano", json!("soon"), "startTimeUnixNano is no whole number"),
        ("startTimeUnixNano", json!(-1), "startTimeUnixNano is no whole number"),
        ("name", json!(7), "name is no string"),
        ("attributes", json!({}), "attributes is no list"),
        ("attributes", json!([7]), "attributes.0 is no object"),
        (
            "attributes",
            json!([{ "key": "a", "value": { "intValue": "1", "stringValue": "1" } }]),
            "attributes.0.value has stringValue and intValue",
        ),
    ];
    for (name, value, reason) in cases {
        let mut broken = span();
        broken[name] = value;
        let answer = post_json(&server, "/v1/traces", &traces(broken)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, "application/json"));
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "\"{message}\" does not say \"{reason}\"");
        assert!(message.contains(place) || message.starts_with("span 0"), "{message}");
    }
    let answer = ask(&server, Method::POST, "/v1/traces", &[JSON], "{").await;
    assert!(answer.json()["message"].as_str().unwrap().contains("no JSON"), "{}", answer.text());
    let answer = ask(&server, Method::POST, "/v1/traces", &[JSON], "[]").await;
    assert!(answer.json()["message"].as_str().unwrap().contains("the request is no object"));
    assert_eq!(server.receiver().received().spans, 0);
}

#[tokio::test]
async fn what_a_reader_may_let_pass_is_remarked_on_and_refused_by_a_strict_one() {
    let (lenient, strict) = (receiver().await, strict().await);
    let cases: [(&str, Value, &str); 5] = [
        ("startTimeUnixNano", json!(1_700_000_000_000_000_000_u64), "has 64 bits and is a number"),
        ("kind", json!(null), "kind is null"),
        ("flags", json!("1"), "has 32 bits and is a string"),
        ("spanId", json!("AB".repeat(8)), "has upper case digits"),
        ("parentSpanId", json!("CD".repeat(8)), "parentSpanId has upper case digits"),
    ];
    for (number, (name, value, remark)) in (1_u64..).zip(cases) {
        let mut odd = span();
        odd[name] = value;
        let answer = post_json(&lenient, "/v1/traces", &traces(odd.clone())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let warning = &answer.json()["partialSuccess"];
        assert!(warning["errorMessage"].as_str().unwrap().contains(remark), "{warning}");
        assert_eq!(warning.get("rejectedSpans"), None);
        let received = lenient.receiver().received();
        assert_eq!((received.spans, received.remarked), (number, number));
        assert!(received.last_remark.unwrap().contains(remark));
        let answer = post_json(&strict, "/v1/traces", &traces(odd)).await;
        assert_eq!(answer.status, 400);
        assert!(answer.reason().contains(remark), "{}", answer.reason());
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored_even_by_a_strict_one_and_remarked_on() {
    let server = strict().await;
    let mut odd = span();
    odd["mood"] = json!({ "good": true });
    let answer = post_json(&server, "/v1/traces", &traces(odd)).await;
    assert_eq!(answer.status, 200);
    let remark = server.receiver().received().last_remark.unwrap();
    assert_eq!(remark, "resourceSpans.0.scopeSpans.0.spans.0.mood is unknown and was ignored");
    assert_eq!(answer.json()["partialSuccess"]["errorMessage"], remark);
}
