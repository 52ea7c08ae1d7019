//! What worked where: target/bundlers.md.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use xtask::Project;

/// What is looked at, in the order of the columns.
const COLUMNS: [&str; 11] =
    ["builds", "starts", "call", "worker", "OTLP", "record", "lazy", "panel", "window", "quiet", "policy"];

type Cells = BTreeMap<&'static str, String>;

/// Rows by tool and how it ran. Clones of its rows write into it.
#[derive(Debug, Default)]
pub(crate) struct Table(Arc<Mutex<BTreeMap<(String, String), Cells>>>);

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    table: Arc<Mutex<BTreeMap<(String, String), Cells>>>,
    key: (String, String),
}

impl Table {
    pub(crate) fn row(&self, tool: &str, how: &str) -> Row {
        let row = Row { table: Arc::clone(&self.0), key: (tool.to_owned(), how.to_owned()) };
        row.cells(|_| {});
        row
    }

    /// Writes the table; what was not looked at is empty.
    pub(crate) fn write(&self, project: &Project) -> Result<()> {
        let head = |words: &mut dyn Iterator<Item = &str>| {
            format!("| {} |\n", words.collect::<Vec<_>>().join(" | "))
        };
        let mut text = head(&mut ["tool", "as"].into_iter().chain(COLUMNS));
        text.push_str(&head(&mut std::iter::repeat_n("---", COLUMNS.len() + 2)));
        for ((tool, how), cells) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let cells = COLUMNS.iter().map(|column| cells.get(column).map_or("", String::as_str));
            text.push_str(&head(&mut [tool.as_str(), how].into_iter().chain(cells)));
        }
        let file = project.path("target/bundlers.md");
        std::fs::write(&file, text).with_context(|| file.display().to_string())
    }
}

impl Row {
    /// Notes how a step ended.
    pub(crate) fn tool(&self) -> &str {
        &self.key.0
    }

    pub(crate) fn note<T>(&self, column: &'static str, result: &Result<T>) {
        self.say(column, if result.is_ok() { "yes" } else { "NO" });
    }

    /// Notes something in words.
    pub(crate) fn say(&self, column: &'static str, word: &str) {
        self.cells(|cells| {
            cells.insert(column, word.to_owned());
        });
    }

    fn cells(&self, write: impl FnOnce(&mut Cells)) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        write(table.entry(self.key.clone()).or_default());
    }
}
