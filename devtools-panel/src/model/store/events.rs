//! The events that came lately, where the stream has any. Bounded by their number and by the text in them.

use std::collections::VecDeque;
use std::rc::Rc;

use atelier_telemetry::{EventAttrs, ListenerEvent};

use super::texts::{DEFAULT_CHARACTERS_KEPT, shorten};

/// How many events a panel keeps of one runtime. When full, the oldest go and are counted as evicted.
pub(crate) const DEFAULT_EVENTS_KEPT: usize = 5_000;
/// How many bytes of names and errors they may have together; beyond, the oldest go as well.
pub(crate) const DEFAULT_EVENT_TEXT_KEPT: usize = 8 * 1024 * 1024;

/// An event with its number.
#[derive(Clone, Debug)]
pub(crate) struct KeptEvent {
    /// Counts up by one for each event; names it while it is kept.
    pub(crate) number: u64,
    /// What the stream said.
    pub(crate) event: ListenerEvent,
    text_bytes: usize,
}

/// The events kept, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    kept: VecDeque<Rc<KeptEvent>>,
    taken: u64,
    dropped: u64,
    text_bytes: usize,
    told: bool,
}

impl Events {
    /// Takes the events of a frame, and how many before them it had no room for.
    pub(crate) fn take(&mut self, events: Option<Vec<ListenerEvent>>, dropped: u64) {
        self.told |= events.is_some();
        self.dropped = self.dropped.saturating_add(dropped);
        for event in events.into_iter().flatten() {
            self.push(event);
        }
    }

    fn push(&mut self, mut event: ListenerEvent) {
        let mut text_bytes = 0;
        for text in texts_mut(&mut event) {
            shorten(text, DEFAULT_CHARACTERS_KEPT);
            text_bytes += text.len();
        }
        self.kept.push_back(Rc::new(KeptEvent { number: self.taken, event, text_bytes }));
        self.taken += 1;
        self.text_bytes += text_bytes;
        while self.kept.len() > DEFAULT_EVENTS_KEPT || self.text_bytes > DEFAULT_EVENT_TEXT_KEPT {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.text_bytes -= oldest.text_bytes;
        }
    }

    /// The events, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Rc<KeptEvent>> + ExactSizeIterator {
        self.kept.iter()
    }

    /// Those with this number or a later one, oldest first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Rc<KeptEvent>> {
        let passed = usize::try_from(number.saturating_sub(self.evicted())).unwrap_or(usize::MAX);
        self.kept.range(passed.min(self.kept.len())..)
    }

    /// How many events ever came.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// How many came and are no longer kept; the number of the oldest that is.
    pub(crate) fn evicted(&self) -> u64 {
        self.taken - self.kept.len() as u64
    }

    /// How many happened and did not come, since frames had no room for them.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the stream ever had events, or said that there were none.
    pub(crate) fn were_told(&self) -> bool {
        self.told
    }
}

/// The texts in an event that may be of any length.
fn texts_mut(event: &mut ListenerEvent) -> Vec<&mut String> {
    match event {
        ListenerEvent::Counter(metric) | ListenerEvent::Gauge(metric) | ListenerEvent::Histogram(metric) => {
            let EventAttrs { task_id, task_name, .. } = &mut metric.attrs;
            [Some(task_id), task_name.as_mut()].into_iter().flatten().collect()
        }
        ListenerEvent::Span(span) => [
            Some(&mut span.task_id),
            Some(&mut span.method),
            span.task_name.as_mut(),
            span.trace_name.as_mut(),
            span.error.as_mut(),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ListenerEvent::Trace(trace) => {
            [trace.trace_name.as_mut(), trace.error.as_mut()].into_iter().flatten().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{counter_event, span_event};

    #[test]
    fn they_are_bounded_and_what_went_is_counted() {
        let mut events = Events::default();
        assert!(!events.were_told());
        events.take(Some(Vec::new()), 3);
        assert!(events.were_told());
        events.take(Some((0..DEFAULT_EVENTS_KEPT + 7).map(|n| counter_event("a", n as f64)).collect()), 4);
        assert_eq!(events.iter().len(), DEFAULT_EVENTS_KEPT);
        assert_eq!((events.taken(), events.evicted(), events.dropped()), (5_007, 7, 7));
        assert_eq!(events.iter().next().map(|event| event.number), Some(7));
        let since = |number| events.since(number).map(|event| event.number).collect::<Vec<_>>();
        assert_eq!(since(5_005), [5_005, 5_006]);
        assert_eq!((since(0).len(), since(u64::MAX).len()), (DEFAULT_EVENTS_KEPT, 0));
    }

    #[test]
    fn long_texts_are_cut_and_many_of_them_make_room() {
        let mut events = Events::default();
        let long = |number: usize| {
            let mut event = span_event("a", "1", number as f64);
            if let ListenerEvent::Span(span) = &mut event {
                span.error = Some("🙂\n".repeat(100_000));
            }
            event
        };
        events.take(Some((0..1_000).map(long).collect()), 0);
        let ListenerEvent::Span(kept) = &events.iter().next_back().unwrap().event else { panic!("a call") };
        let error = kept.error.as_deref().unwrap();
        assert_eq!(error.chars().count(), DEFAULT_CHARACTERS_KEPT + 1);
        assert!(error.starts_with("🙂\n🙂") && error.ends_with('…'));
        assert!(events.text_bytes <= DEFAULT_EVENT_TEXT_KEPT);
        assert!(events.iter().len() > 100 && events.iter().len() < 250, "{}", events.iter().len());
        assert_eq!(events.evicted() + events.iter().len() as u64, 1_000);
    }
}
