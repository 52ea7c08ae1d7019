//! What the browser's own profiler records of calls: a real trace, taken through the DevTools protocol.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use atelier_tests::Scene;
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::io::{CloseParams, ReadParams};
use chromiumoxide::cdp::browser_protocol::tracing::{
    EndParams, EventTracingComplete, StartParams, StartTransferMode, TraceConfig,
};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;

/// What DevTools records for its Performance panel, as far as it is about entries of pages.
const CATEGORIES: [&str; 2] = ["devtools.timeline", "blink.user_timing"];

/// What the page knows of one run of the scenario. Times are milliseconds since its origin.
#[derive(Debug, Deserialize)]
struct Told {
    calls: Vec<Call>,
    performance: Option<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    id: String,
    worker: u32,
    /// When the call was made and settled, as a listener was told.
    made: f64,
    settled: f64,
    /// When its handler began and ended, as it measured itself.
    begun: f64,
    ended: f64,
    phases: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
struct Account {
    emitted: u64,
    delivered: u64,
    rejected: u64,
    pending: u64,
}

/// Six calls under a trace for two workers and a queue of two: two run, two are pending, two wait for a place. The
/// page's own entry tells, in the recording, when its clock began.
fn play(measures: &str) -> String {
    format!(
        "import('/atelier/index.js').then(async ({{ createTaskRuntime }}) => {{ \
         performance.measure('own {measures}', {{ start: 1, end: 3 }}); \
         const runtime = createTaskRuntime({{ observability: {{ spans: 'on', measures: '{measures}' }} }}); \
         const spans = []; runtime.subscribeEvents((event) => spans.push(event), {{ kinds: ['span'] }}); \
         const task = runtime.defineTask({{ type: 'parallel', poolSize: 2, maxQueueDepth: 2, taskName: 'Cut {measures}', \
           worker: () => new Worker('/tests/workers/recording.js', {{ type: 'module' }}) }}); \
         const trace = runtime.createTrace('album {measures}'); \
         const own = await Promise.all([30, 20, 20, 20, 20, 20].map((ms) => task.with({{ trace }}).record(ms, 0, 0))); \
         trace.end(); \
         const {{ performance: account }} = runtime.getTelemetry().ledger; \
         const calls = spans.map(({{ callId, workerIndex, ts, durationMs, phases }}) => {{ \
           const {{ begun, ended }} = own.find((each) => each.callId === callId); const zero = performance.timeOrigin; \
           return {{ id: callId, worker: workerIndex, made: ts - durationMs - zero, settled: ts - zero, \
             begun: begun - zero, ended: ended - zero, phases }}; }}); \
         return {{ calls, performance: account?.spans }}; }})"
    )
}

/// One event of a recording.
#[derive(Debug, Deserialize)]
struct Event {
    name: String,
    #[serde(default)]
    ph: String,
    #[serde(default)]
    ts: f64,
    #[serde(default)]
    args: Value,
    #[serde(default)]
    id2: Value,
}

/// Records while something happens in the page.
async fn recorded<T>(page: &Page, happening: impl Future<Output = Result<T>>) -> Result<(T, Vec<Event>)> {
    let mut ends = page.event_listener::<EventTracingComplete>().await?;
    let config = TraceConfig {
        included_categories: Some(CATEGORIES.map(str::to_owned).to_vec()),
        excluded_categories: Some(vec!["*".to_owned()]),
        ..TraceConfig::default()
    };
    page.execute(StartParams {
        transfer_mode: Some(StartTransferMode::ReturnAsStream),
        trace_config: Some(config),
        ..StartParams::default()
    })
    .await?;
    let value = happening.await;
    page.execute(EndParams::default()).await?;
    let end = ends.next().await.context("the browser does not end its recording")?;
    let handle = end.stream.clone().context("the recording has no stream")?;
    let mut text = String::new();
    loop {
        let piece = page.execute(ReadParams::new(handle.clone())).await?;
        if piece.base64_encoded == Some(true) {
            bail!("the recording is no text");
        }
        text.push_str(&piece.data);
        if piece.eof {
            break;
        }
    }
    page.execute(CloseParams::new(handle)).await?;
    let mut recording: Value = serde_json::from_str(&text).context("the recording is no JSON")?;
    Ok((value?, serde_json::from_value(recording["traceEvents"].take())?))
}

/// An entry on a track, in milliseconds since the page's origin.
#[derive(Debug)]
struct Entry {
    label: String,
    start: f64,
    end: f64,
    color: String,
}

/// The `console.timeStamp` entries of one group, by track. `zero` is the page's origin, in the recording's microseconds.
fn stamps(events: &[Event], zero: f64) -> BTreeMap<String, Vec<Entry>> {
    let mut tracks: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.name == "TimeStamp") {
        let data = &event.args["data"];
        let (Some(track), Some("Atelier")) = (data["track"].as_str(), data["trackGroup"].as_str()) else {
            continue;
        };
        let at = |time: &Value| (time.as_f64().unwrap_or(f64::NAN) - zero) / 1e3;
        tracks.entry(track.to_owned()).or_default().push(Entry {
            label: data["name"].as_str().unwrap_or_default().to_owned(),
            start: at(&data["start"]),
            end: at(&data["end"]),
            color: data["color"].as_str().unwrap_or_default().to_owned(),
        });
    }
    tracks
}

