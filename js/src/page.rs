//! What a runtime, its tasks, its listeners and its exporters share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use atelier_runtime::{RuntimeConfig, TaskRuntime};
use atelier_telemetry::performance::{PerformanceTimeline, TimelineMode};
use atelier_telemetry::{BrowserPerformance, MetricsReader};
use wasm_bindgen::prelude::*;

use crate::errors;
use crate::keeping::Keeping;
use crate::listeners::Listeners;
use crate::snapshot::{self, Entry};
use crate::telemetry::telemetry;

/// A runtime and everyone who is told what it does.
pub(crate) struct Page {
    pub(crate) runtime: TaskRuntime,
    pub(crate) tasks: RefCell<Vec<Entry>>,
    pub(crate) listeners: Listeners,
    pub(crate) pokes: Pokes,
    pub(crate) keeping: Keeping,
    /// What `getTelemetry()` reads with.
    pub(crate) reader: MetricsReader,
    timeline: RefCell<Option<PerformanceTimeline<BrowserPerformance>>>,
    metrics: Metrics,
    demand: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Metrics {
    Auto,
    On,
    Off,
}

impl Page {
    /// A runtime without tasks. `metrics` is `auto`, `on` or `off`, `measures` is `measure`, `timestamp` or `off`.
    pub(crate) fn new(spans: bool, sample_rate: f64, metrics: &str, measures: &str) -> Rc<Page> {
        let telemetry = telemetry();
        let runtime = TaskRuntime::new(RuntimeConfig { spans, sample_rate, metrics: false });
        runtime.set_page_errors(errors::of_call);
        let metrics = match metrics {
            "on" => Metrics::On,
            "off" => Metrics::Off,
            _ => Metrics::Auto,
        };
        let timeline = match measures {
            "measure" if spans => Some(TimelineMode::Measure),
            "timestamp" if spans => Some(TimelineMode::Timestamp),
            _ => None,
        };
        let page = Rc::new(Page {
            timeline: RefCell::new(timeline.map(|mode| {
                PerformanceTimeline::new(&telemetry, runtime.id(), mode, BrowserPerformance::new())
            })),
            reader: telemetry.metrics_reader(runtime.id()),
            listeners: Listeners::new(telemetry, runtime.id()),
            runtime,
            tasks: RefCell::default(),
            pokes: Pokes::default(),
            keeping: Keeping::default(),
            metrics,
            demand: Cell::new(0),
        });
        page.apply();
        let weak = Rc::downgrade(&page);
        let resume = Closure::<dyn Fn()>::new(move || {
            if let Some(page) = weak.upgrade() {
                page.listeners.deliver();
            }
        });
        page.listeners.on_resume(resume.into_js_value().unchecked_into());
        let weak = Rc::downgrade(&page);
        page.runtime.on_drained(move || {
            if let Some(page) = weak.upgrade() {
                page.hand_on();
            }
        });
        page
    }

    /// Somebody wants metrics (or no longer does): in `auto` mode that turns them on.
    pub(crate) fn demand(&self, change: i32) {
        self.demand.set(self.demand.get().saturating_add_signed(change));
        self.apply();
    }

    fn apply(&self) {
        let on = match self.metrics {
            Metrics::On => true,
            Metrics::Off => false,
            Metrics::Auto => self.runtime.spans() || self.demand.get() > 0,
        };
        self.runtime.set_metrics(on);
    }

    /// Hands on what was told since the last time.
    pub(crate) fn hand_on(&self) {
        self.listeners.deliver();
        if let Some(timeline) = &mut *self.timeline.borrow_mut() {
            timeline.write(usize::MAX);
        }
        self.keeping.look(&self.runtime, &telemetry(), &self.tasks.borrow());
        self.pokes.poke();
    }

    /// The tasks as frames have them.
    pub(crate) fn task_frames(&self) -> Vec<atelier_telemetry::frame::TaskFrame> {
        let clock = self.runtime.clock();
        self.tasks.borrow().iter().filter_map(|entry| snapshot::frame(entry, clock)).collect()
    }
}

/// Who wants to know that there may be something new: exporters.
#[derive(Default)]
pub(crate) struct Pokes {
    next: Cell<u32>,
    list: RefCell<Vec<(u32, Poke)>>,
}

type Poke = Rc<dyn Fn()>;

impl Pokes {
    pub(crate) fn add(&self, poke: impl Fn() + 'static) -> u32 {
        let id = self.next.replace(self.next.get() + 1);
        self.list.borrow_mut().push((id, Rc::new(poke)));
        id
    }

    pub(crate) fn remove(&self, id: u32) -> bool {
        let mut list = self.list.borrow_mut();
        let before = list.len();
        list.retain(|(each, _)| *each != id);
        list.len() != before
    }

    fn poke(&self) {
        let pokes: Vec<Poke> = self.list.borrow().iter().map(|(_, poke)| poke.clone()).collect();
        for poke in pokes {
            poke();
        }
    }
}
