//! What is in a recording, for people.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use atelier_core::Outcome;
use atelier_core::names::{Instrument, Metric, Phase};
use atelier_telemetry::frame::{Finding, LedgerRow};
use atelier_telemetry::recording::{Ending, Header, Item, Reader};
use atelier_telemetry::{BlackBox, MetricRecord, Record};
use hdrhistogram::Histogram;

use super::{ConvertError, Converted};

/// An hour, in microseconds; what is longer counts as that.
const LONGEST: u64 = 3_600_000_000;

#[derive(Default)]
struct Contents {
    tasks: BTreeMap<u64, Task>,
    facts: BTreeMap<&'static str, u64>,
    boxes: Vec<BlackBox>,
    findings: BTreeMap<(String, Option<String>), Finding>,
    first: Option<u64>,
    last: u64,
}

#[derive(Default)]
struct Task {
    name: Arc<str>,
    outcomes: BTreeMap<&'static str, u64>,
    crashes: u64,
    durations: BTreeMap<usize, Histogram<u64>>,
}

/// The rows of a task's table; those of phases come after these.
const ROWS: [&str; 2] = ["duration", "wait"];

pub(super) fn write(recording: &[u8], out: &mut impl Write) -> Result<Converted, ConvertError> {
    let mut reader = Reader::open(recording)?;
    let mut contents = Contents::default();
    for item in reader.by_ref() {
        contents.add(item?);
    }
    let header = reader.header();
    contents.head(header, recording.len(), out)?;
    contents.tasks(out)?;
    contents.rest(out)?;
    match reader.ending() {
        Some(Ending::Whole(summary)) => {
            for row in &summary.ledger {
                ledger(row, out)?;
            }
            if summary.segments_dropped > 0 {
                let n = summary.segments_dropped;
                writeln!(out, "The file was full: {n} of its oldest segments had to go.")?;
            }
        }
        Some(Ending::Cut { at }) => {
            writeln!(out, "THE RECORDING WAS CUT after {at} bytes; what came later is missing.")?
        }
        None => {}
    }
    let converted = Converted::of(&reader);
    if converted.unknown > 0 {
        writeln!(out, "{} items are of a newer Atelier and were passed over.", converted.unknown)?;
    }
    Ok(converted)
}

impl Contents {
    fn add(&mut self, item: Item) {
        match item {
            Item::Record(Record::Metric(metric)) => {
                self.count("events", metric.time_unix_nano);
                self.metric(&metric);
            }
            Item::Record(Record::Span(call)) => self.count("calls", call.end_unix_nano),
            Item::Record(Record::Trace(trace)) => self.count("traces", trace.end_unix_nano),
            Item::Record(Record::Handler(span)) => self.count("spans of handlers", span.end_unix_nano),
            Item::Record(Record::Log(log)) => self.count("log records", log.time_unix_nano),
            Item::Frame(frame) => {
                *self.facts.entry("frames").or_default() += 1;
                for finding in frame.findings {
                    self.findings.insert((finding.id.clone(), finding.task_id.clone()), finding);
                }
            }
            Item::BlackBox(it) => {
                *self.facts.entry("black boxes").or_default() += 1;
                self.boxes.extend(it.cause.is_some().then_some(it));
            }
            _ => {}
        }
    }

    fn count(&mut self, kind: &'static str, at: u64) {
        *self.facts.entry(kind).or_default() += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = self.last.max(at);
    }

    fn metric(&mut self, metric: &MetricRecord) {
        let task = self.tasks.entry(metric.task.handle).or_default();
        task.name = metric.task.name.clone().unwrap_or_else(|| metric.task.id.clone());
        if metric.metric == Metric::WorkerCrashed {
            task.crashes += 1;
        } else if let (Metric::TaskCompleted, Some(outcome)) = (metric.metric, metric.outcome) {
            *task.outcomes.entry(Outcome::name(outcome)).or_default() += 1;
        } else if metric.metric.instrument() == Instrument::Histogram {
            let row = match (metric.metric, metric.phase) {
                (Metric::QueueWait, _) => 1,
                (Metric::TaskPhase, Some(phase)) => ROWS.len() + phase as usize,
                _ => 0,
            };
            let micros = (metric.value * 1e6).round() as u64;
            if let Ok(new) = Histogram::new_with_bounds(1, LONGEST, 3) {
                task.durations.entry(row).or_insert(new).saturating_record(micros);
            }
        }
    }

