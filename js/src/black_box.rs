//! Black boxes of workers as plain objects.

use atelier_telemetry::{BlackBox, BoxedFact};
use serde::Serialize;

/// A black box of a worker that died.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoxShape {
    task_id: String,
    worker_index: u32,
    cause: String,
    facts: Vec<BoxedFact>,
}

impl From<&BlackBox> for BoxShape {
    fn from(of: &BlackBox) -> BoxShape {
        BoxShape {
            task_id: of.task.id.to_string(),
            worker_index: of.worker_index,
            cause: of.cause.as_deref().unwrap_or_default().to_owned(),
            facts: of.facts.clone(),
        }
    }
}
