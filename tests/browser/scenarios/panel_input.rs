//! The panel in a page that has things open on top of it, with a mouse and a keyboard.

use anyhow::{Context, Result};
use atelier_tests::Scene;
use chromiumoxide::cdp::browser_protocol::emulation::SetEmulatedMediaParams;
use chromiumoxide::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType};
use chromiumoxide::cdp::browser_protocol::performance::{EnableParams, GetMetricsParams};
use chromiumoxide::cdp::js_protocol::heap_profiler::CollectGarbageParams;
use chromiumoxide::layout::Point;

async fn mount(scene: &Scene, options: &str) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let mount = format!("import('/tests/panel_page.js').then(page => page.mount({{ {options} }}))");
    let _: bool = scene.tab.eval(&mount).await?;
    Ok(())
}

/// Presses the middle of what an expression gives, with the mouse.
async fn press(scene: &Scene, element: &str) -> Result<()> {
    // A page that enters or leaves full screen is still moving.
    let place = format!(
        "(async () => {{ const look = () => {{ const box = ({element})?.getBoundingClientRect(); \
         return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }}; \
         const before = look(); for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame); \
         const place = look(); return String(before) === String(place) ? place : null; }})()"
    );
    let (x, y): (f64, f64) = scene.tab.until(&place).await?;
    scene.tab.page().click(Point { x, y }).await.with_context(|| format!("cannot press {element}"))?;
    Ok(())
}

/// Waits until nothing lies above the middle of something, and clicks it.
async fn hit_in_full_screen(scene: &Scene, selector: &str) -> Result<()> {
    let is_hit = format!(
        "(() => {{ const it = {}; const box = it?.getBoundingClientRect(); if (!box?.width) return false; \
         const place = [box.x + box.width / 2, box.y + box.height / 2]; \
         if (document.elementFromPoint(...place) !== page.element) return false; \
         if (!it.contains(page.root.elementFromPoint(...place))) return false; it.click(); return true; }})()",
        inside(selector)
    );
    scene.tab.until::<bool>(&is_hit).await?;
    Ok(())
}

fn inside(selector: &str) -> String {
    format!("page.root.querySelector({selector:?})")
}

/// Presses a key; a key of one character types it.
async fn key(scene: &Scene, name: &str) -> Result<()> {
    let (virtual_key, code) = match name {
        "Escape" => (27, name.to_owned()),
        "ArrowRight" => (39, name.to_owned()),
        letter => {
            (i64::from(letter.as_bytes()[0].to_ascii_uppercase()), format!("Key{}", letter.to_uppercase()))
        }
    };
    let event = |kind| {
        DispatchKeyEventParams::builder()
            .r#type(kind)
            .key(name)
            .code(code.clone())
            .windows_virtual_key_code(virtual_key)
    };
    let down = if name.len() == 1 {
        event(DispatchKeyEventType::KeyDown).text(name)
    } else {
        event(DispatchKeyEventType::RawKeyDown)
    };
    for params in [down, event(DispatchKeyEventType::KeyUp)] {
        scene.tab.page().execute(params.build().map_err(anyhow::Error::msg)?).await?;
    }
    Ok(())
}

const DIALOG: &str = "{ const dialog = document.createElement('dialog'); dialog.textContent = 'of the page'; \
    document.body.append(dialog); dialog.showModal(); null }";
const HEAR: &str = "{ globalThis.heard = []; for (const type of ['keydown', 'keypress', 'keyup', 'input', \
    'pointerdown', 'mousedown', 'mouseup', 'click', 'focusin', 'focusout']) \
    addEventListener(type, event => heard.push(type)); null }";

/// Above a modal dialog the panel opens, is typed in, and keeps it all from the page.
pub(crate) async fn above_a_dialog(scene: &Scene) -> Result<()> {
    mount(scene, "storageKey: ''").await?;
    scene.tab.eval::<Option<bool>>(DIALOG).await?;
    scene.tab.eval::<Option<bool>>(HEAR).await?;
    press(scene, &inside(".corner")).await?;
    press(scene, &inside(".filter")).await?;
    for letter in ["a", "b", "c"] {
        key(scene, letter).await?;
    }
    scene.tab.until::<bool>("page.root.querySelector('.filter').value === 'abc'").await?;
    // The browser closes a dialog at this key, unless somebody takes it.
    key(scene, "Escape").await?;
    scene.tab.until::<bool>("page.root.querySelector('.filter').value === ''").await?;
    press(scene, &inside("[data-tab=timeline]")).await?;
    scene.tab.until::<bool>("page.root.activeElement?.ariaSelected === 'true'").await?;
    key(scene, "ArrowRight").await?;
    scene.tab.until::<bool>("page.root.activeElement?.dataset.tab === 'latency'").await?;
    key(scene, "Escape").await?;
    let open: bool = scene.tab.eval("document.querySelector('dialog').matches(':modal')").await?;
    assert!(open, "the dialog is still open");
    // The dialog itself hears that it has no longer the focus.
    assert_eq!(scene.tab.eval::<Vec<String>>("heard").await?, ["focusout"]);
    // Where it is not the panel's, the key is the dialog's.
    scene.tab.eval::<Option<bool>>("{ document.querySelector('dialog').focus(); null }").await?;
    key(scene, "Escape").await?;
    scene.tab.until::<bool>("page.element.parentNode === document.body").await?;
    press(scene, &inside("[data-tab=tasks]")).await?;
    scene.tab.until::<bool>("page.root.querySelector('[data-tab=tasks]').ariaSelected === 'true'").await?;
    Ok(())
}

