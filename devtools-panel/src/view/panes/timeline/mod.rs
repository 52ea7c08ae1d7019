//! The pane of the timeline: a canvas of lanes, what the pointer and the keys do to it, the details of a call.

mod call;
mod copy;
mod failure;
mod input;
mod marked;
mod paint;
mod paint_marks;
mod tip;

use std::cell::Cell;

use web_sys::{Event, HtmlElement};

use crate::model::{Link, PHASES, Source, TimelineAction, TimelineState, count, cut, milliseconds};
use crate::view::canvas::Canvas;
use crate::view::cells::empty_state;
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::{Host, Own, Pane};
use crate::view::palette::Palette;
use crate::view::size::SizeWatch;
use call::CallPane;
use input::{listen_to_pointer, listen_to_wheel_and_keys};
use marked::MarkedStrip;
use paint::{AXIS, View, paint};
use paint_marks::{CRASH_SIGN, FULL_SIGN};
use tip::Tip;

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("timeline.css");

/// Width of the labels, and of those on a narrow panel.
const GUTTER: f64 = 132.0;
const NARROW_GUTTER: f64 = 84.0;
const NARROW: f64 = 600.0;
/// How many characters of the name of the only task shown are shown.
const ONLY_CHARACTERS: usize = 24;

/// The pane.
pub(crate) struct TimelinePane {
    own: Own<TimelineState>,
    pane: HtmlElement,
    follow: Live,
    length: Live,
    only: Live,
    kept: Live,
    lanes: HtmlElement,
    canvas: Canvas,
    spacer: Live,
    body: Live,
    empty: Live,
    marked: MarkedStrip,
    tip: Tip,
    call: CallPane,
    /// The call that was last brought into sight.
    sought: Cell<Option<u64>>,
    _resize: SizeWatch,
    _listeners: Listeners,
}

impl TimelinePane {
    pub(crate) fn new(host: &Host) -> TimelinePane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let follow = make
            .text("button", "toggle", "Follow")
            .attr("type", "button")
            .attr("title", "Whether the newest calls stay in sight (F)");
        let pressed = follow.clone();
        let asked = own.clone();
        listeners.on(&follow, "click", move |_: Event| {
            asked.send(TimelineAction::Follow(
                pressed.get_attribute("aria-pressed").as_deref() != Some("true"),
            ));
        });
        let length = make.element("span", "length");
        let bar = make.element("div", "bar").with([&follow]);
        for (text, label, factor) in [("−", "Show more time", 2.0), ("+", "Show less time", 0.5)] {
            let button = make.button("icon", text, label);
            let own = own.clone();
            let zoom = move |_: Event| own.send(TimelineAction::Zoom { factor, anchor: 0.5 });
            listeners.on(&button, "click", zoom);
            must(bar.append_child(&button));
        }
        let kept = make.element("span", "kept");
        let only = make.text("button", "toggle", "").attr("type", "button").attr("aria-pressed", "true");
        let all = own.clone();
        listeners.on(&only, "click", move |_: Event| all.send(TimelineAction::OnlyTask(None)));
        let bar = bar.with([&length, &only, &legend(make), &kept]);
        let canvas = Canvas::new(make, "timeline-canvas");
        let described = canvas.element().clone().attr("tabindex", "0").attr("role", "application").attr(
            "aria-label",
            "Timeline of the latest calls. Left and right arrow: the call before and after. Plus and minus: zoom. \
             A and D: move. F: follow or pause. Brackets: mark a stretch of time from, or to, the chosen call. \
             Z: zoom to it. Escape: close the details, then the mark. With a pointer: drag to move, Shift and drag to \
             mark, Control and wheel to zoom.",
        );
        let spacer = make.element("div", "spacer");
        let lanes = make.element("div", "lanes").with([&described, &spacer]);
        let call = CallPane::new(host, &own);
        let marked = MarkedStrip::new(make, &own);
        let tip = Tip::new(make);
        let body = make.element("div", "timeline-body").with([&lanes, call.element(), tip.element()]);
        let empty = empty_state(
            make,
            "No calls yet",
            "Calls appear here when they end, while observability.spans is on. Call a task to see the first one.",
        );
        listen_to_pointer(&described, &lanes, &own, &mut listeners);
        listen_to_wheel_and_keys(&described, &own, &mut listeners);
        let look = own.clone();
        listeners.on(&lanes, "scroll", move |_: Event| look.send(TimelineAction::Look));
        let look = own.clone();
        let resize = SizeWatch::new(&lanes, move || look.send(TimelineAction::Look));
        TimelinePane {
            own,
            pane: make.element("div", "fill").with([&bar, marked.element(), &body, &empty]),
            follow: Live::new(follow),
            length: Live::new(length),
            only: Live::new(only),
            kept: Live::new(kept),
            lanes,
            canvas,
            spacer: Live::new(spacer),
            body: Live::new(body),
            empty: Live::new(empty),
            marked,
            tip,
            call,
            sought: Cell::default(),
            _resize: resize,
            _listeners: listeners,
        }
    }

    fn draw_calls(&self, source: &Source, state: &TimelineState) {
        let store = &source.store;
        let calls = store.history().iter().len();
        self.body.show(calls > 0);
        self.empty.show(calls == 0);
        self.follow.attr("aria-pressed", if state.window.follows() { "true" } else { "false" });
        self.length.text(&shown_length(state.window.length()));
        self.only.show(state.only_task.is_some());
        if let Some(id) = &state.only_task {
            let name = store.task(id).and_then(|task| task.frame.task_name.as_deref()).unwrap_or(id);
            self.only.text(&format!("Only {} ✕", cut(name, ONLY_CHARACTERS).0));
            self.only.attr("aria-label", &format!("Only {name} ✕: press for the calls of all tasks"));
        }
        self.kept.attr("data-calls", &calls.to_string());
        let more = store.calls_not_kept();
        let gone = if more > 0 { format!(", {} not kept", count(more)) } else { String::new() };
        self.kept.text(&if calls == 0 {
            "No calls yet".to_owned()
        } else {
            format!("{} calls{gone}", count(calls as u64))
        });
        let zone = -js_sys::Date::new_0().get_timezone_offset();
        self.call.draw(store, state, zone);
        self.marked.draw(store, state);
        let layout = state.layout(store);
        let (width, height) = (f64::from(self.lanes.client_width()), f64::from(self.lanes.client_height()));
        self.spacer.style("height", &format!("{}px", (layout.height + AXIS - height).max(0.0)));
        if self.sought.replace(state.selected) != state.selected {
            let call = state.selected.and_then(|number| store.history().get(number));
            let scrolled = f64::from(self.lanes.scroll_top());
            if let Some(to) = call.and_then(|call| layout.scroll_to(call, scrolled, height - AXIS)) {
                self.lanes.set_scroll_top(to.round() as i32);
            }
        }
        let view =
            View { width, height, gutter: gutter(width), scrolled: f64::from(self.lanes.scroll_top()), zone };
        if let (Some(context), Some(palette)) = (self.canvas.begin(width, height), Palette::of(&self.pane)) {
            paint(context, &palette, (store, state), &layout, view);
        }
        self.tip.draw(store, state, &layout, view);
    }
}

