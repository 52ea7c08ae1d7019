//! Spans straight to protobuf, without a struct and its strings for each of them: ten times as many a second.
//!
//! It writes what `prost` would write of the same spans as structs, byte for byte, and tests hold it to that: the same
//! fields in the same order (opentelemetry-proto, `trace.proto` and `common.proto`). Varints and lengths are prost's own.

use std::sync::Arc;

use atelier_telemetry::TaskMeta;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::limits::{Limiter, MAX_NAME_LENGTH};
use super::message;
use super::sink::{Attributes, Head, SpanSink};

/// Keys of fields: number and wire type (protobuf, "Message Structure").
const fn key(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;

/// Length-delimited fields of `ExportTraceServiceRequest`, `ResourceSpans` and `ScopeSpans`.
const RESOURCE_SPANS: u8 = key(1, LENGTH);
const RESOURCE: u8 = key(1, LENGTH);
const SCOPE_SPANS: u8 = key(2, LENGTH);
const SCOPE: u8 = key(1, LENGTH);
const SPAN: u8 = key(2, LENGTH);

/// Bytes kept free for the length of a span: those from 128 bytes to 16 KiB have two.
const SPAN_LENGTH: usize = 2;

/// Spans of the same task.
#[derive(Debug)]
struct Group {
    task: Option<Arc<TaskMeta>>,
    /// Field after field of a `ScopeSpans`.
    spans: Vec<u8>,
}

/// A request in the making.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    limiter: &'a mut Limiter,
    groups: Vec<Group>,
    /// The group of the span that was begun.
    current: usize,
    /// Where that span's own fields begin.
    start: usize,
    /// Attributes that the span has, and those that it had no place for.
    count: u32,
    dropped: u32,
    /// How long the first group gets, by experience.
    capacity: usize,
}

impl<'a> Wire<'a> {
    /// Expects spans of so many bytes in all.
    pub(super) fn with_capacity(capacity: usize, limiter: &'a mut Limiter) -> Wire<'a> {
        Wire { limiter, groups: Vec::new(), current: 0, start: 0, count: 0, dropped: 0, capacity }
    }

    /// The whole request. `resource` is an encoded `Resource`. Nothing when there were no spans.
    pub(super) fn finish(self, resource: &[u8], scope: &InstrumentationScope) -> Vec<u8> {
        if self.groups.is_empty() {
            return Vec::new();
        }
        let scopes: Vec<Vec<u8>> = self
            .groups
            .iter()
            .map(|it| {
                let mut scope = message::scope_of(scope, it.task.as_deref());
                self.limiter.values(&mut scope.attributes);
                scope.encode_to_vec()
            })
            .collect();
        let groups = || self.groups.iter().zip(&scopes);
        let scope_spans = |(group, scope): (&Group, &Vec<u8>)| field_len(scope.len()) + group.spans.len();
        let inner = field_len(resource.len()) + groups().map(scope_spans).map(field_len).sum::<usize>();
        let mut body = Vec::with_capacity(field_len(inner));
        length_delimited(&mut body, RESOURCE_SPANS, inner);
        length_delimited(&mut body, RESOURCE, resource.len());
        body.extend_from_slice(resource);
        for (group, scope) in groups() {
            length_delimited(&mut body, SCOPE_SPANS, scope_spans((group, scope)));
            length_delimited(&mut body, SCOPE, scope.len());
            body.extend_from_slice(scope);
            body.extend_from_slice(&group.spans);
        }
        body
    }

    /// The group of a task, which most often is the one before.
    fn turn_to(&mut self, task: Option<&Arc<TaskMeta>>) {
        let same = |group: &Group| match (&group.task, task) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || have_the_same_scope(one, other),
            (None, None) => true,
            _ => false,
        };
        if self.groups.get(self.current).is_some_and(same) {
            return;
        }
        self.current = self.groups.iter().position(same).unwrap_or_else(|| {
            // The first is most often the only one; as much for each of many tasks would be a lot of memory.
            let spans = if self.groups.is_empty() { Vec::with_capacity(self.capacity) } else { Vec::new() };
            self.groups.push(Group { task: task.cloned(), spans });
            self.groups.len() - 1
        });
    }

    #[inline(always)]
    fn out(&mut self) -> Option<&mut Vec<u8>> {
        self.groups.get_mut(self.current).map(|group| &mut group.spans)
    }

    /// Whether the span takes another attribute.
    #[inline(always)]
    fn takes(&mut self, name: &str) -> bool {
        let takes = self.limiter.takes(self.count, name);
        self.count += u32::from(takes);
        self.dropped += u32::from(!takes);
        takes
    }

    /// The key of an attribute of the span and of its value, up to the value's own bytes (`value_len` of them).
    #[inline(always)]
    fn attribute(&mut self, name: &str, value_len: usize) -> Option<&mut Vec<u8>> {
        const ATTRIBUTE: u8 = key(9, LENGTH);
        const KEY: u8 = key(1, LENGTH);
        const VALUE: u8 = key(2, LENGTH);
        let out = self.out()?;
        length_delimited(out, ATTRIBUTE, field_len(name.len()) + field_len(value_len));
        length_delimited(out, KEY, name.len());
        out.extend_from_slice(name.as_bytes());
        length_delimited(out, VALUE, value_len);
        Some(out)
    }
}

