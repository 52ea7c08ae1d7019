//! How calls end: what their callers get.

use atelier_core::{AbortReason, End, Keep, Settlement, TaskId, Timing};
use wasm_bindgen::JsValue;

use super::Driver;
use crate::calls::{Record, Unsampled, Waiter};
use crate::emit::CallSpan;
use crate::error::{AbortCause, CallError};
use crate::wire::slot;

impl Driver {
    pub(super) fn settle(&self, settlement: Settlement) {
        let Settlement { call, task, end, timing } = settlement;
        let Some(mut record) = self.records.borrow_mut().remove(call) else { return };
        let slot = slot(call);
        let error = self.error_of(end, task, slot, record.failure.take());
        if record.span.is_none()
            && let Some(unsampled) = record.unsampled.take()
        {
            record.span = self.kept_span(task, end, timing, &record, *unsampled);
        }
        let told = record.span.as_ref().map(|_| self.slots.handler_told(slot)).unwrap_or_default();
        // The slot is emptied before anyone is told: who is told may make a call that gets it next.
        let sink = match std::mem::replace(&mut record.waiter, Waiter::Page) {
            Waiter::Page => {
                match &error {
                    None => self.slots.resolve(slot),
                    Some(error) => self.slots.reject(slot, &self.shown_to_page(end, task, &record, error)),
                }
                None
            }
            Waiter::Rust(sink) => Some((sink, self.slots.take(slot))),
        };
        if self.emitter.listens() || record.span.is_some() {
            self.tell_settled(task, end, timing, &record, error.as_ref(), &told);
        }
        if let Some((sink, value)) = sink {
            sink(error.map_or(Ok(value), Err));
            // It may have taken its time.
            self.now.set(self.clock.now());
        }
    }

    /// The span of a call that is told of although it is not sampled: for how it ended, or how long it took.
    fn kept_span(
        &self,
        task: TaskId,
        end: End,
        timing: Timing,
        record: &Record,
        Unsampled { place, trace }: Unsampled,
    ) -> Option<CallSpan> {
        let tasks = self.tasks.borrow();
        let entry = tasks.get(&task)?;
        let keep = self.keep.get()?.or(Keep { errors: false, slow: entry.slow });
        let reason = keep.reason(end, timing.settled.since(timing.dispatched))?;
        if let Some(trace) = trace {
            trace.keep(reason);
        }
        let method = self.method_name(record.method);
        Some(self.emitter.call_span(&entry.label, record.number, &method, &place, Some(reason)))
    }

    /// Why a call did not return; `None` when it did.
    fn error_of(&self, end: End, task: TaskId, slot: u32, failure: Option<CallError>) -> Option<CallError> {
        Some(match end {
            End::Ok => return None,
            End::Error | End::GaveUp => self.slots.error(slot),
            End::PostFailed | End::SpawnFailed => failure.unwrap_or(CallError::NoWorker(JsValue::UNDEFINED)),
            End::Aborted(reason) => CallError::Aborted(reason),
            End::Dropped(policy) => CallError::Dropped(policy),
            End::Crashed { .. } => {
                let crash = self.tasks.borrow().get(&task).and_then(|entry| entry.crash.clone());
                crash.map_or(CallError::Disposed, CallError::Crashed)
            }
            _ => CallError::Disposed,
        })
    }

    fn shown_to_page(&self, end: End, task: TaskId, record: &Record, error: &CallError) -> JsValue {
        let made = |cause: Option<AbortCause>| (self.page_error.get())(error, cause.as_ref());
        match end {
            End::Aborted(AbortReason::Key) => {
                let cause = || self.key_reason.borrow().clone().map(AbortCause::Key);
                self.key_aborted.borrow_mut().get_or_insert_with(|| made(cause())).clone()
            }
            End::Aborted(AbortReason::Signal) => {
                made(record.signal.as_ref().map(|own| AbortCause::Signal(own.signal().clone())))
            }
            End::Aborted(AbortReason::Timeout) => made(self.timeout_of(task)),
            _ => made(None),
        }
    }

    fn timeout_of(&self, task: TaskId) -> Option<AbortCause> {
        let timeout = self.core.borrow().task_config(task)?.timeout?;
        let task = self.tasks.borrow().get(&task)?.label.id.clone();
        Some(AbortCause::Timeout { task, timeout })
    }
}
