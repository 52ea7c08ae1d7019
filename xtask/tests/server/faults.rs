//! The script of faults, and the ledger beside it.

use crate::support::{self, Answer, ask, get, log, logs, metrics, number, post, receiver, traces};
use axum::http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;
use xtask::{Account, Cors, Fault, Misbehavior, Server, Signal};

/// Spans of these numbers.
fn body(ids: std::ops::RangeInclusive<u8>) -> Vec<u8> {
    let span = |id| {
        let mut span = support::span();
        span.span_id = vec![id; 8];
        span.parent_span_id = Vec::new();
        span
    };
    traces(ids.map(span).collect()).encode_to_vec()
}

async fn send(server: &Server, ids: std::ops::RangeInclusive<u8>) -> Answer {
    post(server, "/v1/traces", body(ids)).await
}

/// Sends where no answer is to be expected, and says how it failed.
async fn send_in_vain(server: &Server, ids: std::ops::RangeInclusive<u8>) -> String {
    support::try_ask(server, Method::POST, "/v1/traces", &[support::PROTOBUF], body(ids))
        .await
        .map_or_else(|error| error, |answer| panic!("{} came", answer.status))
}

fn account(server: &Server) -> Account {
    server.receiver().accounts().traces
}

#[tokio::test]
async fn statuses_come_in_their_order_and_then_all_is_well() {
    let server = receiver().await;
    let script = vec![
        Fault::status(429).retry_after("7"),
        Fault::status(503).retry_after("Sun, 06 Nov 1994 08:49:37 GMT").times(2),
        Fault::new(Misbehavior::Status { status: 400, retry_after: None, message: Some("no thanks".into()) }),
    ];
    server.receiver().misbehave(Signal::Traces, script);
    assert_eq!(server.receiver().faults_left(Signal::Traces), Some(4));
    let first = send(&server, 1..=2).await;
    assert_eq!((first.status.as_u16(), first.header("retry-after")), (429, "7"));
    for _ in 0..2 {
        let answer = send(&server, 1..=2).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (503, "Sun, 06 Nov 1994 08:49:37 GMT")
        );
    }
    let refused = send(&server, 3..=3).await;
    assert_eq!((refused.status.as_u16(), refused.reason()), (400, "no thanks"));
    assert_eq!(send(&server, 1..=2).await.status, 200);
    assert_eq!(
        account(&server),
        Account { requests: 5, taken: 2, distinct: 2, rejected: 1, turned_away: 6, ..Account::default() }
    );
    assert_eq!(server.receiver().received().rejected, 0, "they broke no rule");
}

