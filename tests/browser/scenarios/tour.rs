//! The guided tour, as a visitor takes it: real photographs, real workers, and what the receiver got of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use atelier_tests::Scene;
use serde::Deserialize;
use xtask::DecodedSpan;

/// What `subscribeEvents` said of one call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    span_id: String,
    trace_id: String,
    call_id: String,
    task_id: String,
    method: String,
    status: String,
    error: Option<String>,
    worker_index: Option<u32>,
    attempt_count: u32,
    duration_ms: f64,
}

/// One card of the gallery.
#[derive(Debug, Deserialize)]
pub(super) struct Card {
    photo: String,
    pub(super) state: String,
    text: String,
}

const CARDS: &str = "[...document.querySelectorAll('article[data-photo]')].map(card => \
    ({ photo: card.dataset.photo, state: card.dataset.state, text: card.innerText }))";

const LISTEN: &str =
    "{ globalThis.events = []; tour.runtime.subscribeEvents(event => events.push(event)); null }";

/// Opens the tour and listens to every event from the start.
async fn open(scene: &Scene) -> Result<()> {
    open_at(scene, "/").await
}

/// The same at an address of its own.
pub(super) async fn open_at(scene: &Scene, path: &str) -> Result<()> {
    scene.tab.goto(path).await?;
    let _: bool =
        scene.tab.until("globalThis.tour && !document.querySelector('#use-samples').disabled").await?;
    scene.tab.eval::<Option<bool>>(LISTEN).await?;
    Ok(())
}

pub(super) async fn all_settled(scene: &Scene, cards: usize) -> Result<Vec<Card>> {
    let settled = format!(
        "document.querySelectorAll('article[data-photo]').length === {cards} && \
         ![...document.querySelectorAll('article[data-photo]')].some(c => ['queued', 'running'].includes(c.dataset.state))"
    );
    scene.tab.until::<bool>(&settled).await?;
    scene.tab.eval(CARDS).await
}

async fn calls(scene: &Scene) -> Result<Vec<Call>> {
    scene.tab.eval("events.filter(event => event.kind === 'span')").await
}

/// All samples are processed, and the listener, the receiver and the panel tell the same story.
pub(crate) async fn samples(scene: &Scene) -> Result<()> {
    open(scene).await?;
    let names: Vec<String> =
        scene.tab.eval("fetch('/samples/index.json').then(answer => answer.json())").await?;
    assert!(names.len() >= 8, "{names:?}");
    scene.tab.click("#use-samples").await?;
    let cards = all_settled(scene, names.len()).await?;
    for card in &cards {
        assert_eq!(card.state, "done", "{card:?}");
    }
    assert_eq!(cards.iter().map(|card| &card.photo).collect::<BTreeSet<_>>(), names.iter().collect());
    let pictures: usize = scene
        .tab
        .eval(
            "Promise.all([...document.querySelectorAll('article[data-photo] img')].map(async image => { \
             await image.decode(); return image.naturalWidth; })).then(widths => widths.filter(w => w > 0).length)",
        )
        .await?;
    assert_eq!(pictures, names.len(), "every card shows its result");

    scene.tab.eval::<Option<bool>>("tour.otlp.flush()").await?;
    let calls = calls(scene).await?;
    let traces: Vec<(String, String)> = scene
        .tab
        .eval("events.filter(event => event.kind === 'trace').map(event => [event.traceId, event.status])")
        .await?;
    same_story(scene, &calls, &traces)?;
    panel_agrees(scene, &calls).await
}

