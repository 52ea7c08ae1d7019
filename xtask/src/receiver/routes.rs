//! The receiver's routes.

use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tower_http::cors::{Any, CorsLayer};

use super::signal::Signal;
use super::{REASON_HEADER, Receiver, body};

/// Items a JSON answer has when it is not asked for a number of them.
const DEFAULT_LISTED: usize = 100;

#[derive(Deserialize)]
struct Listed {
    limit: Option<usize>,
}

impl Listed {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LISTED)
    }
}

pub(super) fn router(receiver: Receiver) -> Router {
    let any_origin = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers(Any)
        .expose_headers([REASON_HEADER]);
    let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
    let otlp = signals.into_iter().fold(Router::new(), |router, signal| {
        let handler =
            move |State(receiver): State<Receiver>, request: Request| accept(receiver, signal, request);
        router.route(&format!("/v1/{}", signal.name()), post(handler))
    });
    let api = Router::new()
        .route(
            "/api/received",
            get(|State(receiver): State<Receiver>| async move { Json(receiver.received()) }),
        )
        .route("/api/spans", get(spans))
        .route("/api/metrics", get(metrics))
        .route("/api/logs", get(logs))
        .route("/api/reset", post(reset));
    otlp.layer(any_origin).merge(api).layer(DefaultBodyLimit::disable()).with_state(receiver)
}

async fn accept(receiver: Receiver, signal: Signal, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let limit = receiver.max_body_bytes;
    let taken = async {
        let encoding = body::encoding(&head.headers)?;
        let bytes = body::read(body, limit).await?;
        let plain = body::decompress(bytes.clone(), encoding, limit)?;
        let answer = signal.take(plain, &receiver.store)?;
        if let Some(forwarder) = &receiver.forwarder {
            forwarder.offer(signal, encoding, bytes);
        }
        Ok(answer)
    };
    match taken.await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/x-protobuf")], answer).into_response(),
        Err(refusal) => {
            let refusal: super::refusal::Refusal = refusal;
            receiver.store.refused(refusal.reason());
            refusal.into_response_for(&head.headers)
        }
    }
}

async fn spans(State(receiver): State<Receiver>, Query(listed): Query<Listed>) -> impl IntoResponse {
    Json(receiver.spans(listed.limit()))
}

async fn metrics(State(receiver): State<Receiver>, Query(listed): Query<Listed>) -> impl IntoResponse {
    Json(receiver.metrics(listed.limit()))
}

async fn logs(State(receiver): State<Receiver>, Query(listed): Query<Listed>) -> impl IntoResponse {
    Json(receiver.logs(listed.limit()))
}

async fn reset(State(receiver): State<Receiver>) -> StatusCode {
    receiver.reset();
    StatusCode::NO_CONTENT
}
