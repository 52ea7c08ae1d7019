//! Why a call failed, beyond its message: the stack, and what its worker did before it died.

use web_sys::HtmlElement;

use crate::model::{BoxTold, cut};
use crate::view::cells::head_row;
use crate::view::dom::{Make, Told, must};

/// How many characters of a fact, of its call, and of why the worker died are shown; "copy as JSON" has all of them.
const FACT_CHARACTERS: usize = 24;
const CALL_CHARACTERS: usize = 40;
const CAUSE_CHARACTERS: usize = 60;

/// The stack, behind a line that opens it.
pub(super) fn stack(make: &Make, stack: &str) -> HtmlElement {
    let whole = make.text("div", "whole-text", stack).attr("tabindex", "0").attr("role", "group");
    make.element("details", "long-text stack")
        .with([&make.text("summary", "", "Stack"), &whole.attr("aria-label", "The error's stack")])
}

/// The last facts of the worker, the call's own marked.
pub(super) fn black_box(make: &Make, told: &BoxTold) -> HtmlElement {
    let columns = [("number", "ms"), ("", "Fact"), ("", "Call")];
    let head = make.element("thead", "").with([&head_row(make, &columns)]);
    let body = make.element("tbody", "");
    for fact in &told.facts {
        let (call, _) = cut(&fact.call, CALL_CHARACTERS);
        let row = make
            .element("tr", "")
            .attr("role", "row")
            .attr("data-fact", &cut(&fact.fact, FACT_CHARACTERS).0)
            .with([
                &make.text("td", "number", &fact.before),
                &make.text("td", "", &cut(&fact.fact, FACT_CHARACTERS).0),
                &make.text("td", "fact-call", &call).attr("title", &cut(&fact.call, 600).0),
            ]);
        must(body.append_child(&row.attr("data-this", if fact.is_this { "true" } else { "false" })));
    }
    let (title, _) = cut(&told.title, CAUSE_CHARACTERS);
    let label = format!("Black box of {title}");
    let table = make.element("table", "black-box-facts").attr("aria-label", &label).with([&head, &body]);
    let summary = make.element("summary", "").with([
        &make.text("strong", "", "Black box"),
        &make.text("span", "kind", &format!(" {title}, before its end")),
    ]);
    make.element("details", "black-box").attr("open", "").with([&summary, &table])
}