    fn head(&self, header: &Header, bytes: usize, out: &mut impl Write) -> std::io::Result<()> {
        let seconds = self.first.map_or(0.0, |first| self.last.saturating_sub(first) as f64 / 1e9);
        writeln!(out, "Recording of {}", plain(&header.page))?;
        writeln!(out, "  {} in {}", plain(&header.generator), plain(&header.user_agent))?;
        writeln!(
            out,
            "  began at {} ns since the Unix epoch; {seconds:.3} s of facts in {bytes} bytes",
            header.started_unix_nano
        )?;
        for (kind, count) in &self.facts {
            writeln!(out, "  {count:>10} {kind}")?;
        }
        writeln!(out)
    }

    fn tasks(&self, out: &mut impl Write) -> std::io::Result<()> {
        for task in self.tasks.values() {
            let outcomes: Vec<String> = task.outcomes.iter().map(|(name, n)| format!("{n} {name}")).collect();
            writeln!(out, "Task {}: {}; {} crashes", plain(&task.name), outcomes.join(", "), task.crashes)?;
            if !task.durations.is_empty() {
                writeln!(
                    out,
                    "  {:<10}{:>10}{:>12}{:>12}{:>12}{:>12}",
                    "ms", "count", "p50", "p95", "p99", "max"
                )?;
            }
            for (&row, it) in &task.durations {
                let name =
                    ROWS.get(row).copied().or_else(|| Phase::ALL.get(row - ROWS.len()).map(|it| it.name()));
                let ms = |quantile| it.value_at_quantile(quantile) as f64 / 1e3;
                let (p50, p95, p99, max) = (ms(0.5), ms(0.95), ms(0.99), it.max() as f64 / 1e3);
                let (name, count) = (name.unwrap_or_default(), it.len());
                writeln!(out, "  {name:<10}{count:>10}{p50:>12.3}{p95:>12.3}{p99:>12.3}{max:>12.3}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn rest(&self, out: &mut impl Write) -> std::io::Result<()> {
        for it in &self.boxes {
            let (cause, task, worker) =
                (it.cause.as_deref().unwrap_or_default(), &it.task.id, it.worker_index);
            writeln!(out, "Black box of worker {worker} of {} ({}):", plain(task), plain(cause))?;
            let last = it.facts.last().map_or(0, |fact| fact.time_unix_nano);
            for fact in &it.facts {
                let before = last.saturating_sub(fact.time_unix_nano) as f64 / 1e6;
                let call = fact.call_id.map(|id| format!(" call {id}")).unwrap_or_default();
                let method =
                    fact.method.as_deref().map(|name| format!(" {}", plain(name))).unwrap_or_default();
                writeln!(out, "  -{before:.3} ms {}{call}{method}", fact.fact.name())?;
            }
        }
        for finding in self.findings.values() {
            writeln!(out, "Finding {} ({}): {}", finding.id, finding.severity, plain(&finding.message))?;
            writeln!(out, "  {}", plain(&finding.fix))?;
        }
        Ok(())
    }
}

fn ledger(row: &LedgerRow, out: &mut impl Write) -> std::io::Result<()> {
    let dropped: Vec<String> = row.dropped.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    let dropped = if dropped.is_empty() {
        "none dropped".to_owned()
    } else {
        format!("dropped: {}", dropped.join(", "))
    };
    writeln!(out, "{}: {} told, {} in the file, {dropped}", row.signal, row.emitted, row.delivered)
}

/// A text that others gave, on one line and without what would play with the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
