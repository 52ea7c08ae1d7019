//! Requests in parts: what is too large for a collector is sent again in pieces.
//!
//! A request is split as it was written. Nothing else is left of a batch that was encoded, least of all of one that was
//! stored by a page that is gone; and nothing in it has to be understood but where items begin and end.

use std::collections::BTreeMap;
use std::ops::Range;

use atelier_core::names::Phase;
use prost::encoding::{decode_varint, encode_varint};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::phase::phase_span_id;
use crate::pipeline::Part;
use crate::signal::Signal;

/// Wire types of protobuf ("Message Structure").
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

/// The fields that lead from a request to its items, by level (opentelemetry-proto): its resources, their scopes, and
/// what those have; data points are one level deeper, beneath whichever kind of data a metric has.
const FIELDS: [&[u64]; 3] = [&[1], &[2], &[2]];
const POINT_FIELDS: [&[u64]; 5] = [&[1], &[2], &[2], &[5, 7, 9, 10, 11], &[1]];

/// The same by name, as JSON has them.
const SPAN_NAMES: [&[&str]; 3] = [&["resourceSpans"], &["scopeSpans"], &["spans"]];
const LOG_NAMES: [&[&str]; 3] = [&["resourceLogs"], &["scopeLogs"], &["logRecords"]];
const POINT_NAMES: [&[&str]; 5] = [
    &["resourceMetrics"],
    &["scopeMetrics"],
    &["metrics"],
    &["gauge", "sum", "histogram", "exponentialHistogram", "summary"],
    &["dataPoints"],
];

/// A request as two that have about as many bytes each; `None` for one that has fewer than two items, or cannot be read.
pub(super) fn split(signal: Signal, body: &[u8], is_json: bool) -> Option<[Part; 2]> {
    let mut sizes: Vec<usize> = Vec::new();
    with_items(signal, body, is_json, &mut |item, belongs| {
        match sizes.last_mut().filter(|_| belongs) {
            Some(size) => *size += item,
            None => sizes.push(item),
        }
        false
    })?;
    let count = sizes.len();
    if count < 2 {
        return None;
    }
    let half = sizes.iter().sum::<usize>() / 2;
    let so_far = sizes.iter().scan(0, |sum, size| {
        *sum += size;
        Some(*sum)
    });
    let first = so_far.take_while(|&sum| sum <= half).count().clamp(1, count - 1);
    let part = |range: Range<usize>| {
        let items = range.len() as u64;
        let mut begun: usize = 0;
        let mut keep = |_: usize, belongs: bool| {
            if !belongs || begun == 0 {
                begun += 1;
            }
            range.contains(&(begun - 1))
        };
        let body = with_items(signal, body, is_json, &mut keep)?;
        Some(Part { body, items })
    };
    Some([part(0..first)?, part(first..count)?])
}

/// Is shown the bytes of an item, and whether it belongs to the one before; says whether it stays.
type Keep<'a> = dyn FnMut(usize, bool) -> bool + 'a;

/// The request with those items that stay.
fn with_items(signal: Signal, body: &[u8], is_json: bool, keep: &mut Keep<'_>) -> Option<Vec<u8>> {
    let has_phases = signal == Signal::Traces;
    if is_json {
        let path: &[&[&str]] = match signal {
            Signal::Traces => &SPAN_NAMES,
            Signal::Logs => &LOG_NAMES,
            Signal::Metrics => &POINT_NAMES,
        };
        let mut out = String::with_capacity(body.len());
        let mut keep = |item: &str| keep(item.len(), has_phases && is_phase_in_json(item));
        in_json(std::str::from_utf8(body).ok()?, path, &mut out, &mut keep)?;
        return Some(out.into_bytes());
    }
    let path: &[&[u64]] = match signal {
        Signal::Traces | Signal::Logs => &FIELDS,
        Signal::Metrics => &POINT_FIELDS,
    };
    let mut out = Vec::with_capacity(body.len());
    let mut keep = |item: &[u8]| keep(item.len(), has_phases && is_phase(item));
    in_protobuf(body, path, &mut out, &mut keep)?;
    Some(out)
}

/// A field of a protobuf message.
struct Field<'a> {
    number: u64,
    /// What it holds, where that has a length.
    value: Option<&'a [u8]>,
    /// All of it.
    whole: &'a [u8],
}

