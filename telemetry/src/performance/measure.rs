//! Calls and traces as a whole, as `performance.measure` entries.

use atelier_core::names::Phase;
use serde::Serialize;

use super::TRACK_GROUP;
use super::origin::TimeOrigin;
use super::segments::color_of;
use crate::record::{SpanRecord, SpanStatus, TraceRecord};

/// The name of every call's measure.
pub const SPAN_MEASURE: &str = "atelier:span";
/// The name of every trace's measure.
pub const TRACE_MEASURE: &str = "atelier:trace";
/// How many of our entries of one name the timeline keeps at most: when there are this many, the next one clears those
/// of its name first. Observers and DevTools recordings have seen them by then; `getEntriesByName` has not.
pub const DEFAULT_MEASURES_KEPT: u32 = 64;
/// The track of the traces.
pub(super) const TRACES_TRACK: &str = "traces";

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
    /// The track: a task, or the traces.
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
    origin: TimeOrigin,
    spans_kept: u32,
    traces_kept: u32,
}

impl MeasureWriter {
    /// A writer for a page whose clock began then.
    pub fn new(origin: TimeOrigin) -> MeasureWriter {
        MeasureWriter { origin, spans_kept: 0, traces_kept: 0 }
    }

    /// From now on the page's clock counts from then.
    pub(super) fn count_from(&mut self, origin: TimeOrigin) {
        self.origin = origin;
    }

    /// The entry for a call that ended.
    pub fn call(&mut self, call: &SpanRecord) -> Measure {
        let task_label = call.task.name.as_ref().unwrap_or(&call.task.id);
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
                track: task_label.to_string(),
                track_group: TRACK_GROUP,
                color: color_of(status),
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
                track: TRACES_TRACK.to_owned(),
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

    fn measure(
        &self,
        name: &'static str,
        start: u64,
        end: u64,
        detail: Detail,
        clear_first: bool,
    ) -> Measure {
        let (start, end) = self.origin.range_ms(start, end);
        Measure { name, start, end, detail, clear_first }
    }

    /// An entry was not written: where the others were to be cleared for it, they are still there.
    pub fn refused(&mut self, measure: &Measure) {
        if measure.clear_first {
            let kept =
                if measure.name == SPAN_MEASURE { &mut self.spans_kept } else { &mut self.traces_kept };
            *kept = DEFAULT_MEASURES_KEPT;
        }
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
    if let Some(index) = call.worker_index {
        properties.push(("worker", index.to_string()));
    }
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
