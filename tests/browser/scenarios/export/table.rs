//! The fault table, written to `target/export-faults.md` while the scripts run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use xtask::Project;

/// What became of the spans of one script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Spans that came into being.
    pub(super) emitted: u64,
    /// Spans of which the exporter says that they were delivered.
    pub(super) delivered: u64,
    pub(super) rejected: u64,
    /// By reason.
    pub(super) dropped: BTreeMap<String, u64>,
    pub(super) pending: u64,
    /// Spans that the receiver took again.
    pub(super) duplicates: u64,
}

impl Row {
    /// Spans that were dropped for this reason.
    pub(super) fn dropped_as(&self, reason: &str) -> u64 {
        self.dropped.get(reason).copied().unwrap_or_default()
    }

    fn line(&self, script: &str) -> String {
        let dropped: u64 = self.dropped.values().sum();
        let reasons: Vec<&str> = self.dropped.keys().map(String::as_str).collect();
        let dropped =
            if reasons.is_empty() { "0".to_owned() } else { format!("{dropped} ({})", reasons.join(", ")) };
        format!(
            "| {script} | {} | {} | {} | {dropped} | {} | {} |",
            self.emitted, self.delivered, self.rejected, self.pending, self.duplicates
        )
    }
}

/// The rows so far, in the scripts' order.
static ROWS: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());

/// Adds a row, prints it and writes the table.
pub(super) fn add(project: &Project, place: usize, script: &str, row: &Row) -> Result<()> {
    let line = row.line(script);
    println!("{line}");
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.insert(place, line);
    let head = "| script | emitted | delivered | rejected | dropped | pending | duplicates |\n|---|---|---|---|---|---|---|";
    let lines: Vec<&str> = std::iter::once(head).chain(rows.values().map(String::as_str)).collect();
    let file = project.path("target/export-faults.md");
    std::fs::write(&file, lines.join("\n") + "\n").with_context(|| file.display().to_string())
}
