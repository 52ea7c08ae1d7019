//! The table of traces. Its rows are kept and written anew, since the newest trace comes on top.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Event, HtmlElement};

use crate::model::{TraceRow, TracesAction, TracesState, clock_time, count, cut, milliseconds};
use crate::view::cells::{cell, head_row, number_cell};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::Own;

/// How many characters of a trace's name are shown; the waterfall has all of them.
const NAME_CHARACTERS: usize = 80;
const COLUMNS: [(&str, &str); 5] =
    [("", "Trace"), ("number", "Started"), ("number", "Duration, ms"), ("number", "Calls"), ("", "Status")];

/// The table.
pub(super) struct TraceList {
    make: Make,
    own: Own<TracesState>,
    table: Live,
    body: HtmlElement,
    rows: RefCell<Vec<Row>>,
}

struct Row {
    row: Live,
    /// The trace that it shows now.
    trace_id: Rc<RefCell<String>>,
    name: Live,
    started: Live,
    duration: Live,
    calls: Live,
    status: Live,
    _listeners: Listeners,
}

impl TraceList {
    pub(super) fn new(make: &Make, own: &Own<TracesState>) -> TraceList {
        let head = make.element("thead", "").attr("role", "rowgroup").with([&head_row(make, &COLUMNS)]);
        let body = make.element("tbody", "").attr("role", "rowgroup");
        let table = make
            .element("table", "traces")
            .attr("role", "table")
            .attr("aria-label", "Traces")
            .with([&head, &body]);
        TraceList {
            make: make.clone(),
            own: own.clone(),
            table: Live::new(table),
            body,
            rows: RefCell::default(),
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.table.element
    }

    pub(super) fn show(&self, shown: bool) {
        self.table.show(shown);
    }

    pub(super) fn draw(&self, rows: &[TraceRow], zone_offset_minutes: f64) {
        self.table.show(!rows.is_empty());
        let mut views = self.rows.borrow_mut();
        while views.len() < rows.len() {
            let row = Row::new(&self.make, &self.own);
            must(self.body.append_child(&row.row.element));
            views.push(row);
        }
        for (place, view) in views.iter().enumerate() {
            view.row.show(place < rows.len());
        }
        for (view, row) in views.iter().zip(rows) {
            view.draw(row, zone_offset_minutes);
        }
    }
}

impl Row {
    fn new(make: &Make, own: &Own<TracesState>) -> Row {
        let mut listeners = Listeners::default();
        let trace_id: Rc<RefCell<String>> = Rc::default();
        let name = make.element("button", "trace-name").attr("type", "button");
        let (asked, chosen) = (own.clone(), trace_id.clone());
        listeners.on(&name, "click", move |_: Event| {
            let trace = chosen.borrow().clone();
            asked.send(TracesAction::Choose(Some(trace)));
        });
        let [started, duration, calls] =
            [("started", "Started"), ("duration", "Duration, ms"), ("calls", "Calls")]
                .map(|(column, label)| number_cell(make, column, label));
        let status = make.element("span", "chip");
        let row = make.element("tr", "").attr("role", "row").with([
            &cell(make, "", "name", "Trace").with([&name]),
            &started.element,
            &duration.element,
            &calls.element,
            &cell(make, "", "status", "Status").with([&status]),
        ]);
        Row {
            row: Live::new(row),
            trace_id,
            name: Live::new(name),
            started,
            duration,
            calls,
            status: Live::new(status),
            _listeners: listeners,
        }
    }

    fn draw(&self, row: &TraceRow, zone_offset_minutes: f64) {
        if *self.trace_id.borrow() != row.trace_id {
            self.trace_id.borrow_mut().clone_from(&row.trace_id);
            self.row.attr("data-trace-id", &row.trace_id);
        }
        let name = row.name.as_deref().unwrap_or(&row.trace_id);
        self.name.text(&cut(name, NAME_CHARACTERS).0);
        self.started.text(&clock_time(row.start, zone_offset_minutes));
        self.duration.text(&milliseconds(row.duration_ms));
        let not_ok =
            if row.not_ok > 0 { format!(" ({} not ok)", count(row.not_ok as u64)) } else { String::new() };
        self.calls.text(&format!("{}{not_ok}", count(row.calls as u64)));
        self.status.text(&row.status);
        self.status.attr("data-state", &row.status);
    }
}
