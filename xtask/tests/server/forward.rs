//! Passing on what was accepted: another receiver plays the collector.

use crate::support::{self, ask, get, post, receiver, serve, span, traces};
use axum::http::Method;
use prost::Message;
use xtask::{ForwardError, ForwardTarget, ReceiverOptions, Server};

async fn forwarding_to(url: &str) -> Server {
    let forward = Some(url.parse().unwrap());
    serve(ReceiverOptions { forward, ..ReceiverOptions::default() }, Vec::new()).await
}

fn forwarded(server: &Server) -> xtask::ForwardReceived {
    server.receiver().received().forward.unwrap()
}

/// Asks until nothing is pending any more.
async fn settled(server: &Server) -> xtask::ForwardReceived {
    while forwarded(server).pending > 0 {
        tokio::task::yield_now().await;
    }
    forwarded(server)
}

#[tokio::test]
async fn an_accepted_request_arrives_as_it_was() {
    let collector = receiver().await;
    let server = forwarding_to(&collector.url()).await;
    assert_eq!(post(&server, "/v1/traces", traces(vec![span(); 3]).encode_to_vec()).await.status, 200);
    assert_eq!(post(&server, "/v1/traces", "garbage").await.status, 400);
    collector.receiver().until(|received| received.spans == 3).await;
    let counts = settled(&server).await;
    assert_eq!((counts.emitted, counts.delivered, counts.rejected), (1, 1, 0));
    assert_eq!(collector.receiver().spans(3), server.receiver().spans(3));
    assert_eq!(collector.receiver().received().rejected, 0, "what is refused here is not passed on");
    assert_eq!(get(&server, "/api/received").await.json()["forward"]["url"], collector.url());
}

#[tokio::test]
async fn compression_is_passed_on() {
    use std::io::Write;
    let collector = receiver().await;
    let server = forwarding_to(&format!("{}/", collector.url())).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&traces(vec![span()]).encode_to_vec()).unwrap();
    let headers = [support::PROTOBUF, ("content-encoding", "gzip")];
    let answer = ask(&server, Method::POST, "/v1/traces", &headers, encoder.finish().unwrap()).await;
    assert_eq!(answer.status, 200);
    collector.receiver().until(|received| received.spans == 1).await;
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_nothing_but_a_count() {
    // A port that was free a moment ago and that nobody listens on.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = forwarding_to(&format!("http://{gone}")).await;
    assert_eq!(post(&server, "/v1/traces", traces(vec![span()]).encode_to_vec()).await.status, 200);
    let counts = settled(&server).await;
    assert_eq!((counts.emitted, counts.delivered, counts.dropped.unreachable), (1, 0, 1));
    assert!(counts.last_error.is_some());
}

#[tokio::test]
async fn a_collector_that_refuses_is_counted() {
    let site_only = receiver().await;
    let server = forwarding_to(&format!("{}/nothing-here", site_only.url())).await;
    assert_eq!(post(&server, "/v1/traces", traces(vec![span()]).encode_to_vec()).await.status, 200);
    let counts = settled(&server).await;
    assert_eq!((counts.emitted, counts.rejected), (1, 1));
}

#[tokio::test]
async fn a_collector_that_hangs_fills_the_queue_and_the_rest_is_dropped() {
    // It takes the connection and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = forwarding_to(&format!("http://{}", silent.local_addr().unwrap())).await;
    let mut large = span();
    large.name = "x".repeat(xtask::DEFAULT_FORWARD_QUEUE_BYTES / 2);
    let body = traces(vec![large]).encode_to_vec();
    for _ in 0..2 {
        assert_eq!(post(&server, "/v1/traces", body.clone()).await.status, 200);
    }
    let counts = forwarded(&server);
    assert_eq!((counts.emitted, counts.pending, counts.dropped.queue_full), (2, 1, 1));
}

#[test]
fn only_plain_http_can_be_forwarded_to() {
    assert!(matches!("https://collector.example".parse::<ForwardTarget>(), Err(ForwardError::NotHttp(_))));
    for wrong in ["", "collector", "/v1", "http://", "http://a/?b=c"] {
        assert!(matches!(wrong.parse::<ForwardTarget>(), Err(ForwardError::NoUrl(_))), "{wrong:?}");
    }
}
