//! What a span is made of, whoever writes it down.

use std::sync::Arc;

use atelier_core::names::field;
use atelier_telemetry::TaskMeta;

/// A span but for its attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent_span_id: Option<u64>,
    /// The span's name; with a second part there is a dot between.
    pub(super) name: (&'a str, Option<&'a str>),
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
    /// Whether its trace was sampled; else it is told of for what it is.
    pub(super) sampled: bool,
    /// What the status says, if it is an error. Unset is said by absence.
    pub(super) error: Option<&'a str>,
}

impl Head<'_> {
    /// The span's flags: W3C Trace Context, "sampled flag".
    pub(super) fn flags(&self) -> u32 {
        self.sampled.into()
    }

    /// A clock that was set back must not make a span that ends before it starts.
    pub(super) fn end(&self) -> u64 {
        self.end_unix_nano.max(self.start_unix_nano)
    }
}

/// Takes attributes, each key once.
pub(super) trait Attributes {
    fn text(&mut self, key: &str, value: &str);
    fn int(&mut self, key: &str, value: i64);
    fn double(&mut self, key: &str, value: f64);
    fn bool(&mut self, key: &str, value: bool);
}

/// Takes spans one after the other: `begin`, the attributes, `end`.
pub(super) trait SpanSink: Attributes {
    /// Begins a span of this task; `None` for one that belongs to no task.
    fn begin(&mut self, task: Option<&Arc<TaskMeta>>, head: &Head<'_>);

    /// Ends the span that was begun with this head.
    fn end(&mut self, head: &Head<'_>);
}

/// What the spans of a task share, which is said once for all of them, in their scope.
pub(super) fn shared(task: &TaskMeta, attributes: &mut impl Attributes) {
    attributes.text(field::TASK_ID, &task.id);
    if let Some(name) = &task.name {
        attributes.text(field::TASK_NAME, name);
    }
    attributes.text(field::TASK_TYPE, &task.kind);
}

/// Whether an attribute is one that the spans of a task share.
pub(super) fn is_shared(key: &str) -> bool {
    [field::TASK_ID, field::TASK_NAME, field::TASK_TYPE].contains(&key)
}
