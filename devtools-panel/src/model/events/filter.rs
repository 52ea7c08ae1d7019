//! Which events are looked at: by kind, by task, by text.

use atelier_telemetry::ListenerEvent;

use super::kind::EventKind;

/// What the events are filtered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventFilter {
    kinds: [bool; EventKind::ALL.len()],
    task: String,
    text: String,
}

impl Default for EventFilter {
    /// Lets everything through.
    fn default() -> EventFilter {
        EventFilter { kinds: [true; EventKind::ALL.len()], task: String::new(), text: String::new() }
    }
}

impl EventFilter {
    /// Whether events of this kind come through.
    pub(crate) fn has_kind(&self, kind: EventKind) -> bool {
        self.kinds[kind as usize]
    }

    /// Lets events of a kind through, or no longer.
    pub(super) fn toggle(&mut self, kind: EventKind) {
        self.kinds[kind as usize] = !self.kinds[kind as usize];
    }

    /// Lets only what belongs to tasks through whose id or name has this in it. Traces belong to none.
    pub(super) fn set_task(&mut self, task: &str) {
        self.task = task.trim().to_lowercase();
    }

    /// Lets only what has this somewhere in it through.
    pub(super) fn set_text(&mut self, text: &str) {
        self.text = text.trim().to_lowercase();
    }

    /// Whether anything is kept back.
    pub(crate) fn is_narrow(&self) -> bool {
        *self != EventFilter::default()
    }

    /// Whether an event comes through. Lower and upper case are alike.
    pub(crate) fn matches(&self, event: &ListenerEvent) -> bool {
        self.has_kind(EventKind::of(event))
            && (self.task.is_empty() || of_task(event).iter().any(|text| has(text, &self.task)))
            && (self.text.is_empty() || texts(event).iter().any(|text| has(text, &self.text)))
    }
}

fn has(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

/// What its task is called.
fn of_task(event: &ListenerEvent) -> Vec<&str> {
    match event {
        ListenerEvent::Counter(it) | ListenerEvent::Gauge(it) | ListenerEvent::Histogram(it) => {
            [Some(it.attrs.task_id.as_str()), it.attrs.task_name.as_deref()].into_iter().flatten().collect()
        }
        ListenerEvent::Span(it) => {
            [Some(it.task_id.as_str()), it.task_name.as_deref()].into_iter().flatten().collect()
        }
        ListenerEvent::Trace(_) => Vec::new(),
    }
}

/// All texts in it.
fn texts(event: &ListenerEvent) -> Vec<&str> {
    let mut all = of_task(event);
    match event {
        ListenerEvent::Counter(it) | ListenerEvent::Gauge(it) | ListenerEvent::Histogram(it) => {
            all.extend([Some(&*it.name), it.attrs.phase.as_deref()].into_iter().flatten());
            all.extend(it.attrs.queue_policy.as_deref());
        }
        ListenerEvent::Span(it) => {
            all.extend([&*it.name, &it.span_id, &it.trace_id, &it.call_id, &it.method, &it.status]);
            all.extend(
                [it.trace_name.as_deref(), it.error_kind.as_deref(), it.error.as_deref()]
                    .into_iter()
                    .flatten(),
            );
        }
        ListenerEvent::Trace(it) => {
            all.extend([&*it.name, &it.trace_id, &it.status]);
            all.extend(
                [it.trace_name.as_deref(), it.error_kind.as_deref(), it.error.as_deref()]
                    .into_iter()
                    .flatten(),
            );
        }
    }
    all.push(EventKind::of(event).name());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{counter_event, span_event};

    #[test]
    fn kind_task_and_text_have_to_fit_all() {
        let mut call = span_event("resize", "7", 0.0);
        if let ListenerEvent::Span(span) = &mut call {
            span.task_name = Some("Thumbnails".to_owned());
            span.error = Some("Zu groß: 5 MB".to_owned());
        }
        let count = counter_event("encode", 1.0);
        let mut filter = EventFilter::default();
        let seen = |filter: &EventFilter| [filter.matches(&call), filter.matches(&count)];
        assert!(!filter.is_narrow());
        assert_eq!(seen(&filter), [true, true]);
        filter.set_task(" THUMB");
        assert_eq!(seen(&filter), [true, false]);
        filter.set_text("GROß");
        assert_eq!(seen(&filter), [true, false]);
        filter.set_text("dispatch");
        assert_eq!(seen(&filter), [false, false]);
        filter.set_task("");
        assert_eq!(seen(&filter), [false, true]);
        filter.toggle(EventKind::Counter);
        assert!(filter.is_narrow());
        assert_eq!(seen(&filter), [false, false]);
        filter.set_text("");
        assert_eq!(seen(&filter), [true, false]);
    }
}
