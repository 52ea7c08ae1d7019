//! A recording as a trace for Perfetto and `chrome://tracing`.
//!
//! Each task is a process: its calls are asynchronous events with their phases within (calls run side by side, so that
//! they nest in nothing), its gauges are counters, and each of its workers is a thread with what ran there. A worker that
//! runs several calls at once has several threads. The page is a process of its own; from each call's post an arrow goes
//! to where it ran, and from there to where it was settled.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use atelier_core::names::{Instrument, Metric, Phase};
use atelier_telemetry::frame::Frame;
use atelier_telemetry::recording::{Header, Item, Reader};
use atelier_telemetry::{
    BlackBox, HandlerSpanRecord, LogRecord, MetricRecord, Record, SpanRecord, TaskMeta, TraceRecord,
};
use serde_json::json;

use super::lanes::{Interval, lanes};
use super::timeline::{end_of, stretches};
use super::trace_event::{TraceEvent, TraceWriter};
use super::{ConvertError, Converted};

/// The page's process and its thread.
const PAGE: u32 = 1;
const MAIN_THREAD: u32 = 1;
const CALL: &str = "call";

pub(super) fn write(recording: &[u8], out: &mut impl Write) -> Result<Converted, ConvertError> {
    let mut reader = Reader::open(recording)?;
    let header = reader.header().clone();
    let mut trace = Trace {
        zero: header.time_origin_unix_nano,
        out: TraceWriter::begin(out)?,
        tasks: Vec::new(),
        busy: BTreeMap::new(),
        findings: Vec::new(),
    };
    for item in reader.by_ref() {
        match item? {
            Item::Record(Record::Metric(metric)) => trace.metric(&metric)?,
            Item::Record(Record::Span(call)) => trace.call(&call)?,
            Item::Record(Record::Trace(it)) => trace.trace(&it)?,
            Item::Record(Record::Handler(span)) => trace.handler(&span),
            Item::Record(Record::Log(log)) => trace.log(&log)?,
            Item::Frame(frame) => trace.findings(&frame)?,
            Item::BlackBox(it) => trace.black_box(&it),
            _ => {}
        }
    }
    trace.workers()?;
    trace.names(&header)?;
    let converted = Converted::of(&reader);
    trace.out.end(&json!({
        "page": header.page, "userAgent": header.user_agent, "generator": header.generator,
        "timeOriginUnixNano": header.time_origin_unix_nano.to_string(), "cut": converted.cut,
    }))?;
    Ok(converted)
}

/// What a worker did, to be put onto threads when all of it is known.
struct Busy {
    interval: Interval,
    name: Arc<str>,
    kind: Kind,
}

enum Kind {
    /// A call ran: posted and settled at these times.
    Run { posted: u64, settled: u64 },
    /// A span of a handler.
    Span(Option<Arc<str>>),
    /// Something happened.
    Moment(serde_json::Value),
}

struct Trace<'a, W: Write> {
    zero: u64,
    out: TraceWriter<'a, W>,
    /// The tasks by their processes, which are numbered from 2.
    tasks: Vec<Arc<TaskMeta>>,
    /// By process and worker.
    busy: BTreeMap<(u32, u32), Vec<Busy>>,
    /// What the frame before had found.
    findings: Vec<(String, Option<String>)>,
}

