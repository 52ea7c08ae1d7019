//! Who was told what: the receiver's own count beside the exporter's, so that losses and duplicates can be accounted
//! for. An item is known again by what it is: a span by its ids, a point by its series and time, a record by all of it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::body::{Encoding, Format};
use super::signal::Signal;

/// Items that are known again; of further ones duplicates are not found, and they are counted in
/// [`Account::untracked`].
pub const DEFAULT_MAX_TRACKED: usize = 1 << 20;

/// What became of a signal's items, and of the requests they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Requests that arrived whole and were sound.
    pub requests: u64,
    /// Of these, requests in JSON.
    pub in_json: u64,
    /// Of these, requests that were compressed.
    pub compressed: u64,
    /// Items taken, each time.
    pub taken: u64,
    /// Different items taken.
    pub distinct: u64,
    /// Items that their sender was told are refused for good.
    pub rejected: u64,
    /// Items turned away without being taken, which their sender may send again.
    pub turned_away: u64,
    /// Items taken whose answer is still held.
    pub awaiting: u64,
    /// Items taken whose sender was not told so, or never got the answer.
    pub unanswered: u64,
    /// Items taken again.
    pub duplicates: u64,
    /// Items taken again although the sender had been told every time before that they were taken.
    pub unexplained: u64,
    /// Items beyond what is known again.
    pub untracked: u64,
}

/// The accounts of all signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounts {
    /// Spans.
    pub traces: Account,
    /// Data points.
    pub metrics: Account,
    /// Log records.
    pub logs: Account,
}

/// The ledger. Clones are the same ledger.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    books: Arc<Mutex<[Book; 3]>>,
    /// Told of every change; the value means nothing.
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Book {
    account: Account,
    /// Whether some sender of this item may not know that it was taken.
    unsure: HashMap<u64, bool>,
}

impl Ledger {
    pub(super) fn new(changes: watch::Sender<()>) -> Ledger {
        Ledger { books: Arc::default(), changes }
    }

    pub(super) fn accounts(&self) -> Accounts {
        let books = self.lock();
        let of = |signal: Signal| books[signal as usize].account;
        Accounts { traces: of(Signal::Traces), metrics: of(Signal::Metrics), logs: of(Signal::Logs) }
    }

    pub(super) fn reset(&self) {
        *self.lock() = Default::default();
    }

    /// A sound request has come.
    pub(super) fn came(&self, signal: Signal, format: Format, encoding: Encoding) {
        let mut books = self.lock();
        let account = &mut books[signal as usize].account;
        account.requests += 1;
        account.in_json += u64::from(format == Format::Json);
        account.compressed += u64::from(encoding == Encoding::Gzip);
        drop(books);
        self.changes.send_replace(());
    }

    /// So many items of a request are refused for good, and so many are turned away.
    pub(super) fn refused(&self, signal: Signal, rejected: u64, turned_away: u64) {
        let mut books = self.lock();
        let account = &mut books[signal as usize].account;
        account.rejected += rejected;
        account.turned_away += turned_away;
        drop(books);
        self.changes.send_replace(());
    }

    /// These items were taken. Unless what is returned hears that the sender was told so, it was not.
    pub(super) fn took(&self, signal: Signal, items: Vec<u64>) -> Taking {
        let mut books = self.lock();
        let book = &mut books[signal as usize];
        for &item in &items {
            book.take(item);
        }
        book.account.awaiting += items.len() as u64;
        drop(books);
        Taking { ledger: self.clone(), signal, items, told: false }
    }

    fn lock(&self) -> MutexGuard<'_, [Book; 3]> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn take(&mut self, item: u64) {
        self.account.taken += 1;
        let full = self.unsure.len() >= DEFAULT_MAX_TRACKED;
        match self.unsure.entry(item) {
            Entry::Occupied(known) => {
                self.account.duplicates += 1;
                self.account.unexplained += u64::from(!known.get());
            }
            Entry::Vacant(_) if full => self.account.untracked += 1,
            Entry::Vacant(new) => {
                self.account.distinct += 1;
                new.insert(false);
            }
        }
    }
}

/// Items that were taken, until it is known whether their sender was told. Dropped before that (the sender has gone,
/// or gets another answer), they count as unanswered.
#[derive(Debug)]
#[must_use]
pub(super) struct Taking {
    ledger: Ledger,
    signal: Signal,
    items: Vec<u64>,
    told: bool,
}

impl Taking {
    /// The answer that tells it leaves now.
    pub(super) fn told(mut self) {
        self.told = true;
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let mut books = self.ledger.lock();
        let book = &mut books[self.signal as usize];
        let count = self.items.len() as u64;
        book.account.awaiting -= count;
        if !self.told {
            book.account.unanswered += count;
            for item in &self.items {
                if let Some(unsure) = book.unsure.get_mut(item) {
                    *unsure = true;
                }
            }
        }
        drop(books);
        self.ledger.changes.send_replace(());
    }
}
