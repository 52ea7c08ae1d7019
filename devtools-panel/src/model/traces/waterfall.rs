//! One trace as a waterfall: its spans, each beneath its parent, across page and workers.

use std::collections::{HashMap, HashSet};

use super::super::store::{Call, Store};

/// How many spans of one trace are shown. What is beyond is told.
pub(crate) const DEFAULT_SPANS_SHOWN: usize = 1_000;

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// A trace made by `createTrace`.
    Trace,
    /// A call.
    Call,
    /// A span that a handler opened.
    Handler,
}

/// A span in the waterfall.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpanRow {
    /// What it is of.
    pub(crate) kind: SpanKind,
    /// Its id.
    pub(crate) span_id: String,
    /// How deep it lies, 0 at the top.
    pub(crate) depth: usize,
    /// `resize.thumbnail`, or the name it was given.
    pub(crate) label: String,
    /// Where it ran: `page`, or `resize · worker 1`.
    pub(crate) place: String,
    /// Where it begins, as a share of the trace, 0 to 1.
    pub(crate) from: f64,
    /// How much of the trace it took, 0 to 1.
    pub(crate) share: f64,
    /// How long it took, milliseconds.
    pub(crate) duration_ms: f64,
    /// Its status or outcome.
    pub(crate) status: String,
    /// What went wrong, if something did.
    pub(crate) error: Option<String>,
    /// A call's phases: which, and how much of the call it took, 0 to 1.
    pub(crate) phases: Vec<(usize, f64)>,
}

/// A trace as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Waterfall {
    /// Its name, if it was given one.
    pub(crate) name: Option<String>,
    /// How long it took, milliseconds.
    pub(crate) duration_ms: f64,
    /// Its spans, parents before children, in the order they began.
    pub(crate) rows: Vec<SpanRow>,
    /// Spans that are not shown.
    pub(crate) beyond: usize,
}

/// A span before it has its place.
struct Loose {
    parent: Option<String>,
    start: f64,
    row: SpanRow,
}

/// The spans of one trace that are known.
pub(crate) fn waterfall(store: &Store, trace_id: &str) -> Waterfall {
    let mut spans = Vec::new();
    for trace in store.traces().iter().filter(|trace| trace.trace_id == trace_id) {
        let label = trace.name.clone().unwrap_or_else(|| "trace".to_owned());
        let row = row(SpanKind::Trace, &trace.span_id, (label, "page".to_owned()), trace.duration_ms);
        let (status, error) = (trace.status.clone(), trace.error.clone());
        spans.push(Loose {
            parent: trace.parent_span_id.clone(),
            start: trace.start,
            row: SpanRow { status, error, ..row },
        });
    }
    let name = spans.first().map(|span| span.row.label.clone());
    for call in store.history().iter().filter(|call| call.span.trace_id == trace_id) {
        add_call(store, call, &mut spans);
    }
    let from = spans.iter().map(|span| span.start).fold(f64::INFINITY, f64::min);
    let to = spans.iter().map(|span| span.start + span.row.duration_ms).fold(f64::NEG_INFINITY, f64::max);
    let whole = (to - from).max(f64::MIN_POSITIVE);
    for span in &mut spans {
        span.row.from = ((span.start - from) / whole).clamp(0.0, 1.0);
        span.row.share = (span.row.duration_ms / whole).clamp(0.0, 1.0);
    }
    let mut rows = in_order(spans);
    let beyond = rows.len().saturating_sub(DEFAULT_SPANS_SHOWN);
    rows.truncate(DEFAULT_SPANS_SHOWN);
    Waterfall { name, duration_ms: if rows.is_empty() { 0.0 } else { to - from }, rows, beyond }
}

fn add_call(store: &Store, call: &Call, spans: &mut Vec<Loose>) {
    let span = &call.span;
    let task =
        store.task(&span.task_id).and_then(|task| task.frame.task_name.as_deref()).unwrap_or(&span.task_id);
    let place = span.worker_index.map_or_else(|| "page".to_owned(), |it| format!("{task} · worker {it}"));
    let whole = span.duration_ms.max(f64::MIN_POSITIVE);
    let label = format!("{task}.{}", span.method);
    spans.push(Loose {
        parent: span.parent_span_id.clone(),
        start: span.start,
        row: SpanRow {
            status: span.outcome.clone(),
            error: span.error.clone(),
            phases: call.phases().map(|(phase, from, to)| (phase, (to - from) / whole)).collect(),
            ..row(SpanKind::Call, &span.span_id, (label, place.clone()), span.duration_ms)
        },
    });
    for child in store.handler_spans().of_call(&span.call_id).filter(|it| it.trace_id == span.trace_id) {
        let status = if child.error.is_some() { "error" } else { "ok" };
        let row =
            row(SpanKind::Handler, &child.span_id, (child.name.clone(), place.clone()), child.duration_ms);
        spans.push(Loose {
            parent: Some(child.parent_span_id.clone()),
            start: child.start,
            row: SpanRow { status: status.to_owned(), error: child.error.clone(), ..row },
        });
    }
}

