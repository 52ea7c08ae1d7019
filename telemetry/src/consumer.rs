//! A consumer's bounded queue and its accounts.

use std::collections::VecDeque;
use std::sync::Arc;

use atelier_core::names::Instrument;

use crate::account::{Account, Signal};
use crate::frame::LedgerRow;
use crate::log::LogRecord;
use crate::record::{Record, TaskMeta};
use crate::spans::SpanKind;

/// Why a record was lost: newer ones needed its place.
pub(crate) const QUEUE_FULL: &str = "queue_full";

/// How many records a subscription holds for a consumer that does not drain it. When one more comes, the oldest is
/// dropped and counted under `queue_full`.
pub const DEFAULT_SUBSCRIPTION_CAPACITY: usize = 16_384;

/// What a subscription takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Whether it takes the values of metrics as they happen.
    pub metrics: bool,
    /// Whether it takes calls and traces when they end.
    pub spans: bool,
    /// Whether it takes log records. Off unless asked for: nobody pays for records that nobody takes.
    pub logs: bool,
    /// Whether it also takes calls and traces that were not sampled and are told of all the same, for how they ended or how
    /// long they took. Who draws conclusions from a sample does not want them.
    pub kept: bool,
    /// Which of these in particular.
    pub only: Selection,
    /// How many records wait for it at most; see [`DEFAULT_SUBSCRIPTION_CAPACITY`]. Zero keeps none.
    pub capacity: usize,
}

impl Default for SubscribeOptions {
    fn default() -> SubscribeOptions {
        SubscribeOptions {
            metrics: true,
            spans: true,
            logs: false,
            kept: false,
            only: Selection::default(),
            capacity: DEFAULT_SUBSCRIPTION_CAPACITY,
        }
    }
}

/// A choice among what a subscription takes. What is not chosen is never emitted to it, and so in no row of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Values of these instruments; `None`: of all.
    pub instruments: Option<Vec<Instrument>>,
    /// Not calls.
    pub no_calls: bool,
    /// Not traces.
    pub no_traces: bool,
    /// Not the spans of handlers.
    pub no_handler_spans: bool,
    /// What belongs to tasks with one of these ids or names, so no traces and no log records about none; `None`: to any
    /// or none.
    pub tasks: Option<Vec<String>>,
}

impl Selection {
    fn has_task(&self, task: &TaskMeta) -> bool {
        self.tasks.as_ref().is_none_or(|tasks| {
            tasks.iter().any(|it| **it == *task.id || task.name.as_deref() == Some(it.as_str()))
        })
    }

    fn has_instrument(&self, instrument: Instrument) -> bool {
        self.instruments.as_ref().is_none_or(|instruments| instruments.contains(&instrument))
    }
}

/// One consumer of one runtime's records.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) id: u64,
    pub(crate) name: Box<str>,
    pub(crate) wants_metrics: bool,
    pub(crate) wants_calls: bool,
    pub(crate) wants_traces: bool,
    pub(crate) wants_handler_spans: bool,
    pub(crate) wants_logs: bool,
    pub(crate) takes_kept: bool,
    pub(crate) only: Selection,
    pub(crate) capacity: usize,
    pub(crate) queue: VecDeque<Record>,
    pub(crate) accounts: [Account; Signal::ALL.len()],
    pub(crate) last_error: Option<String>,
}

impl Consumer {
    /// Whether it takes values of this instrument for this task.
    pub(crate) fn takes_metric(&self, instrument: Instrument, task: &TaskMeta) -> bool {
        self.wants_metrics && self.only.has_instrument(instrument) && self.only.has_task(task)
    }

    /// Whether it takes any spans of this kind.
    pub(crate) fn wants_spans(&self, kind: SpanKind) -> bool {
        match kind {
            SpanKind::Call => self.wants_calls,
            SpanKind::Trace => self.wants_traces,
            SpanKind::Handler => self.wants_handler_spans,
        }
    }

    /// Takes nothing from now on.
    pub(crate) fn want_nothing(&mut self) {
        self.wants_metrics = false;
        self.wants_calls = false;
        self.wants_traces = false;
        self.wants_handler_spans = false;
        self.wants_logs = false;
    }

