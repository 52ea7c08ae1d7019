//! An event in words: one line of it, and all of its fields.

use atelier_telemetry::{EventAttrs, ListenerEvent, MetricEvent, PhasesEvent, SpanEvent, TraceEvent};

use super::kind::EventKind;
use crate::model::format::{clock_time, cut, milliseconds};
use crate::model::pane::Link;
use crate::model::store::KeptEvent;

/// How many characters of a name, and of what is told of an event, its line has. Its fields have all of them.
const NAME_CHARACTERS: usize = 80;
const DETAIL_CHARACTERS: usize = 160;

/// An event as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    /// Its number.
    pub(crate) number: u64,
    /// Its kind.
    pub(crate) kind: EventKind,
    /// The time of day.
    pub(crate) time: String,
    /// The metric, the method, or the trace's name.
    pub(crate) name: String,
    /// What its task is called; empty for a trace, which belongs to none.
    pub(crate) task: String,
    /// The call and the worker, where there is one: `#12 · worker 0`.
    pub(crate) place: String,
    /// The value, or how it ended.
    pub(crate) details: String,
    /// `ok`, `error` or `canceled`, for what ended.
    pub(crate) status: String,
}

impl EventRow {
    /// The line of an event.
    pub(super) fn of(kept: &KeptEvent, zone_offset_minutes: f64) -> EventRow {
        let event = &kept.event;
        let row = |ts, name: &str, task: &str, place: String, details: &str, status: &str| EventRow {
            number: kept.number,
            kind: EventKind::of(event),
            time: clock_time(ts, zone_offset_minutes),
            name: cut(name, NAME_CHARACTERS).0,
            task: cut(task, NAME_CHARACTERS).0,
            place,
            details: cut(details, DETAIL_CHARACTERS).0,
            status: status.to_owned(),
        };
        let metric = |it: &MetricEvent, details: &str| {
            let place = it.attrs.worker_index.map(|worker| format!("worker {worker}")).unwrap_or_default();
            row(
                it.ts,
                &it.name,
                it.attrs.task_name.as_deref().unwrap_or(&it.attrs.task_id),
                place,
                details,
                "",
            )
        };
        match event {
            ListenerEvent::Counter(it) => metric(it, &format!("+{}", number(it.value))),
            ListenerEvent::Gauge(it) => metric(it, &format!("= {}", number(it.value))),
            ListenerEvent::Histogram(it) => {
                let phase = it.attrs.phase.as_deref().map(|phase| format!(" {phase}")).unwrap_or_default();
                metric(it, &format!("{} ms{phase}", milliseconds(it.value)))
            }
            ListenerEvent::Span(it) => {
                let worker = it.worker_index.map(|worker| format!(" · worker {worker}")).unwrap_or_default();
                let place = format!("#{}{worker}", cut(&it.call_id, NAME_CHARACTERS).0);
                let again = if it.attempt_count > 1 {
                    format!(", attempt {}", it.attempt_count)
                } else {
                    String::new()
                };
                let details =
                    ended(it.duration_ms, &it.status, it.error_kind.as_deref(), it.error.as_deref());
                let task = it.task_name.as_deref().unwrap_or(&it.task_id);
                row(it.ts, &it.method, task, place, &format!("{details}{again}"), &it.status)
            }
            ListenerEvent::Trace(it) => {
                let details =
                    ended(it.duration_ms, &it.status, it.error_kind.as_deref(), it.error.as_deref());
                let name = it.trace_name.as_deref().unwrap_or(&it.trace_id);
                row(it.ts, name, "", String::new(), &details, &it.status)
            }
        }
    }
}

/// `12.0 ms`, `3.00 ms, error (crash): out of memory`.
fn ended(duration_ms: f64, status: &str, kind: Option<&str>, error: Option<&str>) -> String {
    let duration = format!("{} ms", milliseconds(duration_ms));
    if status == "ok" {
        return duration;
    }
    let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let error = error.map(|error| format!(": {}", cut(error, DETAIL_CHARACTERS).0)).unwrap_or_default();
    format!("{duration}, {status}{kind}{error}")
}

fn number(value: f64) -> String {
    if value.is_infinite() {
        (if value > 0.0 { "∞" } else { "−∞" }).to_owned()
    } else {
        value.to_string()
    }
}

