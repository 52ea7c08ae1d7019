//! One call, told in full.

use atelier_telemetry::frame::{HandlerSpanFrame, SpanFrame};
use serde::Serialize;

use crate::model::format::{clock_time, milliseconds};
use crate::model::store::{Call, PHASES, Store};

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

/// A span that the call's handler opened, as a waterfall shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChildShare {
    /// The name its handler gave it.
    pub(crate) name: String,
    /// How long, in milliseconds, as text.
    pub(crate) length: String,
    /// Where it begins, as a share of the call, 0 to 1.
    pub(crate) from: f64,
    /// How much of the call it took, 0 to 1.
    pub(crate) share: f64,
    /// The error's message, if it failed.
    pub(crate) error: Option<String>,
    /// A JSON object of what its handler said about it.
    pub(crate) attributes: Option<String>,
}

/// A call as others read it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallCopies {
    /// For people: its phases, a line each.
    pub(crate) text: String,
    /// As the snapshot stream tells it, its handler's spans beneath.
    pub(crate) json: String,
    /// For whoever continues its trace (W3C Trace Context).
    pub(crate) traceparent: String,
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
    /// The spans that its handler opened.
    pub(crate) children: Vec<ChildShare>,
    /// Its trace's id.
    pub(crate) trace_id: String,
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
    let share_of = |from: f64, to: f64| {
        (((from - span.start) / whole).clamp(0.0, 1.0), ((to - from) / whole).clamp(0.0, 1.0))
    };
    let phases = call
        .phases()
        .map(|(phase, start, end)| {
            let (from, share) = share_of(start, end);
            PhaseShare { phase, name: PHASES[phase], length: milliseconds(end - start), from, share }
        })
        .collect();
    let children = store
        .handler_spans()
        .of_call(&span.call_id)
        .map(|child| {
            let (from, share) = share_of(child.start, child.start + child.duration_ms);
            ChildShare {
                name: child.name.clone(),
                length: milliseconds(child.duration_ms),
                from,
                share,
                error: child.error.clone(),
                attributes: child.attributes.clone(),
            }
        })
        .collect();
    CallDetails {
        title: format!("{task}.{}", span.method),
        outcome: span.outcome.clone(),
        error: span.error.clone(),
        facts,
        phases,
        children,
        trace_id: span.trace_id.clone(),
    }
}

impl CallCopies {
    /// Of a call and what is told of it.
    pub(crate) fn of(store: &Store, call: &Call, details: &CallDetails) -> CallCopies {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Whole<'a> {
            #[serde(flatten)]
            call: &'a SpanFrame,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            handler_spans: Vec<&'a HandlerSpanFrame>,
        }
        let span = &call.span;
        let mut text =
            format!("{}: {}, {} ms", details.title, details.outcome, milliseconds(span.duration_ms));
        if let Some(error) = &details.error {
            text.push_str(&format!("\n  {error}"));
        }
        let lines = details.phases.iter().map(|phase| (phase.name, &phase.length, ""));
        let children = details.children.iter().map(|child| (child.name.as_str(), &child.length, "  "));
        for (name, length, deeper) in lines.chain(children) {
            text.push_str(&format!("\n  {deeper}{name:<10} {length:>9} ms"));
        }
        let whole =
            Whole { call: span, handler_spans: store.handler_spans().of_call(&span.call_id).collect() };
        CallCopies {
            text,
            // Numbers and texts only: there is nothing in it that cannot be written.
            json: serde_json::to_string_pretty(&whole).unwrap_or_default(),
            traceparent: format!("00-{}-{}-01", span.trace_id, span.span_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, handler_span, span, task};

    #[test]
    fn phases_are_shares_of_the_call() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        let mut call = span("a", Some(0), 0.0, 100.0);
        call.phases = [None, Some(25.0), Some(0.0), Some(75.0), None];
        frame.spans = vec![call, span("gone", None, 0.0, 0.0)];
        frame.handler_spans = vec![handler_span("1", 25.0, 50.0)];
        store.apply(frame).unwrap();
        let told = describe_call(&store, store.history().get(0).unwrap(), 0.0);
        let shares: Vec<_> = told.phases.iter().map(|phase| (phase.name, phase.from, phase.share)).collect();
        assert_eq!(shares, [("queue", 0.0, 0.25), ("delivery", 0.25, 0.0), ("run", 0.25, 0.75)]);
        assert_eq!(told.title, "a.work");
        let children: Vec<_> =
            told.children.iter().map(|child| (child.name.as_str(), child.from, child.share)).collect();
        assert_eq!(children, [("decode", 0.25, 0.5)]);

        let instant = describe_call(&store, store.history().get(1).unwrap(), 0.0);
        assert!(instant.facts.contains(&("Worker", "never reached one".to_owned())));
        assert!(instant.phases.iter().all(|phase| phase.share.is_finite()));
    }

    #[test]
    fn a_call_can_be_copied_in_three_ways() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        frame.spans = vec![span("a", Some(0), 0.0, 100.0)];
        frame.handler_spans = vec![handler_span("1", 25.0, 50.0)];
        store.apply(frame).unwrap();
        let call = store.history().get(0).unwrap();
        let copies = CallCopies::of(&store, call, &describe_call(&store, call, 0.0));
        assert!(copies.text.starts_with("a.work: ok, 100 ms\n"), "{}", copies.text);
        assert!(copies.text.ends_with("\n    decode          50.0 ms"), "{}", copies.text);
        let json: serde_json::Value = serde_json::from_str(&copies.json).unwrap();
        assert_eq!(
            (&json["durationMs"], &json["handlerSpans"][0]["name"]),
            (&100.0.into(), &"decode".into())
        );
        assert_eq!(copies.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    }
}
