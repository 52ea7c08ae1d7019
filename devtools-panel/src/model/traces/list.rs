//! The list of traces: those that ended, and those of which only calls are known yet.

use std::collections::HashMap;

use super::super::store::{CallOutcome, Store};

/// How many traces are listed. What is beyond is told, and found by the filter.
pub(crate) const DEFAULT_TRACES_LISTED: usize = 300;

/// A trace in the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TraceRow {
    /// Its id.
    pub(crate) trace_id: String,
    /// Its name, if it was given one.
    pub(crate) name: Option<String>,
    /// When it began, milliseconds since the Unix epoch.
    pub(crate) start: f64,
    /// How long it took; until its last known call ended, while it is open.
    pub(crate) duration_ms: f64,
    /// `ok`, `error`, `canceled`, or `open` while it has not ended.
    pub(crate) status: String,
    /// Its calls that are known.
    pub(crate) calls: usize,
    /// Of these, how many did not end well.
    pub(crate) not_ok: usize,
}

/// The traces that the filter lets through, the latest first, and how many there are beyond those listed. The filter
/// looks at name, id and status.
pub(crate) fn trace_rows(store: &Store, filter: &str) -> (Vec<TraceRow>, usize) {
    let mut rows: HashMap<&str, TraceRow> = HashMap::new();
    for trace in store.traces().iter() {
        let row = rows.entry(&trace.trace_id).or_insert_with(|| TraceRow {
            trace_id: trace.trace_id.clone(),
            name: trace.name.clone(),
            start: trace.start,
            duration_ms: 0.0,
            status: trace.status.clone(),
            calls: 0,
            not_ok: 0,
        });
        // Several traces may share an id: one continues another. The one that began first names them.
        if trace.start < row.start {
            row.name.clone_from(&trace.name);
            row.status.clone_from(&trace.status);
        }
        row.stretch(trace.start, trace.start + trace.duration_ms);
    }
    // A call without a trace has an id of its own, and is no trace.
    for call in store.history().iter().filter(|call| call.span.parent_span_id.is_some()) {
        let row = rows.entry(&call.span.trace_id).or_insert_with(|| TraceRow {
            trace_id: call.span.trace_id.clone(),
            name: call.span.trace_name.clone(),
            start: call.span.start,
            duration_ms: 0.0,
            status: "open".to_owned(),
            calls: 0,
            not_ok: 0,
        });
        row.calls += 1;
        row.not_ok += usize::from(call.outcome != CallOutcome::Ok);
        if row.status == "open" {
            row.stretch(call.span.start, call.end());
        }
    }
    let wanted = filter.trim().to_lowercase();
    let mut rows: Vec<TraceRow> = rows.into_values().filter(|row| row.matches(&wanted)).collect();
    rows.sort_by(|a, b| b.start.total_cmp(&a.start).then_with(|| a.trace_id.cmp(&b.trace_id)));
    let beyond = rows.len().saturating_sub(DEFAULT_TRACES_LISTED);
    rows.truncate(DEFAULT_TRACES_LISTED);
    (rows, beyond)
}

impl TraceRow {
    fn stretch(&mut self, start: f64, end: f64) {
        let until = (self.start + self.duration_ms).max(end);
        self.start = self.start.min(start);
        self.duration_ms = until - self.start;
    }

    fn matches(&self, wanted: &str) -> bool {
        let name = self.name.as_deref().unwrap_or_default().to_lowercase();
        name.contains(wanted) || self.trace_id.contains(wanted) || self.status.contains(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task, trace};

    #[test]
    fn traces_that_ended_and_those_still_open_are_listed_the_latest_first() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        frame.traces = vec![trace("import", 100.0, 80.0)];
        let within = |id: &str, start| {
            let mut call = span("a", Some(0), start, 20.0);
            call.parent_span_id = Some("53995c3f42cd8ad8".to_owned());
            call.trace_id = id.to_owned();
            call
        };
        let mut failed = within(&frame.traces[0].trace_id, 130.0);
        failed.outcome = "error".to_owned();
        frame.spans = vec![
            within(&frame.traces[0].trace_id, 110.0),
            failed,
            within("ffff", 300.0),
            within("ffff", 310.0),
            span("a", Some(0), 500.0, 1.0),
        ];
        store.apply(frame).unwrap();
        let (rows, beyond) = trace_rows(&store, "");
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_deref(), row.status.as_str(), row.duration_ms, row.calls, row.not_ok))
            .collect();
        assert_eq!(seen, [(None, "open", 30.0, 2, 0), (Some("import"), "ok", 80.0, 2, 1)]);
        assert_eq!(beyond, 0);
        assert_eq!(trace_rows(&store, " IMPORT").0.len(), 1);
        assert_eq!(trace_rows(&store, "open").0.len(), 1);
        assert_eq!(trace_rows(&store, "nothing").0.len(), 0);
    }

    #[test]
    fn the_list_is_bounded_and_says_what_is_beyond() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![]);
        frame.traces = (0..DEFAULT_TRACES_LISTED + 7)
            .map(|number| {
                let mut each = trace("t", number as f64, 1.0);
                each.trace_id = format!("{number:032x}");
                each
            })
            .collect();
        store.apply(frame).unwrap();
        let (rows, beyond) = trace_rows(&store, "");
        assert_eq!((rows.len(), beyond), (DEFAULT_TRACES_LISTED, 7));
    }
}