/// An event with all of its fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventDetails {
    /// Its number.
    pub(crate) number: u64,
    /// Its kind.
    pub(crate) kind: EventKind,
    /// Its name.
    pub(crate) name: String,
    /// Its fields, named as listeners have them, in their order.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The way to it on other panes, and what the way is called.
    pub(crate) links: Vec<(&'static str, Link)>,
}

impl EventDetails {
    /// The fields of an event.
    pub(super) fn of(kept: &KeptEvent, zone_offset_minutes: f64) -> EventDetails {
        let event = &kept.event;
        let mut fields = Fields { list: Vec::new(), zone_offset_minutes };
        let kind = EventKind::of(event);
        fields.text("kind", kind.name());
        let (name, links) = match event {
            ListenerEvent::Counter(it) | ListenerEvent::Gauge(it) | ListenerEvent::Histogram(it) => {
                fields.metric(it);
                (&it.name, Vec::new())
            }
            ListenerEvent::Span(it) => {
                fields.span(it);
                let mut links = vec![("Show the call in the timeline", Link::Call(it.span_id.clone()))];
                if it.trace_name.is_some() {
                    links.push(("Show its trace", Link::Trace(it.trace_id.clone())));
                }
                (&it.name, links)
            }
            ListenerEvent::Trace(it) => {
                fields.trace(it);
                (&it.name, vec![("Show the trace", Link::Trace(it.trace_id.clone()))])
            }
        };
        EventDetails { number: kept.number, kind, name: name.to_string(), fields: fields.list, links }
    }
}

struct Fields {
    list: Vec<(&'static str, String)>,
    zone_offset_minutes: f64,
}

impl Fields {
    fn text(&mut self, name: &'static str, value: &str) {
        self.list.push((name, value.to_owned()));
    }

    fn optional(&mut self, name: &'static str, value: Option<&str>) {
        self.list.extend(value.map(|value| (name, value.to_owned())));
    }

    fn number(&mut self, name: &'static str, value: impl Into<Option<f64>>) {
        self.list.extend(value.into().map(|value| (name, number(value))));
    }

    fn time(&mut self, ts: f64) {
        self.list.push(("ts", format!("{} ({})", clock_time(ts, self.zone_offset_minutes), number(ts))));
    }

    fn metric(&mut self, it: &MetricEvent) {
        self.text("name", &it.name);
        self.number("value", it.value);
        self.time(it.ts);
        let EventAttrs {
            task_id,
            task_type,
            task_name,
            queue_policy,
            max_in_flight,
            max_depth,
            worker_index,
            phase,
        } = &it.attrs;
        self.text("task.id", task_id);
        self.text("task.type", task_type);
        self.optional("task.name", task_name.as_deref());
        self.optional("queue.policy", queue_policy.as_deref());
        self.number("queue.max_in_flight", *max_in_flight);
        self.number("queue.max_depth", *max_depth);
        self.number("worker.index", worker_index.map(f64::from));
        self.optional("phase", phase.as_deref());
    }

    fn span(&mut self, it: &SpanEvent) {
        self.text("name", &it.name);
        self.time(it.ts);
        self.text("callId", &it.call_id);
        self.text("taskId", &it.task_id);
        self.optional("taskName", it.task_name.as_deref());
        self.text("taskType", &it.task_type);
        self.text("method", &it.method);
        self.number("workerIndex", it.worker_index.map(f64::from));
        self.text("status", &it.status);
        self.optional("errorKind", it.error_kind.as_deref());
        self.optional("error", it.error.as_deref());
        self.optional("cancelReason", it.cancel_reason.as_deref());
        self.number("attemptCount", f64::from(it.attempt_count));
        self.number("durationMs", it.duration_ms);
        self.number("queueWaitMs", it.queue_wait_ms);
        self.number("queueWaitLastMs", it.queue_wait_last_ms);
        let PhasesEvent { admission, queue, delivery, run, reply } = it.phases;
        self.number("phases.admission", admission);
        self.number("phases.queue", queue);
        self.number("phases.delivery", delivery);
        self.number("phases.run", run);
        self.number("phases.reply", reply);
        self.text("spanId", &it.span_id);
        self.text("traceId", &it.trace_id);
        self.optional("traceName", it.trace_name.as_deref());
    }

