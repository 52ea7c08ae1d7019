//! Pieces that several panes are put together from: cells, bars, chips, texts of any length.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use super::dom::{Listeners, Live, Make, Told, clear, must};
use crate::model::{Gauge, count, cut};

/// A table cell with a number. `data-value` holds it unshortened.
pub(crate) fn number_cell(make: &Make, column: &str, label: &str) -> Live {
    Live::new(cell(make, "number", column, label))
}

/// A table cell; `column` names it for tests, `label` for readers when the table is too narrow to have a head.
pub(crate) fn cell(make: &Make, class: &str, column: &str, label: &str) -> HtmlElement {
    make.element("td", class).attr("role", "cell").attr("data-col", column).attr("data-label", label)
}

/// A row of a table's head with one cell a column.
pub(crate) fn head_row(make: &Make, columns: &[(&str, &str)]) -> HtmlElement {
    let row = make.element("tr", "").attr("role", "row");
    for (class, title) in columns {
        let head = make.text("th", class, title).attr("scope", "col").attr("role", "columnheader");
        let _ = row.append_child(&head);
    }
    row
}

/// A number against its limit: text over a bar.
#[derive(Debug)]
pub(crate) struct GaugeCell {
    cell: Live,
    text: Live,
    bar: Live,
    fill: Live,
}

impl GaugeCell {
    pub(crate) fn new(make: &Make, column: &str, label: &str) -> GaugeCell {
        let text = make.element("span", "gauge-text");
        let fill = make.element("span", "gauge-fill");
        let bar = make.element("span", "gauge").with([&fill]);
        let gauge = make.element("span", "gauge-box").with([&text, &bar]);
        let cell = cell(make, "gauge-cell", column, label).with([&gauge]);
        GaugeCell { cell: Live::new(cell), text: Live::new(text), bar: Live::new(bar), fill: Live::new(fill) }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.cell.element
    }

    pub(crate) fn show(&self, gauge: Gauge) {
        let limit = gauge.limit.map_or_else(String::new, |limit| format!(" / {}", count(limit)));
        self.cell.attr("data-value", &gauge.value.to_string());
        self.text.text(&format!("{}{limit}", count(gauge.value)));
        self.fill.style("transform", &format!("scaleX({:.3})", gauge.fill()));
        self.bar.attr("data-full", if gauge.is_full() { "true" } else { "false" });
    }
}

/// A text of any length: shown whole when short, else cut with a way to open it.
#[derive(Debug)]
pub(crate) struct LongText {
    make: Make,
    place: HtmlElement,
    characters: usize,
    shown: RefCell<Option<String>>,
}

impl LongText {
    /// Shows at most so many characters unopened.
    pub(crate) fn new(make: &Make, class: &str, characters: usize) -> LongText {
        LongText {
            make: make.clone(),
            place: make.element("div", class),
            characters,
            shown: RefCell::default(),
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.place
    }

    pub(crate) fn show(&self, text: &str) {
        if self.shown.borrow().as_deref() == Some(text) {
            return;
        }
        *self.shown.borrow_mut() = Some(text.to_owned());
        self.place.set_hidden(text.is_empty());
        let (start, was_cut) = cut(text, self.characters);
        if was_cut {
            clear(&self.place);
            let summary = self.make.text("summary", "", &start).attr("title", &cut(text, 600).0);
            let whole = self.make.text("div", "whole-text", text);
            let details = self.make.element("details", "long-text").with([&summary, &whole]);
            let _ = self.place.append_child(&details);
        } else {
            self.place.set_text_content(Some(&start));
        }
    }
}

/// Names and what they say, each of which may be of any length; so many characters of it are shown unopened.
pub(crate) fn facts<'a>(
    make: &Make,
    told: impl Iterator<Item = (&'a str, &'a str)>,
    characters: usize,
) -> HtmlElement {
    let list = make.element("dl", "facts");
    for (name, said) in told {
        let text = LongText::new(make, "", characters);
        text.show(said);
        let name = cut(name, characters).0;
        must(list.append_child(&make.text("dt", "", &name)));
        must(list.append_child(&make.element("dd", "").attr("data-field", &name).with([text.element()])));
    }
    list
}

/// A sentence in the place of content, with what to do about it.
pub(crate) fn empty_state(make: &Make, title: &str, hint: &str) -> HtmlElement {
    make.element("div", "empty").with([&make.text("strong", "", title), &make.text("p", "", hint)])
}

/// A field to filter what a pane shows. `filtered` gets what was typed.
pub(crate) fn filter_field(
    make: &Make,
    (placeholder, label): (&str, &str),
    listeners: &mut Listeners,
    filtered: impl Fn(String) + 'static,
) -> HtmlElement {
    let input = make
        .element("input", "filter")
        .attr("type", "search")
        .attr("placeholder", placeholder)
        .attr("aria-label", label)
        .attr("spellcheck", "false");
    let typed: HtmlInputElement = input.clone().unchecked_into();
    listeners.on(&input, "input", move |_: Event| filtered(typed.value()));
    input
}
