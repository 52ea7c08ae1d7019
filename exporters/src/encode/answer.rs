//! What a collector's answer means (OTLP specification, "OTLP/HTTP Response").

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use crate::config::Protocol;
use crate::pipeline::{Answer, Verdict};
use crate::signal::Signal;

/// The longest reason kept of an answer, in characters; the rest is cut off.
const MAX_REASON: usize = 300;
/// The longest `Retry-After` that is believed: an hour, in milliseconds. A longer one is taken as this.
const MAX_RETRY_AFTER_MS: u64 = 3_600_000;

/// `google.rpc.Status`, in which a collector explains a refusal.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// What an answer means for the batch it answers; `may_renew` says whether the next request may be authorized otherwise.
pub(super) fn judge(signal: Signal, answer: &Answer, may_renew: bool, now_unix_nano: u64) -> Verdict {
    match answer.status {
        200..=299 => accepted(signal, answer),
        429 | 502 | 503 | 504 => retry(answer, now_unix_nano),
        401 | 403 if may_renew => retry(answer, now_unix_nano),
        413 => Verdict::TooLarge { reason: reason(answer) },
        _ => Verdict::Refused { reason: reason(answer) },
    }
}

fn retry(answer: &Answer, now_unix_nano: u64) -> Verdict {
    Verdict::Retry {
        after_ms: answer.retry_after.as_deref().and_then(|value| retry_after_ms(value, now_unix_nano)),
        reason: reason(answer),
    }
}

fn accepted(signal: Signal, answer: &Answer) -> Verdict {
    // A development server or a login page answers anything with a page: nothing was taken.
    if answer.is("text/html") {
        let reason = format!("{} with a web page: this is no OTLP receiver", answer.status);
        return Verdict::Refused { reason };
    }
    let partial = if answer.is(Protocol::HttpProtobuf.content_type()) {
        partial_success(signal, &answer.body)
    } else if answer.is(Protocol::HttpJson.content_type()) && !answer.body.is_empty() {
        partial_success_in_json(signal, &answer.body)
    } else {
        Some((0, String::new()))
    };
    match partial {
        Some((rejected, message)) if rejected > 0 || !message.is_empty() => Verdict::Accepted {
            rejected: u64::try_from(rejected).unwrap_or(0),
            reason: Some(format!("{} rejected: {}", rejected.max(0), printable(&message))),
        },
        Some(_) => Verdict::Accepted { rejected: 0, reason: None },
        None => Verdict::Accepted { rejected: 0, reason: Some("an answer that cannot be read".to_owned()) },
    }
}

/// How many were refused, and why; `None` if the answer cannot be read.
fn partial_success(signal: Signal, body: &[u8]) -> Option<(i64, String)> {
    let partial = match signal {
        Signal::Traces => ExportTraceServiceResponse::decode(body)
            .map(|response| response.partial_success.map(|p| (p.rejected_spans, p.error_message))),
        Signal::Logs => ExportLogsServiceResponse::decode(body)
            .map(|response| response.partial_success.map(|p| (p.rejected_log_records, p.error_message))),
        Signal::Metrics => ExportMetricsServiceResponse::decode(body)
            .map(|response| response.partial_success.map(|p| (p.rejected_data_points, p.error_message))),
    };
    partial.ok().map(Option::unwrap_or_default)
}

/// The same of an answer in JSON, whose numbers may be numbers or strings.
fn partial_success_in_json(signal: Signal, body: &[u8]) -> Option<(i64, String)> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let partial = answer.as_object()?.get("partialSuccess");
    let Some(partial) = partial.and_then(|partial| partial.as_object()) else {
        return Some((0, String::new()));
    };
    let rejected = partial.get(match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    });
    let rejected = match rejected {
        Some(serde_json::Value::String(digits)) => digits.parse().ok()?,
        Some(number) => number.as_i64()?,
        None => 0,
    };
    let message = partial.get("errorMessage").and_then(|message| message.as_str()).unwrap_or_default();
    Some((rejected, message.to_owned()))
}

/// Seconds or an HTTP date (RFC 9110, section 10.2.3), as milliseconds from now.
fn retry_after_ms(value: &str, now_unix_nano: u64) -> Option<u64> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?;
            let now = UNIX_EPOCH.checked_add(Duration::from_nanos(now_unix_nano))?;
            // A date that has passed asks for no wait.
            let wait = at.duration_since(now).unwrap_or_default();
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
        }
    };
    Some(wait.min(MAX_RETRY_AFTER_MS))
}