impl<W: Write> Trace<'_, W> {
    fn at(&self, unix_nano: u64) -> u64 {
        unix_nano.saturating_sub(self.zero)
    }

    fn process(&mut self, task: &Arc<TaskMeta>) -> u32 {
        // The newest is the likeliest, and there are few.
        let known = self.tasks.iter().rposition(|it| it.handle == task.handle && it.id == task.id);
        let place = known.unwrap_or_else(|| {
            self.tasks.push(task.clone());
            self.tasks.len() - 1
        });
        place as u32 + PAGE + 1
    }

    fn metric(&mut self, metric: &MetricRecord) -> io::Result<()> {
        let pid = self.process(&metric.task);
        let ts = self.at(metric.time_unix_nano);
        if metric.metric.instrument() == Instrument::Gauge {
            return self.out.event(&TraceEvent {
                ph: "C",
                name: metric.listener_name(),
                pid,
                ts,
                args: Some(json!({ metric.metric.unit().trim_matches(['{', '}']): metric.value })),
                ..TraceEvent::default()
            });
        }
        let name = match metric.metric {
            Metric::WorkerSpawned => "spawned",
            Metric::WorkerCrashed => "crashed",
            Metric::WorkerTerminated => "terminated",
            _ => return Ok(()),
        };
        if let Some(index) = metric.worker_index {
            self.moment((pid, index), ts, name, json!({}));
        }
        Ok(())
    }

    fn call(&mut self, call: &SpanRecord) -> io::Result<()> {
        let pid = self.process(&call.task);
        let id = call.call_id.to_string();
        let name = format!("{}.{}", call.task.name.as_ref().unwrap_or(&call.task.id), call.method);
        let event = |ph, name, ts, args| TraceEvent {
            ph,
            cat: Some(CALL),
            name,
            pid,
            ts,
            id: Some(&id),
            args,
            ..TraceEvent::default()
        };
        let (start, end) = (self.at(call.start_unix_nano), self.at(end_of(call)));
        self.out.event(&event("b", &name, start, Some(call_args(call))))?;
        let mut run = None;
        for stretch in stretches(call) {
            let (start, end) = (self.at(stretch.start), self.at(stretch.end));
            self.out.event(&event("b", stretch.phase.name(), start, None))?;
            self.out.event(&event("e", stretch.phase.name(), end, None))?;
            match stretch.phase {
                Phase::Delivery => run = Some((start, end, end)),
                Phase::Run => run = run.map(|(posted, ..)| (posted, start, end)),
                _ => {}
            }
        }
        self.out.event(&event("e", &name, end, None))?;
        if let (Some((posted, start, stop)), Some(index), Some(_)) =
            (run, call.worker_index, call.phases.get(Phase::Run))
        {
            let interval = Interval { start, end: stop, group: call.call_id };
            let busy = Busy { interval, name: call.method.clone(), kind: Kind::Run { posted, settled: end } };
            self.busy.entry((pid, index)).or_default().push(busy);
        }
        Ok(())
    }

    fn handler(&mut self, span: &HandlerSpanRecord) {
        let pid = self.process(&span.task);
        let Some(index) = span.worker_index else { return };
        let start = self.at(span.start_unix_nano);
        let end = self.at(span.end_unix_nano).max(start);
        let interval = Interval { start, end, group: span.call_id };
        let busy = Busy { interval, name: span.name.clone(), kind: Kind::Span(span.attributes.clone()) };
        self.busy.entry((pid, index)).or_default().push(busy);
    }

    fn moment(&mut self, worker: (u32, u32), ts: u64, name: &str, args: serde_json::Value) {
        let interval = Interval { start: ts, end: ts, group: 0 };
        let busy = Busy { interval, name: name.into(), kind: Kind::Moment(args) };
        self.busy.entry(worker).or_default().push(busy);
    }

    fn trace(&mut self, trace: &TraceRecord) -> io::Result<()> {
        let id = format!("{:032x}/{:016x}", trace.trace_id, trace.span_id);
        let name = trace.name.as_deref().unwrap_or("trace");
        let args = json!({
            "trace": format!("{:032x}", trace.trace_id), "status": trace.status.name(),
            "error": trace.error_message.as_deref(),
        });
        let event = |ph, ts, args| TraceEvent {
            ph,
            cat: Some("trace"),
            name,
            pid: PAGE,
            ts,
            id: Some(&id),
            args,
            ..TraceEvent::default()
        };
        let (start, end) = (self.at(trace.start_unix_nano), self.at(trace.end_unix_nano));
        self.out.event(&event("b", start, Some(args)))?;
        self.out.event(&event("e", end.max(start), None))
    }

    /// Something was told: on the thread of its worker, or on the page.
    fn log(&mut self, log: &LogRecord) -> io::Result<()> {
        let ts = self.at(log.time_unix_nano);
        let args = json!({
            "severity": log.severity.text(), "event": log.event_name.as_deref(),
            "call": log.call_id.map(|id| id.to_string()),
        });
        if let (Some(task), Some(index)) = (&log.task, log.worker_index) {
            let worker = (self.process(task), index);
            self.moment(worker, ts, &log.body, args);
            return Ok(());
        }
        self.out.event(&TraceEvent {
            ph: "i",
            name: if log.body.is_empty() { "log" } else { &log.body },
            pid: PAGE,
            tid: MAIN_THREAD,
            ts,
            s: Some("t"),
            args: Some(args),
            ..TraceEvent::default()
        })
    }

    /// Tells the findings that are new in a frame.
    fn findings(&mut self, frame: &Frame) -> io::Result<()> {
        let now: Vec<_> = frame.findings.iter().map(|it| (it.id.clone(), it.task_id.clone())).collect();
        let ts = self.at((frame.ts * 1e6) as u64);
        for (finding, key) in frame.findings.iter().zip(&now) {
            if !self.findings.contains(key) {
                self.out.event(&TraceEvent {
                    ph: "i",
                    name: &finding.id,
                    pid: PAGE,
                    tid: MAIN_THREAD,
                    ts,
                    s: Some("g"),
                    args: Some(
                        json!({ "task": finding.task_id, "message": finding.message, "fix": finding.fix }),
                    ),
                    ..TraceEvent::default()
                })?;
            }
        }
        self.findings = now;
        Ok(())
    }

    fn black_box(&mut self, of: &BlackBox) {
        let worker = (self.process(&of.task), of.worker_index);
        let Some(last) = of.facts.last() else { return };
        let ts = self.at(last.time_unix_nano);
        let facts: Vec<_> = of
            .facts
            .iter()
            .map(|it| {
                let call = it.call_id.map(|id| format!(" {id}")).unwrap_or_default();
                let method = it.method.as_deref().map(|method| format!(" {method}")).unwrap_or_default();
                format!("{} {}{call}{method}", self.at(it.time_unix_nano), it.fact.name())
            })
            .collect();
        self.moment(worker, ts, "black box", json!({ "cause": of.cause.as_deref(), "facts": facts }));
    }

    /// Puts what the workers did onto threads.
    fn workers(&mut self) -> io::Result<()> {
        let mut tid = 0;
        let mut process = 0;
        for ((pid, index), list) in std::mem::take(&mut self.busy) {
            if process != pid {
                (process, tid) = (pid, 0);
            }
            // Moments need no room; they are shown on the worker's first thread.
            let (moments, busy): (Vec<_>, Vec<_>) =
                list.into_iter().partition(|it| matches!(it.kind, Kind::Moment(_)));
            let lanes = lanes(&busy.iter().map(|it| it.interval).collect::<Vec<_>>());
            let count = lanes.iter().max().map_or(1, |&last| last as u32 + 1);
            let first = tid + 1;
            for lane in 0..count {
                let name = match lane {
                    0 => format!("worker {index}"),
                    more => format!("worker {index} ({})", more + 1),
                };
                self.name(("thread_name", "thread_sort_index"), pid, first + lane, &name)?;
            }
            for (it, lane) in busy.iter().zip(lanes) {
                self.busy(it, pid, first + lane as u32)?;
            }
            for it in moments {
                let Kind::Moment(args) = it.kind else { continue };
                self.out.event(&TraceEvent {
                    ph: "i",
                    name: &it.name,
                    pid,
                    tid: first,
                    ts: it.interval.start,
                    s: Some("t"),
                    args: Some(args),
                    ..TraceEvent::default()
                })?;
            }
            tid += count;
        }
        Ok(())
    }

    fn busy(&mut self, it: &Busy, pid: u32, tid: u32) -> io::Result<()> {
        let Interval { start, end, group } = it.interval;
        let id = group.to_string();
        let slice = |pid, tid, ts, dur, args| TraceEvent {
            ph: "X",
            cat: Some(CALL),
            name: &it.name,
            pid,
            tid,
            ts,
            dur: Some(dur),
            args,
            ..TraceEvent::default()
        };
        let args = match &it.kind {
            Kind::Span(attributes) => {
                let own = attributes.as_deref().and_then(|text| serde_json::from_str(text).ok());
                json!({ "call": id, "attributes": own.unwrap_or(serde_json::Value::Null) })
            }
            _ => json!({ "call": id }),
        };
        self.out.event(&slice(pid, tid, start, end - start, Some(args)))?;
        let Kind::Run { posted, settled } = it.kind else { return Ok(()) };
        // An arrow begins and ends at slices, and on the page nothing takes time that is known.
        let flow = |ph, bp, pid, tid, ts| TraceEvent {
            ph,
            cat: Some(CALL),
            name: "call",
            pid,
            tid,
            ts,
            id: Some(&id),
            bp,
            ..TraceEvent::default()
        };
        self.out.event(&slice(PAGE, MAIN_THREAD, posted, 0, None))?;
        self.out.event(&flow("s", None, PAGE, MAIN_THREAD, posted))?;
        self.out.event(&flow("t", None, pid, tid, start))?;
        self.out.event(&slice(PAGE, MAIN_THREAD, settled, 0, None))?;
        self.out.event(&flow("f", Some("e"), PAGE, MAIN_THREAD, settled))
    }

    /// Names the page and the tasks.
    fn names(&mut self, header: &Header) -> io::Result<()> {
        const PROCESS: (&str, &str) = ("process_name", "process_sort_index");
        self.name(PROCESS, PAGE, 0, &format!("page {}", header.page))?;
        self.name(("thread_name", "thread_sort_index"), PAGE, MAIN_THREAD, "main thread")?;
        for (place, task) in std::mem::take(&mut self.tasks).iter().enumerate() {
            let name = format!("task {}", task.name.as_ref().unwrap_or(&task.id));
            self.name(PROCESS, place as u32 + PAGE + 1, 0, &name)?;
        }
        Ok(())
    }

    /// Names a process or a thread, and gives it its place: that of its number.
    fn name(
        &mut self,
        kinds: (&'static str, &'static str),
        pid: u32,
        tid: u32,
        name: &str,
    ) -> io::Result<()> {
        let place = if tid == 0 { pid } else { tid };
        for (kind, args) in [(kinds.0, json!({ "name": name })), (kinds.1, json!({ "sort_index": place }))] {
            let args = Some(args);
            self.out.event(&TraceEvent { ph: "M", name: kind, pid, tid, args, ..TraceEvent::default() })?;
        }
        Ok(())
    }
}

fn call_args(call: &SpanRecord) -> serde_json::Value {
    json!({
        "call": call.call_id.to_string(),
        "trace": format!("{:032x}", call.trace_id),
        "span": format!("{:016x}", call.span_id),
        "parent": call.parent_span_id.map(|id| format!("{id:016x}")),
        "traceName": call.trace_name.as_deref(),
        "outcome": call.outcome.name(),
        "attempt": call.attempt,
        "worker": call.worker_index,
        "errorType": call.error_type.as_deref(),
        "error": call.error_message.as_deref(),
    })
}
