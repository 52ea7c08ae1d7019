//! The page's own telemetry as a source.

use std::cell::RefCell;

use atelier_telemetry::frame::LedgerRow;
use atelier_telemetry::{MetricsReader, MetricsSnapshot, Record, SubscribeOptions, Subscription, Telemetry};

use crate::config::OtlpConfig;
use crate::signal::Signal;
use crate::source::{Fate, Source};

/// One runtime's telemetry, under one name in the ledger.
#[derive(Debug)]
pub struct TelemetrySource {
    state: RefCell<State>,
}

#[derive(Debug)]
enum State {
    Open(Subscription, MetricsReader),
    /// The ledger as it was at the end: a subscription that has ended has no rows.
    Closed(Vec<LedgerRow>),
}

impl TelemetrySource {
    /// Subscribes to a runtime's telemetry as `consumer`, as far as the configuration asks for it.
    pub fn new(telemetry: &Telemetry, runtime: u64, consumer: &str, config: &OtlpConfig) -> TelemetrySource {
        let options = SubscribeOptions {
            // Metrics are read as a whole.
            metrics: false,
            spans: config.signals.contains(&Signal::Traces),
            logs: config.signals.contains(&Signal::Logs),
            // Whether there are any is the runtime's affair; they say themselves what they are.
            kept: true,
            capacity: config.max_queue_size as usize,
            ..SubscribeOptions::default()
        };
        let subscription = telemetry.subscribe(runtime, consumer, options);
        TelemetrySource { state: RefCell::new(State::Open(subscription, telemetry.metrics_reader(runtime))) }
    }

    /// What became of everything so far, by signal.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        match &*self.state.borrow() {
            State::Open(subscription, _) => subscription.ledger(),
            State::Closed(rows) => rows.clone(),
        }
    }

    fn with<T: Default>(&self, act: impl FnOnce(&Subscription) -> T) -> T {
        match &*self.state.borrow() {
            State::Open(subscription, _) => act(subscription),
            State::Closed(_) => T::default(),
        }
    }
}

impl Source for TelemetrySource {
    fn drain(&self, max: usize) -> Vec<Record> {
        self.with(|subscription| subscription.drain(max))
    }

    fn is_empty(&self) -> bool {
        self.with(Subscription::len) == 0
    }

    fn metrics(&self, now_unix_nano: u64) -> MetricsSnapshot {
        match &*self.state.borrow() {
            State::Open(_, metrics) => metrics.read(now_unix_nano),
            State::Closed(_) => MetricsSnapshot::default(),
        }
    }

    fn emitted(&self, signal: Signal, n: u64) {
        self.with(|subscription| subscription.emitted(in_ledger(signal), n));
    }

    fn settle(&self, signal: Signal, fate: Fate<'_>, n: u64) {
        let signal = in_ledger(signal);
        self.with(|subscription| match fate {
            Fate::Delivered => subscription.delivered(signal, n),
            Fate::Rejected => subscription.rejected(signal, n),
            Fate::Dropped(reason) => subscription.dropped(signal, reason, n),
        });
    }

    fn account(&self, signal: Signal) -> Option<LedgerRow> {
        let name = in_ledger(signal).name();
        self.ledger().into_iter().find(|row| row.signal == name)
    }

    fn set_last_error(&self, message: String) {
        self.with(|subscription| subscription.set_last_error(Some(message)));
    }

    fn set_last_rejection(&self, signal: Signal, why: &str) {
        self.with(|subscription| subscription.set_last_rejection(in_ledger(signal), why.to_owned()));
    }

    fn set_next_retry(&self, signal: Signal, at_unix_ms: Option<f64>) {
        self.with(|subscription| subscription.set_next_retry(in_ledger(signal), at_unix_ms));
    }

    fn leaving(&self, now_unix_nano: u64) {
        self.with(|subscription| subscription.page_left(now_unix_nano));
    }

    fn close(&self) {
        let rows = self.ledger();
        let open = self.state.replace(State::Closed(rows));
        // Ends the subscription, now that nothing is borrowed.
        drop(open);
    }
}

fn in_ledger(signal: Signal) -> atelier_telemetry::Signal {
    match signal {
        Signal::Traces => atelier_telemetry::Signal::Spans,
        Signal::Logs => atelier_telemetry::Signal::Logs,
        Signal::Metrics => atelier_telemetry::Signal::Metrics,
    }
}
