//! Log records that the telemetry makes by itself: of workers that die, of findings, of calls that threw.

use std::sync::Arc;

use atelier_core::names::{EXCEPTION, FINDING, PAGE_LEFT, WORKER_CRASH, WORKER_REPLACED, field};
use atelier_core::{ErrorKind, Outcome};

use crate::black_box::BlackBox;
use crate::frame::Finding;
use crate::lint::{FindingKind, Severity};
use crate::log::{LogAttribute, LogRecord, LogSeverity, LogValue};
use crate::record::{SpanRecord, TaskMeta};

/// How many calls that threw are told of in a second. What comes beyond is counted as dropped, `too_many`: their spans and
/// counters tell of them all the same.
pub const DEFAULT_EXCEPTIONS_PER_SECOND: u64 = 100;

/// How many workers a page that is left is told of.
pub const DEFAULT_LEFT_WORKERS: usize = 16;

/// Why a record of an exception was not made: there were too many in its second.
pub(crate) const TOO_MANY: &str = "too_many";

/// What is known of the error that ended a worker.
#[derive(Debug, Default)]
pub(crate) struct Exception {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) message: Option<Arc<str>>,
    pub(crate) stack: Option<Arc<str>>,
}

/// A worker crashed or hung.
pub(crate) fn crashed(
    time: u64,
    task: &Arc<TaskMeta>,
    worker_index: u32,
    kind: &Arc<str>,
    exception: Exception,
    black_box: Option<&BlackBox>,
) -> LogRecord {
    let message = exception.message.as_deref().unwrap_or("nothing is known of why");
    let body = format!("worker {worker_index} of task '{}' ended ({kind}): {message}", task.id);
    let mut record = of_worker(time, LogSeverity::ERROR, WORKER_CRASH, body, task, worker_index);
    // An error without a name has the kind of the end for one: the conventions want a type or a message.
    let name = exception.name.unwrap_or_else(|| kind.clone());
    add(&mut record, field::ERROR_TYPE, Some(kind.clone()));
    add(&mut record, field::EXCEPTION_TYPE, Some(name));
    add(&mut record, field::EXCEPTION_MESSAGE, exception.message);
    add(&mut record, field::EXCEPTION_STACKTRACE, exception.stack);
    add_black_box(&mut record, black_box);
    record
}

/// A worker was replaced, since a handler went on past its call's grace.
pub(crate) fn replaced(
    time: u64,
    task: &Arc<TaskMeta>,
    worker_index: u32,
    black_box: Option<&BlackBox>,
) -> LogRecord {
    let body = format!(
        "worker {worker_index} of task '{}' was replaced: a handler went on past its call's grace",
        task.id
    );
    let mut record = of_worker(time, LogSeverity::ERROR, WORKER_REPLACED, body, task, worker_index);
    add_black_box(&mut record, black_box);
    record
}

/// The page is left while a worker has calls.
pub(crate) fn left(time: u64, black_box: &BlackBox, in_flight: usize) -> LogRecord {
    let (task, worker_index) = (&black_box.task, black_box.worker_index);
    let body = format!(
        "the page was hidden or left while worker {worker_index} of task '{}' had calls: {in_flight}",
        task.id
    );
    let mut record = of_worker(time, LogSeverity::INFO, PAGE_LEFT, body, task, worker_index);
    let in_flight = i64::try_from(in_flight).unwrap_or(i64::MAX);
    record.attributes.push((field::IN_FLIGHT.into(), LogValue::Int(in_flight)));
    add_black_box(&mut record, Some(black_box));
    record
}

/// A finding appeared.
pub(crate) fn found(time: u64, finding: &Finding, task: Option<Arc<TaskMeta>>) -> LogRecord {
    let severity = match FindingKind::from_id(&finding.id).map(FindingKind::severity) {
        Some(Severity::Error) => LogSeverity::ERROR,
        Some(Severity::Warning) => LogSeverity::WARN,
        Some(Severity::Info) | None => LogSeverity::INFO,
    };
    let mut record = LogRecord::new(time, severity, finding.message.as_str());
    record.event_name = Some(FINDING.into());
    record.task = task;
    add(&mut record, field::FINDING_ID, Some(finding.id.as_str().into()));
    add(&mut record, field::FINDING_FIX, Some(finding.fix.as_str().into()));
    let evidence = |(name, value): (&String, &f64)| -> LogAttribute {
        (format!("{}{name}", field::FINDING_EVIDENCE_PREFIX).into(), LogValue::Double(*value))
    };
    record.attributes.extend(finding.evidence.iter().map(evidence));
    record
}

/// Whether a call's handler threw.
pub(crate) fn is_exception(call: &SpanRecord) -> bool {
    call.outcome == Outcome::Error && call.error_kind == Some(ErrorKind::Exception)
}

/// A call's handler threw. Its stack stays in the page, where the panel shows it.
pub(crate) fn threw(call: &SpanRecord) -> LogRecord {
    let name = call.error_type.clone().unwrap_or_else(|| "Error".into());
    let message = call.error_message.clone().unwrap_or_default();
    let body = format!("{} of task '{}' threw {name}: {message}", call.method, call.task.id);
    let mut record = LogRecord::new(call.end_unix_nano, LogSeverity::ERROR, body);
    record.event_name = Some(EXCEPTION.into());
    record.task = Some(call.task.clone());
    record.call_id = Some(call.call_id);
    record.worker_index = call.worker_index;
    (record.trace_id, record.span_id) = (Some(call.trace_id), Some(call.span_id));
    add(&mut record, field::METHOD, Some(call.method.clone()));
    add(&mut record, field::EXCEPTION_TYPE, Some(name));
    add(&mut record, field::EXCEPTION_MESSAGE, Some(message));
    record
}

fn of_worker(
    time: u64,
    severity: LogSeverity,
    event: &'static str,
    body: String,
    task: &Arc<TaskMeta>,
    worker_index: u32,
) -> LogRecord {
    LogRecord {
        event_name: Some(event.into()),
        task: Some(task.clone()),
        worker_index: Some(worker_index),
        ..LogRecord::new(time, severity, body)
    }
}

fn add(record: &mut LogRecord, name: &'static str, value: Option<Arc<str>>) {
    record.attributes.extend(value.map(|value| (name.into(), LogValue::Text(value))));
}

/// As JSON, in the shape of `lastCrash.blackBox`: attributes that are lists of lists are not read everywhere.
fn add_black_box(record: &mut LogRecord, black_box: Option<&BlackBox>) {
    let facts = black_box.and_then(|it| serde_json::to_string(&it.facts).ok());
    add(record, field::BLACK_BOX, facts.map(Arc::from));
}
