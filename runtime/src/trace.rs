//! Traces: spans of the page, under which calls are made.

use std::cell::Cell;
use std::rc::Rc;

use atelier_core::SpanContext;
use tracing::Span;

use crate::driver::Driver;
use crate::emit::{SpanPlace, TraceEnd};

/// A trace that a page began with [`crate::TaskRuntime::create_trace`]. It is a span itself; calls made with it are its
/// children.
pub struct Trace {
    driver: Rc<Driver>,
    context: SpanContext,
    name: Option<Rc<str>>,
    /// Open until the trace ends.
    span: Cell<Option<Span>>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace")
            .field("context", &self.context)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Trace {
    pub(crate) fn begin(driver: Rc<Driver>, name: Option<&str>, parent: Option<SpanContext>) -> Trace {
        let name = name.map(Rc::<str>::from);
        let trace_id = parent.map_or_else(|| driver.ids.trace_id(), |parent| parent.trace_id);
        let sampled = driver.emitter.spans()
            && parent
                .map_or_else(|| atelier_core::sampled(trace_id, driver.sample_rate), |parent| parent.sampled);
        let random = parent.is_none_or(|parent| parent.random);
        let context = SpanContext { trace_id, span_id: driver.ids.span_id(), sampled, random };
        let span = sampled.then(|| {
            let place =
                SpanPlace { context, parent: parent.map(|parent| parent.span_id), trace_name: name.clone() };
            driver.emitter.trace_span(driver.clock.unix_nanos(driver.clock.now()), &place)
        });
        Trace { driver, context, name, span: Cell::new(span) }
    }

    /// Where the trace's own span stands: its trace id, its span id, whether it is sampled.
    pub fn context(&self) -> &SpanContext {
        &self.context
    }

    /// The name it was given.
    pub fn name(&self) -> Option<&Rc<str>> {
        self.name.as_ref()
    }

    /// Ends the trace. A second time does nothing.
    pub fn end(&self, end: &TraceEnd) {
        if let Some(span) = self.span.take() {
            let at = self.driver.clock.unix_nanos(self.driver.clock.now());
            self.driver.emitter.trace_ended(&span, at, end);
        }
    }
}
