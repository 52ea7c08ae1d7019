//! The `tracing` Layer: listens to what the runtime emits and to nothing else.

use std::sync::Arc;

use atelier_core::names::{
    CALL_SPAN, CLOCK_MOVED, HANDLER_SPAN, LOG, METRICS_STOPPED, TARGET, TASK_DEFINED, TASK_DISPOSED,
    TRACE_SPAN, WORKER_CRASH, WORKER_LIFE,
};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::clock;
use crate::spans::SpanKind;
use crate::state::Shared;

/// Turns the runtime's `tracing` events and spans into records and aggregates.
///
/// It composes with any registry and with other layers. It leaves what has another target than `atelier` alone, at the
/// cost of comparing the target; it does not *disable* it, because in `tracing` a layer that does so disables it for
/// every other layer too. Whoever wants the cost of other targets gone as well adds a filter for the whole registry.
#[derive(Debug)]
pub struct TelemetryLayer {
    shared: Arc<Shared>,
    number: u64,
}

impl TelemetryLayer {
    pub(crate) fn new(shared: Arc<Shared>) -> TelemetryLayer {
        let number = shared.next_number();
        TelemetryLayer { shared, number }
    }

    /// Whether this is a span of ours.
    fn is_ours<S>(id: &Id, context: &Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        context.metadata(id).is_some_and(|metadata| metadata.target() == TARGET)
    }
}

impl<S> Layer<S> for TelemetryLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() != TARGET {
            return;
        }
        match metadata.name() {
            // Tasks are learnt even when nobody watches: someone may later.
            TASK_DEFINED => self.shared.change(|state| state.task_defined(event)),
            TASK_DISPOSED => self.shared.lock().task_disposed(event),
            // What is known of workers ends here, watched or not: there will be a gap.
            METRICS_STOPPED => self.shared.lock().metrics_stopped(event),
            CLOCK_MOVED => {
                let origin = self.shared.lock().clock_moved(event);
                clock::count_from(origin);
            }
            WORKER_CRASH => self.shared.lock().worker_crashed(event),
            LOG if self.shared.wants_logs() => self.shared.lock().told(event),
            WORKER_LIFE if self.shared.is_watched() => self.shared.lock().worker_life(event),
            _ if self.shared.is_watched() => self.shared.lock().metric(event),
            _ => {}
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target() != TARGET || !self.shared.is_watched() {
            return;
        }
        let kind = match metadata.name() {
            CALL_SPAN => SpanKind::Call,
            TRACE_SPAN => SpanKind::Trace,
            HANDLER_SPAN => SpanKind::Handler,
            _ => return,
        };
        self.shared.lock().open_span((self.number, id.into_u64()), kind, metadata, attributes);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if Self::is_ours(id, &context) {
            self.shared.lock().record_span((self.number, id.into_u64()), values);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if Self::is_ours(&id, &context) {
            self.shared.lock().close_span((self.number, id.into_u64()));
        }
    }
}
