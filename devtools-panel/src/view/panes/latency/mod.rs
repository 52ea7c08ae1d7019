//! The pane of latency: the percentile curve, the heatmap over time, and the percentiles as numbers. All of them lead to
//! the calls that they are made of.

mod paint;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlSelectElement, PointerEvent};

use crate::model::{
    LatencyAction, LatencyState, Link, Measured, PERCENTILES, Source, count, cut, measure, milliseconds,
};
use crate::view::canvas::Canvas;
use crate::view::cells::{cell, empty_state, head_row};
use crate::view::dom::{Listeners, Live, Make, Told, clear, must};
use crate::view::host::{Host, Own, Pane};
use crate::view::palette::Palette;
use crate::view::size::SizeWatch;
use paint::{Aim, paint_curve, paint_heat};

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("latency.css");

/// How many tasks are offered; the calls of others are among those of all.
const TASKS_OFFERED: usize = 200;
const NAME_CHARACTERS: usize = 40;

/// The pane.
pub(crate) struct LatencyPane {
    own: Own<LatencyState>,
    make: Make,
    pane: HtmlElement,
    tasks: HtmlElement,
    /// Their ids and names, and how many more there are.
    offered: RefCell<(Vec<(String, String)>, usize)>,
    about: Live,
    body: Live,
    empty: Live,
    curve: Chart,
    heat: Chart,
    percentiles: Vec<PercentileRow>,
    _resize: SizeWatch,
    _listeners: Listeners,
}

/// A canvas in a frame, and what a press on it leads to.
struct Chart {
    frame: HtmlElement,
    canvas: Canvas,
    aim: Rc<RefCell<Aim>>,
}

/// A percentile as numbers: of the calls kept, and the call that it is.
struct PercentileRow {
    percentile: f64,
    value: Live,
    call: Rc<RefCell<Option<String>>>,
}

impl LatencyPane {
    pub(crate) fn new(host: &Host) -> LatencyPane {
        let (make, own) = (&host.make, host.own());
        let mut listeners = Listeners::default();
        let tasks = choice(make, "Task", &own, &mut listeners, |select| {
            let task = select.value();
            LatencyAction::Task((!task.is_empty()).then_some(task))
        });
        let measured = choice(make, "What is measured", &own, &mut listeners, |select| {
            LatencyAction::Measured(usize::try_from(select.selected_index()).unwrap_or(0))
        });
        for each in Measured::all() {
            must(measured.append_child(&make.text("option", "", each.name())));
        }
        let about = make.element("span", "about").attr("role", "status");
        let bar = make.element("div", "bar").with([&tasks, &measured, &about]);
        let curve = Chart::new(host, "Percentile curve. The table has the same as numbers.", &mut listeners);
        let heat = Chart::new(
            host,
            "Heatmap of durations over time: darker is more calls. The timeline has the same calls.",
            &mut listeners,
        );
        let (table, percentiles) = percentile_table(host, &mut listeners);
        let charts = make.element("div", "charts").with([
            &titled(make, "Percentiles", &curve.frame),
            &titled(make, "Over time", &heat.frame),
            &table,
        ]);
        let body = make.element("div", "scroll").with([&charts]);
        let empty = empty_state(
            make,
            "No calls yet",
            "Latency is shown of calls that ended, while observability.spans is on.",
        );
        let look = own.clone();
        let resize = watch_size(&body, look);
        LatencyPane {
            own,
            make: make.clone(),
            pane: make.element("div", "fill").with([&bar, &body, &empty]),
            tasks,
            offered: RefCell::default(),
            about: Live::new(about),
            body: Live::new(body),
            empty: Live::new(empty),
            curve,
            heat,
            percentiles,
            _resize: resize,
            _listeners: listeners,
        }
    }

    /// The tasks to choose from, and the one that is measured; the page is touched only when they changed.
    fn offer(&self, source: &Source, state: &LatencyState) {
        let tasks = source.store.tasks().iter().take(TASKS_OFFERED).map(|task| {
            let name = task.frame.task_name.as_deref().unwrap_or(&task.frame.task_id);
            (task.frame.task_id.clone(), cut(name, NAME_CHARACTERS).0)
        });
        let all = std::iter::once((String::new(), "All tasks".to_owned()));
        let more = source.store.tasks().len().saturating_sub(TASKS_OFFERED);
        let offered = (all.chain(tasks).collect(), more);
        if *self.offered.borrow() != offered {
            clear(&self.tasks);
            for (id, name) in &offered.0 {
                let option = self.make.text("option", "", name).attr("value", id);
                must(self.tasks.append_child(&option));
            }
            if more > 0 {
                let text = format!("and {} more, which are not offered", count(more as u64));
                must(self.tasks.append_child(&self.make.text("option", "", &text).attr("disabled", "")));
            }
            *self.offered.borrow_mut() = offered;
        }
        // Another runtime, or a recording, is looked at from the beginning.
        let (chosen, task) =
            (self.tasks.unchecked_ref::<HtmlSelectElement>(), state.task.as_deref().unwrap_or_default());
        if chosen.value() != task {
            chosen.set_value(task);
        }
    }

