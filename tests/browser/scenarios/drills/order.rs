//! What the page is told, and what must have come of it: the words of `tests/pages/drill.js`.

use std::collections::BTreeMap;

use atelier_core::TaskConfig;
use serde::Serialize;
use serde_json::{Value, json};

/// One thing to do. Everything but `Tell` happens at once, within the page's turn.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "order", rename_all = "camelCase")]
pub(super) enum Order {
    Define {
        task: String,
        options: Value,
    },
    Call {
        task: String,
        call: usize,
        options: Value,
    },
    Abort {
        call: usize,
    },
    AbortKey {
        key: String,
    },
    ClearKey {
        key: String,
    },
    /// Calls one of the task's own methods.
    Task {
        task: String,
        what: &'static str,
    },
    /// As if the page could not read what the worker sent.
    MessageError {
        worker: u64,
    },
    /// A word to a worker, or to the handler of a call there.
    Tell {
        worker: u64,
        what: &'static str,
        call: Option<usize>,
    },
}

/// How everything is when all is quiet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expected {
    pub(super) tasks: Vec<ExpectedTask>,
    /// How each call ended, as far as it has.
    pub(super) calls: Vec<Option<String>>,
    pub(super) workers: Vec<ExpectedWorker>,
}

#[derive(Debug, Serialize)]
pub(super) struct ExpectedTask {
    pub(super) task: String,
    /// What `getState()` says, as far as it is of interest.
    pub(super) state: Value,
    /// The sums of the counters' events.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct ExpectedWorker {
    /// The how-manieth worker of the page it is.
    pub(super) worker: u64,
    /// Calls whose handlers have begun and not ended, in their order.
    pub(super) running: Vec<usize>,
    /// Those of them whose signal has fired.
    pub(super) heard: Vec<usize>,
}

/// A task's settings as the npm package takes them.
pub(super) fn options_of(config: &TaskConfig) -> Value {
    let millis = |duration: std::time::Duration| duration.as_millis() as u64;
    let mut options = json!({
        "type": config.task_type.name(),
        "maxInFlight": config.max_in_flight,
        "maxQueueDepth": config.max_queue_depth,
        "queuePolicy": config.queue_policy.name(),
        "crashPolicy": config.crash_policy.name(),
        "crashMaxRetries": config.crash_max_retries,
        "init": config.init.name(),
    });
    if config.task_type == atelier_core::TaskType::Parallel {
        options["poolSize"] = config.pool_size.into();
    }
    if let Some(idle) = config.idle_timeout {
        options["idleTimeoutMs"] = millis(idle).into();
    }
    if let Some(hang) = config.hang_timeout {
        options["hangTimeoutMs"] = millis(hang).into();
    }
    options
}
