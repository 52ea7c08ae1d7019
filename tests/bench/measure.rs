//! One cell, one contender, one page.
//!
//! Main-thread CPU is `ThreadTime` of `Performance.getMetrics` (DevTools protocol): the time for which the operating
//! system ran the page's main thread, so other programs do not count, and neither do the workers. `ProcessTime` less
//! that is the rest of the page's process: the workers, garbage collection in the background and the compiler.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use atelier_tests::Chromium;
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::network;
use chromiumoxide::cdp::browser_protocol::performance::EnableParams;
use chromiumoxide::cdp::js_protocol::heap_profiler::CollectGarbageParams;
use chromiumoxide::cdp::js_protocol::profiler;
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cell::{Cell, Contender};

/// Microseconds a call.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sample {
    /// As the page's own clock has it.
    pub(crate) wall: f64,
    /// The main thread's.
    pub(crate) main_cpu: f64,
    /// The rest of the page's process: the workers', above all.
    pub(crate) other_cpu: f64,
    /// The main thread's for what was left to do when the last call had ended: exporting.
    pub(crate) finish_cpu: f64,
}

/// Seconds that the operating system ran something.
struct Times {
    thread: f64,
    process: f64,
}

pub(crate) async fn measure(
    chromium: &Chromium,
    origin: &str,
    cell: &Cell,
    contender: Contender,
    calls: u32,
    profile: Option<&Path>,
) -> Result<Sample> {
    let page = chromium.new_page().await?;
    let sample = measure_in(&page, origin, cell, contender, calls, profile).await;
    // Whether the page is gone or not matters to nobody any more.
    let _ = page.close().await;
    sample
}

async fn measure_in(
    page: &Page,
    origin: &str,
    cell: &Cell,
    contender: Contender,
    calls: u32,
    profile: Option<&Path>,
) -> Result<Sample> {
    let (name, module, contender) = (cell.name, contender.module(), contender.name());
    let query = format!("cell={name}&module={module}&contender={contender}&calls={calls}");
    page.goto(format!("{origin}/tests/bench/bench.html?{query}")).await?;
    page.execute(EnableParams::default()).await?;
    let _: bool = eval(page, "globalThis.ready").await?;
    be_left_alone(page).await?;
    // What was thrown away before does not count as this cell's garbage.
    page.execute(CollectGarbageParams::default()).await?;
    if profile.is_some() {
        page.execute(profiler::EnableParams::default()).await?;
        page.execute(profiler::SetSamplingIntervalParams::new(200)).await?;
        page.execute(profiler::StartParams::default()).await?;
    }
    let before = times(page).await?;
    let wall_ms: f64 = eval(page, "globalThis.run()").await?;
    let after = times(page).await?;
    let _: bool = eval(page, "globalThis.finish()").await?;
    let finished = times(page).await?;
    if let Some(file) = profile {
        let taken = page.execute(profiler::StopParams::default()).await?;
        std::fs::write(file, serde_json::to_string(&taken.profile)?)?;
        eprintln!("    profile: {}", file.display());
    }
    let per_call = 1e6 / f64::from(calls);
    let main = after.thread - before.thread;
    Ok(Sample {
        wall: wall_ms / 1e3 * per_call,
        main_cpu: main * per_call,
        other_cpu: (after.process - before.process - main) * per_call,
        finish_cpu: (finished.thread - after.thread) * per_call,
    })
}

/// Has the protocol tell nothing of the page's requests: their bodies would be copied for it, as no visitor's are.
pub(crate) async fn be_left_alone(page: &Page) -> Result<()> {
    page.execute(network::DisableParams::default()).await?;
    Ok(())
}

/// How long the operating system ran a page's main thread, in seconds.
pub(crate) async fn main_thread_seconds(page: &Page) -> Result<f64> {
    times(page).await.map(|times| times.thread)
}

async fn times(page: &Page) -> Result<Times> {
    let metrics = page.metrics().await?;
    let of = |name: &str| {
        let metric = metrics.iter().find(|metric| metric.name == name);
        metric.map(|metric| metric.value).with_context(|| format!("the browser tells no {name}"))
    };
    Ok(Times { thread: of("ThreadTime")?, process: of("ProcessTime")? })
}

pub(crate) async fn eval<T: DeserializeOwned>(page: &Page, expression: &str) -> Result<T> {
    let params = EvaluateParams::builder()
        .expression(expression)
        .await_promise(true)
        .return_by_value(true)
        .build()
        .map_err(anyhow::Error::msg)?;
    let result = page.evaluate_expression(params).await.map_err(|error| anyhow!("{error}"))?;
    Ok(serde_json::from_value(result.value().cloned().unwrap_or_default())?)
}
