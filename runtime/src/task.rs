//! The Rust face of a task: calls, and its workers' life.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use atelier_core::{Dispatch, Input, Instant, Priority, SpanContext, TaskConfig, TaskId, TaskState, sampled};
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

use crate::calls::{Record, SignalListener, Sink, Transfer, Unsampled, Waiter};
use crate::driver::{Driver, Event};
use crate::emit::{CallSpan, SpanPlace};
use crate::error::{CallError, Crash};
use crate::methods::Method;
use crate::trace::Trace;
use crate::unobserved::is_unobserved;
use crate::wire::slot;

/// What goes with one call besides its arguments.
#[derive(Clone, Debug)]
pub struct CallOptions {
    /// The cancellation key; an empty one is none.
    pub key: Option<String>,
    /// The call's own signal.
    pub signal: Option<AbortSignal>,
    /// The trace it belongs to.
    pub trace: Option<Rc<Trace>>,
    /// How its buffers travel.
    pub transfer: Transfer,
    /// Whether the result's buffers are moved.
    pub transfer_result: bool,
    /// Its place among the calls that wait.
    pub priority: Priority,
    /// Its own timeout; the task's when `None`, none when zero.
    pub timeout: Option<Duration>,
    /// How long its handler may go on after it is cancelled, before its worker is replaced; `None` is for ever.
    pub grace: Option<Duration>,
}

impl Default for CallOptions {
    fn default() -> CallOptions {
        CallOptions {
            key: None,
            signal: None,
            trace: None,
            transfer: Transfer::Auto,
            transfer_result: true,
            priority: Priority::default(),
            timeout: None,
            grace: None,
        }
    }
}

/// What a worker is busy with: of the calls it was sent, the one it has had the longest.
#[derive(Clone, Debug)]
pub struct CurrentCall {
    /// The worker's place in the pool.
    pub worker_index: u32,
    /// The call's number in its runtime and its method; `None` of one that is settled, which nobody knows any more.
    pub call: Option<(u64, Rc<str>)>,
    /// When it was sent.
    pub since: Instant,
    /// Whether it was cancelled, and only the worker goes on with it.
    pub canceled: bool,
}

/// A task of a [`crate::TaskRuntime`]. Cloning gives another handle to the same task.
#[derive(Clone)]
pub struct Task {
    driver: Rc<Driver>,
    id: TaskId,
    name: Rc<str>,
    config: Rc<TaskConfig>,
    disposed: Rc<Cell<bool>>,
}

impl Task {
    pub(crate) fn new(driver: Rc<Driver>, id: TaskId, name: Rc<str>, config: TaskConfig) -> Task {
        Task { driver, id, name, config: Rc::new(config), disposed: Rc::default() }
    }

    /// The task's id as its user gave it.
    pub fn id(&self) -> &str {
        &self.name
    }

    /// The task's settings.
    pub fn config(&self) -> &TaskConfig {
        &self.config
    }

    /// The number of its runtime, as telemetry has it.
    pub fn runtime(&self) -> u64 {
        self.driver.emitter.runtime()
    }

    /// The task's number in its runtime, as telemetry has it.
    pub fn handle(&self) -> u64 {
        self.id.to_bits()
    }

    /// The number of a method, for [`Task::dispatch_handed`].
    pub fn method(&self, name: &str) -> u32 {
        self.driver.method(name)
    }

    /// Calls a method whose arguments, transfer and promise were given to [`crate::TaskRuntime::payloads`] just before;
    /// the options' own `transfer` and `transfer_result` do not count. The promise is settled after this returns.
    pub fn dispatch_handed(&self, method: u32, options: CallOptions) {
        self.begin(method, options, Waiter::Page);
    }

    /// Calls a method; `sink` is called once with how it ended, never before this returns.
    pub fn dispatch(&self, method: &str, args: Array, options: CallOptions, sink: Sink) {
        let transfer = match &options.transfer {
            Transfer::Auto => None,
            Transfer::List(list) => Some(list),
        };
        let key = options.key.as_deref().filter(|key| !key.is_empty());
        self.driver.slots.hand(&args, key, transfer, options.transfer_result);
        self.begin(self.driver.method(method), options, Waiter::Rust(sink));
    }

