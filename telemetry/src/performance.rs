//! Calls and traces as entries of the browser's Performance timeline, with a track per task and worker in DevTools.
//!
//! [`MeasureWriter`] decides what to write, [`PerformanceMeasures`] takes the records and accounts for them, and a
//! [`MeasureSink`] writes: the browser's, or a test's.

use atelier_core::names::Phase;
use serde::Serialize;

use crate::account::Signal;
use crate::consumer::{Selection, SubscribeOptions};
use crate::record::{Record, SpanRecord, SpanStatus, TraceRecord};
use crate::subscription::Subscription;
use crate::telemetry::Telemetry;

/// The name of every call's measure.
pub const SPAN_MEASURE: &str = "atelier:span";
/// The name of every trace's measure.
pub const TRACE_MEASURE: &str = "atelier:trace";
/// How many of our entries of one name the timeline keeps at most: when there are this many, the next one clears those
/// of its name first. Observers and DevTools recordings have seen them by then; `getEntriesByName` has not.
pub const DEFAULT_MEASURES_KEPT: u32 = 64;
/// How many calls and traces wait to be written at most. When one more comes, the oldest is dropped and counted.
pub const DEFAULT_MEASURES_WAITING: usize = 1_024;
/// The group of our tracks in DevTools.
const TRACK_GROUP: &str = "Atelier";

/// One entry to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// [`SPAN_MEASURE`] or [`TRACE_MEASURE`].
    pub name: &'static str,
    /// Milliseconds since `performance.timeOrigin`, never below zero.
    pub start: f64,
    /// Milliseconds since `performance.timeOrigin`, never before `start`.
    pub end: f64,
    /// The entry's `detail`.
    pub detail: Detail,
    /// Whether the entries of this name are to be cleared first.
    pub clear_first: bool,
}

/// The `detail` of an entry, as JavaScript sees it. What an entry of its kind does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The trace's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_name: Option<String>,
    /// `ok`, `error` or `canceled`.
    pub status: &'static str,
    /// From beginning to end, in milliseconds.
    pub duration_ms: f64,
    /// `abort`, `queue`, `crash` or `exception`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<&'static str>,
    /// The error's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What only a call has.
    #[serde(flatten)]
    pub call: Option<CallDetail>,
    /// What Chrome's DevTools make a track of.
    pub devtools: DevtoolsDetail,
}

/// The part of a `detail` that only calls have.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallDetail {
    /// The call.
    pub call_id: String,
    /// The task's id.
    pub task_id: String,
    /// The task's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_name: Option<String>,
    /// `parallel` or `singleton`.
    pub task_type: String,
    /// The method.
    pub method: String,
    /// The worker that ran it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_index: Option<u32>,
    /// From the call to its first start, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_wait_ms: Option<f64>,
    /// From its last (re)queueing to its last start, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_wait_last_ms: Option<f64>,
    /// How many times it was given to a worker.
    pub attempt_count: u32,
}