impl Attributes for Wire<'_> {
    #[inline(always)]
    fn text(&mut self, key_: &str, value: &str) {
        if !self.takes(key_) {
            return;
        }
        let value = self.limiter.value(value);
        if let Some(out) = self.attribute(key_, field_len(value.len())) {
            length_delimited(out, key(1, LENGTH), value.len());
            out.extend_from_slice(value.as_bytes());
        }
    }

    #[inline(always)]
    fn bool(&mut self, key_: &str, value: bool) {
        if !self.takes(key_) {
            return;
        }
        if let Some(out) = self.attribute(key_, 2) {
            out.extend_from_slice(&[key(2, VARINT), value.into()]);
        }
    }

    #[inline(always)]
    fn int(&mut self, key_: &str, value: i64) {
        if !self.takes(key_) {
            return;
        }
        // protobuf: a negative int64 is a varint of ten bytes, its two's complement.
        let value = value as u64;
        if let Some(out) = self.attribute(key_, 1 + encoded_len_varint(value)) {
            out.push(key(3, VARINT));
            varint(out, value);
        }
    }

    #[inline(always)]
    fn double(&mut self, key_: &str, value: f64) {
        if !self.takes(key_) {
            return;
        }
        if let Some(out) = self.attribute(key_, 9) {
            fixed64(out, key(4, FIXED64), value.to_bits());
        }
    }
}

impl SpanSink for Wire<'_> {
    fn begin(&mut self, task: Option<&Arc<TaskMeta>>, head: &Head<'_>) {
        self.turn_to(task);
        (self.count, self.dropped) = (0, 0);
        let whole = whole_name(head.name, self.limiter);
        let Some(out) = self.out() else { return };
        out.push(SPAN);
        out.extend_from_slice(&[0; SPAN_LENGTH]);
        let start = out.len();
        length_delimited(out, key(1, LENGTH), 16);
        out.extend_from_slice(&head.trace_id.to_be_bytes());
        length_delimited(out, key(2, LENGTH), 8);
        out.extend_from_slice(&head.span_id.to_be_bytes());
        if let Some(parent) = head.parent_span_id {
            length_delimited(out, key(4, LENGTH), 8);
            out.extend_from_slice(&parent.to_be_bytes());
        }
        name(out, whole.as_deref().map_or(head.name, |whole| (whole, None)));
        out.extend_from_slice(&[key(6, VARINT), SpanKind::Internal as u8]);
        if head.start_unix_nano != 0 {
            fixed64(out, key(7, FIXED64), head.start_unix_nano);
        }
        if head.end() != 0 {
            fixed64(out, key(8, FIXED64), head.end());
        }
        self.start = start;
    }

    fn end(&mut self, head: &Head<'_>) {
        let (start, dropped) = (self.start, self.dropped);
        let error = head.error.map(|said| self.limiter.name(said));
        let Some(out) = self.out() else { return };
        if dropped > 0 {
            out.push(key(10, VARINT));
            varint(out, dropped.into());
        }
        if let Some(said) = error {
            let message_len = if said.is_empty() { 0 } else { field_len(said.len()) };
            length_delimited(out, key(15, LENGTH), message_len + 2);
            if !said.is_empty() {
                length_delimited(out, key(2, LENGTH), said.len());
                out.extend_from_slice(said.as_bytes());
            }
            out.extend_from_slice(&[key(3, VARINT), StatusCode::Error as u8]);
        }
        // What is zero is left out, as everywhere in protobuf.
        if head.flags() != 0 {
            // Field 16 is the first whose key has two bytes.
            out.extend_from_slice(&[0x85, 0x01]);
            out.extend_from_slice(&head.flags().to_le_bytes());
        }
        set_length(out, start);
    }
}

/// A name that is too long, cut.
fn whole_name((first, second): (&str, Option<&str>), limiter: &mut Limiter) -> Option<String> {
    if first.len() + second.map_or(0, |second| 1 + second.len()) <= MAX_NAME_LENGTH {
        return None;
    }
    let mut whole = second.map_or_else(|| first.to_owned(), |second| format!("{first}.{second}"));
    limiter.own_name(&mut whole);
    Some(whole)
}

fn have_the_same_scope(one: &TaskMeta, other: &TaskMeta) -> bool {
    one.id == other.id && one.name == other.name && one.kind == other.kind
}

fn name(out: &mut Vec<u8>, (first, second): (&str, Option<&str>)) {
    let second_len = second.map_or(0, |second| 1 + second.len());
    if first.len() + second_len == 0 {
        return;
    }
    length_delimited(out, key(5, LENGTH), first.len() + second_len);
    out.extend_from_slice(first.as_bytes());
    if let Some(second) = second {
        out.push(b'.');
        out.extend_from_slice(second.as_bytes());
    }
}

/// Writes the length of the span that begins at `start` into the bytes kept free before it, making room or taking some
/// away where it is no usual span.
fn set_length(out: &mut Vec<u8>, start: usize) {
    let length = (out.len() - start) as u64;
    let needed = encoded_len_varint(length);
    if needed == SPAN_LENGTH {
        if let Some(place) = out.get_mut(start - SPAN_LENGTH..start) {
            place.copy_from_slice(&[length as u8 | 0x80, (length >> 7) as u8]);
        }
        return;
    }
    let mut written = Vec::with_capacity(needed);
    encode_varint(length, &mut written);
    out.splice(start - SPAN_LENGTH..start, written);
}

/// The bytes of a length-delimited field with a key of one byte.
#[inline(always)]
fn field_len(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

#[inline(always)]
fn length_delimited(out: &mut Vec<u8>, key: u8, length: usize) {
    if length < 0x80 {
        out.extend_from_slice(&[key, length as u8]);
    } else {
        out.push(key);
        encode_varint(length as u64, out);
    }
}

#[inline(always)]
fn varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else {
        encode_varint(value, out);
    }
}

#[inline(always)]
fn fixed64(out: &mut Vec<u8>, key: u8, value: u64) {
    out.push(key);
    out.extend_from_slice(&value.to_le_bytes());
}
