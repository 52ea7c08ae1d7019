//! What the panel costs: how long its frames take, and how much of the page's main thread goes where, with the panel closed,
//! docked, and in a window of its own. Each place is measured in a fresh page, for a few seconds under a steady load.
//!
//! Frame times are the times between two animation frames of the document that draws the panel. The share of the main thread
//! is `ThreadTime` of `Performance.getMetrics` (DevTools protocol) by the time that passed.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use atelier_tests::{Chromium, Tab};
use chromiumoxide::cdp::browser_protocol::performance::EnableParams;
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::cdp::js_protocol::heap_profiler::CollectGarbageParams;
use chromiumoxide::layout::Point;
use serde::Serialize;
use serde_json::{Value, json};

use crate::measure::main_thread_seconds;
use crate::report::median;

/// How long each is measured, in milliseconds, and in a hurry.
const MEASURED_MS: u32 = 5_000;
const MEASURED_MS_QUICK: u32 = 1_500;

/// Where the panel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Closed,
    Docked,
    Window,
}

impl Place {
    const fn title(self) -> &'static str {
        match self {
            Place::Closed => "closed",
            Place::Docked => "docked",
            Place::Window => "own window",
        }
    }
}

/// A load; `tests/pages/bench/panel.js` has what it does.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Its name there.
    pub(crate) name: &'static str,
    title: &'static str,
    /// Where the panel is, and which of its panes is looked at (`queues` is that of tasks, as pictures).
    looks: &'static [(Place, &'static str)],
}

const RATES: &[(Place, &str)] = &[
    (Place::Closed, ""),
    (Place::Docked, "tasks"),
    (Place::Docked, "queues"),
    (Place::Docked, "timeline"),
    (Place::Window, "tasks"),
    (Place::Window, "timeline"),
];

pub(crate) const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "panel-1k", title: "1,000 calls/s", looks: RATES },
    Scenario { name: "panel-10k", title: "10,000 calls/s", looks: RATES },
    Scenario {
        name: "panel-100k-spans",
        title: "100,000 spans, panned in every frame",
        looks: &[(Place::Docked, "timeline")],
    },
    Scenario {
        name: "panel-10k-tasks",
        title: "10,000 tasks, 1,000 calls/s",
        looks: &[(Place::Closed, ""), (Place::Docked, "tasks"), (Place::Docked, "queues")],
    },
];

/// One measurement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    /// Milliseconds between two animation frames, sorted.
    frames: Vec<f64>,
    /// Of the page's main thread, 0 to 1.
    page_share: f64,
    /// Of the main thread of the panel's window, where it has one.
    window_share: Option<f64>,
    /// Calls a second that the load came to.
    rate: f64,
}

/// What was measured, in the order of the tables.
#[derive(Debug, Default)]
pub(crate) struct PanelResults(Vec<(&'static Scenario, Place, &'static str, Vec<Sample>)>);

impl PanelResults {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Measures a scenario in all its places, so many times.
    pub(crate) async fn measure(
        &mut self,
        chromium: &Chromium,
        origin: &str,
        scenario: &'static Scenario,
        (rounds, quick): (u32, bool),
    ) -> Result<()> {
        for &(place, pane) in scenario.looks {
            let mut samples = Vec::new();
            for _ in 0..rounds {
                let look = Look { chromium, origin, scenario, place, pane, quick };
                let about = || format!("{} with the panel {}, {pane}", scenario.name, place.title());
                samples.push(look.measure().await.with_context(about)?);
            }
            self.0.push((scenario, place, pane, samples));
        }
        Ok(())
    }

    /// A table with a row for every load, place and pane.
    pub(crate) fn markdown(&self) -> String {
        let mut table = String::from(
            "The panel, medians over the rounds. Frame times are those of the document that draws it (of the page, where it is \
             closed), in ms; shares are of a main thread's time.\n\n\
             | Load | Panel | Pane | Frame p50 | p95 | Longest | Page's main thread | Window's | Calls/s |\n\
             |---|---|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for (scenario, place, pane, samples) in &self.0 {
            let of =
                |value: &dyn Fn(&Sample) -> Option<f64>| median(samples.iter().filter_map(value).collect());
            let ms = |at: f64| {
                of(&|sample| percentile(&sample.frames, at)).map_or_else(dash, |ms| format!("{ms:.1}"))
            };
            let share =
                |value: Option<f64>| value.map_or_else(dash, |share| format!("{:.1} %", share * 100.0));
            // A String takes everything.
            let _ = writeln!(
                table,
                "| {} | {} | {pane} | {} | {} | {} | {} | {} | {:.0} |",
                scenario.title,
                place.title(),
                ms(0.5),
                ms(0.95),
                ms(1.0),
                share(of(&|sample| Some(sample.page_share))),
                share(of(&|sample| sample.window_share)),
                of(&|sample| Some(sample.rate)).unwrap_or_default(),
            );
        }
        table
    }

