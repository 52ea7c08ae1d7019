//! What is reported on the console: mistakes in a worker's script that no call would show, once for each task.

use std::cell::Cell;

use atelier_core::WorkerId;

use super::Driver;
use crate::wire::{report_to_console, warn_on_console};

/// What has been reported of a task.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    hidden: Cell<bool>,
    silence: Cell<bool>,
}

impl Driver {
    /// A worker is ready, and has handlers that a task's own members hide.
    pub(super) fn report_hidden(&self, worker: WorkerId) {
        let Some(names) = self.port(worker).and_then(|port| port.hidden()) else { return };
        self.once(worker, |reported| &reported.hidden, report_to_console, |task| {
            format!(
                "Atelier: the worker of task '{task}' has handlers that members of every task hide: {names}. \
                 Call them as task.call(name, ...args), or rename them."
            )
        });
    }

    /// A worker has not said for a while that it takes calls.
    pub(super) fn report_silence(&self, worker: WorkerId) {
        // A warning: a slow network looks the same.
        self.once(worker, |reported| &reported.silence, warn_on_console, |task| {
            format!(
                "Atelier: a worker of task '{task}' has not called expose() within a second. Either its script is still \
                 loading, or it never calls expose(createTaskWorker(handlers)): then its calls fail."
            )
        });
    }

    fn once(
        &self,
        worker: WorkerId,
        reported: impl Fn(&Reported) -> &Cell<bool>,
        say: impl Fn(&str),
        text: impl Fn(&str) -> String,
    ) {
        let Some(task) = self.core.borrow().task_of(worker) else { return };
        let text = {
            let tasks = self.tasks.borrow();
            let Some(entry) = tasks.get(&task) else { return };
            if reported(&entry.reported).replace(true) {
                return;
            }
            text(entry.label.name.as_ref().unwrap_or(&entry.label.id))
        };
        // A console of the page's own may call back in.
        say(&text);
    }
}
