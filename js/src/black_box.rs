//! Black boxes of workers as plain objects.

use atelier_telemetry::{BlackBox, BoxedFact};
use serde::Serialize;

/// One fact of a black box: the names are contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FactShape {
    ts: f64,
    fact: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
}

/// A black box of a worker that died.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoxShape {
    task_id: String,
    worker_index: u32,
    cause: String,
    facts: Vec<FactShape>,
}

/// The facts alone, for where task and worker are known.
pub(crate) fn facts(of: &BlackBox) -> Vec<FactShape> {
    let shape = |it: &BoxedFact| FactShape {
        ts: it.time_unix_nano as f64 / 1e6,
        fact: it.fact.name(),
        call_id: it.call_id.map(|id| id.to_string()),
        method: it.method.as_deref().map(str::to_owned),
    };
    of.facts.iter().map(shape).collect()
}

impl From<&BlackBox> for BoxShape {
    fn from(of: &BlackBox) -> BoxShape {
        BoxShape {
            task_id: of.task.id.to_string(),
            worker_index: of.worker_index,
            cause: of.cause.as_deref().unwrap_or_default().to_owned(),
            facts: facts(of),
        }
    }
}
