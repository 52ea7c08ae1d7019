//! What is collected, and what is not: garbage collection at a word, which no page can ask for.

use anyhow::Result;
use atelier_tests::Scene;
use chromiumoxide::cdp::js_protocol::heap_profiler::CollectGarbageParams;

const PREPARE: &str = "import('/atelier/index.js').then(({ createTaskRuntime }) => { \
    globalThis.keys = createTaskRuntime().abortTaskController; globalThis.heard = []; \
    globalThis.unused = Array.from({ length: 10000 }, (_, i) => new WeakRef(keys.signalFor(`unused ${i}`))); \
    keys.clearAll(); \
    keys.signalFor('listened').addEventListener('abort', () => heard.push('listener')); \
    AbortSignal.any([keys.signalFor('followed')]).addEventListener('abort', () => heard.push('follower')); \
    return null; })";

/// The signal of a cleared key goes when nobody holds it; one of another key stays, held or not, and fires.
pub(crate) async fn signals(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    scene.tab.eval::<Option<bool>>(PREPARE).await?;
    loop {
        scene.tab.page().execute(CollectGarbageParams::default()).await?;
        let left: usize = scene.tab.eval("unused.filter(signal => signal.deref()).length").await?;
        if left == 0 {
            break;
        }
        // The watchdog bounds this.
    }
    let heard: Vec<String> = scene.tab.eval("{ keys.abortMany(['listened', 'followed']); heard }").await?;
    assert_eq!(heard, ["listener", "follower"]);
    Ok(())
}
