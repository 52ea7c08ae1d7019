//! One trace as a table: its spans, each beneath its parent, with a bar where it lies in the trace.

use std::cell::RefCell;

use web_sys::{Event, HtmlElement};

use crate::model::{Link, PHASES, SpanKind, SpanRow, Waterfall, count, cut, milliseconds};
use crate::view::cells::{LongText, cell, head_row};
use crate::view::dom::{Listeners, Live, Told, clear, must};
use crate::view::host::Host;

/// How many characters of a span's name, and of its error, are shown unopened.
const LABEL_CHARACTERS: usize = 60;
const ERROR_CHARACTERS: usize = 120;
/// How deep spans are set in at most: deeper ones would leave no room for their names.
const DEEPEST: usize = 12;
const COLUMNS: [(&str, &str); 4] = [("", "Span"), ("", "Where"), ("", "When"), ("number", "Duration, ms")];

/// The table.
pub(super) struct WaterfallTable {
    host: Host,
    table: Live,
    body: HtmlElement,
    shown: RefCell<Waterfall>,
    listeners: RefCell<Listeners>,
}

impl WaterfallTable {
    pub(super) fn new(host: &Host) -> WaterfallTable {
        let make = &host.make;
        let head = make.element("thead", "").attr("role", "rowgroup").with([&head_row(make, &COLUMNS)]);
        let body = make.element("tbody", "").attr("role", "rowgroup");
        let table = make
            .element("table", "waterfall")
            .attr("role", "table")
            .attr("aria-label", "Spans of the trace")
            .with([&head, &body]);
        WaterfallTable {
            host: host.clone(),
            table: Live::new(table),
            body,
            shown: RefCell::default(),
            listeners: RefCell::default(),
        }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.table.element
    }

    pub(super) fn show(&self, shown: bool) {
        self.table.show(shown);
    }

    /// Draws a trace, and gives a sentence about it.
    pub(super) fn draw(&self, told: &Waterfall, trace_id: &str) -> String {
        if *self.shown.borrow() != *told {
            clear(&self.body);
            let mut listeners = Listeners::default();
            for row in &told.rows {
                must(self.body.append_child(&self.row(row, &mut listeners)));
            }
            *self.listeners.borrow_mut() = listeners;
            self.shown.borrow_mut().clone_from(told);
        }
        if told.rows.is_empty() {
            return format!("Nothing is known of trace {trace_id} any more, or yet.");
        }
        let name = told.name.as_deref().map_or_else(String::new, |name| format!("{}: ", cut(name, 60).0));
        let beyond =
            if told.beyond > 0 { format!(", {} more", count(told.beyond as u64)) } else { String::new() };
        let spans = told.rows.len() as u64;
        format!("{name}{} spans{beyond}, {} ms", count(spans), milliseconds(told.duration_ms))
    }

    fn long_text(&self, class: &str, characters: usize, said: &str) -> HtmlElement {
        let text = LongText::new(&self.host.make, class, characters);
        text.show(said);
        text.element().clone()
    }

    fn row(&self, row: &SpanRow, listeners: &mut Listeners) -> HtmlElement {
        let make = &self.host.make;
        let name = match row.kind {
            SpanKind::Call => {
                let label = cut(&row.label, LABEL_CHARACTERS).0;
                let button = make.text("button", "span-name", &label).attr("type", "button");
                let (panel, link) = (self.host.panel.clone(), Link::Call(row.span_id.clone()));
                listeners.on(&button, "click", move |_: Event| panel.open(&link));
                // Its details, where it leads, have all of its names.
                button.attr("aria-label", &format!("{label}: show it in the timeline"))
            }
            SpanKind::Trace | SpanKind::Handler => self.long_text("span-name", LABEL_CHARACTERS, &row.label),
        };
        let first = cell(make, "", "span", "Span").with([&name]);
        must(first.style().set_property("padding-left", &format!("{}px", 12 + 14 * row.depth.min(DEEPEST))));
        if row.status != "ok" {
            let chip = make.text("span", "chip", &row.status).attr("data-state", &row.status);
            must(first.append_child(&chip));
        }
        if let Some(error) = &row.error {
            must(first.append_child(&self.long_text("span-error", ERROR_CHARACTERS, error)));
        }
        let bar = make.element("span", "span-bar").attr("data-kind", kind(row.kind));
        must(bar.style().set_property("margin-left", &format!("{:.2}%", row.from * 100.0)));
        must(bar.style().set_property("width", &format!("{:.2}%", row.share * 100.0)));
        for (phase, share) in &row.phases {
            let part =
                make.element("i", "").attr("data-phase", PHASES.get(*phase).copied().unwrap_or_default());
            must(part.style().set_property("width", &format!("{:.2}%", share * 100.0)));
            must(bar.append_child(&part));
        }
        make.element("tr", "").attr("role", "row").attr("data-span-id", &row.span_id).with([
            &first,
            &cell(make, "muted", "place", "Where").with([&make.text(
                "span",
                "",
                &cut(&row.place, LABEL_CHARACTERS).0,
            )]),
            &cell(make, "when", "when", "When").with([&bar]),
            &cell(make, "number", "duration", "Duration, ms").with([&make.text(
                "span",
                "",
                &milliseconds(row.duration_ms),
            )]),
        ])
    }
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Trace => "trace",
        SpanKind::Call => "call",
        SpanKind::Handler => "handler",
    }
}
