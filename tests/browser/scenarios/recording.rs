//! Recordings of real pages, read here and compared with what a listener in the page heard.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use atelier_core::names::{Instrument, Metric, Phase};
use atelier_telemetry::recording::{Ending, Header, Item, Reader, Replay, Summary};
use atelier_telemetry::{MetricRecord, Record, SpanRecord, TraceRecord};
use atelier_tests::Scene;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What the page gives of a recording.
#[derive(Deserialize)]
struct Recorded {
    file: Vec<u8>,
    #[serde(rename = "type")]
    kind: String,
    events: Vec<Value>,
    facts: u64,
    dropped: u64,
    bytes: u64,
    during: Value,
    again: bool,
    after: Option<Value>,
    address: String,
}

async fn run<T: serde::de::DeserializeOwned>(scene: &Scene, function: &str) -> Result<T> {
    scene.tab.goto("/tests/case.html?secret=1#secret").await?;
    scene.tab.eval(&format!("import('/tests/recorded.js').then((module) => module.{function}())")).await
}

struct File {
    header: Header,
    items: Vec<Item>,
    summary: Summary,
}

fn read(file: &[u8]) -> Result<File> {
    let mut reader = Reader::open(file)?;
    let items = reader.by_ref().collect::<Result<_, _>>()?;
    assert_eq!(reader.unknown(), 0);
    let Some(Ending::Whole(summary)) = reader.ending() else { bail!("the file is not whole") };
    Ok(File { header: reader.header().clone(), items, summary: summary.clone() })
}

fn records(file: &File) -> Vec<&Record> {
    let mut records = Vec::new();
    for item in &file.items {
        if let Item::Record(record) = item {
            records.push(record);
        }
    }
    records
}

