//! Traces: spans of the page, under which calls are made.

use std::cell::Cell;
use std::rc::Rc;

use atelier_core::names::field;
use atelier_core::{Instant, KeptFor, Outcome, SpanContext};
use tracing::Span;

use crate::driver::Driver;
use crate::emit::{SpanPlace, TraceEnd};
use crate::unobserved::is_unobserved;

/// A trace that a page began with [`crate::TaskRuntime::create_trace`]. It is a span itself; calls made with it are its
/// children.
pub struct Trace {
    driver: Rc<Driver>,
    context: SpanContext,
    name: Option<Rc<str>>,
    /// Until the trace ends.
    open: Cell<Option<Open>>,
    /// Why it is told of although it is not sampled, if it is.
    kept_for: Cell<Option<KeptFor>>,
}

/// A trace that has not ended.
enum Open {
    /// When it began, and the time of day that was told of it.
    Sampled(Span, Instant, u64),
    /// It may be kept.
    Unsampled(SpanPlace, Instant),
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
            && !is_unobserved()
            && parent
                .map_or_else(|| atelier_core::sampled(trace_id, driver.sample_rate), |parent| parent.sampled);
        let random = parent.is_none_or(|parent| parent.random);
        let context = SpanContext { trace_id, span_id: driver.ids.span_id(), sampled, random };
        let place =
            SpanPlace { context, parent: parent.map(|parent| parent.span_id), trace_name: name.clone() };
        let began = driver.clock.now();
        let open = if sampled {
            let at = driver.clock.unix_nanos(began);
            Open::Sampled(driver.emitter.trace_span(at, &place, None), began, at)
        } else {
            Open::Unsampled(place, began)
        };
        Trace { driver, context, name, open: Cell::new(Some(open)), kept_for: Cell::default() }
    }

    /// Where the trace's own span stands: its trace id, its span id, whether it is sampled.
    pub fn context(&self) -> &SpanContext {
        &self.context
    }

    /// The name it was given.
    pub fn name(&self) -> Option<&Rc<str>> {
        self.name.as_ref()
    }

    /// One of its calls is told of although it is not sampled, and so is the trace then.
    pub(crate) fn keep(&self, reason: KeptFor) {
        self.kept_for.set(self.kept_for.get().or(Some(reason)));
    }

    /// Ends the trace. A second time does nothing.
    pub fn end(&self, end: &TraceEnd) {
        let Driver { clock, emitter, .. } = &*self.driver;
        let at = || clock.unix_nanos(clock.now());
        match self.open.take() {
            None => {}
            Some(Open::Sampled(span, began, told)) => {
                let at = at();
                // The clock was set back meanwhile: it began by the same clock that it ends by.
                if told > at {
                    span.record(field::TIME, clock.unix_nanos(began));
                }
                emitter.trace_ended(&span, at, end);
            }
            Some(Open::Unsampled(place, began)) => {
                let keep = self.driver.keep.get().filter(|_| emitter.spans());
                let failed = (end.outcome == Outcome::Error).then_some(KeptFor::Error);
                let reason = keep.and_then(|keep| self.kept_for.get().or(failed.filter(|_| keep.errors)));
                if let Some(reason) = reason {
                    let span = emitter.trace_span(clock.unix_nanos(began), &place, Some(reason));
                    emitter.trace_ended(&span, at(), end);
                }
            }
        }
    }
}
