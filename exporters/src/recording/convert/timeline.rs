//! When a call was in which phase.

use atelier_core::names::Phase;
use atelier_telemetry::SpanRecord;

/// A phase of a call, with its beginning and end in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) phase: Phase,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// When the call ended; a clock that was set back must not make it end before it began.
pub(super) fn end_of(call: &SpanRecord) -> u64 {
    call.end_unix_nano.max(call.start_unix_nano)
}

/// The phases that the call entered. They follow each other from its beginning to its end: what rounding leaves over
/// belongs to the last one.
pub(super) fn stretches(call: &SpanRecord) -> Vec<Stretch> {
    let last = end_of(call);
    let (mut start, mut seconds) = (call.start_unix_nano, 0.0);
    let mut stretches = Vec::with_capacity(Phase::ALL.len());
    for phase in Phase::ALL {
        let Some(duration) = call.phases.get(phase) else { continue };
        seconds += duration;
        let end = call.start_unix_nano.saturating_add((seconds * 1e9).round() as u64).clamp(start, last);
        stretches.push(Stretch { phase, start, end });
        start = end;
    }
    if let Some(stretch) = stretches.last_mut() {
        stretch.end = last;
    }
    stretches
}