/// The status and what the body says about it.
fn reason(answer: &Answer) -> String {
    let message = if answer.is(Protocol::HttpProtobuf.content_type()) {
        RpcStatus::decode(answer.body.as_slice()).map(|status| status.message).unwrap_or_default()
    } else if let Some(message) = message_in_json(answer) {
        message
    } else if answer.is("text/html") {
        // A proxy's error page explains nothing.
        String::new()
    } else {
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let message = printable(&message);
    if message.is_empty() { answer.status.to_string() } else { format!("{}: {message}", answer.status) }
}

/// What `google.rpc.Status` says in JSON.
fn message_in_json(answer: &Answer) -> Option<String> {
    let is_json = answer.is(Protocol::HttpJson.content_type());
    let status: serde_json::Value = is_json.then(|| serde_json::from_slice(&answer.body).ok())??;
    Some(status.get("message")?.as_str()?.to_owned())
}

/// One line of bounded length.
fn printable(text: &str) -> String {
    let text = text.trim();
    let mut line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect();
    if text.chars().nth(MAX_REASON).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06T08:49:37Z.
    const NOW: u64 = 784_111_777_000_000_000;

    fn answer(status: u16, content_type: &str, body: Vec<u8>) -> Answer {
        Answer { status, content_type: Some(content_type.to_owned()), body, retry_after: None }
    }

    #[test]
    fn only_four_statuses_may_be_retried() {
        for status in 100..600 {
            let answer = answer(status, "text/plain", b"x".to_vec());
            let verdict = judge(Signal::Traces, &answer, false, NOW);
            let (reason, retry) =
                (format!("{status}: x"), |it: &Verdict| matches!(it, Verdict::Retry { .. }));
            match status {
                200..=299 => assert_eq!(verdict, Verdict::Accepted { rejected: 0, reason: None }),
                429 | 502 | 503 | 504 => assert!(retry(&verdict), "{status}"),
                413 => assert_eq!(verdict, Verdict::TooLarge { reason }),
                _ => assert_eq!(verdict, Verdict::Refused { reason }),
            }
            let renewed = judge(Signal::Traces, &answer, true, NOW);
            assert_eq!(renewed != verdict, [401, 403].contains(&status), "{status}");
            assert!(renewed == verdict || retry(&renewed), "{status}");
        }
    }

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let cases = [
            ("0", Some(0)),
            (" 120 ", Some(120_000)),
            ("Sun, 06 Nov 1994 08:49:42 GMT", Some(5_000)),
            ("Sunday, 06-Nov-94 08:49:42 GMT", Some(5_000)),
            ("Sun Nov  6 08:49:42 1994", Some(5_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("999999999999999999", Some(MAX_RETRY_AFTER_MS)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(retry_after_ms(value, NOW), expected, "{value:?}");
        }
    }

    #[test]
    fn a_refusal_keeps_what_the_body_says() {
        let body = RpcStatus { code: 3, message: "bad span\nid".to_owned() }.encode_to_vec();
        let verdict = judge(Signal::Traces, &answer(400, "application/x-protobuf", body), false, NOW);
        assert_eq!(verdict, Verdict::Refused { reason: "400: bad span id".to_owned() });
        let verdict =
            judge(Signal::Traces, &answer(404, "text/html; charset=utf-8", b"<p>no".to_vec()), false, NOW);
        assert_eq!(verdict, Verdict::Refused { reason: "404".to_owned() });
        let Verdict::TooLarge { reason } =
            judge(Signal::Metrics, &answer(413, "text/plain", vec![b'a'; 4096]), false, NOW)
        else {
            panic!("413 says that it is too large");
        };
        assert_eq!(reason.chars().count(), "413: ".len() + MAX_REASON + 1);
    }

    #[test]
    fn answers_in_json_say_the_same() {
        let said = |signal, status, body: &str| {
            judge(
                signal,
                &answer(status, "application/json; charset=utf-8", body.as_bytes().to_vec()),
                false,
                NOW,
            )
        };
        let rejected =
            |rejected, reason: &str| Verdict::Accepted { rejected, reason: Some(reason.to_owned()) };
        let taken = Verdict::Accepted { rejected: 0, reason: None };
        for nothing in ["", "{}", r#"{"partialSuccess":{}}"#, r#"{"partialSuccess":null}"#] {
            assert_eq!(said(Signal::Traces, 200, nothing), taken, "{nothing}");
        }
        let partial = r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#;
        assert_eq!(said(Signal::Traces, 200, partial), rejected(3, "3 rejected: too old"));
        assert_eq!(said(Signal::Metrics, 200, partial), rejected(0, "0 rejected: too old"));
        let partial = r#"{"partialSuccess":{"rejectedDataPoints":2}}"#;
        assert_eq!(said(Signal::Metrics, 200, partial), rejected(2, "2 rejected: "));
        for broken in ["{", "[]", r#"{"partialSuccess":{"rejectedSpans":"many"}}"#] {
            assert_eq!(said(Signal::Traces, 200, broken), rejected(0, "an answer that cannot be read"));
        }
        let refused = said(Signal::Traces, 400, r#"{"code":3,"message":"bad id"}"#);
        assert_eq!(refused, Verdict::Refused { reason: "400: bad id".to_owned() });
    }

    #[test]
    fn a_page_instead_of_an_answer_is_a_refusal() {
        let verdict =
            judge(Signal::Traces, &answer(200, "text/html", b"<!doctype html>".to_vec()), false, NOW);
        assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_said() {
        let verdict =
            judge(Signal::Metrics, &answer(200, "application/x-protobuf", vec![0xff; 3]), false, NOW);
        assert!(matches!(verdict, Verdict::Accepted { rejected: 0, reason: Some(_) }), "{verdict:?}");
    }
}
