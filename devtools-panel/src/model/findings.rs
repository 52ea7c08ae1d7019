//! The pane of findings: what the linter said, as sentences and numbers with their units.

use atelier_telemetry::frame::Finding;

use super::format::{bytes, count, milliseconds};
use super::store::Store;

/// A finding with what the pane shows of it.
#[derive(Clone, Debug)]
pub(crate) struct FindingRow<'store> {
    /// What the linter said.
    pub(crate) finding: &'store Finding,
    /// The name of the task it is about, or its id; `None` when it is about the page.
    pub(crate) task: Option<&'store str>,
    /// The numbers: what, and how much with its unit.
    pub(crate) evidence: Vec<(String, String)>,
    /// Whether the timeline has calls of that task.
    pub(crate) has_calls: bool,
}

/// The findings, the worst first, as the stream has them.
pub(crate) fn finding_rows(store: &Store) -> Vec<FindingRow<'_>> {
    store.findings().iter().map(|finding| row(store, finding)).collect()
}

fn row<'store>(store: &'store Store, finding: &'store Finding) -> FindingRow<'store> {
    let id = finding.task_id.as_deref();
    FindingRow {
        finding,
        task: id.map(|id| store.task(id).and_then(|task| task.frame.task_name.as_deref()).unwrap_or(id)),
        evidence: finding.evidence.iter().map(|(name, value)| told(name, *value)).collect(),
        has_calls: id.is_some_and(|id| store.history().lanes().any(|lane| lane.task == id)),
    }
}

/// `windowMs` is `window`, in milliseconds; what has no unit in its name is a number of what it says.
fn told(name: &str, value: f64) -> (String, String) {
    if let Some(what) = name.strip_suffix("Ms") {
        (words(what), format!("{} ms", milliseconds(value)))
    } else if let Some(what) = name.strip_suffix("Bytes") {
        (words(what), bytes(value))
    } else if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        (words(name), count(value as u64))
    } else {
        (words(name), milliseconds(value))
    }
}

/// `longestReply` as `longest reply`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(char.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{finding, full, span, task};

    #[test]
    fn evidence_is_told_with_its_units() {
        let mut store = Store::default();
        let mut named = task("a");
        named.task_name = Some("resize".to_owned());
        let mut frame = full(1, 0.0, vec![named]);
        frame.spans = vec![span("a", Some(0), 0.0, 1.0)];
        let numbers = [
            ("windowMs", 10_000.0),
            ("copiedBytes", 2_500_000.0),
            ("waitingCalls", 1_234.0),
            ("meanBacklogCalls", 2.5),
            ("odd", f64::NAN),
        ];
        frame.findings = vec![finding("queue-saturated", Some("a"), &numbers), finding("x", None, &[])];
        store.apply(frame).unwrap();
        let rows = finding_rows(&store);
        let evidence: Vec<_> =
            rows[0].evidence.iter().map(|(what, much)| (what.as_str(), much.as_str())).collect();
        assert_eq!(
            evidence,
            [
                ("copied", "2.50 MB"),
                ("mean backlog calls", "2.50"),
                ("odd", "–"),
                ("waiting calls", "1,234"),
                ("window", "10,000 ms")
            ]
        );
        assert_eq!((rows[0].task, rows[0].has_calls), (Some("resize"), true));
        assert_eq!((rows[1].task, rows[1].has_calls), (None, false));
    }

    #[test]
    fn a_task_that_is_gone_is_told_by_its_id() {
        let mut store = Store::default();
        let mut frame = full(1, 0.0, vec![]);
        frame.findings = vec![finding("queue-saturated", Some("gone"), &[])];
        store.apply(frame).unwrap();
        assert_eq!(finding_rows(&store)[0].task, Some("gone"));
    }
}
