//! What listens to `tracing` in a worker: a Layer for whoever has a subscriber, a subscriber for whoever has none.

use std::sync::atomic::{AtomicU64, Ordering};

use atelier_core::names;
use tracing::field::Visit;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::LevelFilter;
use tracing_core::span::Current;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::fields::{EventFields, SpanFields};
use super::gathering::{self, Parent, SpanNumber};

/// The least severe level that [`CallSubscriber`] takes. `TRACE` is for those who look at one thing closely, and install
/// what they need for that themselves.
const DEFAULT_LEVEL: Level = Level::DEBUG;

/// Numbers of layers, so that the spans of two are not taken for each other's. 0 is [`CallSubscriber`]'s.
static NEXT_LAYER: AtomicU64 = AtomicU64::new(1);

/// Gathers the spans and events of a worker's sampled calls. They travel home with the answer: spans arrive beneath their
/// call's, events as log records.
///
/// [`expose`](super::expose) sees to it in a worker without a subscriber. A worker that wants one of its own composes this
/// with what else it needs, before it calls `expose`:
///
/// ```no_run
/// use atelier_runtime::worker::CallLayer;
/// use tracing_subscriber::Layer;
/// use tracing_subscriber::filter::LevelFilter;
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// tracing_subscriber::registry().with(CallLayer::new().with_filter(LevelFilter::INFO)).init();
/// ```
///
/// A call sends at most 128 spans and 128 events home; its span says how many are missing. What has the target `atelier`
/// is left alone: it is for the page's telemetry.
#[derive(Debug)]
pub struct CallLayer {
    number: u64,
}

impl CallLayer {
    /// A layer.
    pub fn new() -> CallLayer {
        CallLayer { number: NEXT_LAYER.fetch_add(1, Ordering::Relaxed) }
    }

    fn span(&self, id: &Id) -> SpanNumber {
        (self.number, id.into_u64())
    }
}

impl Default for CallLayer {
    fn default() -> CallLayer {
        CallLayer::new()
    }
}

impl<S: Subscriber> Layer<S> for CallLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        open(self.number, id, attributes);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        record(self.span(id), values);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        tell(self.number, event);
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        gathering::enter(self.span(id));
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        gathering::exit(self.span(id));
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        gathering::close(self.span(&id));
    }
}

/// The subscriber of a worker that has no other. While no sampled call is at work it takes nothing, which costs a look.
///
/// It is no registry with a [`CallLayer`], since a registry keeps a span open until those have ended that were opened
/// while it was entered on the thread: those of other calls, where one is held over an `await`.
#[derive(Debug, Default)]
pub(super) struct CallSubscriber {
    spans: AtomicU64,
}

const OWN: u64 = 0;

fn own(id: &Id) -> SpanNumber {
    (OWN, id.into_u64())
}

impl Subscriber for CallSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_for_us(metadata) && *metadata.level() <= DEFAULT_LEVEL {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(DEFAULT_LEVEL))
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= DEFAULT_LEVEL && is_for_us(metadata) && gathering::listens()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1);
        open(OWN, &id, attributes);
        id
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        record(own(id), values);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        tell(OWN, event);
    }

    fn enter(&self, id: &Id) {
        gathering::enter(own(id));
    }

    fn exit(&self, id: &Id) {
        gathering::exit(own(id));
    }

    fn clone_span(&self, id: &Id) -> Id {
        gathering::add_handle(own(id));
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let last = gathering::drop_handle(own(&id));
        if last {
            gathering::close(own(&id));
        }
        last
    }

    fn current_span(&self) -> Current {
        match gathering::entered() {
            Some(((OWN, number), metadata)) => Current::new(Id::from_u64(number), metadata),
            _ => Current::none(),
        }
    }
}

fn is_for_us(metadata: &Metadata<'_>) -> bool {
    metadata.target() != names::TARGET
}

fn open(layer: u64, id: &Id, attributes: &Attributes<'_>) {
    let metadata = attributes.metadata();
    if is_for_us(metadata) {
        let parent = parent(layer, attributes.parent(), attributes.is_root());
        let read = || SpanFields::read(|visit: &mut dyn Visit| attributes.record(visit));
        gathering::open((layer, id.into_u64()), metadata, parent, read);
    }
}

fn record(span: SpanNumber, values: &Record<'_>) {
    gathering::record(span, || SpanFields::read(|visit: &mut dyn Visit| values.record(visit)));
}

fn tell(layer: u64, event: &Event<'_>) {
    let metadata = event.metadata();
    if is_for_us(metadata) {
        let parent = parent(layer, event.parent(), event.is_root());
        let read = || EventFields::read(|visit: &mut dyn Visit| event.record(visit));
        gathering::tell(metadata, parent, read);
    }
}

fn parent(layer: u64, explicit: Option<&Id>, is_root: bool) -> Parent {
    match explicit {
        Some(id) => Parent::Span((layer, id.into_u64())),
        None if is_root => Parent::Root,
        None => Parent::Current,
    }
}
