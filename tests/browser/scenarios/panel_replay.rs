//! Recordings that are made and opened in the panel, as a visitor does it: with the mouse, with files that are dropped. The
//! page has trusted types, and notes by itself what is true when.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use atelier_telemetry::recording::{Ending, Reader};
use atelier_tests::{Scene, Tab};
use chromiumoxide::cdp::browser_protocol::browser::{SetDownloadBehaviorBehavior, SetDownloadBehaviorParams};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchDragEventParams, DispatchDragEventType, DragData, DragDataItem,
};
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::layout::Point;
use serde::Deserialize;

// The reader that the converter's own tests have.
#[allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a trace that cannot be read should stop the test right there"
)]
#[path = "../../../exporters/tests/recording/trace_format.rs"]
mod trace_format;

const DRIVE: &str = "import('/tests/panel_replay.js').then(drive => globalThis.drive = drive)";

/// What a panel shows of a moment, or what was true then.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moment {
    moment: f64,
    success: u64,
    failure: u64,
    crashes: u64,
    in_flight: u64,
    calls: u64,
    traces: u64,
}

/// A page that was recorded, and the file.
struct Recorded {
    file: PathBuf,
    bytes: Vec<u8>,
    folder: PathBuf,
}

/// The first thing in the panel that fits: what it is called in JavaScript.
fn in_panel(selector: &str) -> String {
    format!("globalThis.drive?.panelRoot()?.querySelector({selector:?})")
}

async fn drive(tab: &Tab) -> Result<()> {
    tab.eval::<Option<bool>>(&format!("{DRIVE}.then(() => null)")).await?;
    Ok(())
}

async fn middle(tab: &Tab, selector: &str) -> Result<(f64, f64)> {
    let found = in_panel(selector);
    tab.until(&format!(
        "(() => {{ const box = {found}?.getBoundingClientRect(); \
         return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()"
    ))
    .await
}

/// Presses what a selector finds in the panel, with the mouse.
async fn press(tab: &Tab, selector: &str) -> Result<()> {
    let (x, y) = middle(tab, selector).await?;
    tab.page().click(Point { x, y }).await.with_context(|| format!("cannot press {selector}"))?;
    Ok(())
}

async fn says(tab: &Tab, selector: &str, text: &str) -> Result<()> {
    tab.until::<bool>(&format!("{}?.textContent.includes({text:?})", in_panel(selector))).await?;
    Ok(())
}

/// Has downloads put into a folder: one for all tests, since the browser has one setting for all its pages. What begins
/// like this is of another run, and goes.
async fn downloads(scene: &Scene, name: &str) -> Result<PathBuf> {
    let (tab, folder) = (&scene.tab, scene.project.path("target/test-downloads"));
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if is_file(&path, name, "") {
            std::fs::remove_file(path)?;
        }
    }
    let mut params = SetDownloadBehaviorParams::new(SetDownloadBehaviorBehavior::Allow);
    params.download_path = Some(folder.display().to_string());
    tab.page().execute(params).await?;
    Ok(folder)
}

fn is_file(path: &Path, name: &str, ending: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.starts_with(name) && file.ends_with(ending)
}

