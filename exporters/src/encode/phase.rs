//! The phases of a call: as attributes of its span, or as spans beneath it.

use atelier_core::names::{Phase, field};
use atelier_telemetry::SpanRecord;

use super::sink::{Head, SpanSink};

const NANOS_PER_SECOND: f64 = 1e9;

/// Writes a span for each phase that a call entered, one after the other, from the call's beginning to its end at most.
/// The phases of a call that was requeued are those of all its attempts together.
pub(super) fn phase_spans(call: &SpanRecord, sink: &mut impl SpanSink) {
    let mut start_unix_nano = call.start_unix_nano;
    let call_end = call.end_unix_nano.max(call.start_unix_nano);
    for phase in Phase::ALL {
        let Some(seconds) = call.phases.get(phase) else { continue };
        let length = (seconds.max(0.0) * NANOS_PER_SECOND).round() as u64;
        let end_unix_nano = start_unix_nano.saturating_add(length).min(call_end);
        let head = Head {
            trace_id: call.trace_id,
            span_id: phase_span_id(call.span_id, phase),
            parent_span_id: Some(call.span_id),
            name: (phase.name(), None),
            start_unix_nano,
            end_unix_nano,
            sampled: call.kept_for.is_none(),
            error: None,
        };
        sink.begin(Some(&call.task), &head);
        sink.text(field::PHASE, phase.name());
        sink.end(&head);
        start_unix_nano = end_unix_nano;
    }
}

/// The id of a phase's span: the same whoever derives it from the call's, whenever; not zero, which is no id.
pub(super) fn phase_span_id(call_span_id: u64, phase: Phase) -> u64 {
    // SplitMix64 takes its state's steps to ids that have nothing to do with each other; it is a bijection, so only
    // one call's id leads to zero.
    let state = call_span_id.wrapping_add((phase as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).max(1)
}

/// [`field::PHASE_PREFIX`] and the phase's name, written out so that no string is built for each span.
pub(super) const fn phase_attribute(phase: Phase) -> &'static str {
    match phase {
        Phase::Admission => "atelier.phase.admission",
        Phase::Queue => "atelier.phase.queue",
        Phase::Delivery => "atelier.phase.delivery",
        Phase::Run => "atelier.phase.run",
        Phase::Reply => "atelier.phase.reply",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn phases_are_named_by_the_table() {
        for phase in Phase::ALL {
            assert_eq!(phase_attribute(phase), format!("{}{}", field::PHASE_PREFIX, phase.name()));
        }
    }

    #[test]
    fn ids_of_phases_meet_neither_each_other_nor_those_of_calls() {
        let calls: HashSet<u64> = (1..=2_000).chain((1..=2_000).map(|n| u64::MAX - n)).collect();
        let derived: Vec<u64> =
            calls.iter().flat_map(|&call| Phase::ALL.map(|phase| phase_span_id(call, phase))).collect();
        let distinct: HashSet<u64> = derived.iter().copied().collect();
        assert_eq!(distinct.len(), derived.len());
        assert!(distinct.is_disjoint(&calls) && !distinct.contains(&0));
    }
}
