//! The panel in a window of its own, as a visitor opens it: with the mouse, in a browser that keeps the two apart.

use anyhow::{Context, Result};
use atelier_tests::{Scene, Tab};
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::layout::Point;

const MOUNT: &str = "import('/tests/panel_page.js').then(page => page.mount({ OPTIONS }))";
const CALLS_SHOWN: &str = "Number(document.querySelector('body > div')?.shadowRoot\
    .querySelector('tr[data-task-id=t] [data-col=success]')?.dataset.value ?? -1)";

async fn mount(scene: &Scene, options: &str) -> Result<()> {
    // The driver has every new target wait for a debugger; a window without an opener would wait for ever.
    scene.tab.page().execute(SetAutoAttachParams::new(false, false)).await?;
    scene.tab.goto("/tests/case.html").await?;
    let _: bool = scene.tab.eval(&MOUNT.replace("OPTIONS", options)).await?;
    Ok(())
}

/// Presses what a selector finds in the panel, with the mouse: only a visitor's press may open a window.
async fn press(scene: &Scene, selector: &str) -> Result<()> {
    let place = format!(
        "(() => {{ const found = page.root.querySelector({selector:?}); if (!found) return null; \
         const box = found.getBoundingClientRect(); return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()"
    );
    let (x, y): (f64, f64) = scene.tab.until(&place).await?;
    scene.tab.page().click(Point { x, y }).await.with_context(|| format!("cannot press {selector}"))?;
    Ok(())
}

/// Opens the panel in the page and moves it into a window.
async fn open_window(scene: &Scene) -> Result<Tab> {
    mount(scene, "open: true").await?;
    press(scene, ".docks [aria-label='Dock: Own window']").await?;
    let window = scene.window(&format!("blob:{}/", scene.server.url())).await?;
    window.until::<bool>(&format!("{CALLS_SHOWN} >= 0")).await?;
    Ok(window)
}

async fn gone(scene: &Scene) -> Result<()> {
    scene.tab.until::<bool>("!page.element.open && page.streams === 0").await?;
    Ok(())
}

/// The window shows the page's calls, and its event loop is not the page's.
pub(crate) async fn shows_calls(scene: &Scene) -> Result<()> {
    let window = open_window(scene).await?;
    let in_page: bool = scene.tab.eval("page.root.querySelector('.panel') !== null").await?;
    assert!(!in_page, "the page itself draws no panel");
    scene.tab.eval::<Vec<i32>>("Promise.all([1, 2, 3, 4, 5].map(n => page.task.add(n, n)))").await?;
    window.until::<bool>(&format!("{CALLS_SHOWN} === 5")).await?;

    // The window is busy for three seconds; a page that shared its event loop could not answer before it is done.
    let busy = "{ globalThis.busy = new Promise(done => setTimeout(() => { const end = Date.now() + 3000; \
                while (Date.now() < end); done(end); })); null }";
    window.eval::<Option<bool>>(busy).await?;
    let answered: f64 = scene
        .tab
        .eval(
            "(async () => { for (let n = 0; n < 20; n++) await page.task.add(n, n); return Date.now(); })()",
        )
        .await?;
    let ended: f64 = window.eval("globalThis.busy").await?;
    assert!(answered < ended, "the page answered {} ms after the window was done", answered - ended);
    window.until::<bool>(&format!("{CALLS_SHOWN} === 25")).await?;

    // What is chosen in the window holds in the page and is kept.
    let choose = "document.querySelector('body > div').shadowRoot.querySelector('input[value=dark]').click()";
    window.eval::<Option<bool>>(choose).await?;
    scene.tab.until::<bool>("page.element.theme === 'dark'").await?;
    let kept: String = scene.tab.eval("localStorage.getItem('atelier-devtools')").await?;
    assert!(kept.contains("dark") && kept.contains("window"), "{kept}");

    // The corner button brings it back.
    press(scene, ".corner").await?;
    scene
        .tab
        .until::<bool>("page.element.dock === 'bottom' && page.root.querySelector('.panel') !== null")
        .await?;
    scene.tab.until::<bool>("page.streams === 1").await?;
    Ok(())
}

