//! Drives the app, wherever it came from: what a visitor of it would notice.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use atelier_tests::{Scene, Tab};
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::layout::Point;
use serde::de::DeserializeOwned;

use crate::table::Row;
use crate::tool::Serving;

/// How long a step may take before the next one is looked at.
const STEP_LIMIT: Duration = Duration::from_secs(40);
/// Bytes that a worker which imports `expose` from the default entry may have, in production.
const MAX_WORKER_BYTES: u64 = 96 * 1024;
/// Bytes below which not all of the worker was looked at.
const MIN_WORKER_BYTES: u64 = 5_000;
/// Bytes that the panel has at least: they are loaded when it is opened.
const MIN_PANEL_BYTES: u64 = 1_000_000;

const ROOT: &str = "document.querySelector('atelier-devtools').shadowRoot";
const CALLS: &str = "querySelector('tr[data-task-id=t] [data-col=success]')?.dataset.value ?? -1";

/// How the page came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// A bundle for production.
    Built,
    /// A tool's server for development.
    Development,
    /// A server renders it first.
    Rendered,
    /// The package's modules as they are, behind an import map.
    Unbundled,
}

impl Page {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Page::Built => "build",
            Page::Development => "dev",
            Page::Rendered => "build_and_start",
            Page::Unbundled => "import_map",
        }
    }
}

/// Runs one step after the other; those that do not need one that failed go on, and the first failure is returned.
pub(crate) async fn drive(scene: &Scene, serving: &Serving, page: Page, row: &Row) -> Result<()> {
    let tab = &scene.tab;
    // The driver has every new target wait for a debugger; a window without an opener would wait for ever.
    tab.page().execute(SetAutoAttachParams::new(false, false)).await?;
    tab.page().goto(format!("{}/", serving.url)).await?;
    // Development servers take the same port one after the other, so this origin may know where the panel was last.
    tab.eval::<Option<bool>>("void localStorage.clear()").await?;
    tab.page().goto(format!("{}/", serving.url)).await?;
    let steps = Steps { row };
    steps.run("starts", async || tab.until::<bool>("globalThis.app !== undefined").await).await?;
    steps.run("call", async || eval_is(tab, "app.add(1, 2)", 3).await).await?;
    let collector = scene.server.url();
    let mut failed = Vec::new();
    if matches!(page, Page::Built | Page::Rendered) {
        failed.extend(steps.run("worker", async || worker_is_small(tab).await).await.err());
    }
    let exporting = format!("app.exports('{collector}')");
    failed.extend(steps.run("OTLP", async || exports(scene, &exporting).await).await.err());
    let before: u64 = tab.eval("app.loaded()").await?;
    if let Err(error) = steps.run("panel", async || opens_panel(tab).await).await {
        let shown: String = tab.eval(&format!("{ROOT}.textContent.slice(0, 300)")).await?;
        failed.push(error.context(format!("the panel shows: {shown}")));
    }
    let after: u64 = tab.eval("app.loaded()").await?;
    // A bundle in one file has the panel from the start.
    if row.tool() != "esbuild-single" {
        let came_later = ensure_later(before, after);
        row.note("lazy", &came_later);
        failed.extend(came_later.err());
    }
    failed.extend(steps.run("record", async || eval_is(tab, "app.records()", true).await).await.err());
    failed.extend(steps.run("window", async || opens_window(scene, serving).await).await.err());
    failed.extend(steps.run("quiet", async || quiet(tab)).await.err());
    failed.into_iter().next().map_or(Ok(()), Err)
}

/// The same page where a policy allows its own scripts only: everything works but the window, which says why.
pub(crate) async fn under_a_policy(scene: &Scene, serving: &Serving, row: &Row) -> Result<()> {
    let tab = &scene.tab;
    tab.page().goto(format!("{}/", serving.url)).await?;
    let steps = Steps { row };
    let step = async || {
        tab.until::<bool>("globalThis.app !== undefined").await?;
        eval_is(tab, "app.add(1, 2)", 3).await?;
        opens_panel(tab).await?;
        press(tab, ".docks [aria-label='Dock: Own window']").await?;
        tab.until::<bool>(&format!("{ROOT}.textContent.includes('content security policy forbids')")).await
    };
    steps.run("policy", step).await
}

