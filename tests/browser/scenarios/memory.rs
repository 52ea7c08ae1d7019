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

/// Calls of a task that nobody holds any more, nor its runtime, and who listens to both.
const FORGET: &str = "import('/atelier/index.js').then(({ createTaskRuntime }) => { \
    globalThis.told = []; globalThis.ended = []; \
    const worker = () => new Worker('/tests/workers/bench.js', { type: 'module' }); \
    const forgotten = createTaskRuntime({ observability: { metrics: 'on', spans: 'on' } }); \
    forgotten.subscribeEvents((event) => told.push(event.name)); \
    forgotten.defineTask({ type: 'singleton', worker }).hold('gate', 'held').then((value) => ended.push(value)); \
    const runtime = createTaskRuntime({ observability: { metrics: 'on' } }); \
    runtime.subscribeEvents((event) => told.push(event.name)); \
    globalThis.task = runtime.defineTask({ type: 'singleton', worker }); \
    globalThis.marks = Array.from({ length: 100 }, () => new WeakRef({})); \
    return null; })";

/// A call goes on, and is told of, although everything it was made with is out of reach.
pub(crate) async fn calls(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    scene.tab.eval::<Option<bool>>(FORGET).await?;
    loop {
        scene.tab.page().execute(CollectGarbageParams::default()).await?;
        if scene.tab.eval::<bool>("!marks.some((mark) => mark.deref())").await? {
            break;
        }
    }
    // What was collected is finalized in tasks of their own, which come before this one's answer.
    scene.tab.eval::<u32>("new Promise((done) => setTimeout(done, 0, 0))").await?;
    let value: String = scene.tab.eval("task.echo('still here')").await?;
    assert_eq!(value, "still here");
    let told: usize = scene.tab.eval("told.filter((name) => name === 'task.success.total').length").await?;
    assert_eq!(told, 1, "whoever listens hears of calls for as long as there are any");
    loop {
        // As often as it takes: a worker that is only just loading has not heard the last one.
        scene.tab.eval::<Option<bool>>("{ new BroadcastChannel('gates').postMessage('gate'); null }").await?;
        let ended: Vec<String> = scene.tab.eval("ended").await?;
        if ended == ["held"] {
            return Ok(());
        }
    }
}