/// The receiver's spans are the listener's calls and traces, one for one.
fn same_story(scene: &Scene, calls: &[Call], traces: &[(String, String)]) -> Result<()> {
    let received = scene.server.receiver().received();
    assert_eq!(received.rejected, 0, "{:?}", received.last_rejection);
    assert!(received.metric_points > 0);
    assert_eq!(received.resources.len(), 1);
    let spans = scene.server.receiver().spans(usize::MAX);
    let by_id: BTreeMap<&str, _> = spans.iter().map(|span| (span.span_id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "no span came twice");
    let steps = steps(&by_id, calls)?;
    assert_eq!(received.spans as usize, calls.len() + traces.len() + steps);
    let roots: BTreeMap<&str, &str> = spans
        .iter()
        .filter(|span| span.parent_span_id.is_none())
        .map(|span| (span.trace_id.as_str(), span.span_id.as_str()))
        .collect();
    assert_eq!(
        roots.keys().copied().collect::<BTreeSet<_>>(),
        traces.iter().map(|(id, _)| id.as_str()).collect()
    );
    for call in calls {
        let span = by_id.get(call.span_id.as_str()).with_context(|| format!("{call:?} did not arrive"))?;
        assert_eq!(span.trace_id, call.trace_id);
        assert_eq!(
            span.parent_span_id.as_deref(),
            roots.get(call.trace_id.as_str()).copied(),
            "under its trace"
        );
        assert_eq!(span.name, format!("{}.{}", call.task_id, call.method));
        assert_eq!(span.status.code, if call.status == "error" { "error" } else { "unset" });
        assert_eq!(
            span.status.message,
            if call.status == "error" { call.error.as_deref().unwrap_or("") } else { "" }
        );
        assert!(span.duration_ms > 0.0 && (span.duration_ms - call.duration_ms).abs() < 0.01, "{call:?}");
        let attributes = serde_json::to_value(&span.attributes)?;
        assert_eq!(attributes["atelier.call.id"], call.call_id);
        let scope = serde_json::to_value(&span.scope)?;
        assert_eq!(scope["attributes"]["atelier.task.id"], call.task_id);
        assert_eq!(attributes["atelier.attempt"], call.attempt_count);
        assert_eq!(attributes["atelier.worker.index"].as_u64(), call.worker_index.map(u64::from));
    }
    Ok(())
}

/// The handlers' own steps, which are `tracing` spans in Rust: how many there are. Each lies within its call or within
/// another step of it, and every call of the pipeline's image work has the ones its handler takes.
fn steps(by_id: &BTreeMap<&str, &DecodedSpan>, calls: &[Call]) -> Result<usize> {
    let mut of_calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let called: BTreeSet<&str> = calls.iter().map(|call| call.span_id.as_str()).collect();
    let mut steps = 0;
    for span in by_id.values() {
        let Some(above) = span.parent_span_id.as_deref() else { continue };
        if called.contains(span.span_id.as_str()) {
            continue;
        }
        steps += 1;
        let parent = by_id.get(above).with_context(|| format!("{} hangs beneath nothing", span.name))?;
        assert_eq!(parent.trace_id, span.trace_id);
        if called.contains(above) {
            of_calls.entry(above).or_default().insert(&span.name);
        }
    }
    for call in calls.iter().filter(|call| call.status == "ok") {
        let expected: &[&str] = match call.method.as_str() {
            "decode" => &["read", "to RGB"],
            "analyze" => &["colours", "histogram", "sharpness"],
            "encode" => &["write JPEG"],
            _ => continue,
        };
        let taken = of_calls.get(call.span_id.as_str()).cloned().unwrap_or_default();
        assert!(expected.iter().all(|step| taken.contains(step)), "{}: {taken:?}", call.method);
    }
    Ok(steps)
}

/// The panel's numbers are those of the calls.
async fn panel_agrees(scene: &Scene, calls: &[Call]) -> Result<()> {
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.status == "ok") {
        *expected.entry(&call.task_id).or_default() += 1;
    }
    scene.tab.eval::<Option<bool>>("void document.querySelector('#panel').scrollIntoView()").await?;
    let agrees = format!(
        "(() => {{ const expected = {}; const root = document.querySelector('atelier-devtools')?.shadowRoot; \
         return root && Object.entries(expected).every(([task, count]) => \
         root.querySelector(`tr[data-task-id=\"${{task}}\"] [data-col=success]`)?.dataset.value === String(count)); }})()",
        serde_json::to_string(&expected)?
    );
    scene.tab.until::<bool>(&agrees).await?;
    Ok(())
}

