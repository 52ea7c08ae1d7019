//! What the telemetry of a page knows, behind one lock.
//!
//! Invariant: no foreign code runs while the lock is held (no callback, no `Debug` or `Display` of someone else's), so
//! that nothing can come back into the Layer and find it locked.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tracing::{Event, Metadata, span};

use crate::consumer::Consumer;
use crate::events::{MetricFields, MetricVisitor, TaskVisitor};
use crate::metrics::MetricsSnapshot;
use crate::record::Record;
use crate::runtime::Runtime;
use crate::slots::Plans;
use crate::spans::{OpenSpan, SpanKind};
use crate::text::Texts;

/// What all handles to one telemetry share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Whether some runtime is watched; looked at before the lock is taken.
    watched: AtomicBool,
    /// Whether someone takes log records; looked at before one is made.
    logged: AtomicBool,
    next_number: AtomicU64,
}

impl Shared {
    /// A panic elsewhere leaves counts that are at worst incomplete, which is better than no telemetry.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known or who listens, and then whether anyone does.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        self.watched.store(state.runtimes.values().any(Runtime::is_watched), Ordering::Relaxed);
        let logged = state.runtimes.values().any(|runtime| runtime.consumers.want_logs());
        self.logged.store(logged, Ordering::Relaxed);
        result
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    pub(crate) fn wants_logs(&self) -> bool {
        self.logged.load(Ordering::Relaxed)
    }

    /// A number that no one else has: for a Layer or a consumer.
    pub(crate) fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }
}

/// A span, told from the spans that another registry numbers alike: the Layer's number and the registry's.
type SpanNumber = (u64, u64);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) runtimes: FxHashMap<u64, Runtime>,
    pub(crate) texts: Texts,
    pub(crate) plans: Plans,
    open: FxHashMap<SpanNumber, Box<OpenSpan>>,
}

impl State {
    /// The runtime with this number, new if it must be.
    pub(crate) fn runtime(&mut self, runtime: u64) -> &mut Runtime {
        self.runtimes.entry(runtime).or_insert_with(Runtime::new)
    }

    pub(crate) fn consumer(&mut self, runtime: u64, id: u64) -> Option<&mut Consumer> {
        self.runtimes.get_mut(&runtime)?.consumers.find(id)
    }

    /// Every series of a runtime, for one of its readers or for nobody in particular.
    pub(crate) fn read_metrics(
        &mut self,
        runtime: u64,
        reader: Option<u64>,
        now_unix_nano: u64,
    ) -> MetricsSnapshot {
        match self.runtimes.get_mut(&runtime) {
            Some(runtime) => {
                runtime.look_for_findings(now_unix_nano);
                runtime.series.read(reader, now_unix_nano, &self.texts)
            }
            None => MetricsSnapshot {
                start_unix_nano: now_unix_nano,
                time_unix_nano: now_unix_nano,
                ..MetricsSnapshot::default()
            },
        }
    }

    pub(crate) fn task_defined(&mut self, event: &Event<'_>) {
        let mut visitor = TaskVisitor::new(self.plans.of(event.metadata()));
        event.record(&mut visitor);
        let (meta, settings) = (visitor.meta, visitor.settings);
        let runtime = self.runtime(meta.runtime);
        runtime.lint.define(meta.handle, settings);
        runtime.define(meta);
    }

    pub(crate) fn task_disposed(&mut self, event: &Event<'_>) {
        let fields = self.metric_fields(event);
        if let Some(runtime) = self.runtimes.get_mut(&fields.runtime) {
            runtime.dispose(fields.task);
        }
    }

    pub(crate) fn metrics_stopped(&mut self, event: &Event<'_>) {
        let fields = self.metric_fields(event);
        if let Some(runtime) = self.runtimes.get_mut(&fields.runtime) {
            runtime.lint.rest();
            runtime.boxes.interrupt();
        }
    }

    /// Times moved. Gives what the page's clock counts from now, as its runtime says.
    pub(crate) fn clock_moved(&mut self, event: &Event<'_>) -> u64 {
        let fields = self.metric_fields(event);
        if let Some(runtime) = self.runtimes.get_mut(&fields.runtime) {
            runtime.clock_moved(fields.time_moved, fields.time);
        }
        fields.time_origin
    }

    pub(crate) fn worker_life(&mut self, event: &Event<'_>) {
        let fields = self.metric_fields(event);
        if let Some(runtime) = self.runtimes.get_mut(&fields.runtime) {
            runtime.worker_life(&fields, &self.texts);
        }
    }

    pub(crate) fn worker_crashed(&mut self, event: &Event<'_>) {
        let fields = self.metric_fields(event);
        if let Some(runtime) = self.runtimes.get_mut(&fields.runtime) {
            runtime.worker_crashed(fields, &self.texts);
        }
    }

    /// Takes a metric's value, or a clue.
    pub(crate) fn metric(&mut self, event: &Event<'_>) {
        let fields = self.metric_fields(event);
        let Some(runtime) = self.runtimes.get_mut(&fields.runtime) else { return };
        if let Some(clue) = fields.clue {
            runtime.clue(clue, &fields, &self.texts);
        }
        if let Some((metric, value)) = fields.value {
            runtime.metric(metric, value, fields, &self.texts);
        }
    }

    fn metric_fields(&mut self, event: &Event<'_>) -> MetricFields {
        let plan = self.plans.of(event.metadata());
        let mut visitor = MetricVisitor { plan, texts: &mut self.texts, fields: MetricFields::default() };
        event.record(&mut visitor);
        visitor.fields
    }

    pub(crate) fn open_span(
        &mut self,
        number: SpanNumber,
        kind: SpanKind,
        metadata: &Metadata<'_>,
        attributes: &span::Attributes<'_>,
    ) {
        let mut span = Box::new(OpenSpan::new(kind, self.plans.of(metadata).clone()));
        span.read(&mut self.texts, |visit| attributes.record(visit));
        let Some(runtime) = self.runtimes.get(&span.fields.runtime) else { return };
        span.task = runtime.meta(span.fields.task).cloned();
        if kind == SpanKind::Handler {
            let call = attributes.parent().and_then(|id| self.open.get(&(number.0, id.into_u64())));
            span.fields.call_span_id = call.and_then(|call| call.fields.span_id);
        }
        self.open.insert(number, span);
    }

    pub(crate) fn record_span(&mut self, number: SpanNumber, values: &span::Record<'_>) {
        if let Some(span) = self.open.get_mut(&number) {
            span.read(&mut self.texts, |visit| values.record(visit));
        }
    }

    pub(crate) fn close_span(&mut self, number: SpanNumber) {
        let Some(span) = self.open.remove(&number) else { return };
        let Some(runtime) = self.runtimes.get_mut(&span.fields.runtime) else { return };
        let kind = span.kind;
        if !runtime.wants_spans(kind) {
            return;
        }
        let record = match kind {
            SpanKind::Call => span.into_call().map(|call| Record::Span(Arc::new(call))),
            SpanKind::Trace => span.into_trace().map(|trace| Record::Trace(Arc::new(trace))),
            SpanKind::Handler => span.into_handler().map(|span| Record::Handler(Arc::new(span))),
        };
        runtime.span(kind, record);
    }

    pub(crate) fn page_left(&mut self, runtime: u64, consumer: u64, now: u64) {
        if let Some(runtime) = self.runtimes.get_mut(&runtime) {
            runtime.page_left(consumer, now, &self.texts);
        }
    }

    pub(crate) fn forget(&mut self, runtime: u64) {
        self.runtimes.remove(&runtime);
        self.open.retain(|_, span| span.fields.runtime != runtime);
    }
}