/// A `performance.measure` entry: its beginning, its end (in the recording's microseconds), and its detail.
struct Measured {
    start: f64,
    end: f64,
    start_ms: f64,
    detail: Value,
}

fn measures(events: &[Event], name: &str) -> Vec<Measured> {
    let ours = |ph: &'static str| events.iter().filter(move |event| event.name == name && event.ph == ph);
    ours("b")
        .map(|begin| Measured {
            start: begin.ts,
            end: ours("e").find(|end| end.id2 == begin.id2).map_or(f64::NAN, |end| end.ts),
            start_ms: begin.args["startTime"].as_f64().unwrap_or(f64::NAN),
            detail: serde_json::from_str(begin.args["detail"].as_str().unwrap_or("null")).unwrap_or_default(),
        })
        .collect()
}

fn near(left: f64, right: f64) -> bool {
    // The recording has whole microseconds, and an epoch in milliseconds is a double.
    (left - right).abs() < 0.01
}

/// Records a trace in each mode, and finds in it what it promises, with the times that others tell.
pub(crate) async fn tracks(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let page = scene.tab.page();
    let ((measured, stamped, off), events) = recorded(page, async {
        let measured: Told = scene.tab.eval(&play("measure")).await?;
        let stamped: Told = scene.tab.eval(&play("timestamp")).await?;
        let off: Told = scene.tab.eval(&play("off")).await?;
        Ok((measured, stamped, off))
    })
    .await?;
    let own = measures(&events, "own measure");
    let [own] = own.as_slice() else { bail!("the page's own entry is there {} times", own.len()) };
    let zero = own.start - own.start_ms * 1e3;
    let tracks = stamps(&events, zero);
    pieces(&tracks, "measure", &measured)?;
    pieces(&tracks, "timestamp", &stamped)?;

    wholes(&events, &measured, zero)?;
    let albums: Vec<_> = tracks.get("traces").into_iter().flatten().map(|entry| &entry.label).collect();
    assert_eq!(albums, ["album timestamp"], "in the other mode it is a measure");
    let all = format!("{tracks:?}");
    assert!(!all.contains(" off"), "{all}");
    for told in [&measured, &stamped] {
        let account = told.performance.as_ref().context("the ledger does not know of it")?;
        let Account { emitted, delivered, rejected, pending } = *account;
        assert_eq!((emitted, delivered, rejected, pending), (7, 7, 0, 0), "six calls and a trace");
    }
    assert!(off.performance.is_none(), "{off:?}");
    Ok(())
}

