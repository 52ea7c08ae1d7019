//! What the pointer is over, in a few words beside it.

use web_sys::HtmlElement;

use super::paint::{AXIS, View};
use crate::model::{Layout, METRICS, PHASES, Store, TimelineState, call_box, cut, milliseconds};
use crate::view::dom::{Live, Make, Told};

/// How wide it is taken to be when it is kept inside the panel.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 92.0;

/// The words beside the pointer.
pub(crate) struct Tip {
    box_: Live,
    title: Live,
    about: Live,
    phases: Live,
}

impl Tip {
    pub(crate) fn new(make: &Make) -> Tip {
        let (title, about, phases) =
            (make.element("strong", ""), make.element("span", ""), make.element("span", "tip-phases"));
        let element = make.element("div", "tip").attr("aria-hidden", "true").with([&title, &about, &phases]);
        Tip {
            box_: Live::new(element),
            title: Live::new(title),
            about: Live::new(about),
            phases: Live::new(phases),
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.box_.element
    }

    pub(crate) fn draw(&self, store: &Store, state: &TimelineState, layout: &Layout, view: View) {
        let scale = state.scale(store, view.width - view.gutter);
        let call = state.hovered.and_then(|number| store.history().get(number));
        let place = call.and_then(|call| Some((call, call_box(layout, scale, call)?)));
        self.box_.show(place.is_some());
        let Some((call, (left, _, top))) = place else { return };
        let span = &call.span;
        let task = store
            .task(&span.task_id)
            .and_then(|task| task.frame.task_name.as_deref())
            .unwrap_or(&span.task_id);
        self.title.text(&cut(&format!("{task}.{}", span.method), 40).0);
        let error = span.error.as_deref().map_or_else(String::new, |error| format!(": {}", cut(error, 80).0));
        self.about.text(&format!(
            "{} ms · {}{error}",
            milliseconds(span.duration_ms),
            cut(&span.outcome, 20).0
        ));
        let phases: Vec<_> = call
            .phases()
            .map(|(phase, from, to)| format!("{} {}", PHASES[phase], milliseconds(to - from)))
            .collect();
        self.phases.text(&phases.join(" · "));
        let x = (view.gutter + left.max(0.0)).min(view.width - WIDTH - 8.0).max(8.0);
        let below = AXIS + top - view.scrolled + METRICS.bar + 8.0;
        let y =
            if below + HEIGHT > view.height { (below - METRICS.bar - 16.0 - HEIGHT).max(2.0) } else { below };
        self.box_.style("transform", &format!("translate({x:.0}px, {y:.0}px)"));
    }
}
