//! The durable queue: batches that wait for better times, in memory and, so that they outlive the page, in storage.
//!
//! Without I/O, clock or randomness of its own. [`Backlog`] is what one exporter has waiting. Storage holds a copy of it
//! for whoever comes after: a batch is written when it first fails, when nothing can be sent, and when the page may go;
//! it is deleted when it is settled. While an exporter lives (it holds a Web Lock of its own name) its batches are its
//! own; what the dead left is taken over by one of the living ([`plan`]), in one transaction, and counts in that one's
//! ledger from then on.

mod backlog;
mod key;
mod plan;

pub(crate) use backlog::Stored;
pub use backlog::{Backlog, Batch, BatchId};
pub use key::{Key, UnreadableKey, stored_address};
pub use plan::{
    DEFAULT_LOCKLESS_ORPHAN_AGE_MS, DEFAULT_NEIGHBOR_INTERVAL_MS, DEFAULT_ORPHAN_AGE_MS, Plan, View, plan,
};

use crate::signal::Signal;

/// Bytes of bodies that wait in one exporter's durable queue. When it is reached the oldest batch makes room, counted
/// as `durable_full`. What exporters left that are gone has as much again.
pub const DEFAULT_DURABLE_BYTES: u32 = 4 * 1024 * 1024;
/// Batches that wait. When it is reached the oldest makes room, counted as `durable_full`.
pub const DEFAULT_DURABLE_BATCHES: usize = 8_192;
/// How long a batch waits: a day, in milliseconds. When it is reached the batch is dropped, counted as
/// `durable_expired`: collectors refuse what is too old, and nobody looks at it any more.
pub const DEFAULT_DURABLE_AGE_MS: u64 = 86_400_000;

/// What an exporter found that others left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Batches that are its own from now on.
    pub batches: Vec<Batch>,
    /// What was thrown away: how many items of which signal, and why.
    pub discarded: Vec<(Signal, u64, &'static str)>,
    /// Entries that nobody could read, and that were thrown away.
    pub broken: usize,
    /// When to look again, if something was too young to be touched: so many milliseconds from now.
    pub again_in_ms: Option<u64>,
}

/// The bounds of a durable queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurableSettings {
    /// Bytes of bodies.
    pub max_bytes: u64,
    /// Batches.
    pub max_batches: usize,
    /// How long a batch may wait, in milliseconds.
    pub max_age_ms: u64,
}

impl Default for DurableSettings {
    fn default() -> Self {
        DurableSettings {
            max_bytes: DEFAULT_DURABLE_BYTES.into(),
            max_batches: DEFAULT_DURABLE_BATCHES,
            max_age_ms: DEFAULT_DURABLE_AGE_MS,
        }
    }
}

impl DurableSettings {
    /// Whether what was made then has waited too long; both in milliseconds since the epoch.
    pub(crate) fn is_expired(&self, made_ms: u64, now_ms: u64) -> bool {
        now_ms.saturating_sub(made_ms) > self.max_age_ms
    }
}
