//! The records that wait for their batch.

use std::collections::VecDeque;

use atelier_telemetry::Record;

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