/// Takes the first field off a message.
fn field<'a>(message: &mut &'a [u8]) -> Option<Field<'a>> {
    let all = *message;
    let key = decode_varint(message).ok()?;
    let mut value = None;
    let skipped = match key & 7 {
        VARINT => {
            decode_varint(message).ok()?;
            0
        }
        FIXED64 => 8,
        FIXED32 => 4,
        LENGTH => {
            let length = usize::try_from(decode_varint(message).ok()?).ok()?;
            value = Some(message.get(..length)?);
            length
        }
        _ => return None,
    };
    *message = message.get(skipped..)?;
    Some(Field { number: key >> 3, value, whole: &all[..all.len() - message.len()] })
}

/// Copies a message with the items that stay; says whether there are any.
fn in_protobuf(
    mut message: &[u8],
    path: &[&[u64]],
    out: &mut Vec<u8>,
    keep: &mut dyn FnMut(&[u8]) -> bool,
) -> Option<bool> {
    let Some((level, deeper)) = path.split_first() else { return Some(false) };
    let mut any = false;
    while !message.is_empty() {
        let field = field(&mut message)?;
        match field.value.filter(|_| level.contains(&field.number)) {
            None => out.extend_from_slice(field.whole),
            Some(item) if deeper.is_empty() => {
                if keep(item) {
                    any = true;
                    out.extend_from_slice(field.whole);
                }
            }
            Some(inner) => {
                let mut kept = Vec::with_capacity(inner.len());
                if in_protobuf(inner, deeper, &mut kept, keep)? {
                    any = true;
                    encode_varint(field.number << 3 | LENGTH, out);
                    encode_varint(kept.len() as u64, out);
                    out.extend_from_slice(&kept);
                }
            }
        }
    }
    Some(any)
}

/// The same of JSON. What is not on the way stays as it is, letter by letter.
fn in_json(
    text: &str,
    path: &[&[&str]],
    out: &mut String,
    keep: &mut dyn FnMut(&str) -> bool,
) -> Option<bool> {
    let Some((level, deeper)) = path.split_first() else {
        let kept = keep(text);
        if kept {
            out.push_str(text);
        }
        return Some(kept);
    };
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let (mut any, mut comma) = (false, "");
    out.push('{');
    for (name, value) in fields {
        let start = out.len();
        out.push_str(comma);
        out.push_str(&serde_json::to_string(&name).ok()?);
        out.push(':');
        if !level.contains(&name.as_str()) {
            out.push_str(value.get());
        } else if in_list(value.get(), deeper, out, keep)? {
            any = true;
        } else {
            out.truncate(start);
            continue;
        }
        comma = ",";
    }
    out.push('}');
    Some(any)
}

/// The same of a list of objects, or of one.
fn in_list(
    text: &str,
    path: &[&[&str]],
    out: &mut String,
    keep: &mut dyn FnMut(&str) -> bool,
) -> Option<bool> {
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) else {
        return in_json(text, path, out, keep);
    };
    let mut any = false;
    out.push('[');
    for item in list {
        let start = out.len();
        if any {
            out.push(',');
        }
        if in_json(item.get(), path, out, keep)? {
            any = true;
        } else {
            out.truncate(start);
        }
    }
    out.push(']');
    Some(any)
}

/// Whether a span is a phase of the call before it, which counts as one with it: its id says so.
fn is_phase_of(parent_span_id: u64, span_id: u64) -> bool {
    Phase::ALL.into_iter().any(|phase| phase_span_id(parent_span_id, phase) == span_id)
}

fn is_phase(mut span: &[u8]) -> bool {
    let id = |value: Option<&[u8]>| value?.try_into().ok().map(u64::from_be_bytes);
    let (mut own, mut parent) = (None, None);
    while let Some(field) = field(&mut span) {
        match field.number {
            2 => own = id(field.value),
            4 => parent = id(field.value),
            _ => {}
        }
    }
    own.zip(parent).is_some_and(|(own, parent)| is_phase_of(parent, own))
}

/// The ids of a span in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ids<'a> {
    span_id: &'a str,
    parent_span_id: &'a str,
}

fn is_phase_in_json(span: &str) -> bool {
    let id = |digits| u64::from_str_radix(digits, 16).ok();
    let ids = serde_json::from_str::<Ids<'_>>(span).ok();
    ids.and_then(|ids| id(ids.parent_span_id).zip(id(ids.span_id)))
        .is_some_and(|(parent, own)| is_phase_of(parent, own))
}
