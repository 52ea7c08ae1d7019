//! The pane of traces: a list of them, and one of them as a waterfall.

mod list;
mod waterfall;

use web_sys::{Event, HtmlElement};

use crate::model::{Link, Source, TracesAction, TracesState, count, trace_rows, waterfall};
use crate::view::cells::{empty_state, filter_field};
use crate::view::dom::{Listeners, Live, Told};
use crate::view::host::{Host, Own, Pane};
use list::TraceList;
use waterfall::WaterfallTable;

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("traces.css");

/// The pane.
pub(crate) struct TracesPane {
    own: Own<TracesState>,
    pane: HtmlElement,
    filter: Live,
    back: Live,
    about: Live,
    list: TraceList,
    one: WaterfallTable,
    empty: Live,
    no_match: Live,
    _listeners: Listeners,
}

impl TracesPane {
    pub(crate) fn new(host: &Host) -> TracesPane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let asked: Own<TracesState> = own.clone();
        let filtered = move |text| asked.send(TracesAction::Filter(text));
        let words = ("Filter traces", "Filter traces by name, id or status");
        let filter = filter_field(make, words, &mut listeners, filtered);
        let back = make.text("button", "toggle", "‹ All traces").attr("type", "button");
        let left = own.clone();
        listeners.on(&back, "click", move |_: Event| left.send(TracesAction::Choose(None)));
        let about = make.element("span", "about").attr("role", "status");
        let bar = make.element("div", "bar").with([&filter, &back, &about]);
        let (list, one) = (TraceList::new(make, &own), WaterfallTable::new(host));
        let empty = empty_state(
            make,
            "No traces yet",
            "A trace appears here with its first call: runtime.createTrace('name'), then task.with({ trace }).",
        );
        let no_match = empty_state(make, "No trace matches", "Clear the filter to see all of them.");
        let scroll = make.element("div", "scroll").with([list.element(), one.element(), &empty, &no_match]);
        TracesPane {
            own,
            pane: make.element("div", "fill").with([&bar, &scroll]),
            filter: Live::new(filter),
            back: Live::new(back),
            about: Live::new(about),
            list,
            one,
            empty: Live::new(empty),
            no_match: Live::new(no_match),
            _listeners: listeners,
        }
    }

    fn draw_list(&self, source: &Source, state: &TracesState) {
        let (rows, beyond) = trace_rows(&source.store, &state.filter);
        let filtered = !state.filter.trim().is_empty();
        self.empty.show(rows.is_empty() && !filtered);
        self.no_match.show(rows.is_empty() && filtered);
        let more = if beyond > 0 {
            format!("; {} more: the filter finds them", count(beyond as u64))
        } else {
            String::new()
        };
        self.about.text(&format!("{} traces{more}", count(rows.len() as u64)));
        self.list.draw(&rows, -js_sys::Date::new_0().get_timezone_offset());
    }

    fn draw_one(&self, source: &Source, trace_id: &str) {
        let told = waterfall(&source.store, trace_id);
        self.empty.show(false);
        self.no_match.show(false);
        self.about.text(&self.one.draw(&told, trace_id));
    }
}

impl Pane for TracesPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        self.own.read(|state| {
            let one = state.chosen.as_deref();
            self.filter.show(one.is_none());
            self.back.show(one.is_some());
            self.list.show(one.is_none());
            self.one.show(one.is_some());
            match one {
                Some(trace_id) => self.draw_one(source, trace_id),
                None => self.draw_list(source, state),
            }
        });
    }

    fn open(&self, link: &Link, source: &Source) -> bool {
        let Link::Trace(trace_id) = link else { return false };
        self.own.update(TracesAction::Choose(Some(trace_id.clone())), &source.store);
        true
    }

    fn another_source(&self, source: &Source) {
        self.own.another_store(&source.store);
    }
}
