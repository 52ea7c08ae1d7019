//! What the exporters send.

use atelier_telemetry::Record;

/// A kind of telemetry, with an address of its own at the collector and a request of its own at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// Spans: one a call, one a trace.
    Traces,
    /// Log records.
    Logs,
    /// Every series of the runtime, as data points.
    Metrics,
}

impl Signal {
    /// All of them, in the order in which they are sent.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

    /// The signal's name in options and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }

    /// The signal that a record belongs to; none for the single values of metrics, which are read as a whole.
    pub fn of(record: &Record) -> Option<Signal> {
        match record {
            Record::Span(_) | Record::Trace(_) | Record::Handler(_) => Some(Signal::Traces),
            Record::Log(_) => Some(Signal::Logs),
            Record::Metric(_) => None,
        }
    }

    /// The signal with this name, if it is one that can be sent.
    pub fn from_name(name: &str) -> Option<Signal> {
        Signal::ALL.into_iter().find(|signal| signal.name() == name)
    }
}
