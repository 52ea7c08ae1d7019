//! The kinds of events.

use atelier_telemetry::ListenerEvent;

/// What an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Something was counted.
    Counter,
    /// A state changed.
    Gauge,
    /// A duration was measured.
    Histogram,
    /// A call ended.
    Span,
    /// A trace ended.
    Trace,
}

impl EventKind {
    /// All of them.
    pub(crate) const ALL: [EventKind; 5] =
        [EventKind::Counter, EventKind::Gauge, EventKind::Histogram, EventKind::Span, EventKind::Trace];

    /// The kind of an event.
    pub(crate) fn of(event: &ListenerEvent) -> EventKind {
        match event {
            ListenerEvent::Counter(_) => EventKind::Counter,
            ListenerEvent::Gauge(_) => EventKind::Gauge,
            ListenerEvent::Histogram(_) => EventKind::Histogram,
            ListenerEvent::Span(_) => EventKind::Span,
            ListenerEvent::Trace(_) => EventKind::Trace,
        }
    }

    /// What events call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            EventKind::Counter => "counter",
            EventKind::Gauge => "gauge",
            EventKind::Histogram => "histogram",
            EventKind::Span => "span",
            EventKind::Trace => "trace",
        }
    }
}
