//! One call, told in full.

use atelier_telemetry::frame::{BlackBoxFrame, BoxedFactFrame, HandlerSpanFrame, SpanFrame};
use serde::Serialize;
use serde_json::{Map, Value};

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
    /// What its handler said about it: names and values.
    pub(crate) attributes: Vec<(String, String)>,
}

/// What the worker did before it died with the call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoxTold {
    /// Which worker, and why it died.
    pub(crate) title: String,
    /// Its last facts, oldest first.
    pub(crate) facts: Vec<FactTold>,
}

/// A fact in a black box.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactTold {
    /// How long before the last one, in milliseconds, as text.
    pub(crate) before: String,
    /// What happened.
    pub(crate) fact: String,
    /// The call that is meant: its number and method; empty where none is.
    pub(crate) call: String,
    /// Whether that is the call that is told.
    pub(crate) is_this: bool,
}

/// A call as others read it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallCopies {
    /// For people: its phases, a line each.
    pub(crate) text: String,
    /// As the snapshot stream tells it, its handler's spans and its worker's black box beneath.
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
    /// The error's stack, or that of what ended its worker.
    pub(crate) stack: Option<String>,
    /// What its worker did before it died with the call.
    pub(crate) black_box: Option<BoxTold>,
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
    let mut facts = Vec::new();
    facts.extend(span.error_type.clone().map(|name| ("Error", name)));
    facts.extend([
        ("Duration", format!("{} ms", milliseconds(span.duration_ms))),
        ("Started", clock_time(span.start, zone_offset_minutes)),
        (
            "Worker",
            span.worker_index.map_or_else(|| "never reached one".to_owned(), |worker| worker.to_string()),
        ),
        ("Attempt", span.attempt.to_string()),
        ("Call", span.call_id.clone()),
        ("Method", span.method.clone()),
        ("Task", span.task_id.clone()),
    ]);
    if let Some(task) = store.task(&span.task_id) {
        facts.push(("Task type", task.frame.task_type.clone()));
        facts.push(("Queue policy", task.frame.queue_policy.clone()));
    }
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
                attributes: child.attributes.as_deref().map(attributes).unwrap_or_default(),
            }
        })
        .collect();
    CallDetails {
        title: format!("{task}.{}", span.method),
        outcome: span.outcome.clone(),
        error: span.error.clone(),
        stack: span.error_stack.clone(),
        black_box: store.black_boxes().of_call(span).map(|it| tell_box(it, &span.call_id)),
        facts,
        phases,
        children,
        trace_id: span.trace_id.clone(),
    }
}

/// A handler's attributes, which travel as a JSON object; what is none is shown as it is.
fn attributes(json: &str) -> Vec<(String, String)> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match serde_json::from_str::<Map<String, Value>>(json) {
        Ok(map) => map.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        Err(_) => vec![("attributes".to_owned(), json.to_owned())],
    }
}

fn tell_box(black_box: &BlackBoxFrame, call_id: &str) -> BoxTold {
    let end = black_box.facts.last().map_or(0.0, |last| last.ts);
    let told = |fact: &BoxedFactFrame| FactTold {
        before: match end - fact.ts {
            before if before > 0.0 => format!("−{}", milliseconds(before)),
            _ => "0".to_owned(),
        },
        fact: fact.fact.clone(),
        call: match (&fact.call_id, &fact.method) {
            (Some(call), Some(method)) => format!("{call} {method}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => String::new(),
        },
        is_this: fact.call_id.as_deref() == Some(call_id),
    };
    BoxTold {
        title: format!("worker {}: {}", black_box.worker_index, black_box.cause),
        facts: black_box.facts.iter().map(told).collect(),
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
            #[serde(skip_serializing_if = "Option::is_none")]
            black_box: Option<&'a BlackBoxFrame>,
        }
        let span = &call.span;
        let mut text =
            format!("{}: {}, {} ms", details.title, details.outcome, milliseconds(span.duration_ms));
        if let Some(error) = &details.error {
            text.push_str(&format!("\n  {error}"));
        }
        if let Some(stack) = &details.stack {
            text.push_str(&format!("\n{stack}"));
        }
        let lines = details.phases.iter().map(|phase| (phase.name, &phase.length, ""));
        let children = details.children.iter().map(|child| (child.name.as_str(), &child.length, "  "));
        for (name, length, deeper) in lines.chain(children) {
            text.push_str(&format!("\n  {deeper}{name:<10} {length:>9} ms"));
        }
        let whole = Whole {
            call: span,
            handler_spans: store.handler_spans().of_call(&span.call_id).collect(),
            black_box: store.black_boxes().of_call(span),
        };
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
    use crate::model::fixtures::{black_box, full, handler_span, span, task};

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

    #[test]
    fn a_call_that_failed_with_its_worker_is_told_with_its_black_box_and_its_stack() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        let mut call = span("a", Some(0), 0.0, 10.0);
        call.error_type = Some("WorkerCrashedError".to_owned());
        call.error_stack = Some("Error: gone\n    at w.js:1".to_owned());
        frame.spans = vec![call];
        frame.black_boxes = vec![black_box(
            1,
            0,
            &[(2.5, "started", Some("7")), (4.0, "started", Some("1")), (10.0, "crashed", None)],
        )];
        let mut span = handler_span("1", 1.0, 2.0);
        span.attributes = Some(r#"{"pixels":7,"name":"<b>","ok":true}"#.to_owned());
        let odd = HandlerSpanFrame { attributes: Some("no JSON".to_owned()), ..span.clone() };
        frame.handler_spans = vec![span, odd];
        store.apply(frame).unwrap();
        let call = store.history().get(0).unwrap();
        let told = describe_call(&store, call, 0.0);
        let black_box = told.black_box.clone().unwrap();
        let facts: Vec<_> = black_box
            .facts
            .iter()
            .map(|it| (it.before.as_str(), it.fact.as_str(), it.call.as_str(), it.is_this))
            .collect();
        assert_eq!(
            facts,
            [
                ("−7.50", "started", "7 work", false),
                ("−6.00", "started", "1 work", true),
                ("0", "crashed", "", false)
            ]
        );
        assert_eq!(black_box.title, "worker 0: error");
        let attributes: Vec<_> = told.children.iter().map(|child| child.attributes.clone()).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(attributes[0], [pair("name", "<b>"), pair("ok", "true"), pair("pixels", "7")]);
        assert_eq!(attributes[1], [pair("attributes", "no JSON")]);
        assert!(told.facts.contains(&("Error", "WorkerCrashedError".to_owned())));
        let copies = CallCopies::of(&store, call, &told);
        assert!(copies.text.contains("\nError: gone\n    at w.js:1"), "{}", copies.text);
        let json: Value = serde_json::from_str(&copies.json).unwrap();
        assert_eq!(json["blackBox"]["facts"][1]["callId"], "1");
    }
}
