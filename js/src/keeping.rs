//! `keep` of `exportOtlp`: which calls are exported although their trace is not sampled.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use atelier_runtime::TaskRuntime;
use atelier_runtime::core::{Instant, Keep};
use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::Distribution;
use wasm_bindgen::prelude::*;

use crate::options::Options;
use crate::snapshot::Entry;

/// How often percentiles are looked at. They move slowly, and merging a task's histograms costs some microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What one exporter wants to be told of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    keep: Keep,
    slow_percentile: Option<f64>,
}

impl Wish {
    /// Reads the option. Errors are kept unless that is turned off.
    pub(crate) fn read(keep: Option<&JsValue>, refuse: fn(&str) -> JsValue) -> Result<Wish, JsValue> {
        let mut wish = Wish { keep: Keep { errors: true, slow: None }, slow_percentile: None };
        let Some(keep) = keep else { return Ok(wish) };
        if !keep.is_object() {
            return Err(refuse("keep is no object; it takes errors, slowMs and slowPercentile"));
        }
        let given = Options(keep);
        if let Some(errors) = given.get("errors") {
            let errors = errors.as_bool();
            wish.keep.errors = errors.ok_or_else(|| refuse("keep.errors takes true or false"))?;
        }
        if let Some(slow) = given.get("slowMs") {
            let millis = slow.as_f64().filter(|&millis| millis >= 0.0);
            let slow = millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1e3).ok());
            wish.keep.slow = Some(slow.ok_or_else(|| refuse("keep.slowMs takes milliseconds, 0 or more"))?);
        }
        if let Some(percentile) = given.get("slowPercentile") {
            let known =
                percentile.as_f64().filter(|&it| percentile_of(&Distribution::default(), it).is_some());
            let expected = "keep.slowPercentile takes 50, 90, 95, 99 or 99.9";
            wish.slow_percentile = Some(known.ok_or_else(|| refuse(expected))?);
        }
        Ok(wish)
    }

    fn is_any(self) -> bool {
        self.keep != Keep::default() || self.slow_percentile.is_some()
    }
}

/// The wishes of a runtime's exporters.
#[derive(Default)]
pub(crate) struct Keeping {
    wishes: RefCell<Vec<(u32, Wish)>>,
    next: Cell<u32>,
    /// When percentiles were looked at last.
    looked: Cell<Option<Instant>>,
}

impl Keeping {
    pub(crate) fn add(&self, wish: Wish, runtime: &TaskRuntime) -> u32 {
        let id = self.next.replace(self.next.get() + 1);
        self.wishes.borrow_mut().push((id, wish));
        self.apply(runtime);
        id
    }

    pub(crate) fn remove(&self, id: u32, runtime: &TaskRuntime, tasks: &[Entry]) {
        self.wishes.borrow_mut().retain(|(each, _)| *each != id);
        self.apply(runtime);
        if !self.has_percentiles() {
            tasks.iter().for_each(|entry| entry.task.set_slow(None));
        }
    }

    /// The runtime keeps what any exporter wants; all exporters that want something get it.
    fn apply(&self, runtime: &TaskRuntime) {
        let wishes = self.wishes.borrow();
        let wanted = wishes.iter().filter(|(_, wish)| wish.is_any()).map(|(_, wish)| wish.keep);
        runtime.set_keep(wanted.reduce(Keep::or));
        self.looked.set(None);
    }

    fn has_percentiles(&self) -> bool {
        self.wishes.borrow().iter().any(|(_, wish)| wish.slow_percentile.is_some())
    }

    /// Now and then, tells each task from when on its calls are slow, where that is a percentile.
    pub(crate) fn look(&self, runtime: &TaskRuntime, telemetry: &Telemetry, tasks: &[Entry]) {
        if !self.has_percentiles() {
            return;
        }
        let now = runtime.clock().now();
        if self.looked.get().is_some_and(|looked| now.since(looked) < LOOK_EVERY) {
            return;
        }
        self.looked.set(Some(now));
        let wishes = self.wishes.borrow();
        let percentiles: Vec<f64> = wishes.iter().filter_map(|(_, wish)| wish.slow_percentile).collect();
        for entry in tasks {
            let durations = telemetry.distributions(runtime.id(), entry.task.handle()).duration;
            let slow = percentiles.iter().filter_map(|&percentile| bound(&durations, percentile));
            entry.task.set_slow(slow.min());
        }
    }
}

/// The duration at a percentile; none while there were too few calls for one of them to be beyond it.
fn bound(durations: &Distribution, percentile: f64) -> Option<Duration> {
    let beyond = durations.count as f64 * (100.0 - percentile) / 100.0;
    let millis = percentile_of(durations, percentile).filter(|_| beyond >= 1.0)?;
    Duration::try_from_secs_f64(millis / 1e3).ok()
}

fn percentile_of(durations: &Distribution, percentile: f64) -> Option<f64> {
    let known = [
        (50.0, durations.p50),
        (90.0, durations.p90),
        (95.0, durations.p95),
        (99.0, durations.p99),
        (99.9, durations.p999),
    ];
    known.into_iter().find(|(each, _)| *each == percentile).map(|(_, millis)| millis)
}
