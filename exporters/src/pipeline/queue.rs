//! The records that wait for their batch.

use std::collections::VecDeque;
use std::sync::Arc;

use atelier_telemetry::{LogValue, Record};

/// A bounded queue: the oldest makes room for the newest.
#[derive(Debug)]
pub(super) struct RecordQueue {
    queue: VecDeque<Record>,
    capacity: usize,
    /// The place of the first in the order in which all came.
    head: u64,
}

impl RecordQueue {
    pub(super) fn new(capacity: usize) -> RecordQueue {
        RecordQueue { queue: VecDeque::new(), capacity, head: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many have left it since the beginning, whatever became of them.
    pub(super) fn left(&self) -> u64 {
        self.head
    }

    /// How many have come since the beginning.
    pub(super) fn came(&self) -> u64 {
        self.head + self.queue.len() as u64
    }

    /// Adds the newest; says how many of the oldest had to go.
    pub(super) fn push(&mut self, record: Record) -> u64 {
        self.queue.push_back(record);
        let over = self.queue.len().saturating_sub(self.capacity);
        self.take(over);
        over as u64
    }

    /// How many of the oldest are at most so many and have at most so many bytes of text; one in any case. What is encoded
    /// is bounded by that: it may be a lot more than what can be sent, or than there is memory for.
    pub(super) fn count_within(&self, max: usize, max_bytes: usize) -> usize {
        let sums = self.queue.iter().take(max).scan(0, |sum: &mut usize, record| {
            *sum = sum.saturating_add(text_bytes(record));
            Some(*sum)
        });
        sums.take_while(|&sum| sum <= max_bytes).count().max(1).min(self.queue.len())
    }

    /// The oldest, at most so many, to be encoded; they stay until [`RecordQueue::take`].
    pub(super) fn peek(&mut self, max: usize) -> &[Record] {
        let count = max.min(self.queue.len());
        &self.queue.make_contiguous()[..count]
    }

    /// Lets the oldest go.
    pub(super) fn take(&mut self, count: usize) {
        let count = count.min(self.queue.len());
        self.queue.drain(..count);
        self.head += count as u64;
    }

    /// Lets all go; says how many.
    pub(super) fn clear(&mut self) -> u64 {
        let count = self.queue.len();
        self.take(count);
        count as u64
    }
}

/// Bytes of the texts of a record that may be long.
fn text_bytes(record: &Record) -> usize {
    let some = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
    match record {
        Record::Span(call) => {
            let name = some(&call.task.name).max(call.task.id.len()) + call.method.len();
            // The method is an attribute as well.
            name + call.method.len() + some(&call.error_type) + some(&call.error_message)
        }
        Record::Trace(trace) => some(&trace.name) + some(&trace.error_type) + some(&trace.error_message),
        Record::Handler(span) => {
            let error = some(&span.error_type) + some(&span.error_message);
            span.name.len() + some(&span.attributes) + error
        }
        Record::Log(log) => {
            let value = |value: &LogValue| if let LogValue::Text(text) = value { text.len() } else { 0 };
            log.body.len() + log.attributes.iter().map(|(name, it)| name.len() + value(it)).sum::<usize>()
        }
        Record::Metric(_) => 0,
    }
}
