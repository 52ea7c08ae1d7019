//! Findings as they are told.

use super::kinds::FindingKind;
use super::view::View;
use crate::frame::Finding;

/// What a rule has to say.
pub(super) struct Advice<'a> {
    pub(super) kind: FindingKind,
    pub(super) message: String,
    /// Numbers, with their units in their names.
    pub(super) evidence: &'a [(&'a str, f64)],
    pub(super) fix: String,
}

impl Advice<'_> {
    /// About one task.
    pub(super) fn about(self, view: &View<'_>) -> Finding {
        Finding { task_id: Some(view.watch.meta.id.to_string()), ..self.about_the_page() }
    }

    /// About no task in particular.
    pub(super) fn about_the_page(self) -> Finding {
        Finding {
            id: self.kind.id().to_owned(),
            severity: self.kind.severity().name().to_owned(),
            task_id: None,
            message: self.message,
            evidence: self.evidence.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
            fix: self.fix,
        }
    }
}

/// Seconds as milliseconds, without decimals that say nothing.
pub(super) fn ms(seconds: f64) -> f64 {
    let ms = seconds * 1e3;
    let digits = if ms >= 10.0 { 1.0 } else { 1e3 };
    (ms * digits).round() / digits
}

/// `1 call`, `2 calls`.
pub(super) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