struct Steps<'a> {
    row: &'a Row,
}

impl Steps<'_> {
    async fn run<T>(&self, column: &'static str, step: impl AsyncFnOnce() -> Result<T>) -> Result<()> {
        let result = match tokio::time::timeout(STEP_LIMIT, step()).await {
            Ok(result) => result.with_context(|| column.to_owned()),
            Err(_) => Err(anyhow::anyhow!("{column}: not done after {} s", STEP_LIMIT.as_secs())),
        };
        self.row.note(column, &result);
        result.map(|_| ())
    }
}

async fn eval_is<T: DeserializeOwned + PartialEq + Debug>(
    tab: &Tab,
    expression: &str,
    expected: T,
) -> Result<()> {
    let value: T = tab.eval(expression).await?;
    ensure!(value == expected, "{expression} is {value:?}, not {expected:?}");
    Ok(())
}

async fn worker_is_small(tab: &Tab) -> Result<()> {
    let bytes: u64 = tab.eval("app.workerBytes()").await?;
    ensure!((MIN_WORKER_BYTES..MAX_WORKER_BYTES).contains(&bytes), "the worker has {bytes} bytes");
    Ok(())
}

async fn exports(scene: &Scene, exporting: &str) -> Result<()> {
    eval_is(&scene.tab, exporting, true).await?;
    ensure!(!scene.server.receiver().spans(1).is_empty(), "no span arrived");
    ensure!(!scene.server.receiver().metrics(1).is_empty(), "no metric arrived");
    Ok(())
}

async fn opens_panel(tab: &Tab) -> Result<()> {
    tab.eval::<Option<bool>>("void app.open()").await?;
    tab.until::<bool>(&format!("Number({ROOT}.{CALLS}) >= 1")).await?;
    Ok(())
}

fn ensure_later(before: u64, after: u64) -> Result<()> {
    ensure!(
        after >= before + MIN_PANEL_BYTES,
        "{before} bytes before the panel is opened, {after} afterwards"
    );
    Ok(())
}

/// The panel moves into a window of its own, and shows the page's calls there.
async fn opens_window(scene: &Scene, serving: &Serving) -> Result<()> {
    press(&scene.tab, ".docks [aria-label='Dock: Own window']").await?;
    let window = scene.window(&format!("blob:{}/", serving.url)).await?;
    window
        .until::<bool>(&format!("Number(document.querySelector('body > div')?.shadowRoot.{CALLS}) >= 1"))
        .await?;
    let has_app: bool = window.eval("globalThis.app !== undefined").await?;
    ensure!(!has_app, "the app runs in the panel's window as well");
    window.close().await;
    Ok(())
}

/// Presses what a selector finds in the panel, with the mouse: only a visitor's press may open a window.
async fn press(tab: &Tab, selector: &str) -> Result<()> {
    let middle = format!(
        "(() => {{ const box = {ROOT}.querySelector({selector:?})?.getBoundingClientRect(); \
         return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()"
    );
    let (x, y): (f64, f64) = tab.until(&middle).await?;
    tab.page().click(Point { x, y }).await.with_context(|| format!("cannot press {selector}"))?;
    Ok(())
}

/// No error, no warning, no request that failed.
fn quiet(tab: &Tab) -> Result<()> {
    let harmless = ["debug:", "log:", "info:", "verbose:"];
    let said: Vec<String> = tab
        .console()
        .into_iter()
        .filter(|line| !harmless.iter().any(|kind| line.starts_with(kind)))
        .collect();
    if said.is_empty() { Ok(()) } else { bail!("the page said: {}", said.join("\n")) }
}