/// What Chrome's DevTools read ("Performance extensibility").
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DevtoolsDetail {
    /// Always `track-entry`.
    pub data_type: &'static str,
    /// The track: a task's worker, a task, or the traces.
    pub track: String,
    /// The group of all our tracks.
    pub track_group: &'static str,
    /// One of DevTools' own colour names.
    pub color: &'static str,
    /// Names and values shown when the entry is chosen.
    pub properties: Vec<(&'static str, String)>,
    /// Shown when the pointer is over the entry.
    pub tooltip_text: String,
}

/// Decides what to write for calls and traces.
#[derive(Debug)]
pub struct MeasureWriter {
    time_origin_unix_nano: u64,
    spans_kept: u32,
    traces_kept: u32,
}

impl MeasureWriter {
    /// A writer for a page whose `performance.timeOrigin` is this, in milliseconds since the Unix epoch.
    pub fn new(time_origin_unix_ms: f64) -> MeasureWriter {
        // Apart, because a double has no room for nanoseconds since 1970.
        let (whole, rest) = (time_origin_unix_ms.trunc() as u64, time_origin_unix_ms.fract());
        let time_origin_unix_nano =
            whole.saturating_mul(1_000_000).saturating_add((rest * 1e6).round() as u64);
        MeasureWriter { time_origin_unix_nano, spans_kept: 0, traces_kept: 0 }
    }

    /// The entry for a call that ended.
    pub fn call(&mut self, call: &SpanRecord) -> Measure {
        let task_label = call.task.name.as_ref().unwrap_or(&call.task.id);
        let track = match call.worker_index {
            Some(index) => format!("{task_label} · worker {index}"),
            None => task_label.to_string(),
        };
        let method = &call.method;
        let duration_ms = call.duration() * 1e3;
        let status = call.status();
        let detail = Detail {
            trace_id: format!("{:032x}", call.trace_id),
            span_id: format!("{:016x}", call.span_id),
            parent_span_id: call.parent_span_id.map(|id| format!("{id:016x}")),
            trace_name: call.trace_name.as_deref().map(str::to_owned),
            status: status.name(),
            duration_ms,
            error_kind: call.error_kind.map(|kind| kind.name()),
            error: call.error_message.as_deref().map(str::to_owned),
            call: Some(CallDetail {
                call_id: call.call_id.to_string(),
                task_id: call.task.id.to_string(),
                task_name: call.task.name.as_deref().map(str::to_owned),
                task_type: call.task.kind.to_string(),
                method: method.to_string(),
                worker_index: call.worker_index,
                queue_wait_ms: call.queue_wait.map(|seconds| seconds * 1e3),
                queue_wait_last_ms: call.queue_wait_last.map(|seconds| seconds * 1e3),
                attempt_count: call.attempt,
            }),
            devtools: DevtoolsDetail {
                data_type: "track-entry",
                track,
                track_group: TRACK_GROUP,
                color: match status {
                    SpanStatus::Ok => "primary",
                    SpanStatus::Canceled => "tertiary",
                    SpanStatus::Error => "error",
                },
                properties: properties(call),
                tooltip_text: format!("{task_label}.{method}: {}, {duration_ms:.2} ms", call.outcome.name()),
            },
        };
        let clear_first = keep_one_more(&mut self.spans_kept);
        self.measure(SPAN_MEASURE, call.start_unix_nano, call.end_unix_nano, detail, clear_first)
    }

    /// The entry for a trace that ended.
    pub fn trace(&mut self, trace: &TraceRecord) -> Measure {
        let label = trace.name.as_deref().unwrap_or("trace");
        let duration_ms = trace.end_unix_nano.saturating_sub(trace.start_unix_nano) as f64 / 1e6;
        let trace_id = format!("{:032x}", trace.trace_id);
        let detail = Detail {
            span_id: format!("{:016x}", trace.span_id),
            parent_span_id: trace.parent_span_id.map(|id| format!("{id:016x}")),
            trace_name: trace.name.as_deref().map(str::to_owned),
            status: trace.status.name(),
            duration_ms,
            error_kind: trace.error_kind.map(|kind| kind.name()),
            error: trace.error_message.as_deref().map(str::to_owned),
            call: None,
            devtools: DevtoolsDetail {
                data_type: "track-entry",
                track: "traces".to_owned(),
                track_group: TRACK_GROUP,
                color: if trace.status == SpanStatus::Error { "error" } else { "secondary" },
                properties: vec![("trace", trace_id.clone())],
                tooltip_text: format!("{label}: {}, {duration_ms:.2} ms", trace.status.name()),
            },
            trace_id,
        };
        let clear_first = keep_one_more(&mut self.traces_kept);
        self.measure(TRACE_MEASURE, trace.start_unix_nano, trace.end_unix_nano, detail, clear_first)
    }

    /// Times before the page's origin, which a corrected clock may give, would make the browser throw.
    fn measure(
        &self,
        name: &'static str,
        start: u64,
        end: u64,
        detail: Detail,
        clear_first: bool,
    ) -> Measure {
        let since_origin = |time: u64| time.saturating_sub(self.time_origin_unix_nano) as f64 / 1e6;
        let start_ms = since_origin(start);
        Measure { name, start: start_ms, end: since_origin(end).max(start_ms), detail, clear_first }
    }
}

/// Counts one more entry, and says whether those before it are to be cleared.
fn keep_one_more(kept: &mut u32) -> bool {
    let full = *kept >= DEFAULT_MEASURES_KEPT;
    *kept = if full { 1 } else { *kept + 1 };
    full
}

fn properties(call: &SpanRecord) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("call", call.call_id.to_string()),
        ("outcome", call.outcome.name().to_owned()),
        ("attempts", call.attempt.to_string()),
    ];
    for phase in Phase::ALL {
        if let Some(seconds) = call.phases.get(phase) {
            properties.push((phase.name(), format!("{:.3} ms", seconds * 1e3)));
        }
    }
    if let Some(error) = call.error_type.as_deref().or(call.error_message.as_deref()) {
        properties.push(("error", error.to_owned()));
    }
    properties.push(("trace", format!("{:032x}", call.trace_id)));
    properties
}

/// Where measures go.
pub trait MeasureSink {
    /// `performance.timeOrigin`, in milliseconds since the Unix epoch.
    fn time_origin_unix_ms(&self) -> f64;
    /// Writes one entry, clearing those of its name before if it says so. Errors are messages for the ledger.
    fn write(&mut self, measure: &Measure) -> Result<(), String>;
}

/// Writes a runtime's calls and traces to a sink, as the consumer `performance` of the ledger.
#[must_use = "dropping it ends the measures"]
#[derive(Debug)]
pub struct PerformanceMeasures<S> {
    subscription: Subscription,
    writer: MeasureWriter,
    sink: S,
}

impl<S: MeasureSink> PerformanceMeasures<S> {
    /// Begins to take calls and traces that end from now on.
    pub fn new(telemetry: &Telemetry, runtime: u64, sink: S) -> PerformanceMeasures<S> {
        let options = SubscribeOptions {
            metrics: false,
            // Those of handlers have no measure.
            only: Selection { no_handler_spans: true, ..Selection::default() },
            capacity: DEFAULT_MEASURES_WAITING,
            ..SubscribeOptions::default()
        };
        let subscription = telemetry.subscribe(runtime, "performance", options);
        let writer = MeasureWriter::new(sink.time_origin_unix_ms());
        PerformanceMeasures { subscription, writer, sink }
    }

    /// Writes what waits, oldest first, at most `max` entries (each costs some microseconds). Gives how many waited and
    /// were written or refused; a sink that fails costs its entry, which counts as rejected, and nothing else.
    pub fn write(&mut self, max: usize) -> usize {
        let records = self.subscription.drain(max);
        for record in &records {
            let measure = match record {
                Record::Span(call) => self.writer.call(call),
                Record::Trace(trace) => self.writer.trace(trace),
                Record::Metric(_) | Record::Handler(_) | Record::Log(_) => continue,
            };
            match self.sink.write(&measure) {
                Ok(()) => self.subscription.delivered(Signal::Spans, 1),
                Err(message) => {
                    self.subscription.rejected(Signal::Spans, 1);
                    self.subscription.set_last_error(Some(message));
                }
            }
        }
        records.len()
    }

    /// Whether nothing waits to be written.
    pub fn is_empty(&self) -> bool {
        self.subscription.is_empty()
    }
}