    fn trace(&mut self, it: &TraceEvent) {
        self.text("name", &it.name);
        self.time(it.ts);
        self.text("traceId", &it.trace_id);
        self.optional("traceName", it.trace_name.as_deref());
        self.number("durationMs", it.duration_ms);
        self.text("status", &it.status);
        self.optional("errorKind", it.error_kind.as_deref());
        self.optional("error", it.error.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{counter_event, span_event};
    use crate::model::store::Events;

    fn kept(event: ListenerEvent) -> std::rc::Rc<KeptEvent> {
        let mut events = Events::default();
        events.take(Some(vec![event]), 0);
        events.iter().next().unwrap().clone()
    }

    #[test]
    fn a_line_says_what_where_and_how() {
        let line = |event| {
            let row = EventRow::of(&kept(event), 0.0);
            [row.time, row.name, row.task, row.place, row.details]
        };
        assert_eq!(
            line(counter_event("resize", 1.0)),
            ["00:00:01.000", "task.dispatch.total", "resize", "", "+1"]
        );
        assert_eq!(
            line(span_event("resize", "7", 61_500.25)),
            ["00:01:01.500", "work", "resize", "#7 · worker 1", "12.0 ms"]
        );
        let mut failed = span_event("resize", "8", 0.0);
        if let ListenerEvent::Span(span) = &mut failed {
            span.task_name = Some("<b>Resize</b>".to_owned());
            (span.status, span.error_kind, span.attempt_count) = ("error".into(), Some("crash".into()), 2);
            span.error = Some(format!("a\nb {}", "🙂".repeat(10_000)));
            span.worker_index = None;
        }
        let [_, _, task, place, details] = line(failed);
        assert_eq!((task.as_str(), place.as_str()), ("<b>Resize</b>", "#8"));
        assert!(details.starts_with("12.0 ms, error (crash): a b 🙂"), "{details}");
        assert!(details.chars().count() <= DETAIL_CHARACTERS + 1);
    }

    #[test]
    fn numbers_that_are_none_are_shown() {
        for (value, shown) in
            [(f64::NAN, "NaN"), (f64::INFINITY, "∞"), (-0.5, "-0.5"), (1e21, "1000000000000000000000")]
        {
            let kept = kept(counter_event("a", value));
            assert_eq!(EventRow::of(&kept, 0.0).details, format!("+{shown}"));
            assert!(EventDetails::of(&kept, 0.0).fields.contains(&("value", shown.to_owned())));
        }
        let mut odd = span_event("a", "1", f64::NAN);
        if let ListenerEvent::Span(span) = &mut odd {
            span.duration_ms = f64::NAN;
        }
        let row = EventRow::of(&kept(odd), 0.0);
        assert_eq!((row.time.as_str(), row.details.as_str()), ("–", "– ms"));
    }

    #[test]
    fn every_field_that_listeners_get_is_there() {
        for event in [counter_event("a", 1.0), span_event("a", "1", 5.0)] {
            let told = serde_json::to_value(&event).unwrap();
            let details = EventDetails::of(&kept(event), 0.0);
            let names: Vec<&str> = details.fields.iter().map(|(name, _)| *name).collect();
            let mut wanted: Vec<String> = Vec::new();
            for (name, value) in told.as_object().unwrap() {
                match value.as_object() {
                    Some(inner) if name == "attrs" => wanted.extend(inner.keys().cloned()),
                    Some(inner) => wanted.extend(inner.keys().map(|key| format!("{name}.{key}"))),
                    None => wanted.push(name.clone()),
                }
            }
            assert!(wanted.iter().all(|name| names.contains(&name.as_str())), "{wanted:?} in {names:?}");
            assert_eq!(wanted.len(), names.len());
        }
    }

    #[test]
    fn calls_lead_to_the_timeline_and_to_their_trace() {
        let links = |event| {
            EventDetails::of(&kept(event), 0.0).links.into_iter().map(|(_, link)| link).collect::<Vec<_>>()
        };
        assert_eq!(links(counter_event("a", 1.0)), []);
        let call = Link::Call("b7ad6b7169203331".to_owned());
        assert_eq!(links(span_event("a", "1", 0.0)), std::slice::from_ref(&call));
        let mut within = span_event("a", "1", 0.0);
        if let ListenerEvent::Span(span) = &mut within {
            span.trace_name = Some("import".to_owned());
        }
        assert_eq!(links(within), [call, Link::Trace("0af7651916cd43dd8448eb211c80319c".to_owned())]);
    }
}