impl Pane for TimelinePane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        self.own.read(|state| self.draw_calls(source, state));
    }

    fn open(&self, link: &Link, source: &Source) -> bool {
        let action = match link {
            Link::CallsOfTask(task) => TimelineAction::OnlyTask(Some(task.clone())),
            Link::Call(span_id) => TimelineAction::ShowCall(span_id.clone()),
            Link::Trace(_) => return false,
        };
        self.own.update(action, &source.store);
        true
    }

    fn another_source(&self, source: &Source) {
        self.own.another_store(&source.store);
    }
}

fn gutter(width: f64) -> f64 {
    if width < NARROW { NARROW_GUTTER } else { GUTTER }
}

fn shown_length(length_ms: f64) -> String {
    if length_ms >= 1000.0 {
        format!("{} s", milliseconds(length_ms / 1000.0).trim_end_matches('0').trim_end_matches('.'))
    } else {
        format!("{} ms", milliseconds(length_ms))
    }
}

fn legend(make: &Make) -> HtmlElement {
    let legend = make.element("span", "legend");
    for phase in PHASES {
        let swatch = make.element("i", "swatch").attr("data-phase", phase);
        must(legend.append_child(&make.element("span", "").with([&swatch, &make.text("span", "", phase)])));
    }
    for outcome in ["error", "canceled", "rejected"] {
        let swatch = make.element("i", "swatch mark-swatch").attr("data-outcome", outcome);
        must(legend.append_child(&make.element("span", "").with([&swatch, &make.text("span", "", outcome)])));
    }
    for (sign, what, happening) in [(CRASH_SIGN, "crash", "crash"), (FULL_SIGN, "queue full", "full")] {
        let sign = make.text("span", "sign", sign).attr("data-happening", happening);
        must(legend.append_child(&make.element("span", "").with([&sign, &make.text("span", "", what)])));
    }
    legend
}
