//! States and snapshots as plain objects, and as the tasks of a frame.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use atelier_runtime::core::{Outcome, QueuePolicy, TaskConfig, TaskState, UNLIMITED, WorkerState};
use atelier_runtime::{Clock, Crash, CurrentCall, Task};
use atelier_telemetry::frame::{
    CrashFrame, CurrentCallFrame, Distribution, TaskExemplars, TaskFrame, Totals, WorkerFrame,
};
use atelier_telemetry::{BlackBox, BoxedFact};
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::errors;
use crate::telemetry::telemetry;

/// `getState()`: the names are contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    #[serde(rename = "type")]
    task_type: &'static str,
    pool_size: u32,
    total_workers: u32,
    active_workers: u32,
    worker_status: &'static str,
    task_status: &'static str,
    total_dispatched: u64,
    queue_depth: u32,
    pending_queue_depth: u32,
    waiting_queue_depth: u32,
    max_in_flight: f64,
    max_queue_depth: f64,
    queue_policy: &'static str,
    queue_depth_by_worker: Vec<u32>,
}

/// What one task of `getRuntimeSnapshot()` has besides its state.
pub(crate) struct Entry {
    pub(crate) task: Task,
    pub(crate) name: Option<String>,
    pub(crate) remains: Remaining,
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Setting a property of a plain object cannot fail.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// What is left of a task when it is disposed.
pub(crate) struct Remains {
    dispatched: u64,
    last_crash: Option<CrashReport>,
}

/// All that is known of a task's last crash.
#[derive(Clone)]
struct CrashReport {
    crash: Rc<Crash>,
    /// When, in milliseconds since the epoch.
    ts: f64,
    black_box: Option<Arc<BlackBox>>,
}

impl CrashReport {
    fn of(task: &Task, state: &TaskState, clock: Clock) -> Option<CrashReport> {
        let (crash, last) = task.last_crash().zip(state.last_crash)?;
        let black_box = telemetry().crash_box(task.runtime(), task.handle());
        Some(CrashReport { crash, ts: clock.unix_millis(last.at), black_box })
    }
}

/// What is left of a task, once it is disposed: its handle and its runtime both may do that.
pub(crate) type Remaining = Rc<RefCell<Option<Remains>>>;

/// Ends a task, and keeps what is asked for later.
pub(crate) fn dispose(task: &Task, remaining: &Remaining, clock: Clock) {
    if let Some(remains) = Remains::of(task, clock) {
        remaining.replace(Some(remains));
    }
    task.dispose();
}

impl Remains {
    /// Taken just before the end.
    fn of(task: &Task, clock: Clock) -> Option<Remains> {
        let state = task.state()?;
        let last_crash = CrashReport::of(task, &state, clock);
        Some(Remains { dispatched: state.totals.dispatched, last_crash })
    }
}

/// A task's state. `remains` are those of one that may be disposed.
pub(crate) fn state(task: &Task, remains: Option<&Remains>, clock: Clock) -> Result<JsValue, JsValue> {
    let state = task.state();
    let object = match &state {
        Some(state) => to_js(&State {
            task_type: state.config.task_type.name(),
            pool_size: state.config.pool_size,
            total_workers: state.config.pool_size,
            active_workers: state.active_workers(),
            worker_status: state.worker_status(),
            task_status: state.task_status(),
            total_dispatched: state.totals.dispatched,
            queue_depth: state.in_flight,
            pending_queue_depth: state.pending,
            waiting_queue_depth: state.waiting,
            max_in_flight: max_in_flight(&state.config),
            max_queue_depth: state.config.max_queue_depth.map_or(f64::INFINITY, f64::from),
            queue_policy: state.config.queue_policy.name(),
            queue_depth_by_worker: state.workers.iter().map(|worker| worker.calls()).collect(),
        })?,
        None => to_js(&gone(task, remains.map_or(0, |remains| remains.dispatched)))?,
    };
    let crash = match &state {
        Some(state) => CrashReport::of(task, state, clock),
        None => remains.and_then(|remains| remains.last_crash.clone()),
    };
    if let Some(report) = crash {
        set(&object, "lastCrash", &last_crash(&report)?);
    }
    Ok(object)
}

fn max_in_flight(config: &TaskConfig) -> f64 {
    if config.max_in_flight == UNLIMITED { f64::INFINITY } else { config.max_in_flight.into() }
}

/// The state of a task that is disposed: at rest, without workers.
fn gone(task: &Task, dispatched: u64) -> State {
    let config = task.config();
    State {
        task_type: config.task_type.name(),
        pool_size: config.pool_size,
        total_workers: config.pool_size,
        active_workers: 0,
        worker_status: "stopped",
        task_status: "idle",
        total_dispatched: dispatched,
        queue_depth: 0,
        pending_queue_depth: 0,
        waiting_queue_depth: 0,
        max_in_flight: max_in_flight(config),
        max_queue_depth: config.max_queue_depth.map_or(f64::INFINITY, f64::from),
        queue_policy: config.queue_policy.name(),
        queue_depth_by_worker: vec![0; config.pool_size as usize],
    }
}

fn last_crash(CrashReport { crash, ts, black_box }: &CrashReport) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct LastCrash<'a> {
        ts: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        worker_index: Option<u32>,
        kind: &'static str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        black_box: Option<&'a [BoxedFact]>,
    }
    let object = to_js(&LastCrash {
        ts: *ts,
        worker_index: crash.worker_index,
        kind: crash.kind.name(),
        message: &crash.cause.message,
        black_box: black_box.as_deref().map(|it| &*it.facts),
    })?;
    set(&object, "error", &errors::cause_of(crash));
    Ok(object)
}

