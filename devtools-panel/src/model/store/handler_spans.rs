//! The spans that handlers opened lately, by the call they belong to. Bounded.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use atelier_telemetry::frame::HandlerSpanFrame;

use super::texts::{DEFAULT_CHARACTERS_KEPT, DEFAULT_NAME_CHARACTERS_KEPT, bytes_of, shorten};

/// How many of them a panel keeps of one runtime. When full, the oldest go and are counted as evicted.
pub(crate) const DEFAULT_HANDLER_SPANS_KEPT: usize = 20_000;
/// How many bytes of names, errors and attributes they may have together; beyond, the oldest go as well.
pub(crate) const DEFAULT_HANDLER_TEXT_KEPT: usize = 16 * 1024 * 1024;

/// The spans kept, in the order they came. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandlerSpans {
    spans: VecDeque<Rc<HandlerSpanFrame>>,
    by_call: HashMap<String, VecDeque<u64>>,
    taken: u64,
    text_bytes: usize,
}

impl HandlerSpans {
    /// Takes a span. One whose times are no numbers cannot be drawn and is refused.
    pub(crate) fn push(&mut self, mut span: HandlerSpanFrame) -> bool {
        if !(span.start.is_finite() && span.duration_ms.is_finite() && span.duration_ms >= 0.0) {
            return false;
        }
        shorten(&mut span.name, DEFAULT_NAME_CHARACTERS_KEPT);
        span.error.iter_mut().for_each(|error| shorten(error, DEFAULT_CHARACTERS_KEPT));
        self.text_bytes += text_bytes(&span);
        self.by_call.entry(span.call_id.clone()).or_default().push_back(self.taken);
        self.spans.push_back(Rc::new(span));
        self.taken += 1;
        while self.spans.len() > DEFAULT_HANDLER_SPANS_KEPT || self.text_bytes > DEFAULT_HANDLER_TEXT_KEPT {
            self.evict();
        }
        true
    }

    /// The spans of a call, in the order they came.
    pub(crate) fn of_call(&self, call_id: &str) -> impl Iterator<Item = &HandlerSpanFrame> {
        let first = self.evicted();
        let numbers = self.by_call.get(call_id).into_iter().flatten();
        numbers.filter_map(move |number| {
            self.spans.get(usize::try_from(number.checked_sub(first)?).ok()?).map(|span| &**span)
        })
    }

    /// How many were taken and are no longer kept.
    pub(crate) fn evicted(&self) -> u64 {
        self.taken - self.spans.len() as u64
    }

    fn evict(&mut self) {
        let Some(oldest) = self.spans.pop_front() else { return };
        self.text_bytes -= text_bytes(&oldest);
        if let Some(numbers) = self.by_call.get_mut(&oldest.call_id) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.by_call.remove(&oldest.call_id);
            }
        }
    }
}

fn text_bytes(span: &HandlerSpanFrame) -> usize {
    bytes_of([Some(&span.name), span.error.as_ref(), span.attributes.as_ref()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::handler_span;

    #[test]
    fn spans_are_found_by_their_call_and_the_oldest_go() {
        let mut spans = HandlerSpans::default();
        spans.push(handler_span("old", 0.0, 1.0));
        for number in 0..DEFAULT_HANDLER_SPANS_KEPT {
            assert!(spans.push(handler_span(
                if number % 2 == 0 { "even" } else { "odd" },
                number as f64,
                1.0
            )));
        }
        assert_eq!(spans.of_call("old").count(), 0);
        assert_eq!(spans.of_call("even").count(), DEFAULT_HANDLER_SPANS_KEPT / 2);
        assert_eq!(spans.of_call("odd").next().map(|span| span.start), Some(1.0));
        assert_eq!((spans.evicted(), spans.by_call.len()), (1, 2));
    }

    #[test]
    fn times_that_are_no_numbers_are_refused() {
        let mut spans = HandlerSpans::default();
        assert!(!spans.push(handler_span("c", f64::NAN, 1.0)));
        assert!(!spans.push(handler_span("c", 0.0, -1.0)));
    }

    #[test]
    fn their_texts_are_bounded_together() {
        let mut spans = HandlerSpans::default();
        let long = || HandlerSpanFrame {
            attributes: Some("x".repeat(1024 * 1024)),
            ..handler_span("call", 0.0, 1.0)
        };
        for _ in 0..20 {
            assert!(spans.push(long()));
        }
        assert_eq!((spans.of_call("call").count(), spans.evicted()), (15, 5), "names count as well");
    }
}