    /// Whether it takes this span.
    pub(crate) fn takes_span(&self, record: &Record) -> bool {
        match record {
            Record::Span(span) => {
                self.wants_calls
                    && (self.takes_kept || span.kept_for.is_none())
                    && self.only.has_task(&span.task)
            }
            Record::Trace(trace) => self.wants_traces && (self.takes_kept || trace.kept_for.is_none()),
            Record::Handler(span) => self.wants_handler_spans && self.only.has_task(&span.task),
            Record::Metric(_) | Record::Log(_) => false,
        }
    }

    /// Whether it takes this log record. One that is about no task is for those who take all of them.
    pub(crate) fn takes_log(&self, record: &LogRecord) -> bool {
        let chosen = match &record.task {
            Some(task) => self.only.has_task(task),
            None => self.only.tasks.is_none(),
        };
        self.wants_logs && chosen
    }

    pub(crate) fn account(&mut self, signal: Signal) -> &mut Account {
        &mut self.accounts[signal as usize]
    }

    /// Puts a record into the queue, at the cost of the oldest when it is full.
    pub(crate) fn push(&mut self, record: Record) {
        let signal = signal_of(&record);
        if self.capacity == 0 {
            self.account(signal).lose(QUEUE_FULL);
            return;
        }
        while self.queue.len() >= self.capacity {
            if let Some(oldest) = self.queue.pop_front() {
                self.account(signal_of(&oldest)).evict(QUEUE_FULL);
            }
        }
        self.account(signal).queue();
        self.queue.push_back(record);
    }

    /// Hands over the oldest records, at most `max`.
    pub(crate) fn drain(&mut self, max: usize) -> Vec<Record> {
        let count = max.min(self.queue.len());
        let records: Vec<Record> = self.queue.drain(..count).collect();
        for record in &records {
            self.account(signal_of(record)).hand_over();
        }
        records
    }

    /// The accounts of the signals it takes, and of others that it used.
    pub(crate) fn ledger(&self) -> impl Iterator<Item = LedgerRow> + '_ {
        Signal::ALL.into_iter().filter_map(|signal| {
            let account = &self.accounts[signal as usize];
            let subscribed = match signal {
                Signal::Events => self.wants_metrics,
                Signal::Spans => self.wants_calls || self.wants_traces || self.wants_handler_spans,
                Signal::Logs => self.wants_logs,
                Signal::Metrics => false,
            };
            (subscribed || account.is_used())
                .then(|| account.row(&self.name, signal, self.last_error.clone()))
        })
    }
}

/// The signal that a record belongs to.
pub(crate) fn signal_of(record: &Record) -> Signal {
    match record {
        Record::Metric(_) => Signal::Events,
        Record::Span(_) | Record::Trace(_) | Record::Handler(_) => Signal::Spans,
        Record::Log(_) => Signal::Logs,
    }
}

/// The consumers of one runtime.
#[derive(Debug, Default)]
pub(crate) struct Consumers(pub(crate) Vec<Consumer>);

impl Consumers {
    pub(crate) fn find(&mut self, id: u64) -> Option<&mut Consumer> {
        self.0.iter_mut().find(|consumer| consumer.id == id)
    }

    pub(crate) fn want_metrics(&self) -> bool {
        self.0.iter().any(|consumer| consumer.wants_metrics)
    }

    pub(crate) fn want_logs(&self) -> bool {
        self.0.iter().any(|consumer| consumer.wants_logs)
    }

    /// Takes a log record.
    pub(crate) fn log(&mut self, record: LogRecord) {
        let record = Arc::new(record);
        for consumer in self.0.iter_mut().filter(|it| it.takes_log(&record)) {
            consumer.push(Record::Log(record.clone()));
        }
    }

    /// A log record was lost before it was made.
    pub(crate) fn lose_log(&mut self, reason: &'static str) {
        for consumer in self.0.iter_mut().filter(|it| it.wants_logs) {
            consumer.account(Signal::Logs).lose(reason);
        }
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerRow> {
        self.0.iter().flat_map(Consumer::ledger).collect()
    }
}
