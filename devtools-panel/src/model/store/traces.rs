//! The traces that ended lately.

use std::collections::VecDeque;
use std::rc::Rc;

use atelier_telemetry::frame::TraceFrame;

use super::texts::{DEFAULT_NAME_CHARACTERS_KEPT, shorten};

/// How many traces a panel keeps of one runtime. When full, the oldest go and are counted as evicted.
pub(crate) const DEFAULT_TRACES_KEPT: usize = 5_000;

/// The traces kept, oldest end first. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    traces: VecDeque<Rc<TraceFrame>>,
    evicted: u64,
}

impl Traces {
    /// Takes a trace. One whose times are no numbers cannot be drawn and is refused.
    pub(crate) fn push(&mut self, mut trace: TraceFrame) -> bool {
        if !(trace.start.is_finite() && trace.duration_ms.is_finite() && trace.duration_ms >= 0.0) {
            return false;
        }
        trace.name.iter_mut().for_each(|name| shorten(name, DEFAULT_NAME_CHARACTERS_KEPT));
        // Traces are bounded by their number only, so that an error may be no longer than a name.
        trace.error.iter_mut().for_each(|error| shorten(error, DEFAULT_NAME_CHARACTERS_KEPT));
        if self.traces.len() >= DEFAULT_TRACES_KEPT {
            self.traces.pop_front();
            self.evicted += 1;
        }
        self.traces.push_back(Rc::new(trace));
        true
    }

    /// The traces, oldest end first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &TraceFrame> {
        self.traces.iter().map(|trace| &**trace)
    }

    /// How many were taken and are no longer kept.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::trace;

    #[test]
    fn they_are_bounded_and_have_times() {
        let mut traces = Traces::default();
        for number in 0..DEFAULT_TRACES_KEPT + 3 {
            assert!(traces.push(trace("t", number as f64, 1.0)));
        }
        assert!(!traces.push(trace("t", f64::NAN, 1.0)) && !traces.push(trace("t", 0.0, -1.0)));
        assert_eq!((traces.iter().count(), traces.evicted()), (DEFAULT_TRACES_KEPT, 3));
        assert_eq!(traces.iter().next().map(|trace| trace.start), Some(3.0));
    }
}