    fn draw_latency(&self, source: &Source, state: &LatencyState) {
        self.offer(source, state);
        let latency = measure(&source.store, state);
        let some = latency.len() > 0;
        self.body.show(some);
        self.empty.show(!some);
        let kept = source.store.history().iter().len();
        let latest = if latency.is_of_latest_only() { "the latest " } else { "" };
        self.about.text(&format!(
            "{latest}{} of {} calls kept by this panel",
            count(latency.len() as u64),
            count(kept as u64)
        ));
        if !some {
            return;
        }
        for row in &self.percentiles {
            let point = latency.at(row.percentile);
            row.value.text(&point.map_or_else(String::new, |point| milliseconds(point.value)));
            *row.call.borrow_mut() = point.map(|point| point.span_id.to_owned());
        }
        let Some(palette) = Palette::of(&self.pane) else { return };
        self.curve.draw(|context, size| paint_curve(context, &palette, &latency, size));
        let zone = -js_sys::Date::new_0().get_timezone_offset();
        self.heat.draw(|context, size| paint_heat(context, &palette, &latency, size, zone));
    }
}

impl Pane for LatencyPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        self.own.read(|state| self.draw_latency(source, state));
    }

    fn another_source(&self, source: &Source) {
        self.own.another_store(&source.store);
    }
}

impl Chart {
    fn new(host: &Host, label: &str, listeners: &mut Listeners) -> Chart {
        let make = &host.make;
        let canvas = Canvas::new(make, "chart-canvas");
        let described = canvas.element().clone().attr("role", "img").attr("aria-label", label);
        let frame = make.element("div", "chart").with([&described]);
        let aim: Rc<RefCell<Aim>> = Rc::default();
        let (aimed, panel, at) = (aim.clone(), host.panel.clone(), described.clone());
        listeners.on(&described, "click", move |event: PointerEvent| {
            let bounds = at.get_bounding_client_rect();
            let x = f64::from(event.client_x()) - bounds.left();
            let y = f64::from(event.client_y()) - bounds.top();
            let call = aimed.borrow().at(x, y).map(str::to_owned);
            if let Some(call) = call {
                panel.open(&Link::Call(call));
            }
        });
        Chart { frame, canvas, aim }
    }

    fn draw(&self, paint: impl FnOnce(&web_sys::CanvasRenderingContext2d, (f64, f64)) -> Aim) {
        let size = (f64::from(self.frame.client_width()), f64::from(self.frame.client_height()));
        if let Some(context) = self.canvas.begin(size.0, size.1) {
            *self.aim.borrow_mut() = paint(context, size);
        }
    }
}

fn titled(make: &Make, title: &str, chart: &HtmlElement) -> HtmlElement {
    make.element("figure", "titled").with([&make.text("figcaption", "", title), chart])
}

fn choice(
    make: &Make,
    label: &str,
    own: &Own<LatencyState>,
    listeners: &mut Listeners,
    action: impl Fn(&HtmlSelectElement) -> LatencyAction + 'static,
) -> HtmlElement {
    let select = make.element("select", "runtime").attr("aria-label", label);
    let (own, chosen) = (own.clone(), select.clone().unchecked_into::<HtmlSelectElement>());
    listeners.on(&select, "change", move |_: Event| own.send(action(&chosen)));
    select
}

fn percentile_table(host: &Host, listeners: &mut Listeners) -> (HtmlElement, Vec<PercentileRow>) {
    let make = &host.make;
    let columns = [("", "Percentile"), ("number", "ms"), ("", "")];
    let head = make.element("thead", "").attr("role", "rowgroup").with([&head_row(make, &columns)]);
    let body = make.element("tbody", "").attr("role", "rowgroup");
    let rows = PERCENTILES.into_iter().map(|percentile| {
        let name = if percentile >= 100.0 { "max".to_owned() } else { format!("p{percentile}") };
        let value = cell(make, "number", "value", "ms");
        let call: Rc<RefCell<Option<String>>> = Rc::default();
        let button = make
            .text("button", "toggle", "Show call")
            .attr("type", "button")
            .attr("aria-label", &format!("Show call at {name} in the timeline"));
        let (panel, chosen) = (host.panel.clone(), call.clone());
        listeners.on(&button, "click", move |_: Event| {
            let call = chosen.borrow().clone();
            if let Some(call) = call {
                panel.open(&Link::Call(call));
            }
        });
        let row = make.element("tr", "").attr("role", "row").attr("data-percentile", &name).with([
            &make.text("th", "", &name).attr("scope", "row").attr("role", "rowheader"),
            &value,
            &cell(make, "", "call", "Call").with([&button]),
        ]);
        must(body.append_child(&row));
        PercentileRow { percentile, value: Live::new(value), call }
    });
    let rows = rows.collect();
    let table = make
        .element("table", "percentiles")
        .attr("role", "table")
        .attr("aria-label", "Percentiles")
        .with([&head, &body]);
    (table, rows)
}

fn watch_size(element: &HtmlElement, own: Own<LatencyState>) -> SizeWatch {
    let seen = Cell::new(0);
    let at = element.clone();
    SizeWatch::new(element, move || {
        // Charts follow the width; their height is theirs.
        if seen.replace(at.client_width()) != at.client_width() {
            own.send(LatencyAction::Look);
        }
    })
}
