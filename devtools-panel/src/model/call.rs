//! One call, told in full.

use super::format::{clock_time, milliseconds};
use super::history::{Call, PHASES};
use super::store::Store;

/// A phase of the call as a waterfall shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhaseShare {
    /// Its place in [`PHASES`].
    pub(crate) phase: usize,
    /// Its name.
    pub(crate) name: &'static str,
    /// How long, in milliseconds, as text.
    pub(crate) length: String,
    /// Where it begins, as a share of the call, 0 to 1.
    pub(crate) from: f64,
    /// How much of the call it took, 0 to 1.
    pub(crate) share: f64,
}

/// What the details of a call show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallDetails {
    /// `resize.thumbnail`.
    pub(crate) title: String,
    /// `ok`, `error`, `canceled` or `rejected`, as the stream said it.
    pub(crate) outcome: String,
    /// The error's message.
    pub(crate) error: Option<String>,
    /// Names and values.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// The phases it went through.
    pub(crate) phases: Vec<PhaseShare>,
}

/// Tells a call in full.
pub(crate) fn describe_call(store: &Store, call: &Call, zone_offset_minutes: f64) -> CallDetails {
    let span = &call.span;
    let task =
        store.task(&span.task_id).and_then(|task| task.frame.task_name.as_deref()).unwrap_or(&span.task_id);
    let mut facts = vec![
        ("Duration", format!("{} ms", milliseconds(span.duration_ms))),
        ("Started", clock_time(span.start, zone_offset_minutes)),
        (
            "Worker",
            span.worker_index.map_or_else(|| "never reached one".to_owned(), |worker| worker.to_string()),
        ),
        ("Attempt", span.attempt.to_string()),
        ("Call", span.call_id.clone()),
        ("Task", span.task_id.clone()),
    ];
    facts.extend(span.trace_name.clone().map(|name| ("Trace name", name)));
    facts.push(("Trace", span.trace_id.clone()));
    facts.push(("Span", span.span_id.clone()));
    facts.extend(span.parent_span_id.clone().map(|parent| ("Parent", parent)));
    let whole = span.duration_ms.max(f64::MIN_POSITIVE);
    let phases = call
        .phases()
        .map(|(phase, from, to)| PhaseShare {
            phase,
            name: PHASES[phase],
            length: milliseconds(to - from),
            from: ((from - span.start) / whole).clamp(0.0, 1.0),
            share: ((to - from) / whole).clamp(0.0, 1.0),
        })
        .collect();
    CallDetails {
        title: format!("{task}.{}", span.method),
        outcome: span.outcome.clone(),
        error: span.error.clone(),
        facts,
        phases,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};

    #[test]
    fn phases_are_shares_of_the_call() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        let mut call = span("a", Some(0), 0.0, 100.0);
        call.phases = [None, Some(25.0), Some(0.0), Some(75.0), None];
        frame.spans = vec![call, span("gone", None, 0.0, 0.0)];
        store.apply(frame).unwrap();
        let told = describe_call(&store, store.history().get(0).unwrap(), 0.0);
        let shares: Vec<_> = told.phases.iter().map(|phase| (phase.name, phase.from, phase.share)).collect();
        assert_eq!(shares, [("queue", 0.0, 0.25), ("delivery", 0.25, 0.0), ("run", 0.25, 0.75)]);
        assert_eq!(told.title, "a.work");

        let instant = describe_call(&store, store.history().get(1).unwrap(), 0.0);
        assert!(instant.facts.contains(&("Worker", "never reached one".to_owned())));
        assert!(instant.phases.iter().all(|phase| phase.share.is_finite()));
    }
}