fn row(kind: SpanKind, span_id: &str, (label, place): (String, String), duration_ms: f64) -> SpanRow {
    SpanRow {
        kind,
        span_id: span_id.to_owned(),
        depth: 0,
        label,
        place,
        from: 0.0,
        share: 0.0,
        duration_ms,
        status: String::new(),
        error: None,
        phases: Vec::new(),
    }
}

/// Each span beneath its parent, siblings by when they began. A span whose parent is not known (it is remote, or has not
/// ended) is at the top; a circle of parents, which only a broken stream tells, is cut where it is entered.
fn in_order(mut spans: Vec<Loose>) -> Vec<SpanRow> {
    spans.sort_by(|a, b| a.start.total_cmp(&b.start));
    let known: HashSet<String> = spans.iter().map(|span| span.row.span_id.clone()).collect();
    let mut children: HashMap<String, Vec<usize>> = HashMap::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (place, span) in spans.iter().enumerate() {
        match span.parent.as_ref().filter(|parent| known.contains(*parent)) {
            Some(parent) => children.entry(parent.clone()).or_default().push(place),
            None => open.push((place, 0)),
        }
    }
    open.reverse();
    let mut loose: Vec<Option<SpanRow>> = spans.into_iter().map(|span| Some(span.row)).collect();
    let mut rows = Vec::with_capacity(loose.len());
    let mut next_loose = 0;
    loop {
        while let Some((place, depth)) = open.pop() {
            let Some(mut row) = loose.get_mut(place).and_then(Option::take) else { continue };
            row.depth = depth;
            let below = children.remove(&row.span_id).unwrap_or_default();
            open.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
            rows.push(row);
        }
        // What is left is a circle.
        match loose.iter().skip(next_loose).position(Option::is_some) {
            Some(at) => {
                next_loose += at;
                open.push((next_loose, 0));
            }
            None => return rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, handler_span, span, task, trace};

    fn store() -> Store {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![task("a")]);
        frame.traces = vec![trace("import", 100.0, 100.0)];
        let mut call = span("a", Some(1), 120.0, 50.0);
        call.parent_span_id = Some("53995c3f42cd8ad8".to_owned());
        call.phases = [None, Some(25.0), None, Some(25.0), None];
        let mut before = span("a", Some(0), 110.0, 5.0);
        before.parent_span_id = Some("53995c3f42cd8ad8".to_owned());
        (before.span_id, before.call_id) = ("0000000000000002".to_owned(), "2".to_owned());
        let mut stranger = span("a", Some(0), 0.0, 1.0);
        stranger.trace_id = "ffff".to_owned();
        frame.spans = vec![before, call, stranger];
        frame.handler_spans = vec![handler_span("1", 145.0, 10.0)];
        store.apply(frame).unwrap();
        store
    }

    #[test]
    fn each_span_lies_beneath_its_parent() {
        let told = waterfall(&store(), "0af7651916cd43dd8448eb211c80319c");
        let seen: Vec<_> = told
            .rows
            .iter()
            .map(|row| (row.depth, row.label.as_str(), row.place.as_str(), row.from, row.share))
            .collect();
        assert_eq!(
            seen,
            [
                (0, "import", "page", 0.0, 1.0),
                (1, "a.work", "a · worker 0", 0.1, 0.05),
                (1, "a.work", "a · worker 1", 0.2, 0.5),
                (2, "decode", "a · worker 1", 0.45, 0.1),
            ]
        );
        assert_eq!(told.rows[2].phases, [(1, 0.5), (3, 0.5)]);
        assert_eq!((told.name.as_deref(), told.duration_ms), (Some("import"), 100.0));
    }

    #[test]
    fn a_trace_that_is_not_known_is_empty() {
        assert_eq!(waterfall(&store(), "0"), Waterfall::default());
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![]);
        let (mut one, mut other) = (trace("one", 0.0, 1.0), trace("other", 1.0, 1.0));
        (one.span_id, one.parent_span_id) = ("1".to_owned(), Some("2".to_owned()));
        (other.span_id, other.parent_span_id) = ("2".to_owned(), Some("1".to_owned()));
        frame.traces = vec![one, other];
        store.apply(frame).unwrap();
        let told = waterfall(&store, "0af7651916cd43dd8448eb211c80319c");
        let seen: Vec<_> = told.rows.iter().map(|row| (row.label.as_str(), row.depth)).collect();
        assert_eq!(seen, [("one", 0), ("other", 1)]);
    }
}
