//! A real collector behind the page's own origin: what it prints, value for value beside what the page says.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail, ensure};
use atelier_tests::Scene;
use serde::Deserialize;
use serde_json::{Value, json};
use xtask::{ReceiverOptions, Server, ServerOptions, Site};

use super::printed::{Item, Kind, items};
use super::rotel::{Missing, Rotel, program};

/// Part of a value by which the page's distributions may differ from its calls: they keep two digits.
const DIGITS: f64 = 0.01;

/// What `collected.js` reports.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    told: Vec<Told>,
    telemetry: Value,
    ledger: HashMap<String, Value>,
    user_agent: String,
}

/// An event of the page's listener.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    kind: String,
    ts: f64,
    span_id: Option<String>,
    trace_id: Option<String>,
    trace_name: Option<String>,
    call_id: Option<String>,
    method: Option<String>,
    worker_index: Option<u32>,
    attempt_count: Option<u32>,
    duration_ms: f64,
    status: String,
    message: Option<String>,
}

/// Everything cumulative, plain.
pub(crate) async fn cumulative(scene: &Scene) -> Result<()> {
    collect(scene, json!({ "durable": false }), 1).await
}

/// Intervals, which add up.
pub(crate) async fn delta(scene: &Scene) -> Result<()> {
    collect(scene, json!({ "temporality": "delta", "durable": false }), 2).await
}

async fn collect(scene: &Scene, options: Value, rounds: usize) -> Result<()> {
    let program = match program(&scene.project).await? {
        Ok(program) => program,
        Err(Missing(why)) if std::env::var("CI").is_ok_and(|ci| ci == "true") => bail!("{why}"),
        Err(Missing(why)) => {
            // On a line of its own, which the suite repeats at its end.
            println!("\nNOT RUN: a real collector: {why}");
            return Ok(());
        }
    };
    let rotel = Rotel::start(&program).await?;
    let server = Server::start(ServerOptions {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        site: Site::tests(&scene.project),
        receiver: ReceiverOptions {
            strict: true,
            forward: Some(rotel.url.parse()?),
            ..ReceiverOptions::default()
        },
    })
    .await?;
    scene.tab.page().goto(format!("{}/tests/case.html", server.url())).await?;
    let begin = format!(
        "import('/tests/collected.js').then(module => {{ globalThis.collected = module; \
         module.begin({options}); return null; }})"
    );
    scene.tab.eval::<()>(&begin).await?;
    for _ in 0..rounds {
        scene.tab.eval::<()>("collected.play().then(() => null)").await?;
    }
    let page: Page = scene.tab.eval("collected.report()").await?;
    let accounts = server.receiver().accounts();
    for account in [accounts.traces, accounts.metrics, accounts.logs] {
        let compressed = if options["compression"] == "gzip" { account.requests } else { 0 };
        ensure!(account.requests > 0 && account.compressed == compressed, "{account:?}");
    }
    let received = server.receiver().received();
    ensure!(received.rejected == 0, "a rule was broken: {:?}", received.last_rejection);
    let expected = [received.spans, received.metric_points, received.log_records];
    let all_there = |text: &str| {
        let items = items(text);
        let count = |kind| items.iter().filter(|item| item.kind == kind).count() as u64;
        [Kind::Span, Kind::Point, Kind::Log].map(count) == expected
    };
    let text = rotel.until(all_there).await?;
    let file = scene.project.path("target/rotel.txt");
    std::fs::write(&file, &text).with_context(|| file.display().to_string())?;
    compare(&page, &items(&text)).with_context(|| format!("as printed in {}", file.display()))?;
    let forward = server.receiver().received().forward.context("nothing was forwarded")?;
    ensure!((forward.rejected, forward.dropped) == (0, Default::default()), "{forward:?}");
    Ok(())
}

fn compare(page: &Page, items: &[Item]) -> Result<()> {
    let of = |kind| items.iter().filter(move |item| item.kind == kind).collect::<Vec<_>>();
    let (spans, points, logs) = (of(Kind::Span), of(Kind::Point), of(Kind::Log));
    ensure!(page.ledger["traces"]["delivered"] == spans.len(), "{} spans, {:?}", spans.len(), page.ledger);
    ensure!(page.ledger["metrics"]["delivered"] == points.len(), "{} points", points.len());
    for item in items {
        compare_resource(page, item)?;
    }
    compare_spans(page, &spans)?;
    compare_counters(page, &points)?;
    compare_gauges(page, &points)?;
    compare_histograms(page, &points)?;
    compare_exemplars(page, &points)?;
    compare_logs(page, &logs)
}