/// A malformed photograph shows its error, and the others are done all the same.
pub(crate) async fn malformed(scene: &Scene) -> Result<()> {
    open(scene).await?;
    let samples = scene.project.path("examples/tour/samples");
    let files = [samples.join("chelsea.png"), samples.join("README.md"), samples.join("rocket.jpg")];
    scene.tab.choose_files("#files", &files).await?;
    let cards = all_settled(scene, files.len()).await?;
    let (failed, done): (Vec<&Card>, Vec<&Card>) = cards.iter().partition(|card| card.state == "failed");
    assert_eq!(failed.len(), 1, "{cards:?}");
    assert_eq!(failed[0].photo, "README.md");
    assert!(failed[0].text.contains("Not a photograph"), "the card says why: {}", failed[0].text);
    assert!(done.iter().all(|card| card.state == "done"), "{cards:?}");
    let failures: Vec<Call> = calls(scene).await?.into_iter().filter(|call| call.status == "error").collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    scene.tab.eval::<Option<bool>>("tour.otlp.flush()").await?;
    let spans = scene.server.receiver().spans(usize::MAX);
    let errors: Vec<_> = spans.iter().filter(|span| span.status.code == "error").collect();
    assert!(errors.iter().any(|span| span.span_id == failures[0].span_id));
    let of_it = |log: &xtask::DecodedLog| log.span_id.as_ref() == Some(&failures[0].span_id);
    assert!(scene.server.receiver().logs(usize::MAX).iter().any(of_it), "the exception is logged, too");
    let counted = "Number(document.querySelector('[data-testid=telemetry-logs-received]').textContent)";
    assert!(scene.tab.until::<u64>(counted).await? > 0, "and the page says that it arrived");
    Ok(())
}

/// One photograph is cancelled, then all of them; what is cancelled says so and nothing is left behind.
pub(crate) async fn cancel(scene: &Scene) -> Result<()> {
    open(scene).await?;
    let load: &str = "{ const load = document.querySelector('#load'); load.value = '20'; \
                load.dispatchEvent(new Event('change', { bubbles: true })); null }";
    scene.tab.eval::<Option<bool>>(load).await?;
    scene.tab.click("#use-samples").await?;
    scene.tab.until::<bool>("document.querySelectorAll('article[data-state=running], article[data-state=queued]').length > 50").await?;
    let last =
        "[...document.querySelectorAll('article[data-state=queued], article[data-state=running]')].at(-1)";
    let one: String = scene
        .tab
        .eval(&format!("(() => {{ const card = {last}; card.querySelector('button').click(); return card.dataset.photo; }})()"))
        .await?;
    scene
        .tab
        .until::<bool>(&format!(
            "document.querySelector('article[data-photo={}]').dataset.state === 'cancelled'",
            serde_json::to_string(&one)?
        ))
        .await?;
    scene.tab.click("#cancel-all").await?;
    let count: usize = scene.tab.eval("document.querySelectorAll('article[data-photo]').length").await?;
    let cards = all_settled(scene, count).await?;
    let cancelled = cards.iter().filter(|card| card.state == "cancelled").count();
    assert!(cancelled > 1, "{cancelled} of {count}");
    assert!(cards.iter().all(|card| ["cancelled", "done"].contains(&card.state.as_str())));
    let idle = "tour.runtime.getRuntimeSnapshot().tasks.every(task => \
                task.queueDepth + task.pendingQueueDepth + task.waitingQueueDepth === 0)";
    scene.tab.until::<bool>(idle).await?;
    // And the tour goes on.
    let chelsea = scene.project.path("examples/tour/samples/chelsea.png");
    scene
        .tab
        .eval::<Option<bool>>(
            "{ document.querySelector('#load').value = '1'; document.querySelector('#clear').click(); null }",
        )
        .await?;
    scene.tab.choose_files("#files", &[chelsea]).await?;
    let cards = all_settled(scene, 1).await?;
    assert_eq!(cards[0].state, "done", "{cards:?}");
    Ok(())
}

/// Saves pictures of the whole tour, for those who look: in both themes, after the samples are done.
pub(crate) async fn looks(scene: &Scene) -> Result<()> {
    open(scene).await?;
    scene.tab.click("#use-samples").await?;
    let count: usize =
        scene.tab.eval("fetch('/samples/index.json').then(a => a.json()).then(n => n.length)").await?;
    all_settled(scene, count).await?;
    let wide: f64 = scene.tab.eval("document.documentElement.scrollWidth - innerWidth").await?;
    assert!(wide <= 0.0, "nothing runs out of the page sideways: {wide}");
    Ok(())
}