/// Beside a fullscreen element, entered before or after, the button and the panel are there.
pub(crate) async fn above_a_fullscreen_element(scene: &Scene) -> Result<()> {
    mount(scene, "storageKey: ''").await?;
    let prepare = "{ const stage = document.createElement('div'); stage.style.background = 'teal'; \
        const enter = document.createElement('button'); enter.textContent = 'Full screen'; \
        enter.onclick = () => stage.requestFullscreen(); document.body.append(enter, stage); null }";
    scene.tab.eval::<Option<bool>>(prepare).await?;
    for _ in 0..2 {
        press(scene, "document.querySelector('body > button')").await?;
        scene.tab.until::<bool>("document.fullscreenElement !== null").await?;
        // A page that enters full screen moves what would be pressed, so that what is hit is asked.
        hit_in_full_screen(scene, ".corner").await?;
        hit_in_full_screen(scene, "[data-tab=delivery]").await?;
        scene
            .tab
            .until::<bool>("page.root.querySelector('[data-tab=delivery]').ariaSelected === 'true'")
            .await?;
        scene.tab.eval::<Option<bool>>("document.exitFullscreen().then(() => null)").await?;
        scene.tab.until::<bool>("document.fullscreenElement === null").await?;
        scene.tab.eval::<Option<bool>>("{ page.panel.close(); null }").await?;
    }
    Ok(())
}

/// A menu of the page that closes when something else is pressed, or gets the focus, stays open.
pub(crate) async fn beside_a_menu(scene: &Scene) -> Result<()> {
    mount(scene, "storageKey: ''").await?;
    let menu = "{ const menu = document.createElement('menu'); menu.textContent = 'a menu'; document.body.append(menu); \
        const close = event => menu.contains(event.target) || (menu.hidden = true); \
        for (const type of ['pointerdown', 'mousedown', 'touchstart', 'click', 'focusin']) document.addEventListener(type, close); \
        null }";
    scene.tab.eval::<Option<bool>>(menu).await?;
    for selector in [".corner", "[data-tab=timeline]", "[data-tab=tasks]", ".filter", ".grip"] {
        press(scene, &inside(selector)).await?;
    }
    assert!(!scene.tab.eval::<bool>("document.querySelector('menu').hidden").await?, "the menu is open");
    scene.tab.page().click(Point { x: 300.0, y: 200.0 }).await?;
    scene.tab.until::<bool>("document.querySelector('menu').hidden").await?;
    Ok(())
}

/// Nothing of the panel is on paper, wherever it is docked.
pub(crate) async fn on_paper(scene: &Scene) -> Result<()> {
    mount(scene, "storageKey: '', open: true").await?;
    scene.tab.until::<bool>("page.root.querySelector('tr[data-task-id=t]') !== null").await?;
    let boxes = "[page.element, ...page.root.querySelectorAll('*')].filter(node => node.getClientRects().length > 0).length";
    let look = format!(
        "(() => {{ const found = []; for (const dock of ['bottom', 'right', 'left', 'inline']) for (const open of [true, false]) \
         {{ page.element.dock = dock; page.element.open = open; found.push({boxes}); }} return found; }})()"
    );
    let on_screen: Vec<u32> = scene.tab.eval(&look).await?;
    assert!(on_screen.iter().all(|boxes| *boxes > 0), "{on_screen:?}");
    scene.tab.page().execute(SetEmulatedMediaParams::builder().media("print").build()).await?;
    assert_eq!(scene.tab.eval::<Vec<u32>>(&look).await?, [0; 8]);
    Ok(())
}

/// Mounting and taking back leaves nothing behind: no listener, no element.
pub(crate) async fn again_and_again(scene: &Scene) -> Result<()> {
    mount(scene, "storageKey: ''").await?;
    scene.tab.page().execute(EnableParams::default()).await?;
    let rounds = |rounds: u32| {
        format!(
            "(async () => {{ const {{ mountDevtools }} = await import('/atelier/devtools.js'); globalThis.gone ??= []; \
             page.panel?.unmount(); page.panel = page.element = page.root = undefined; \
             for (let n = 0; n < {rounds}; n++) {{ \
               const panel = mountDevtools(page.runtime, {{ storageKey: '', open: true }}); \
               const element = document.querySelector('atelier-devtools'); gone.push(new WeakRef(element)); \
               while (!element.shadowRoot.querySelector('tr[data-task-id=t]')) await new Promise(requestAnimationFrame); \
               const dialog = document.createElement('dialog'); document.body.append(dialog); dialog.showModal(); \
               while (element.parentNode !== dialog) await new Promise(requestAnimationFrame); \
               dialog.remove(); panel.unmount(); }} return null; }})()"
        )
    };
    let count = async || -> Result<(f64, f64)> {
        loop {
            scene.tab.page().execute(CollectGarbageParams::default()).await?;
            if scene.tab.eval::<bool>("gone.every(element => !element.deref())").await? {
                break;
            }
            // The watchdog bounds this.
        }
        let metrics = scene.tab.page().execute(GetMetricsParams::default()).await?.result.metrics;
        let value = |name: &str| metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value);
        Ok((value("JSEventListeners").context("listeners")?, value("Nodes").context("nodes")?))
    };
    scene.tab.eval::<Option<bool>>(&rounds(3)).await?;
    let (listeners, nodes) = count().await?;
    scene.tab.eval::<Option<bool>>(&rounds(5)).await?;
    let after = count().await?;
    assert!(after.0 <= listeners && after.1 <= nodes, "{listeners} listeners, {nodes} nodes; then {after:?}");
    Ok(())
}