/// Events are gathered for the window's pane of events, and not before it is open.
pub(crate) async fn shows_events(scene: &Scene) -> Result<()> {
    let window = open_window(scene).await?;
    let gathered =
        "Object.keys(page.runtime.getTelemetry().ledger).filter(name => name.endsWith(':events')).length";
    scene.tab.eval::<i32>("page.task.add(1, 2)").await?;
    assert_eq!(scene.tab.eval::<u32>(gathered).await?, 0, "nobody asked");
    let inside = "document.querySelector('body > div').shadowRoot";
    window.eval::<Option<bool>>(&format!("void {inside}.querySelector('[data-tab=events]').click()")).await?;
    scene.tab.until::<bool>(&format!("{gathered} === 1")).await?;
    let listen = "{ page.heard = []; page.runtime.subscribeEvents(event => page.heard.unshift(\
                  event.method ?? event.name)); null }";
    scene.tab.eval::<Option<bool>>(listen).await?;
    // A new listener first hears how the gauges stand.
    scene.tab.until::<bool>("page.heard.length === 4 && page.heard.splice(0).length > 0").await?;
    scene.tab.eval::<i32>("page.task.add(1, 2)").await?;
    let heard: Vec<String> = scene.tab.eval("page.heard").await?;
    let count = heard.len();
    let rows = format!("{inside}.querySelectorAll('.event-rows > .event-row:not([hidden])')");
    window
        .until::<bool>(&format!(
            "Number({inside}.querySelector('.event-list').ariaRowCount) === {count} + 1 && {rows}.length > 3"
        ))
        .await?;
    let shown: Vec<String> = window
        .eval(&format!(
            "[...{rows}].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)\
             .map(row => row.querySelector('[data-col=name]').textContent)"
        ))
        .await?;
    assert_eq!(shown, heard.get(..shown.len()).unwrap_or_default());
    window.close().await;
    gone(scene).await?;
    assert_eq!(scene.tab.eval::<u32>(gathered).await?, 0);
    Ok(())
}

/// A closed window ends the stream, and the page notices.
pub(crate) async fn closes(scene: &Scene) -> Result<()> {
    let window = open_window(scene).await?;
    let streams: u32 = scene.tab.eval("page.streams").await?;
    assert_eq!(streams, 1);
    window.close().await;
    gone(scene).await
}

/// The page is loaded again: the window says that it is gone, and goes on when it is back.
pub(crate) async fn outlives_the_page(scene: &Scene) -> Result<()> {
    let window = open_window(scene).await?;
    scene.tab.goto("/tests/case.html?again").await?;
    let told = "document.querySelector('body > div').shadowRoot.textContent.includes('The page is gone')";
    window.until::<bool>(told).await?;
    let _: bool = scene.tab.eval(&MOUNT.replace("OPTIONS", "")).await?;
    scene.tab.until::<bool>("page.streams === 1").await?;
    scene.tab.eval::<i32>("page.task.add(1, 2)").await?;
    window.until::<bool>(&format!("{CALLS_SHOWN} === 1")).await?;
    scene.tab.eval::<Option<bool>>("void page.panel.close()").await?;
    gone(scene).await
}

/// A window that the browser refuses is told, with a button that opens it.
pub(crate) async fn is_refused(scene: &Scene) -> Result<()> {
    mount(scene, "open: true, dock: 'window'").await?;
    scene.tab.until::<bool>("page.root.textContent.includes('did not open')").await?;
    press(scene, ".dismiss").await?;
    let window = scene.window(&format!("blob:{}/", scene.server.url())).await?;
    window.until::<bool>(&format!("{CALLS_SHOWN} >= 0")).await?;
    window.close().await;
    gone(scene).await
}

/// Under a policy that trusts scripts by a nonce, and what they load.
pub(crate) async fn by_nonce(scene: &Scene) -> Result<()> {
    scene.tab.page().execute(SetAutoAttachParams::new(false, false)).await?;
    scene.tab.goto("/tests/nonce.html").await?;
    scene.tab.until::<bool>("globalThis.page?.root.querySelector('tr[data-task-id=t]') != null").await?;
    press(scene, ".docks [aria-label='Dock: Own window']").await?;
    let window = scene.window(&format!("blob:{}/", scene.server.url())).await?;
    window.until::<bool>(&format!("{CALLS_SHOWN} >= 0")).await?;
    window.close().await;
    gone(scene).await
}

/// What keeps the page's main thread busy is in the window's timeline, although the window has a thread of its own.
pub(crate) async fn shows_long_tasks(scene: &Scene) -> Result<()> {
    let window = open_window(scene).await?;
    let show = "document.querySelector('body > div').shadowRoot.querySelector('[data-tab=timeline]').click()";
    window.eval::<Option<bool>>(show).await?;
    scene.tab.eval::<i32>("page.task.add(1, 1)").await?;
    let pixels = format!(
        "import('{}/tests/main_thread.js').then(it => \
         it.mainThreadPixels(document.querySelector('body > div').shadowRoot.querySelector('.panel')))",
        scene.server.url()
    );
    let canvas =
        "document.querySelector('body > div').shadowRoot.querySelector('.timeline-canvas').clientWidth > 0";
    window.until::<bool>(canvas).await?;
    let before: u32 = window.eval(&pixels).await?;
    let busy = "new Promise(done => setTimeout(() => { const end = Date.now() + 600; while (Date.now() < end); done(1); }))";
    scene.tab.eval::<i32>(busy).await?;
    // A machine that is busy with other things has long tasks of its own.
    window.until::<bool>(&format!("{pixels}.then(found => found >= {before} + 20)")).await?;
    Ok(())
}