fn compare_resource(page: &Page, item: &Item) -> Result<()> {
    let agent = format!("Str({})", page.user_agent);
    let expected = [
        ("service.name", "Str(collected)"),
        ("service.version", "Str(7)"),
        ("telemetry.sdk.name", "Str(atelier)"),
        ("user_agent.original", agent.as_str()),
        ("browser.mobile", "Bool(false)"),
    ];
    for (name, value) in expected {
        same(name, item.resource.get(name).map_or("", String::as_str), value)?;
    }
    let instance = item.resource.get("service.instance.id").map_or("", String::as_str);
    ensure!(instance.len() == "Str()".len() + 36, "service.instance.id is no UUID: {instance:?}");
    same("scope", item.scope.get("atelier.task.id").map_or("Str(pool)", String::as_str), "Str(pool)")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, printed: T, said: T) -> Result<()> {
    ensure!(printed == said, "{what}: the collector has {printed:?}, the page says {said:?}");
    Ok(())
}

/// Doubles of the page are milliseconds, the collector's are seconds or nanoseconds.
fn close(what: &str, printed: f64, said: f64, within: f64) -> Result<()> {
    ensure!((printed - said).abs() <= within, "{what}: the collector has {printed}, the page says {said}");
    Ok(())
}

fn compare_spans(page: &Page, spans: &[&Item]) -> Result<()> {
    same("spans", spans.len(), page.told.len())?;
    let by_id: HashMap<&str, &Item> = spans.iter().map(|span| (span.field("ID"), *span)).collect();
    same("ids", by_id.len(), spans.len())?;
    let trace_of = |id: &str| {
        let root =
            spans.iter().find(|span| span.field("Trace ID") == id && span.field("Parent ID").is_empty());
        root.copied().with_context(|| format!("no root of trace {id}"))
    };
    for told in &page.told {
        let trace = told.trace_id.as_deref().unwrap_or_default();
        let span = match &told.span_id {
            Some(id) => by_id.get(id.as_str()).copied().with_context(|| format!("no span {id}"))?,
            None => trace_of(trace)?,
        };
        compare_span(told, span).with_context(|| format!("{told:?} as {span:?}"))?;
        same("trace", span.field("Trace ID"), trace)?;
        if told.kind == "span" && told.trace_name.is_some() {
            same("parent", span.field("Parent ID"), trace_of(trace)?.field("ID"))?;
        }
    }
    Ok(())
}

fn compare_span(told: &Told, span: &Item) -> Result<()> {
    let (start, end) = (nanos(span, "Start time")?, nanos(span, "End time")?);
    close("duration", (end - start) as f64 / 1e6, told.duration_ms, 0.002)?;
    // `ts` is a double of milliseconds since the epoch, good for a few hundred nanoseconds.
    close("end", end as f64 / 1e6, told.ts, 1.0)?;
    same("kind", span.field("Kind"), "SPAN_KIND_INTERNAL")?;
    let failed = told.status == "error";
    same("status", span.field("Status code") == "STATUS_CODE_ERROR", failed)?;
    if failed {
        same("message", span.field("Status message"), told.message.as_deref().unwrap_or_default())?;
    }
    let Some(method) = &told.method else {
        return same("name", span.field("Name"), "all of it");
    };
    same("name", span.field("Name"), format!("bench.{method}").as_str())?;
    let text = |value: &str| Some(format!("Str({value})"));
    let number = |value: Option<u32>| value.map(|value| format!("Int({value})"));
    let attributes = [
        ("atelier.task.id", text("pool")),
        ("atelier.task.name", text("bench")),
        ("atelier.task.type", text("parallel")),
        ("atelier.call.id", text(told.call_id.as_deref().unwrap_or_default())),
        ("code.function.name", text(method)),
        ("atelier.outcome", text(&told.status)),
        ("atelier.worker.index", number(told.worker_index)),
        ("atelier.attempt", number(told.attempt_count)),
    ];
    for (name, said) in attributes {
        same(name, span.attribute(name), said.as_deref())?;
    }
    Ok(())
}

fn nanos(item: &Item, field: &str) -> Result<i64> {
    item.field(field).parse().with_context(|| format!("{field}: {:?}", item.field(field)))
}

/// The points of a metric, and whether they add up (each counts from the last export) or only the last ones count.
fn points_of<'a>(points: &[&'a Item], name: &str) -> Vec<&'a Item> {
    let all: Vec<&Item> = points.iter().filter(|point| point.field("Name") == name).copied().collect();
    if all.iter().any(|point| point.field("AggregationTemporality").ends_with("DELTA")) {
        return all;
    }
    let mut latest = BTreeMap::new();
    for point in all {
        latest.insert(format!("{:?}", point.attributes), point);
    }
    latest.into_values().collect()
}