/// A file that begins and ends like this, once it is there; the watchdog bounds the wait.
async fn downloaded(folder: &Path, name: &str, ending: &str) -> Result<PathBuf> {
    loop {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if is_file(&path, name, ending) {
                return Ok(path);
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Drags a file over the panel; with `drop`, drops it.
async fn drag(tab: &Tab, file: &Path, drop: bool) -> Result<()> {
    let (x, y) = middle(tab, ".panel").await?;
    let mut data = DragData::new(vec![DragDataItem::new("text/plain", "a file")], 1);
    data.files = Some(vec![file.display().to_string()]);
    let last = if drop { DispatchDragEventType::Drop } else { DispatchDragEventType::DragOver };
    for kind in [DispatchDragEventType::DragEnter, DispatchDragEventType::DragOver, last] {
        tab.page().execute(DispatchDragEventParams::new(kind, x, y, data.clone())).await?;
    }
    Ok(())
}

/// Records the page by the button, and saves the file. The runtime has a name of which file systems take a part only.
async fn record(scene: &Scene, name: &str) -> Result<Recorded> {
    let tab = &scene.tab;
    tab.goto("/tests/trusted.html").await?;
    drive(tab).await?;
    let refused: bool = tab
        .eval("(() => { try { document.createElement('p').innerHTML = '<b>b</b>'; return false; } catch { return true; } })()")
        .await?;
    assert!(refused, "the page has trusted types");
    let folder = downloads(scene, name).await?;
    tab.eval::<bool>(&format!("drive.mount({{ open: true, storageKey: '' }}, '/{name}:')")).await?;
    press(tab, ".record").await?;
    tab.until::<bool>(&format!("{}?.dataset.state === 'running'", in_panel(".record"))).await?;
    tab.eval::<bool>("drive.happen()").await?;
    let said: String = tab
        .until(&format!("/ s · .* k?B/.test({0}.textContent) && {0}.textContent", in_panel(".record")))
        .await?;
    assert!(said.contains(" s · "), "{said}");
    press(tab, ".record").await?;
    press(tab, ".notice[data-notice=recorded] .toggle").await?;
    let file = downloaded(&folder, name, ".atelier").await?;
    let bytes = std::fs::read(&file)?;
    let file_name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    says(tab, ".notice", &file_name).await?;
    let length = format!("{name}-2026-11-26-18-05-09.atelier").len();
    assert!(file_name.starts_with(&format!("{name}-20")) && file_name.len() == length, "{file_name}");
    Ok(Recorded { file, bytes, folder })
}

/// What the panel shows of each moment, and that it is what the page's events say.
async fn every_moment_is_true(tab: &Tab, page: &Tab) -> Result<Vec<Moment>> {
    let shown: Vec<Moment> = tab.eval("drive.shown()").await?;
    let moments: Vec<f64> = shown.iter().map(|moment| moment.moment).collect();
    let truth: Vec<Moment> = page.eval(&format!("page.truth({})", serde_json::to_string(&moments)?)).await?;
    assert_eq!(shown, truth);
    Ok(shown)
}

/// What the button records is shown moment by moment, in the same page, whose runtime goes on meanwhile.
pub(crate) async fn moments(scene: &Scene) -> Result<()> {
    let recorded = record(scene, "moments").await?;
    let tab = &scene.tab;
    let mut reader = Reader::open(&recorded.bytes)?;
    assert!(reader.by_ref().all(|item| item.is_ok()) && matches!(reader.ending(), Some(Ending::Whole(_))));
    press(tab, ".notice[data-notice=recorded] .toggle:nth-of-type(2)").await?;
    let name = recorded.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    says(tab, ".runtime", &format!("recording {name}")).await?;
    let shown = every_moment_is_true(tab, tab).await?;
    let (first, last) = (&shown[0], shown.last().context("there are moments")?);
    assert!(shown.len() >= 4 && first.calls < last.calls, "{shown:?}");
    assert!(last.success >= 110 && last.failure >= 4 && last.crashes == 1 && last.traces == 1, "{last:?}");
    assert!(shown.iter().any(|moment| moment.in_flight > 0), "{shown:?}");

    // Moments by keyboard, and played.
    tab.eval::<Option<bool>>(&format!("void {}.focus()", in_panel(".moments"))).await?;
    let at = |wanted: &str| format!("{}.dataset.at === {wanted:?}", in_panel(".replay"));
    press_key(tab, "Home").await?;
    tab.until::<bool>(&at("0")).await?;
    press_key(tab, "ArrowRight").await?;
    tab.until::<bool>(&at("1")).await?;
    press(tab, ".play").await?;
    tab.until::<bool>(&at(&(shown.len() - 1).to_string())).await?;
    tab.until::<bool>(&format!("{}.dataset.plays === 'false'", in_panel(".play"))).await?;

    // The runtime was there all the time, and is again what is shown when the recording is closed.
    tab.eval::<i32>("page.task.add(1, 2)").await?;
    press(tab, ".replay [aria-label='Close the recording']").await?;
    let live = "tr[data-task-id=t] [data-col=success]";
    tab.eval::<Option<bool>>(&format!("void {}.click()", in_panel("[data-tab=tasks]"))).await?;
    tab.until::<bool>(&format!("Number({}?.dataset.value) === page.live()", in_panel(live))).await?;
    let hidden: bool = tab.eval(&format!("{}.hidden", in_panel(".replay"))).await?;
    assert!(hidden && last.success < tab.eval::<u64>("page.live()").await?);
    Ok(())
}

async fn press_key(tab: &Tab, key: &str) -> Result<()> {
    let element = tab.page().find_element("atelier-devtools").await?;
    element.press_key(key).await.with_context(|| format!("cannot press {key}"))?;
    Ok(())
}

/// The file is dropped onto the panel of a page that cannot record, and into the page that needs no app.
pub(crate) async fn elsewhere(scene: &Scene) -> Result<()> {
    let recorded = record(scene, "elsewhere").await?;
    let other = scene.another_tab().await?;
    other.goto("/tests/case.html").await?;
    drive(&other).await?;
    let mount = "import('/tests/panel_page.js').then(page => page.mount({ open: true, storageKey: '' }))";
    other.eval::<bool>(mount).await?;
    press(&other, ".record").await?;
    says(&other, ".notice", "This runtime cannot be recorded").await?;
    drag(&other, &recorded.file, false).await?;
    let target = in_panel(".drop-target");
    other.until::<bool>(&format!("!{target}.hidden && {target}.getBoundingClientRect().width > 100")).await?;
    drag(&other, &recorded.file, true).await?;
    other.until::<bool>(&format!("{target}.hidden")).await?;
    every_moment_is_true(&other, &scene.tab).await?;

    let alone = scene.another_tab().await?;
    alone.goto("/atelier/devtools.html").await?;
    drive(&alone).await?;
    says(&alone, ".welcome", "Drop a recording here").await?;
    drag(&alone, &recorded.file, true).await?;
    every_moment_is_true(&alone, &scene.tab).await?;
    press(&alone, ".replay [aria-label='Close the recording']").await?;
    says(&alone, ".welcome:not([hidden])", "Drop a recording here").await?;
    let complaints: Vec<String> =
        alone.console().into_iter().filter(|line| line.starts_with("error")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

/// Saved as Perfetto it is what a careful reader of the format accepts; the converter is loaded only for that.
pub(crate) async fn perfetto(scene: &Scene) -> Result<()> {
    let recorded = record(scene, "perfetto").await?;
    let tab = &scene.tab;
    press(tab, ".notice[data-notice=recorded] .toggle:nth-of-type(2)").await?;
    let loaded =
        "performance.getEntriesByType('resource').some(({ name }) => name.includes('/atelier/recording/'))";
    assert!(!tab.eval::<bool>(loaded).await?);
    press(tab, ".replay [aria-label^='Save as Perfetto']").await?;
    let file = downloaded(&recorded.folder, "perfetto", ".perfetto.json").await?;
    assert!(tab.eval::<bool>(loaded).await?);
    let events = trace_format::checked(&std::fs::read(file)?);
    let calls: Vec<_> = events.iter().filter(|event| event.ph == 'b' && event.name == "t.spin").collect();
    assert_eq!(calls.len(), 111);
    assert_eq!(trace_format::name_of(&events, "process_name", calls[0].pid, 0), "task t");
    says(tab, ".notice[data-notice=problem]", "ui.perfetto.dev").await
}

/// Garbage, a newer version and a file that was cut: a sentence each, and the panel lives.
pub(crate) async fn bad_files(scene: &Scene) -> Result<()> {
    let recorded = record(scene, "bad-files").await?;
    let alone = scene.another_tab().await?;
    alone.goto("/atelier/devtools.html").await?;
    drive(&alone).await?;
    says(&alone, ".welcome", "Drop a recording here").await?;
    let choose = async |bytes: &[u8], name: &str| -> Result<()> {
        let bytes = serde_json::to_string(bytes)?;
        alone.eval::<bool>(&format!("drive.choose('.welcome .open-file', {bytes}, {name:?})")).await?;
        Ok(())
    };
    choose(b"<!doctype html><p>no recording", "page.atelier").await?;
    says(&alone, ".notices", "page.atelier cannot be opened: this is no recording").await?;
    let mut newer = recorded.bytes.clone();
    newer[8..10].copy_from_slice(&7_u16.to_le_bytes());
    choose(&newer, "newer.atelier").await?;
    says(&alone, ".notices", "newer.atelier cannot be opened: the recording has version 7").await?;
    choose(&recorded.bytes[..20], "short.atelier").await?;
    says(&alone, ".notices", "short.atelier cannot be opened: the recording breaks off").await?;
    let mut damaged = recorded.bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    choose(&damaged, "damaged.atelier").await?;
    says(&alone, ".notices", "damaged.atelier").await?;
    // Of a file that was cut there is what came before.
    choose(&recorded.bytes[..recorded.bytes.len() * 2 / 3], "cut.atelier").await?;
    says(&alone, ".runtime", "recording cut.atelier").await?;
    says(&alone, ".replay-notes", "cut").await?;
    let notices: usize = alone.eval("drive.panelRoot().querySelectorAll('.notice').length").await?;
    assert!((1..=3).contains(&notices), "{notices}");
    press(&alone, ".notice [aria-label=Dismiss]").await
}

/// Opens the panel in a window of its own, to be driven like the page.
async fn window_of(scene: &Scene) -> Result<Tab> {
    let tab = &scene.tab;
    tab.page().execute(SetAutoAttachParams::new(false, false)).await?;
    tab.goto("/tests/trusted.html").await?;
    drive(tab).await?;
    tab.eval::<bool>("drive.mount({ open: true })").await?;
    press(tab, ".docks [aria-label='Dock: Own window']").await?;
    let window = scene.window(&format!("blob:{}/", scene.server.url())).await?;
    window.until::<bool>("document.readyState === 'complete'").await?;
    window
        .eval::<Option<bool>>(&format!(
            "import('{}/tests/panel_replay.js').then(drive => {{ globalThis.drive = drive; return null; }})",
            scene.server.url()
        ))
        .await?;
    Ok(window)
}

/// Clicks what a selector finds, by script: the browser gives the mouse to one window only.
async fn click(tab: &Tab, selector: &str) -> Result<()> {
    let found = in_panel(selector);
    tab.until::<bool>(&format!("Boolean({found})")).await?;
    tab.eval::<Option<bool>>(&format!("void {found}.click()")).await?;
    Ok(())
}

/// Records the page from its panel's window, and opens the file there.
async fn record_in(window: &Tab, tab: &Tab) -> Result<()> {
    click(window, ".record").await?;
    window.until::<bool>(&format!("{}.dataset.state === 'running'", in_panel(".record"))).await?;
    tab.eval::<bool>("drive.happen()").await?;
    click(window, ".record").await?;
    click(window, ".notice[data-notice=recorded] .toggle:nth-of-type(2)").await
}

/// From its own window the panel records the page, and opens the file there.
pub(crate) async fn in_a_window(scene: &Scene) -> Result<()> {
    let window = window_of(scene).await?;
    record_in(&window, &scene.tab).await?;
    every_moment_is_true(&window, &scene.tab).await?;
    Ok(())
}

/// A recording that is open stays so when the panel goes from its window into the page; one that was closed is gone.
pub(crate) async fn goes_along(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    let window = window_of(scene).await?;
    record_in(&window, tab).await?;
    let shown = every_moment_is_true(&window, tab).await?;
    click(&window, ".docks [aria-label='Dock: Bottom']").await?;
    tab.until::<bool>(&format!("{}?.hidden === false", in_panel(".replay"))).await?;
    assert_eq!(every_moment_is_true(tab, tab).await?, shown);

    click(tab, ".replay [aria-label='Close the recording']").await?;
    // An element that is moved gets another panel.
    tab.eval::<Option<bool>>("document.body.prepend(document.querySelector('atelier-devtools')), null")
        .await?;
    click(tab, "[data-tab=tasks]").await?;
    let live = in_panel("tr[data-task-id=t] [data-col=success]");
    tab.until::<bool>(&format!("Number({live}?.dataset.value) === page.live()")).await?;
    assert!(tab.eval::<bool>(&format!("{}.hidden", in_panel(".replay"))).await?);
    Ok(())
}