/// The pieces of all calls: each once, on its track, from where the last one ended.
fn pieces(tracks: &BTreeMap<String, Vec<Entry>>, mode: &str, told: &Told) -> Result<()> {
    assert_eq!(told.calls.len(), 6);
    let of = |lane: &str, label: &str| {
        let entries = tracks.get(&format!("Cut {mode} · {lane}"));
        entries.into_iter().flatten().filter(|entry| entry.label == label).collect::<Vec<_>>()
    };
    for call in &told.calls {
        let mut from = call.made;
        for phase in ["admission", "queue", "delivery", "run", "reply"] {
            let (lane, label) = match phase {
                "admission" | "queue" => ("queue".to_owned(), format!("record: {phase} #{}", call.id)),
                "run" => (format!("worker {}", call.worker), format!("record #{}", call.id)),
                _ => ("messages".to_owned(), format!("record: {phase} #{}", call.id)),
            };
            let ms = *call.phases.get(phase).with_context(|| format!("{call:?} has no {phase}"))?;
            let found = of(&lane, &label);
            if ms == 0.0 && phase != "run" {
                assert!(found.is_empty(), "{found:?}");
                continue;
            }
            let [entry] = found.as_slice() else {
                bail!("'{label}' is on {lane} {} times: {tracks:?}", found.len())
            };
            assert!(near(entry.start, from) && near(entry.end, from + ms), "{entry:?} from {from}: {call:?}");
            from = entry.end;
            if phase == "run" {
                assert_eq!(entry.color, "primary");
                // Both clocks have a resolution of a tenth of a millisecond.
                let holds = entry.start <= call.begun + 0.25 && entry.end >= call.ended - 0.25;
                assert!(holds, "its handler ran in it: {entry:?}, {call:?}");
            }
        }
        assert!(near(from, call.settled), "they add up: {call:?}");
    }
    let waited = |phase: &str| told.calls.iter().filter(|call| call.phases[phase] > 0.0).count();
    assert!(waited("queue") >= 4 && waited("admission") >= 2, "{told:?}");
    for worker in 0..2 {
        let mut runs: Vec<_> =
            tracks.get(&format!("Cut {mode} · worker {worker}")).into_iter().flatten().collect();
        runs.sort_by(|left, right| left.start.total_cmp(&right.start));
        assert!(!runs.is_empty());
        for pair in runs.windows(2) {
            assert!(pair[0].end <= pair[1].start + 0.01, "a worker's runs do not overlap: {pair:?}");
        }
    }
    Ok(())
}

/// Calls and traces as a whole: only where they were asked for.
fn wholes(events: &[Event], told: &Told, zero: f64) -> Result<()> {
    // Other tests' tabs are in the recording too.
    let ours = |name, track: &str| {
        let all = measures(events, name).into_iter();
        all.filter(|each| each.detail["devtools"]["track"] == track).collect::<Vec<_>>()
    };
    let calls = ours("atelier:span", "Cut measure");
    assert_eq!(calls.len(), told.calls.len());
    for call in &told.calls {
        let whole = calls.iter().find(|each| each.detail["callId"] == call.id.as_str());
        let whole = whole.with_context(|| format!("there is no entry for {call:?}"))?;
        let (start, end) = ((whole.start - zero) / 1e3, (whole.end - zero) / 1e3);
        assert!(near(start, call.made) && near(end, call.settled), "{start} to {end}: {call:?}");
        let devtools = &whole.detail["devtools"];
        assert_eq!(
            (&devtools["dataType"], &devtools["trackGroup"]),
            (&"track-entry".into(), &"Atelier".into())
        );
        assert!(
            devtools["tooltipText"].as_str().is_some_and(|text| text.starts_with("Cut measure.record: ok, "))
        );
        let properties: Vec<(String, String)> = serde_json::from_value(devtools["properties"].clone())?;
        let properties: BTreeMap<_, _> = properties.into_iter().collect();
        assert_eq!((&properties["call"], &properties["outcome"]), (&call.id, &"ok".to_owned()));
        assert_eq!(properties["run"], format!("{:.3} ms", call.phases["run"]));
    }
    for mode in ["timestamp", "off"] {
        assert!(ours("atelier:span", &format!("Cut {mode}")).is_empty());
    }
    let album = ours("atelier:trace", "traces");
    let names: Vec<_> = album.iter().filter_map(|each| each.detail["traceName"].as_str()).collect();
    assert!(names.contains(&"album measure") && !names.contains(&"album timestamp"), "{names:?}");
    Ok(())
}
