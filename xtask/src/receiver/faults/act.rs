//! What becomes of a sound request, by the script or without one.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures::stream;

use super::{Cors, Fault, Misbehavior, Step};
use crate::connection::Connection;
use crate::receiver::Receiver;
use crate::receiver::answer::{Partial, success};
use crate::receiver::body::Format;
use crate::receiver::ledger::Taking;
use crate::receiver::refusal::Refusal;
use crate::receiver::signal::{Signal, Sound};

/// A piece of a giant answer.
const GIANT_PIECE: usize = 1 << 16;

/// Around the routes of a signal: hands each request what the script has for it, and sees to CORS.
pub(in crate::receiver) async fn stand_in(
    State((receiver, signal)): State<(Receiver, Signal)>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS && receiver.scripts.refuses_origin(signal) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let step = (request.method() == Method::POST).then(|| receiver.scripts.next(signal)).flatten();
    let cors = step.as_ref().map(|step| step.fault.cors);
    if let Some(step) = step {
        request.extensions_mut().insert(step);
    }
    let mut response = next.run(request).await;
    match cors {
        None | Some(Cors::Hidden) => {}
        Some(Cors::Exposed) => {
            let all = axum::http::HeaderValue::from_static("*");
            response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, all);
        }
        Some(Cors::Refused) => {
            response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        }
    }
    response
}

/// Takes a sound request, or not, and answers it.
pub(in crate::receiver) async fn answer_requests(
    receiver: &Receiver,
    signal: Signal,
    (format, headers): (Format, &HeaderMap),
    sound: Sound,
    step: Option<Step>,
    connection: Option<Connection>,
) -> Response {
    let fault = step.as_ref().map_or(Fault::new(Misbehavior::Fine), |step| step.fault.clone());
    let Sound { mut items, remarks } = sound;
    let came = items.len() as u64;
    let mut partial = Partial { rejected: 0, message: remarks.join("; ") };
    if let Misbehavior::Partial { rejected, message } = &fault.answer {
        partial = Partial { rejected: came.min(*rejected), message: message.clone() };
        items.truncate((came - partial.rejected) as usize);
    }
    let refused = fault.answer.refuses() && !fault.takes();
    let rejected = if refused { came } else { partial.rejected };
    receiver.ledger.refused(signal, rejected, if fault.takes() || refused { 0 } else { came });
    let taking = fault.takes().then(|| {
        let taking = receiver.ledger.took(signal, items.identities());
        receiver.store.add(items);
        taking
    });
    // A page of another origin hears nothing of an answer without CORS.
    let tells = fault.answer.tells_success() && fault.cors != Cors::Refused;
    let told = |taking: Option<Taking>| {
        if let Some(taking) = taking.filter(|_| tells) {
            taking.told();
        }
    };
    match fault.answer {
        Misbehavior::Fine | Misbehavior::Limit { .. } | Misbehavior::Partial { .. } => {
            told(taking);
            success(signal, format, partial)
        }
        Misbehavior::Hold => {
            if let Some(mut step) = step {
                // It was subscribed when the request came; an error means that nobody can let go any more.
                let _ = step.released.changed().await;
            }
            told(taking);
            success(signal, format, partial)
        }
        Misbehavior::Hang => {
            drop(taking);
            std::future::pending().await
        }
        Misbehavior::ResetAtOnce | Misbehavior::ResetAfterBody => cut(connection),
        Misbehavior::Status { status, retry_after, message } => {
            let reason = message.unwrap_or_else(|| "told to answer so".to_owned());
            let mut response = Refusal::scripted(status, reason).into_response_for(headers);
            if let Some(value) = retry_after.and_then(|value| value.parse().ok()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Misbehavior::Page => {
            Html("<!doctype html><title>Sign in</title><p>Please sign in.</p>").into_response()
        }
        Misbehavior::Garbage => {
            told(taking);
            ([(header::CONTENT_TYPE, format.content_type())], "\u{7f}no OTLP").into_response()
        }
        Misbehavior::Redirect { to } => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Misbehavior::Giant { bytes } => {
            told(taking);
            ([(header::CONTENT_TYPE, format.content_type())], giant(bytes)).into_response()
        }
    }
}

/// Resets the connection; the answer that is returned never leaves.
pub(in crate::receiver) fn cut(connection: Option<Connection>) -> Response {
    if let Some(connection) = connection {
        connection.cut();
    }
    StatusCode::BAD_GATEWAY.into_response()
}

/// So many bytes, not all at once.
fn giant(bytes: usize) -> Body {
    let piece = Bytes::from(vec![b' '; GIANT_PIECE]);
    Body::from_stream(stream::iter(
        (0..bytes)
            .step_by(GIANT_PIECE)
            .map(move |begun| Ok::<_, Infallible>(piece.slice(..GIANT_PIECE.min(bytes - begun)))),
    ))
}