#[tokio::test]
async fn each_signal_has_its_own_script() {
    let server = receiver().await;
    let plan = json!({ "logs": [{ "answer": { "status": { "status": 503, "retryAfter": "1" } }, "lasting": true }] });
    let headers = [("content-type", "application/json")];
    assert_eq!(ask(&server, Method::POST, "/api/faults", &headers, plan.to_string()).await.status, 204);
    assert_eq!(send(&server, 1..=1).await.status, 200);
    let points = metrics(vec![support::metric("a", support::gauge(number(1)))]);
    assert_eq!(post(&server, "/v1/metrics", points.encode_to_vec()).await.status, 200);
    for _ in 0..3 {
        let answer = post(&server, "/v1/logs", logs(vec![log()]).encode_to_vec()).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    }
    assert_eq!(server.receiver().faults_left(Signal::Logs), None);
    let over = json!({ "logs": [] });
    assert_eq!(ask(&server, Method::POST, "/api/faults", &headers, over.to_string()).await.status, 204);
    assert_eq!(post(&server, "/v1/logs", logs(vec![log()]).encode_to_vec()).await.status, 200);
    let ledger = get(&server, "/api/ledger").await.json();
    assert_eq!((&ledger["logs"]["taken"], &ledger["logs"]["turnedAway"]), (&json!(1), &json!(3)));
    let senseless = json!({ "logs": [{ "answer": "dance" }] });
    assert_eq!(ask(&server, Method::POST, "/api/faults", &headers, senseless.to_string()).await.status, 422);
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_is_refused_as_ever() {
    let server = receiver().await;
    server.receiver().misbehave(Signal::Traces, vec![Fault::new(Misbehavior::Garbage)]);
    assert_eq!(post(&server, "/v1/traces", "garbage").await.status, 400);
    assert_eq!(server.receiver().received().rejected, 1);
}

#[tokio::test]
async fn a_partial_success_takes_the_first_ones_and_a_warning_takes_all() {
    let server = receiver().await;
    let partial = |rejected| Fault::new(Misbehavior::Partial { rejected, message: "too old".into() });
    server.receiver().misbehave(Signal::Traces, vec![partial(2), partial(0), partial(9)]);
    for (ids, rejected) in [(1..=3, 2), (4..=5, 0), (6..=6, 1)] {
        let answer = send(&server, ids).await;
        assert_eq!(answer.status, 200);
        let said = ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success.unwrap();
        assert_eq!((said.rejected_spans, said.error_message.as_str()), (rejected, "too old"));
    }
    let taken = Account { requests: 3, taken: 3, distinct: 3, rejected: 3, ..Account::default() };
    assert_eq!(account(&server), taken);
    let ids: Vec<_> =
        server.receiver().spans(9).into_iter().map(|span| span.span_id[..2].to_owned()).collect();
    assert_eq!(ids, ["05", "04", "01"]);
}

#[tokio::test]
async fn a_held_answer_comes_when_it_is_let_go() {
    let server = receiver().await;
    server.receiver().misbehave(Signal::Traces, vec![Fault::new(Misbehavior::Hold)]);
    let let_go = async {
        server.receiver().until(|received| received.spans == 1).await;
        assert_eq!(ask(&server, Method::POST, "/api/faults/release", &[], "").await.status, 204);
    };
    let (answer, ()) = tokio::join!(send(&server, 1..=1), let_go);
    assert_eq!(answer.status, 200);
    assert_eq!(account(&server), Account { requests: 1, taken: 1, distinct: 1, ..Account::default() });
}

#[tokio::test]
async fn who_goes_before_the_answer_may_send_again() {
    let server = receiver().await;
    let script =
        vec![Fault::new(Misbehavior::Hold), Fault::new(Misbehavior::Hang), Fault::new(Misbehavior::Fine)];
    server.receiver().misbehave(Signal::Traces, script);
    for requests in 1..=2 {
        tokio::select! {
            answer = send(&server, 1..=2) => panic!("{} came", answer.status),
            _ = server.receiver().until(|_| account(&server).requests == requests) => {}
        }
    }
    // Whether a sender has gone is only found out a little later.
    server.receiver().until(|_| account(&server).unanswered == 2).await;
    assert_eq!(send(&server, 1..=2).await.status, 200);
    assert_eq!(send(&server, 1..=2).await.status, 200);
    let counted = account(&server);
    assert_eq!((counted.taken, counted.distinct, counted.unanswered, counted.turned_away), (6, 2, 2, 2));
    assert_eq!((counted.duplicates, counted.unexplained), (4, 0), "once in doubt, always in doubt");
}

#[tokio::test]
async fn a_duplicate_that_nothing_explains_is_told_apart() {
    let server = receiver().await;
    for _ in 0..2 {
        assert_eq!(send(&server, 1..=2).await.status, 200);
    }
    let counted = account(&server);
    assert_eq!((counted.distinct, counted.duplicates, counted.unexplained), (2, 2, 2));
}

#[tokio::test]
async fn a_proxy_that_loses_the_answer_makes_duplicates_that_are_explained() {
    let server = receiver().await;
    server.receiver().misbehave(Signal::Traces, vec![Fault::status(504).taken()]);
    assert_eq!(send(&server, 1..=2).await.status, 504);
    assert_eq!(send(&server, 1..=2).await.status, 200);
    let counted = account(&server);
    assert_eq!((counted.unanswered, counted.duplicates, counted.unexplained), (2, 2, 0));
}

#[tokio::test]
async fn connections_are_reset_before_and_after_the_body() {
    let server = receiver().await;
    let after = Fault::new(Misbehavior::ResetAfterBody);
    let script = vec![Fault::new(Misbehavior::ResetAtOnce), after.clone(), after.taken()];
    server.receiver().misbehave(Signal::Traces, script);
    for _ in 0..3 {
        let error = send_in_vain(&server, 1..=1).await;
        assert!(!error.is_empty());
    }
    let counted = account(&server);
    assert_eq!((counted.requests, counted.turned_away, counted.unanswered), (2, 1, 1));
    assert_eq!(send(&server, 1..=1).await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_down_refuses_and_comes_back_on_the_same_port() {
    let server = receiver().await;
    assert_eq!(send(&server, 1..=1).await.status, 200);
    for _ in 0..3 {
        server.go_down().await;
        let refused = std::net::TcpStream::connect(server.address()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        server.come_back().await;
        assert_eq!(send(&server, 2..=2).await.status, 200);
    }
}

#[tokio::test]
async fn a_connection_that_outlives_its_server_is_reset() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = receiver().await;
    let mut kept = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let request = b"GET /api/ledger HTTP/1.1\r\nhost: a\r\n\r\n";
    kept.write_all(request).await.unwrap();
    let mut answer = [0; 12];
    kept.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    server.go_down().await;
    kept.write_all(request).await.unwrap();
    let ended = kept.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(ended.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn wrong_answers_are_what_they_say() {
    let server = receiver().await;
    let script = vec![
        Fault::new(Misbehavior::Page),
        Fault::new(Misbehavior::Garbage),
        Fault::new(Misbehavior::Redirect { to: "/elsewhere".into() }),
        Fault::new(Misbehavior::Giant { bytes: 100_000 }),
    ];
    server.receiver().misbehave(Signal::Traces, script);
    let page = send(&server, 1..=1).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let garbage = send(&server, 2..=2).await;
    assert_eq!((garbage.status.as_u16(), garbage.header("content-type")), (200, "application/x-protobuf"));
    assert!(ExportTraceServiceResponse::decode(garbage.body).is_err());
    let redirect = send(&server, 3..=3).await;
    assert_eq!((redirect.status.as_u16(), redirect.header("location")), (307, "/elsewhere"));
    let giant = send(&server, 4..=4).await;
    assert_eq!((giant.status.as_u16(), giant.body.len()), (200, 100_000));
    let counted = account(&server);
    assert_eq!((counted.taken, counted.rejected, counted.turned_away, counted.unanswered), (2, 1, 1, 0));
}

#[tokio::test]
async fn pages_of_other_origins_see_what_they_are_meant_to_see() {
    let server = receiver().await;
    let fault = |cors| Fault::status(503).retry_after("1").cors(cors);
    let script = vec![fault(Cors::Exposed), fault(Cors::Hidden), fault(Cors::Refused), fault(Cors::Refused)];
    server.receiver().misbehave(Signal::Traces, script);
    let origin = ("origin", "http://elsewhere.example");
    let headers = [support::PROTOBUF, origin];
    let mut seen = Vec::new();
    for id in 1..=3 {
        let answer = ask(&server, Method::POST, "/v1/traces", &headers, body(id..=id)).await;
        let header = |name| answer.header(name).to_owned();
        seen.push((header("access-control-allow-origin"), header("access-control-expose-headers")));
    }
    assert_eq!((seen[0].0.as_str(), seen[0].1.as_str()), ("*", "*"));
    assert_eq!((seen[1].0.as_str(), seen[1].1.contains("retry-after")), ("*", false));
    assert_eq!(seen[2].0, "");
    let asked = [origin, ("access-control-request-method", "POST")];
    let preflight = ask(&server, Method::OPTIONS, "/v1/traces", &asked, "").await;
    assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-origin")), (403, ""));
    assert_eq!(server.receiver().faults_left(Signal::Traces), Some(0));
    let preflight = ask(&server, Method::OPTIONS, "/v1/traces", &asked, "").await;
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn reset_ends_the_scripts_and_clears_the_ledger() {
    let server = receiver().await;
    server.receiver().misbehave(Signal::Traces, vec![Fault::status(503).lasting()]);
    assert_eq!(send(&server, 1..=1).await.status, 503);
    assert_eq!(ask(&server, Method::POST, "/api/reset", &[], "").await.status, 204);
    assert_eq!(account(&server), Account::default());
    assert_eq!(send(&server, 1..=1).await.status, 200);
}