/// An object without what is absent.
fn event(entries: Value) -> Value {
    let Value::Object(entries) = entries else { return entries };
    Value::Object(entries.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

/// The event that a listener gets of a record (DESIGN, "Events"), worked out here from the record.
fn heard(record: &Record) -> Option<Value> {
    match record {
        Record::Metric(metric) => Some(metric_event(metric)),
        Record::Span(call) => Some(call_event(call)),
        Record::Trace(trace) => Some(trace_event(trace)),
        Record::Handler(_) | Record::Log(_) => None,
    }
}

fn metric_event(record: &MetricRecord) -> Value {
    let kind = match record.metric.instrument() {
        Instrument::Counter => "counter",
        Instrument::Gauge => "gauge",
        Instrument::Histogram => "histogram",
    };
    let mut attrs = Map::new();
    attrs.insert("task.id".to_owned(), json!(record.task.id.as_ref()));
    attrs.insert("task.type".to_owned(), json!(record.task.kind.as_ref()));
    if let Some(name) = &record.task.name {
        attrs.insert("task.name".to_owned(), json!(name.as_ref()));
    }
    let name = record.listener_name();
    let of_queue = [Metric::QueueInFlight, Metric::QueuePending, Metric::QueueWaiting, Metric::QueueWait];
    if of_queue.contains(&record.metric) || name == "task.rejected.total" {
        attrs.insert("queue.policy".to_owned(), json!(record.task.queue_policy.as_ref()));
        attrs.insert("queue.max_in_flight".to_owned(), json!(record.task.max_in_flight));
        attrs.insert("queue.max_depth".to_owned(), json!(record.task.max_queue_depth));
    }
    if let Some(index) = record.worker_index {
        attrs.insert("worker.index".to_owned(), json!(index));
    }
    if let Some(phase) = record.phase {
        attrs.insert("phase".to_owned(), json!(phase.name()));
    }
    json!({ "kind": kind, "name": name, "value": record.listener_value(), "ts": record.listener_ts(), "attrs": attrs })
}

fn call_event(call: &SpanRecord) -> Value {
    let entered =
        Phase::ALL.into_iter().filter_map(|phase| Some((phase.name(), call.phases.get(phase)? * 1e3)));
    let phases: BTreeMap<&str, f64> = entered.collect();
    event(json!({
        "kind": "span", "name": "atelier:span", "ts": call.end_unix_nano as f64 / 1e6,
        "spanId": format!("{:016x}", call.span_id), "traceId": format!("{:032x}", call.trace_id),
        "traceName": call.trace_name.as_deref(), "callId": call.call_id.to_string(),
        "taskId": &*call.task.id, "taskName": call.task.name.as_deref(), "taskType": &*call.task.kind,
        "method": &*call.method, "workerIndex": call.worker_index,
        "queueWaitMs": call.queue_wait.map(|s| s * 1e3), "queueWaitLastMs": call.queue_wait_last.map(|s| s * 1e3),
        "attemptCount": call.attempt,
        "durationMs": (call.end_unix_nano - call.start_unix_nano) as f64 / 1e9 * 1e3,
        "phases": phases, "status": call.status().name(), "errorKind": call.error_kind.map(|kind| kind.name()),
        "error": call.error_message.as_deref(),
        "cancelReason": call.cancel_reason.map(|reason| reason.name()),
    }))
}

fn trace_event(trace: &TraceRecord) -> Value {
    event(json!({
        "kind": "trace", "name": "atelier:trace", "ts": trace.end_unix_nano as f64 / 1e6,
        "traceId": format!("{:032x}", trace.trace_id), "traceName": trace.name.as_deref(),
        "durationMs": (trace.end_unix_nano - trace.start_unix_nano) as f64 / 1e6,
        "status": trace.status.name(), "errorKind": trace.error_kind.map(|kind| kind.name()),
        "error": trace.error_message.as_deref(),
    }))
}

/// The same with the bits of each number, be it one or `#` and what JavaScript writes for it.
fn exact(value: Value) -> Value {
    let bits = |number: f64| json!(format!("#{:016x}", number.to_bits()));
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, bits),
        Value::String(text) => match text.strip_prefix('#').and_then(|number| number.parse().ok()) {
            Some(number) => bits(number),
            None => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(exact).collect(),
        Value::Object(object) => object.into_iter().map(|(name, value)| (name, exact(value))).collect(),
        other => other,
    }
}

pub(crate) async fn everything(scene: &Scene) -> Result<()> {
    let page: Recorded = run(scene, "recordEverything").await?;
    let file = read(&page.file)?;
    let heard: Vec<Value> = records(&file).into_iter().filter_map(heard).map(exact).collect();
    let events: Vec<Value> = page.events.into_iter().map(exact).collect();
    assert!(heard.len() > 3_000, "{}", heard.len());
    for (place, (recorded, event)) in heard.iter().zip(&events).enumerate() {
        assert_eq!(recorded, event, "the fact at place {place}");
    }
    assert_eq!(heard.len(), events.len());

    assert_eq!((page.kind.as_str(), page.again), ("application/x-atelier-recording", true));
    assert_eq!((page.bytes, page.dropped), (page.file.len() as u64, 0));
    assert_eq!(page.facts, records(&file).len() as u64);
    assert_eq!(file.header.page, page.address);
    assert!(file.header.user_agent.contains("Chrome"), "{}", file.header.user_agent);
    assert!(file.header.started_unix_nano <= file.summary.ended_unix_nano);
    assert_eq!(page.during["events"]["emitted"], page.during["events"]["pending"]);
    assert_eq!(page.after, None, "a recording that has ended leaves the ledger");
    let delivered: u64 = file.summary.ledger.iter().map(|row| row.delivered).sum();
    assert!(
        file.summary.ledger.iter().all(|row| row.emitted == row.delivered && row.consumer == "recording")
    );
    assert_eq!(delivered, page.facts);
    Ok(())
}

/// What is no event: handlers' spans, black boxes, frames.
pub(crate) async fn the_rest(scene: &Scene) -> Result<()> {
    let page: Recorded = run(scene, "recordEverything").await?;
    let file = read(&page.file)?;
    let mut names: Vec<&str> = Vec::new();
    let mut boxes = Vec::new();
    for item in &file.items {
        match item {
            Item::Record(Record::Handler(span)) => names.push(&span.name),
            Item::BlackBox(it) => boxes.push((it.cause.as_deref(), &*it.task.id, it.facts.len())),
            _ => {}
        }
    }
    for name in ["parse", "lines", "words", "left", "leaf", "right"] {
        assert_eq!(names.iter().filter(|it| **it == name).count(), 2, "{name}");
    }
    assert!(names.contains(&"thrown") && names.contains(&"rejected") && names.contains(&"all"));
    let (cause, task, facts) = *boxes.first().context("no black box")?;
    assert_eq!((cause, task), (Some("error"), "crashing"));
    assert!(facts >= 4, "{facts}");
    assert!(boxes.iter().skip(1).all(|(cause, ..)| cause.is_none()) && boxes.len() > 3, "{boxes:?}");

    let frames = Replay::open(&page.file)?.collect::<Result<Vec<_>, _>>()?;
    let last = frames.last().context("no frame")?;
    let calls: usize = frames.iter().map(|frame| frame.spans.len()).sum();
    let spans = page.events.iter().filter(|event| event["kind"] == "span").count();
    assert_eq!((calls, frames[0].spans.len()), (spans, 0));
    let last_full: Vec<&str> = frames.iter().flat_map(|it| &it.tasks).map(|it| it.task_id.as_str()).collect();
    assert!(["spans", "bench", "crashing"].iter().all(|task| last_full.contains(task)));
    assert!(last.ledger.iter().any(|row| row.consumer == "recording"));
    Ok(())
}

/// What the page gives when there was too little room.
#[derive(Deserialize)]
struct TooMuch {
    file: Vec<u8>,
    heard: u64,
    most: u64,
    facts: u64,
    dropped: u64,
}

pub(crate) async fn too_much(scene: &Scene) -> Result<()> {
    let page: TooMuch = run(scene, "recordTooMuch").await?;
    let file = read(&page.file)?;
    assert!(page.file.len() <= 262_144, "{} bytes", page.file.len());
    assert!(page.most < 2 * 262_144, "{} bytes", page.most);
    assert!(file.summary.segments_dropped > 0);
    assert_eq!(page.facts, records(&file).len() as u64);
    // Listeners get no log records.
    let emitted = |logs: bool| -> u64 {
        let rows = file.summary.ledger.iter().filter(|row| (row.signal == "logs") == logs);
        rows.map(|row| row.emitted).sum()
    };
    assert_eq!(emitted(false), page.heard);
    assert_eq!(page.facts + page.dropped, page.heard + emitted(true));
    for row in &file.summary.ledger {
        let dropped: u64 = row.dropped.iter().map(|(_, n)| n).sum();
        assert_eq!((row.delivered + dropped, row.pending), (row.emitted, 0), "{row:?}");
        assert!(
            row.signal == "logs" || row.dropped.iter().any(|(reason, _)| reason == "max_bytes"),
            "{row:?}"
        );
    }
    Ok(())
}

/// Two recordings of one runtime.
#[derive(Deserialize)]
struct Twice {
    consumers: Vec<String>,
    files: Vec<Vec<u8>>,
}

pub(crate) async fn one_of_two(scene: &Scene) -> Result<()> {
    let page: Twice = run(scene, "recordOneOfTwo").await?;
    let ours: Vec<&String> = page.consumers.iter().filter(|name| name.starts_with("recording")).collect();
    assert_eq!(ours, ["recording", "recording:2"]);
    for file in &page.files {
        let file = read(file)?;
        let calls: Vec<&str> = records(&file)
            .iter()
            .filter_map(|record| match record {
                Record::Span(call) => Some(&*call.task.id),
                _ => None,
            })
            .collect();
        assert_eq!(calls, ["of 1"]);
    }
    Ok(())
}
