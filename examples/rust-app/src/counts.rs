//! The live counts: what the telemetry has counted, and how the tasks stand.

use std::cell::Cell;
use std::rc::Rc;

use atelier_runtime::core::Mode;
use atelier_runtime::{Task, TaskRuntime};
use atelier_telemetry::Telemetry;
use wasm_bindgen::JsError;

use crate::dom;

pub(crate) struct Counts {
    runtime: TaskRuntime,
    telemetry: Telemetry,
    tasks: Vec<Task>,
    due: Cell<bool>,
}

impl Counts {
    pub(crate) fn new(runtime: &TaskRuntime, telemetry: &Telemetry, tasks: [&Task; 2]) -> Rc<Counts> {
        Rc::new(Counts {
            runtime: runtime.clone(),
            telemetry: telemetry.clone(),
            tasks: tasks.into_iter().cloned().collect(),
            due: Cell::new(false),
        })
    }

    /// Shows them now, and whenever something has happened, at most once a frame.
    pub(crate) fn follow(self: Rc<Counts>) -> Result<(), JsError> {
        self.show();
        let counts = self.clone();
        let at_frame = dom::at_frame(move || {
            counts.due.set(false);
            counts.show();
        });
        let runtime = self.runtime.clone();
        runtime.on_drained(move || {
            if !self.due.replace(true) {
                at_frame();
            }
        });
        Ok(())
    }

    fn show(&self) {
        for task in &self.tasks {
            let Some(state) = task.state() else { continue };
            let totals = self.telemetry.totals(self.runtime.id(), task.handle());
            let run = self.telemetry.distributions(self.runtime.id(), task.handle()).run;
            let alive = state.workers.iter().filter(|worker| worker.is_alive()).count();
            let values = [
                ("dispatched", totals.dispatched),
                ("success", totals.success),
                ("failure", totals.failure),
                ("canceled", totals.canceled),
                ("in-flight", state.in_flight.into()),
                ("queued", (state.pending + state.waiting).into()),
                ("workers", alive as u64),
                ("crashed", totals.crashed),
            ];
            for (column, value) in values {
                dom::show(&format!("{}-{column}", task.id()), &value.to_string());
            }
            dom::show(&format!("{}-run", task.id()), &format!("{:.1} ms", run.p50));
        }
        let failed = |task: &Task| task.state().is_some_and(|state| state.mode == Mode::Failed);
        dom::set_hidden("start-workers", !self.tasks.iter().any(failed));
    }
}
