//! A source that a test fills, with a ledger of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use atelier_core::names::Metric;
use atelier_exporters::{Fate, Signal, Source};
use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::{LogRecord, LogSeverity, MetricsSnapshot, Record, Series, SeriesKey};

use super::{EPOCH_NANO, key};

/// What became of one signal's items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub emitted: u64,
    pub delivered: u64,
    pub rejected: u64,
    pub dropped: BTreeMap<String, u64>,
}

impl Account {
    pub fn settled(&self) -> u64 {
        self.delivered + self.rejected + self.dropped.values().sum::<u64>()
    }

    pub fn pending(&self) -> u64 {
        self.emitted.checked_sub(self.settled()).expect("nothing is settled twice")
    }
}

/// Telemetry that a test emits.
#[derive(Default)]
pub struct TestSource {
    waiting: RefCell<VecDeque<Record>>,
    points: Cell<u64>,
    /// How many series there are, each with the same total.
    pub series: Cell<u32>,
    accounts: RefCell<HashMap<Signal, Account>>,
    pub last_error: RefCell<Option<String>>,
    pub closed: Cell<bool>,
    /// Whether it tells the pipeline its accounts.
    pub tells_accounts: Cell<bool>,
}

impl TestSource {
    pub fn account(&self, signal: Signal) -> Account {
        self.accounts.borrow().get(&signal).cloned().unwrap_or_default()
    }

    /// So many log records are told, each with its number.
    pub fn tell(&self, logs: u64) {
        let told = self.account(Signal::Logs).emitted;
        for number in told..told + logs {
            let log = LogRecord::new(EPOCH_NANO, LogSeverity::INFO, number.to_string());
            self.waiting.borrow_mut().push_back(Record::Log(Arc::new(log)));
        }
        self.with(Signal::Logs, |account| account.emitted += logs);
    }

    pub fn push(&self, record: Record) {
        self.waiting.borrow_mut().push_back(record);
    }

    pub fn set_points(&self, total: u64) {
        self.points.set(total);
    }

    pub fn with(&self, signal: Signal, change: impl FnOnce(&mut Account)) {
        change(self.accounts.borrow_mut().entry(signal).or_default());
    }
}

#[derive(Clone, Default)]
pub struct Shared(pub Rc<TestSource>);

impl Source for Shared {
    fn drain(&self, max: usize) -> Vec<Record> {
        let mut waiting = self.0.waiting.borrow_mut();
        let count = max.min(waiting.len());
        waiting.drain(..count).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.waiting.borrow().is_empty()
    }

    fn metrics(&self, now_unix_nano: u64) -> MetricsSnapshot {
        let points = self.0.points.get();
        let count = if points > 0 { self.0.series.get().max(1) } else { 0 };
        let of_worker = |index| SeriesKey { worker_index: Some(index), ..key(Metric::TaskDispatched) };
        let series = (0..count).map(|index| (of_worker(index), Series::Counter(points)));
        MetricsSnapshot {
            start_unix_nano: EPOCH_NANO,
            time_unix_nano: now_unix_nano,
            series: series.collect(),
            overflow: Vec::new(),
        }
    }

    fn emitted(&self, signal: Signal, n: u64) {
        self.0.with(signal, |account| account.emitted += n);
    }

    fn settle(&self, signal: Signal, fate: Fate<'_>, n: u64) {
        self.0.with(signal, |account| match fate {
            Fate::Delivered => account.delivered += n,
            Fate::Rejected => account.rejected += n,
            Fate::Dropped(reason) => *account.dropped.entry(reason.to_owned()).or_default() += n,
        });
        self.0.account(signal).pending();
    }

    fn account(&self, signal: Signal) -> Option<LedgerRow> {
        let account = self.0.account(signal);
        self.0.tells_accounts.get().then(|| LedgerRow {
            consumer: "otlp:1".to_owned(),
            signal: signal.name().to_owned(),
            emitted: account.emitted,
            delivered: account.delivered,
            rejected: account.rejected,
            pending: account.pending(),
            dropped: account.dropped.into_iter().collect(),
            last_error: None,
            last_rejection: None,
            next_retry: None,
        })
    }

    fn set_last_error(&self, message: String) {
        *self.0.last_error.borrow_mut() = Some(message);
    }

    fn close(&self) {
        self.0.closed.set(true);
    }
}
