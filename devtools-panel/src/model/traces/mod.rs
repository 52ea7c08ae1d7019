//! The pane of traces: which of them are listed, and which one is looked at.

mod list;
mod waterfall;

pub(crate) use list::{TraceRow, trace_rows};
pub(crate) use waterfall::{SpanKind, SpanRow, Waterfall, waterfall};

use super::pane::PaneState;
use super::store::Store;

/// How the traces are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct TracesState {
    /// What the list is filtered by.
    pub(crate) filter: String,
    /// The trace whose spans are shown, by its id; the list when there is none.
    pub(crate) chosen: Option<String>,
}

/// Something a user did to the traces.
#[derive(Clone, Debug)]
pub(crate) enum TracesAction {
    /// Wrote into the filter.
    Filter(String),
    /// Chose a trace, by its id, or went back to the list.
    Choose(Option<String>),
}

impl PaneState for TracesState {
    type Action = TracesAction;

    fn update(&mut self, action: TracesAction, _store: &Store) {
        match action {
            TracesAction::Filter(text) => self.filter = text,
            TracesAction::Choose(trace) => self.chosen = trace,
        }
    }

    fn another_store(&mut self, _store: &Store) {
        self.chosen = None;
    }
}