/// `getRuntimeSnapshot()`.
pub(crate) fn runtime(entries: &[Entry], clock: Clock) -> Result<JsValue, JsValue> {
    let tasks = js_sys::Array::new();
    for entry in entries {
        let Some(current) = entry.task.state() else { continue };
        let object = state(&entry.task, None, clock)?;
        set(&object, "taskId", &JsValue::from_str(entry.task.id()));
        if let Some(name) = &entry.name {
            set(&object, "taskName", &JsValue::from_str(name));
        }
        set(&object, "init", &JsValue::from_str(current.config.init.name()));
        tasks.push(&object);
    }
    let snapshot = js_sys::Object::new();
    set(&snapshot, "tasks", &tasks);
    Ok(snapshot.into())
}

/// A task as frames have it; its distributions are the telemetry's to fill.
pub(crate) fn frame(entry: &Entry, clock: Clock) -> Option<TaskFrame> {
    let state = entry.task.state()?;
    let policy: QueuePolicy = state.config.queue_policy;
    Some(TaskFrame {
        task_id: entry.task.id().to_owned(),
        task_name: entry.name.clone(),
        task_type: state.config.task_type.name().to_owned(),
        task_status: state.task_status().to_owned(),
        worker_status: state.worker_status().to_owned(),
        queue_policy: policy.name().to_owned(),
        pool_size: state.config.pool_size,
        active_workers: state.active_workers(),
        in_flight: state.in_flight,
        max_in_flight: state.config.max_in_flight,
        pending: state.pending,
        max_queue_depth: state.config.max_queue_depth,
        waiting: state.waiting,
        totals: totals(&state),
        wait: Distribution::default(),
        run: Distribution::default(),
        duration: Distribution::default(),
        exemplars: TaskExemplars::default(),
        workers: workers(&state, &entry.task.current_calls(), clock),
        last_crash: state.last_crash.zip(entry.task.last_crash()).map(|(last, crash)| CrashFrame {
            ts: clock.unix_millis(last.at),
            worker_index: last.worker_index,
            message: crash.cause.message.clone(),
        }),
    })
}

fn totals(state: &TaskState) -> Totals {
    let counted = &state.totals;
    Totals {
        dispatched: counted.dispatched,
        success: counted.outcome(Outcome::Ok),
        failure: counted.outcome(Outcome::Error),
        canceled: counted.outcome(Outcome::Canceled),
        rejected: counted.outcome(Outcome::Rejected),
        requeued: counted.requeued,
        spawned: counted.spawned,
        crashed: counted.crashed,
        terminated: counted.terminated,
    }
}

fn workers(state: &TaskState, current: &[CurrentCall], clock: Clock) -> Vec<WorkerFrame> {
    let mut current = current.iter().peekable();
    let named = |(index, worker): (usize, &WorkerState)| {
        let status = match worker {
            WorkerState::Absent => return None,
            WorkerState::Backoff => "backoff",
            WorkerState::Starting { .. } => "starting",
            WorkerState::Ready { .. } => "ready",
        };
        let index = index as u32;
        // Both are in the order of places.
        let busy = current.next_if(|call| call.worker_index == index);
        Some(WorkerFrame {
            index,
            status: status.to_owned(),
            in_flight: worker.calls(),
            current: busy.map(|call| current_call(call, clock)),
        })
    };
    state.workers.iter().enumerate().filter_map(named).collect()
}

fn current_call(of: &CurrentCall, clock: Clock) -> CurrentCallFrame {
    let (call_id, method) = of.call.as_ref().map(|(id, method)| (id.to_string(), method.to_string())).unzip();
    CurrentCallFrame { call_id, method, since: clock.unix_millis(of.since), canceled: of.canceled }
}
