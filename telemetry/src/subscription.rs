//! A consumer's end of its queue.

use std::sync::Arc;

use crate::account::{Account, Signal};
use crate::consumer::Consumer;
use crate::frame::LedgerRow;
use crate::record::Record;
use crate::state::Shared;

/// A consumer's hold on a runtime's records. Dropping it ends the subscription, and its rows leave the ledger.
///
/// Records come out with [`Subscription::drain`] and stay `pending` in the ledger until the consumer says what became
/// of them. All methods do nothing, and give nothing, once the runtime was forgotten.
#[must_use = "dropping a subscription ends it"]
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    runtime: u64,
    id: u64,
}

impl Subscription {
    pub(crate) fn new(shared: Arc<Shared>, runtime: u64, id: u64) -> Subscription {
        Subscription { shared, runtime, id }
    }

    fn with<T: Default>(&self, act: impl FnOnce(&mut Consumer) -> T) -> T {
        self.shared.lock().consumer(self.runtime, self.id).map(act).unwrap_or_default()
    }

    fn account<T: Default>(&self, signal: Signal, act: impl FnOnce(&mut Account) -> T) -> T {
        self.with(|consumer| act(consumer.account(signal)))
    }

    /// The oldest records, at most `max`. They are in the consumer's hands from now on and pending until settled.
    #[must_use = "drained records are the consumer's to settle"]
    pub fn drain(&self, max: usize) -> Vec<Record> {
        self.with(|consumer| consumer.drain(max))
    }

    /// Puts every gauge as it is now into the queue, where the consumer takes it: for one that came after they were last set.
    pub fn give_gauges(&self, now_unix_nano: u64) {
        if let Some(runtime) = self.shared.lock().runtimes.get_mut(&self.runtime) {
            runtime.give_gauges(self.id, now_unix_nano);
        }
    }

    /// Whether no record waits.
    pub fn is_empty(&self) -> bool {
        self.with(|consumer| Some(consumer.queue.is_empty())).unwrap_or(true)
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.with(|consumer| consumer.queue.len())
    }

    /// The consumer made `n` things of its own, such as points of metrics; they are pending until settled. Telling this
    /// is only needed for what is not settled at once: whatever is settled beyond what is pending counts as emitted.
    pub fn emitted(&self, signal: Signal, n: u64) {
        self.account(signal, |account| account.emit(n));
    }

    /// `n` of those in hand were taken by the consumer.
    pub fn delivered(&self, signal: Signal, n: u64) {
        self.account(signal, |account| account.settle_delivered(n));
    }

    /// `n` of those in hand were refused for good.
    pub fn rejected(&self, signal: Signal, n: u64) {
        self.account(signal, |account| account.settle_rejected(n));
    }

    /// `n` of those in hand were lost.
    pub fn dropped(&self, signal: Signal, reason: &str, n: u64) {
        self.account(signal, |account| account.settle_dropped(n, reason));
    }

    /// The page is hidden or left: tells this consumer, if it takes log records, what each worker was at that has calls
    /// (event name [`PAGE_LEFT`](atelier_core::names::PAGE_LEFT), at most
    /// [`DEFAULT_LEFT_WORKERS`](crate::DEFAULT_LEFT_WORKERS) of them). To be called once when the page is left.
    pub fn page_left(&self, now_unix_nano: u64) {
        self.shared.lock().page_left(self.runtime, self.id, now_unix_nano);
    }

    /// How many of this signal were lost so far, for whatever reason.
    pub fn total_dropped(&self, signal: Signal) -> u64 {
        self.account(signal, |account| account.total_dropped())
    }

    /// Takes nothing new from now on. What waits can still be drained, what is in hand settled, and the rows stay.
    pub fn end(&self) {
        self.shared.change(|state| {
            if let Some(consumer) = state.consumer(self.runtime, self.id) {
                consumer.want_nothing();
            }
        });
    }

    /// Shows an error beside the consumer's rows, or takes it away.
    pub fn set_last_error(&self, message: Option<String>) {
        self.with(|consumer| consumer.last_error = message);
    }

    /// Says why something of a signal was refused.
    pub fn set_last_rejection(&self, signal: Signal, why: String) {
        self.account(signal, |account| account.last_rejection = Some(why));
    }

    /// Says when what waits of a signal is sent again after a failure, in milliseconds since the Unix epoch; `None` when
    /// nothing has to wait.
    pub fn set_next_retry(&self, signal: Signal, at_unix_ms: Option<f64>) {
        self.account(signal, |account| account.next_retry = at_unix_ms);
    }

    /// The consumer's rows: one for each signal it takes or has used.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        self.with(|consumer| consumer.ledger().collect())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let ended = self.shared.change(|state| {
            let consumers = &mut state.runtimes.get_mut(&self.runtime)?.consumers.0;
            let place = consumers.iter().position(|consumer| consumer.id == self.id)?;
            Some(consumers.remove(place))
        });
        // Freed here, when the lock is no longer held: it may be many records.
        drop(ended);
    }
}
