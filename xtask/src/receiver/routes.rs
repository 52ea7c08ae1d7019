//! The receiver's routes.

use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use tower_http::cors::{Any, CorsLayer};

use super::faults::{Plan, Step, answer_requests, cut, stand_in};
use super::forward::Item;
use super::signal::Signal;
use super::{REASON_HEADER, Receiver, body};
use crate::connection::Connection;

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
    let otlp = Signal::ALL.into_iter().fold(Router::new(), |router, signal| {
        let handler =
            move |State(receiver): State<Receiver>, request: Request| accept(receiver, signal, request);
        let around = middleware::from_fn_with_state((receiver.clone(), signal), stand_in);
        let route = post(handler).layer(any_origin.clone()).layer(around);
        router.route(&format!("/v1/{}", signal.name()), route)
    });
    let api = Router::new()
        .route(
            "/api/received",
            get(|State(receiver): State<Receiver>| async move { Json(receiver.received()) }),
        )
        .route("/api/spans", get(spans))
        .route("/api/metrics", get(metrics))
        .route("/api/logs", get(logs))
        .route(
            "/api/ledger",
            get(|State(receiver): State<Receiver>| async move { Json(receiver.accounts()) }),
        )
        .route("/api/faults", post(misbehave))
        .route("/api/faults/release", post(release))
        .route("/api/reset", post(reset));
    otlp.merge(api).layer(DefaultBodyLimit::disable()).with_state(receiver)
}

async fn accept(receiver: Receiver, signal: Signal, mut request: Request) -> Response {
    let step = request.extensions_mut().remove::<Step>();
    let connection = request.extensions_mut().remove::<ConnectInfo<Connection>>().map(|info| info.0);
    if step.as_ref().is_some_and(Step::cuts_at_once) {
        return cut(connection);
    }
    let (head, body) = request.into_parts();
    let limit = receiver.max_body_bytes;
    let sound = async {
        let (format, encoding) = (body::format(&head.headers)?, body::encoding(&head.headers)?);
        let bytes = body::read(body, limit).await?;
        let plain = body::decompress(bytes.clone(), encoding, limit)?;
        let sound = signal.decode(plain, format, receiver.streams.as_ref())?;
        Ok((sound, Item { signal, format, encoding, body: bytes }))
    };
    match sound.await {
        Ok((sound, item)) => {
            if !sound.remarks.is_empty() {
                receiver.store.remarked(&sound.remarks.join("; "));
            }
            receiver.ledger.came(signal, item.format, item.encoding);
            let form = (item.format, &head.headers);
            let step = step.map(|step| step.for_bytes(item.body.len()));
            if let Some(forwarder) = receiver.forwarder.as_ref().filter(|_| step.is_none()) {
                forwarder.offer(item);
            }
            answer_requests(&receiver, signal, form, sound, step, connection).await
        }
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

async fn misbehave(State(receiver): State<Receiver>, Json(plan): Json<Plan>) -> StatusCode {
    for (signal, script) in plan.scripts() {
        receiver.misbehave(signal, script);
    }
    StatusCode::NO_CONTENT
}

async fn release(State(receiver): State<Receiver>) -> StatusCode {
    receiver.release();
    StatusCode::NO_CONTENT
}

async fn reset(State(receiver): State<Receiver>) -> StatusCode {
    receiver.reset();
    StatusCode::NO_CONTENT
}
