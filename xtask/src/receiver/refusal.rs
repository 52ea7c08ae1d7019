//! Why a request is refused, and how the sender is told.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde_json::json;

/// The header that repeats the reason of a refusal as plain text, for those who look with curl.
pub const REASON_HEADER: HeaderName = HeaderName::from_static("x-refused-because");

/// `google.rpc.Status`, what OTLP/HTTP answers with when it is not 200 (its `details` are never used here).
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    /// A code of `google.rpc.Code`.
    code: i32,
    reason: String,
}

impl Refusal {
    /// 400: it cannot be understood, or breaks a rule.
    pub(super) fn malformed(reason: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, code: 3, reason: reason.into() }
    }

    /// 413: it is too large.
    pub(super) fn too_large(limit: usize, what: &str) -> Refusal {
        let reason = format!("the {what} is larger than {limit} bytes; send smaller batches");
        Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, code: 8, reason }
    }

    /// 415: it is in a form that is not spoken here.
    pub(super) fn unsupported(reason: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, code: 12, reason: reason.into() }
    }

    /// Any status, because a script of faults says so.
    pub(super) fn scripted(status: u16, reason: String) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // `UNAVAILABLE` for what may pass, `UNKNOWN` for the rest.
        let code = if matches!(status.as_u16(), 429 | 502..=504) { 14 } else { 2 };
        Refusal { status, code, reason }
    }

    /// Why.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The answer: protobuf as the protocol says, JSON for those who ask for it or speak it.
    pub(super) fn into_response_for(self, request: &HeaderMap) -> Response {
        let speaks_json = [header::ACCEPT, header::CONTENT_TYPE].iter().any(|name| {
            let value = request.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.contains("application/json"))
        });
        let (kind, body) = if speaks_json {
            let body = json!({ "code": self.code, "message": self.reason }).to_string().into_bytes();
            ("application/json", body)
        } else {
            let body = RpcStatus { code: self.code, message: self.reason.clone() }.encode_to_vec();
            ("application/x-protobuf", body)
        };
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], body).into_response();
        // A header takes visible ASCII only; names of spans and the like may hold anything.
        let plain: String =
            self.reason.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect();
        if let Ok(reason) = HeaderValue::from_str(&plain) {
            response.headers_mut().insert(REASON_HEADER, reason);
        }
        response
    }
}