fn compare_counters(page: &Page, points: &[&Item]) -> Result<()> {
    let counters = &page.telemetry["tasks"][0]["counters"];
    let sum = |name: &str, outcome: Option<&str>| -> f64 {
        let fits =
            |point: &&Item| outcome.is_none_or(|outcome| point.attribute("atelier.outcome") == Some(outcome));
        points_of(points, name).into_iter().filter(fits).map(|point| point.number("Value")).sum()
    };
    let expected = [
        ("task.dispatch.total", "atelier.task.dispatched", None),
        ("task.success.total", "atelier.task.completed", Some("Str(ok)")),
        ("task.failure.total", "atelier.task.completed", Some("Str(error)")),
        ("task.canceled.total", "atelier.task.completed", Some("Str(canceled)")),
        ("task.rejected.total", "atelier.task.completed", Some("Str(rejected)")),
        ("worker.spawn.total", "atelier.worker.spawned", None),
        ("worker.crash.total", "atelier.worker.crashed", None),
    ];
    for (listener, otlp, outcome) in expected {
        close(listener, sum(otlp, outcome), counters[listener].as_f64().context(listener)?, 0.0)?;
    }
    ensure!(counters["task.success.total"].as_u64() >= Some(43), "{counters}");
    // Of what the exporter counts of itself, some sums fall.
    let ours =
        |point: &&&Item| point.field("DataType") == "Sum" && point.field("Name").starts_with("atelier.");
    for point in points.iter().filter(ours) {
        same("monotonic", point.field("IsMonotonic"), "true")?;
    }
    Ok(())
}

fn compare_gauges(page: &Page, points: &[&Item]) -> Result<()> {
    let gauges = &page.telemetry["tasks"][0]["gauges"];
    let names = [
        ("queue.in_flight", "atelier.queue.in_flight"),
        ("queue.pending", "atelier.queue.pending"),
        ("queue.waiting", "atelier.queue.waiting"),
        ("workers.active", "atelier.worker.active"),
    ];
    for (listener, otlp) in names {
        let last = points_of(points, otlp).pop().with_context(|| format!("no {otlp}"))?;
        close(listener, last.number("Value"), gauges[listener]["last"].as_f64().context(listener)?, 0.0)?;
    }
    Ok(())
}

fn compare_histograms(page: &Page, points: &[&Item]) -> Result<()> {
    let histograms = &page.telemetry["tasks"][0]["histograms"];
    let mut all = vec![
        ("atelier.task.duration", None, &histograms["task.duration_ms"]),
        ("atelier.queue.wait.duration", None, &histograms["queue.wait_ms"]),
    ];
    let phases = histograms["task.phase_ms"].as_object().context("no phases")?;
    all.extend(
        phases.iter().map(|(phase, h)| ("atelier.task.phase.duration", Some(format!("Str({phase})")), h)),
    );
    for (name, phase, said) in all {
        let fits = |point: &&Item| phase.is_none() || point.attribute("atelier.phase") == phase.as_deref();
        let of: Vec<&Item> = points_of(points, name).into_iter().filter(fits).collect();
        compare_histogram(&of, said).with_context(|| format!("{name} {phase:?}"))?;
    }
    compare_buckets(page, &points_of(points, "atelier.task.duration"))
}

fn compare_histogram(points: &[&Item], said: &Value) -> Result<()> {
    let of = |field: &str| said[field].as_f64().context("no distribution");
    let sum = |field| points.iter().map(|point| point.number(field)).sum::<f64>();
    close("count", sum("Count"), of("count")?, 0.0)?;
    close("sum", sum("Sum") * 1e3, of("sum")?, 1e-3)?;
    if !points.iter().any(|point| point.field("AggregationTemporality").ends_with("DELTA")) {
        let least = points.iter().map(|point| point.number("Min")).fold(f64::INFINITY, f64::min);
        let greatest = points.iter().map(|point| point.number("Max")).fold(0.0, f64::max);
        close("min", least * 1e3, of("min")?, 1e-6)?;
        close("max", greatest * 1e3, of("max")?, 1e-6)?;
    }
    for point in points {
        let counted: u64 = point.buckets.iter().map(|bucket| bucket.count).sum();
        close("buckets", counted as f64, point.number("Count"), 0.0)?;
        compare_bounds(point)?;
    }
    Ok(())
}

