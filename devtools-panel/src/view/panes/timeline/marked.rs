//! The strip that tells what happened in the marked stretch of time.

use web_sys::{Event, HtmlElement};

use crate::model::{RangeSummary, Store, TimelineAction, TimelineState, count, milliseconds, summarize};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::Own;

/// The strip.
pub(super) struct MarkedStrip {
    strip: Live,
    text: Live,
    _listeners: Listeners,
}

impl MarkedStrip {
    pub(super) fn new(make: &Make, own: &Own<TimelineState>) -> MarkedStrip {
        let mut listeners = Listeners::default();
        let text = make.element("span", "marked-text").attr("role", "status");
        let strip = make.element("div", "marked").attr("aria-label", "Marked stretch of time").with([&text]);
        let buttons = [("Zoom to it", TimelineAction::ShowMarked), ("Clear", TimelineAction::Unmark)];
        for (label, action) in buttons {
            let button = make.text("button", "toggle", label).attr("type", "button");
            let own = own.clone();
            listeners.on(&button, "click", move |_: Event| own.send(action.clone()));
            must(strip.append_child(&button));
        }
        MarkedStrip { strip: Live::new(strip), text: Live::new(text), _listeners: listeners }
    }

    pub(super) fn element(&self) -> &HtmlElement {
        &self.strip.element
    }

    pub(super) fn draw(&self, store: &Store, state: &TimelineState) {
        let marked = state.marked();
        self.strip.show(marked.is_some());
        if let Some(range) = marked {
            self.text.text(&told(&summarize(store, state.only_task.as_deref(), range)));
        }
    }
}

fn told(summary: &RangeSummary) -> String {
    let mut parts = vec![
        format!("{} ms marked", milliseconds(summary.length_ms)),
        format!("{} calls ended", count(summary.calls as u64)),
    ];
    let not_ok = ["failed", "canceled", "rejected"].into_iter().zip(summary.not_ok);
    parts.extend(not_ok.filter(|(_, n)| *n > 0).map(|(what, n)| format!("{} {what}", count(n as u64))));
    if let Some((median, longest)) = summary.durations {
        parts.push(format!("median {} ms, longest {} ms", milliseconds(median), milliseconds(longest)));
    }
    if let Some((phase, share)) = summary.longest_phase {
        parts.push(format!("{:.0} % of their time in {phase}", share * 100.0));
    }
    if summary.main_thread_ms > 0.0 {
        parts.push(format!("main thread busy for {} ms", milliseconds(summary.main_thread_ms)));
    }
    parts.join(" · ")
}