    /// Every sample.
    pub(crate) fn json(&self) -> Value {
        let rows = self.0.iter().map(|(scenario, place, pane, samples)| {
            json!({ "load": scenario.name, "panel": place, "pane": pane, "rounds": samples })
        });
        Value::Array(rows.collect())
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// The value that this share of the sorted values does not exceed (nearest rank).
fn percentile(sorted: &[f64], at: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * at).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// One look at the panel.
struct Look<'a> {
    chromium: &'a Chromium,
    origin: &'a str,
    scenario: &'a Scenario,
    place: Place,
    pane: &'a str,
    quick: bool,
}

impl Look<'_> {
    async fn measure(&self) -> Result<Sample> {
        let tab = Tab::open(self.chromium, self.origin.to_owned()).await?;
        let sample = self.measure_in(&tab).await;
        tab.close().await;
        sample
    }

    async fn measure_in(&self, tab: &Tab) -> Result<Sample> {
        // The driver has every new target wait for a debugger; a window without an opener would wait for ever.
        tab.page().execute(SetAutoAttachParams::new(false, false)).await?;
        tab.goto(&format!("/tests/bench/panel.html?load={}", self.scenario.name)).await?;
        tab.until::<bool>("globalThis.ready === true").await?;
        let panel = match self.place {
            Place::Closed => None,
            Place::Docked => {
                tab.eval::<bool>("opened()").await?;
                None
            }
            Place::Window => Some(self.window_of(tab).await?),
        };
        let drawn = panel.as_ref().unwrap_or(tab);
        let module = format!("{}/tests/bench/frame_times.js", self.origin);
        if self.place != Place::Closed {
            drawn.eval::<bool>(&format!("import({module:?}).then(it => it.show({:?}))", self.pane)).await?;
        }
        for each in [Some(tab), panel.as_ref()].into_iter().flatten() {
            each.page().execute(EnableParams::default()).await?;
            each.page().execute(CollectGarbageParams::default()).await?;
        }
        let duration = if self.quick { MEASURED_MS_QUICK } else { MEASURED_MS };
        let pan = self.scenario.name == "panel-100k-spans";
        let made: f64 = tab.eval("made()").await?;
        let before = (main_thread_seconds(tab.page()).await?, self.seconds_of(panel.as_ref()).await?);
        let run = format!("import({module:?}).then(it => it.frameTimes({duration}, {pan}))");
        let (mut frames, elapsed): (Vec<f64>, f64) = drawn.eval(&run).await?;
        let after = (main_thread_seconds(tab.page()).await?, self.seconds_of(panel.as_ref()).await?);
        let calls: f64 = tab.eval("made()").await?;
        frames.sort_by(f64::total_cmp);
        let share = |before: f64, after: f64| (after - before) / (elapsed / 1e3);
        let window_share = before.1.zip(after.1).map(|(before, after)| share(before, after));
        if let Some(panel) = panel {
            panel.close().await;
        }
        Ok(Sample {
            frames,
            page_share: share(before.0, after.0),
            window_share,
            rate: (calls - made) / (elapsed / 1e3),
        })
    }

    async fn seconds_of(&self, window: Option<&Tab>) -> Result<Option<f64>> {
        match window {
            Some(window) => main_thread_seconds(window.page()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Moves the panel into a window of its own: only a press of the mouse may open one.
    async fn window_of(&self, tab: &Tab) -> Result<Tab> {
        tab.eval::<bool>("opened()").await?;
        let (x, y): (f64, f64) = tab.until("placeOf(\".docks [aria-label='Dock: Own window']\")").await?;
        tab.page().click(Point { x, y }).await.context("the dock cannot be pressed")?;
        let address = format!("blob:{}/", self.origin);
        let window = Tab::opened_at(self.chromium, &address, self.origin.to_owned()).await?;
        window
            .until::<bool>("!!document.querySelector('body > div')?.shadowRoot.querySelector('[role=tab]')")
            .await?;
        Ok(window)
    }
}
