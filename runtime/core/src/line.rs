//! Calls in line, each found, put in and taken out in logarithmic time.

use std::collections::BTreeMap;

use crate::handle::CallId;
use crate::input::Priority;
use crate::work;

/// A call's place among others: by time of the call with its priority's handicap, then by order of calls. A call keeps
/// it for life, so that one which is requeued finds its old place again.
pub(crate) type Rank = (u64, u64);

/// Calls in the order they are to be taken.
#[derive(Debug, Default)]
pub(crate) struct Line(BTreeMap<Rank, CallId>);

impl Line {
    pub(crate) fn insert(&mut self, rank: Rank, call: CallId) {
        work::search(self.0.len());
        self.0.insert(rank, call);
    }

    pub(crate) fn remove(&mut self, rank: Rank) {
        work::search(self.0.len());
        self.0.remove(&rank);
    }

    pub(crate) fn first(&self) -> Option<(Rank, CallId)> {
        work::search(self.0.len());
        self.0.first_key_value().map(|(&rank, &call)| (rank, call))
    }

    pub(crate) fn last(&self) -> Option<(Rank, CallId)> {
        work::search(self.0.len());
        self.0.last_key_value().map(|(&rank, &call)| (rank, call))
    }

    pub(crate) fn pop_first(&mut self) -> Option<(Rank, CallId)> {
        work::search(self.0.len());
        self.0.pop_first()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = CallId> {
        self.0.values().inspect(|_| work::steps(1)).copied()
    }
}

/// The queue of a task: one line a priority. Within a line ranks go by age, so that both the next call and the oldest
/// one, which need not be the same, are at the head of some line.
#[derive(Debug, Default)]
pub(crate) struct Queue([Line; 3]);

impl Queue {
    pub(crate) fn insert(&mut self, priority: Priority, rank: Rank, call: CallId) {
        self.0[priority as usize].insert(rank, call);
    }

    pub(crate) fn remove(&mut self, priority: Priority, rank: Rank) {
        self.0[priority as usize].remove(rank);
    }

    pub(crate) fn pop_next(&mut self) -> Option<(Rank, CallId)> {
        self.0.iter_mut().min_by_key(|line| (line.is_empty(), line.first()))?.pop_first()
    }

    /// The rank of the one that is taken next.
    pub(crate) fn first(&self) -> Option<Rank> {
        self.0.iter().filter_map(Line::first).min().map(|(rank, _)| rank)
    }

    /// The one that would be taken last.
    pub(crate) fn last(&self) -> Option<CallId> {
        self.0.iter().filter_map(Line::last).max().map(|(_, call)| call)
    }

    /// The one that was called first.
    pub(crate) fn oldest(&self) -> Option<CallId> {
        self.0.iter().filter_map(Line::first).min_by_key(|((_, order), _)| *order).map(|(_, call)| call)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Line::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Line::is_empty)
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = CallId> {
        self.0.iter().flat_map(Line::calls)
    }
}