    fn begin(&self, method: Method, options: CallOptions, waiter: Waiter) {
        let driver = &self.driver;
        // First of all: a signal that throws when it is asked costs its own call and leaves nothing behind.
        let fired_already = options.signal.as_ref().is_some_and(AbortSignal::aborted);
        let call = driver.core.borrow_mut().mint_call();
        let number = driver.next_number();
        driver.slots.place(slot(call), method, number as f64);
        let key = options.key.filter(|key| !key.is_empty()).map(Rc::<str>::from);
        let signal = options.signal.map(|signal| {
            if fired_already {
                return SignalListener::fired(signal);
            }
            let driver = Rc::downgrade(driver);
            SignalListener::new(signal, move || {
                if let Some(driver) = driver.upgrade() {
                    driver.signal_fired(call);
                }
            })
        });
        let (mut span, mut unsampled) = (None, None);
        if let Some(place) = driver.span_place(options.trace.as_deref()) {
            if place.context.sampled {
                span = driver.begin_span(self.id, (number, method), slot(call), &place);
            } else {
                unsampled = Some(Box::new(Unsampled { place, trace: options.trace }));
            }
        }
        let record = Record {
            task: self.id,
            number,
            method,
            waiter,
            failure: None,
            span,
            unsampled,
            handler: None,
            signal,
        };
        driver.records.borrow_mut().insert(call, record);
        if fired_already {
            // Before the call itself, so that no queue turns it away and no worker starts for it.
            driver.signal_fired_before(call);
        }
        let dispatch = Dispatch {
            call,
            task: self.id,
            key: None,
            priority: options.priority,
            timeout: options.timeout,
            grace: options.grace,
        };
        driver.tell(Event::Dispatch(dispatch, key));
    }

    /// Calls a method and waits for its result.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call(
        &self,
        method: &str,
        args: Array,
        options: CallOptions,
    ) -> impl Future<Output = Result<JsValue, CallError>> + use<> {
        let (sender, receiver) = futures_channel::oneshot::channel();
        let sink = move |result| {
            // Nobody may wait any more: then nobody misses it.
            let _ = sender.send(result);
        };
        self.dispatch(method, args, options, Box::new(sink));
        async move { receiver.await.unwrap_or(Err(CallError::Disposed)) }
    }

    /// From which duration on the task's calls are slow, beside what [`crate::TaskRuntime::set_keep`] says for all.
    pub fn set_slow(&self, slow: Option<Duration>) {
        if let Some(entry) = self.driver.tasks.borrow_mut().get_mut(&self.id) {
            entry.slow = slow;
        }
    }

    /// The task's state; `None` when it is disposed.
    pub fn state(&self) -> Option<TaskState> {
        self.driver.core.borrow().task_state(self.id)
    }

    /// What the workers are busy with, by their places.
    pub fn current_calls(&self) -> Vec<CurrentCall> {
        let calls = self.driver.core.borrow().current_calls(self.id);
        let mut records = self.driver.records.borrow_mut();
        let named = |current: atelier_core::CurrentCall| {
            let record = records.get_mut(current.call);
            CurrentCall {
                worker_index: current.worker_index,
                call: record.map(|record| (record.number, self.driver.method_name(record.method))),
                since: current.since,
                canceled: current.abandoned,
            }
        };
        calls.into_iter().map(named).collect()
    }

    /// The most recent crash.
    pub fn last_crash(&self) -> Option<Rc<Crash>> {
        self.driver.tasks.borrow().get(&self.id).and_then(|entry| entry.crash.clone())
    }

    /// Lets the workers of a stopped or failed task start again.
    pub fn start_workers(&self) {
        self.driver.tell(Event::Core(Input::Resume { task: self.id }));
    }

    /// Stops the workers; what they had goes back to the front of the queue.
    pub fn stop_workers(&self) {
        self.driver.tell(Event::Core(Input::Pause { task: self.id }));
    }

    /// Ends the task: its calls are rejected, its workers ended. A second time does nothing.
    pub fn dispose(&self) {
        if !self.disposed.replace(true) {
            self.driver.tell(Event::Core(Input::Dispose { task: self.id }));
            self.driver.tell(Event::ForgetTask(self.id));
        }
    }
}

impl Driver {
    /// Where a new call's span stands; `None` when it is not sampled and nobody keeps what is interesting all the same.
    fn span_place(&self, trace: Option<&Trace>) -> Option<SpanPlace> {
        if !self.emitter.spans() || is_unobserved() {
            return None;
        }
        let (trace_id, sampled) = match trace {
            Some(trace) => (trace.context().trace_id, trace.context().sampled),
            None => {
                let trace_id = self.ids.trace_id();
                (trace_id, sampled(trace_id, self.sample_rate))
            }
        };
        if !sampled && self.keep.get().is_none() {
            return None;
        }
        let parent = trace.map(|trace| trace.context().span_id);
        let trace_name = trace.and_then(|trace| trace.name().cloned());
        let context = SpanContext { trace_id, span_id: self.ids.span_id(), sampled, random: true };
        Some(SpanPlace { context, parent, trace_name })
    }

    /// Opens the span of a sampled call, whose worker is told where it stands.
    fn begin_span(
        &self,
        task: TaskId,
        (number, method): (u64, Method),
        slot: u32,
        place: &SpanPlace,
    ) -> Option<CallSpan> {
        let tasks = self.tasks.borrow();
        let label = &tasks.get(&task)?.label;
        let span = self.emitter.call_span(label, number, &self.method_name(method), place, None);
        self.slots.place_span(slot, span.context);
        Some(span)
    }
}