/// Buckets follow each other, and each is 2^(2^-scale) times the one before, for a whole scale up to 20.
fn compare_bounds(point: &Item) -> Result<()> {
    let positive: Vec<_> = point.buckets.iter().filter(|bucket| bucket.lower > 0.0).collect();
    for bucket in &positive {
        let scale = -(bucket.upper / bucket.lower).log2().log2();
        close("scale", scale, scale.round(), 1e-6)?;
        ensure!(scale.round() <= 20.0, "scale {scale}");
    }
    for pair in positive.windows(2) {
        close("bounds", pair[0].upper, pair[1].lower, pair[1].lower * 1e-9)?;
    }
    ensure!(positive.len() <= 160, "{} buckets", positive.len());
    Ok(())
}

/// The durations that the listener was told, counted into the collector's buckets here.
fn compare_buckets(page: &Page, points: &[&Item]) -> Result<()> {
    let calls = || page.told.iter().filter(|told| told.kind == "span").map(|told| told.duration_ms / 1e3);
    let counted = |below: f64| -> u64 {
        let all = points.iter().flat_map(|point| &point.buckets);
        all.filter(|bucket| bucket.upper <= below).map(|bucket| bucket.count).sum()
    };
    for bound in points.iter().flat_map(|point| &point.buckets).map(|bucket| bucket.upper) {
        // What lies in other points' buckets around the bound is only known to be somewhere in them.
        let straddling: u64 = points
            .iter()
            .flat_map(|point| &point.buckets)
            .filter(|bucket| bucket.lower < bound && bound < bucket.upper)
            .map(|bucket| bucket.count)
            .sum();
        let surely = calls().filter(|&call| call <= bound * (1.0 - DIGITS)).count() as u64;
        let perhaps = calls().filter(|&call| call <= bound * (1.0 + DIGITS)).count() as u64;
        let found = counted(bound);
        ensure!(
            surely <= found + straddling && found <= perhaps,
            "up to {bound} s the collector has {found}, the page says {surely} to {perhaps}"
        );
    }
    Ok(())
}

/// An exemplar leads to a call that took as long as it says.
fn compare_exemplars(page: &Page, points: &[&Item]) -> Result<()> {
    let mut found = 0;
    for point in points.iter().filter(|point| point.field("Name") == "atelier.task.duration") {
        for exemplar in &point.exemplars {
            let of = |name: &str| exemplar.get(name).map_or("", String::as_str);
            let call = page.told.iter().find(|told| told.span_id.as_deref() == Some(of("Span ID")));
            let call = call.with_context(|| format!("nobody was told of {exemplar:?}"))?;
            same("trace of an exemplar", Some(of("Trace ID")), call.trace_id.as_deref())?;
            close("exemplar", of("Value").parse::<f64>()? * 1e3, call.duration_ms, 0.002)?;
            found += 1;
        }
    }
    ensure!(found > 0, "no exemplars");
    Ok(())
}

/// The call that threw is told by a record that leads to it, the crash by one of the worker's.
fn compare_logs(page: &Page, logs: &[&Item]) -> Result<()> {
    let called = |method: &str| {
        let told = page.told.iter().find(|told| told.method.as_deref() == Some(method));
        told.with_context(|| format!("nobody called {method}"))
    };
    let of = |event: &str| {
        let record = logs.iter().find(|log| log.field("EventName") == event);
        record.copied().with_context(|| format!("no {event} among {logs:?}"))
    };
    let (thrown, failed) = (of("atelier.call.exception")?, called("fail")?);
    same("trace of the record", Some(thrown.field("Trace ID")), failed.trace_id.as_deref())?;
    same("span of the record", Some(thrown.field("Span ID")), failed.span_id.as_deref())?;
    let (crash, crashed) = (of("atelier.worker.crash")?, called("crash")?);
    let text = |value: &str| Some(format!("Str({value})"));
    let index = crashed.worker_index.map(|index| format!("Int({index})"));
    let attributes = [
        (thrown, "exception.type", text("TypeError")),
        (thrown, "exception.message", failed.message.as_deref().and_then(text)),
        (thrown, "atelier.call.id", failed.call_id.as_deref().and_then(text)),
        (crash, "exception.type", text("RangeError")),
        (crash, "exception.message", text("boom")),
        (crash, "atelier.worker.index", index),
    ];
    for (record, name, said) in attributes {
        same(name, record.attribute(name), said.as_deref())?;
        same("severity", record.field("SeverityText"), "ERROR")?;
        same("severity", record.field("SeverityNumber"), "SEVERITY_NUMBER_ERROR(17)")?;
    }
    Ok(())
}
