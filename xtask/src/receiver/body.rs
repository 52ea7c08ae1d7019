//! From a request to the bytes of its message, within the limit.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, header};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;

use super::refusal::Refusal;

/// How the body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

/// What the body is written in; the answer is written in the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Protobuf,
    Json,
}

impl Format {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        }
    }
}

/// What the headers say about the body's format.
pub(super) fn format(headers: &HeaderMap) -> Result<Format, Refusal> {
    match essence(headers, header::CONTENT_TYPE).as_str() {
        "application/x-protobuf" => Ok(Format::Protobuf),
        "application/json" => Ok(Format::Json),
        "" => Err(Refusal::unsupported(
            "there is no content type; send application/x-protobuf or application/json",
        )),
        other => Err(Refusal::unsupported(format!(
            "content type \"{other}\" is not understood; send application/x-protobuf or application/json"
        ))),
    }
}

/// What the headers say about the body's compression.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    match essence(headers, header::CONTENT_ENCODING).as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        "gzip" => Ok(Encoding::Gzip),
        other => Err(Refusal::unsupported(format!(
            "content encoding \"{other}\" is not understood; send gzip or none"
        ))),
    }
}

/// A header's value without its parameters.
fn essence(headers: &HeaderMap, name: HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads the whole body. One that is too large is read on, up to as much again, and thrown away, because a sender
/// whose connection closes while it still writes does not see the answer.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut bytes = Vec::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::malformed(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total <= limit {
            bytes.extend_from_slice(&data);
        } else if total > limit.saturating_mul(2) {
            break;
        } else {
            bytes = Vec::new();
        }
    }
    if total > limit { Err(Refusal::too_large(limit, "body")) } else { Ok(bytes.into()) }
}

/// Undoes the compression; the limit counts for what comes out, so that a small bomb stays small.
pub(super) fn decompress(body: Bytes, encoding: Encoding, limit: usize) -> Result<Bytes, Refusal> {
    match encoding {
        Encoding::Plain => Ok(body),
        Encoding::Gzip => {
            let mut plain = Vec::new();
            MultiGzDecoder::new(&body[..])
                .take(limit as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|error| Refusal::malformed(format!("the body is no valid gzip: {error}")))?;
            if plain.len() > limit {
                Err(Refusal::too_large(limit, "decompressed body"))
            } else {
                Ok(plain.into())
            }
        }
    }
}
