//! A task's evidence as the rules see it.

use std::sync::Arc;

use super::watch::Watch;
use super::window::{DEFAULT_EVIDENCE_SECONDS, DEFAULT_LASTING_SECONDS, Evidence, SECOND};

/// One task at the moment it is judged.
pub(super) struct View<'a> {
    pub(super) watch: &'a Watch,
    /// Nanoseconds since the Unix epoch.
    pub(super) now: u64,
    /// The last [`DEFAULT_LASTING_SECONDS`] whole seconds, and the one that has begun.
    pub(super) lately: Evidence,
    /// How many seconds these are.
    pub(super) seconds: f64,
    /// All that is kept.
    pub(super) all: Evidence,
}

impl<'a> View<'a> {
    pub(super) fn of(watch: &'a Watch, now: u64) -> View<'a> {
        let second = now / SECOND;
        View {
            watch,
            now,
            lately: watch.window.together(second, DEFAULT_LASTING_SECONDS),
            seconds: DEFAULT_LASTING_SECONDS as f64 + (now % SECOND) as f64 / SECOND as f64,
            all: watch.window.together(second, DEFAULT_EVIDENCE_SECONDS - 1),
        }
    }

    /// The last seconds one by one, the one that has begun included.
    pub(super) fn each_second(&self) -> impl Iterator<Item = Evidence> + '_ {
        let second = self.now / SECOND;
        (second.saturating_sub(DEFAULT_LASTING_SECONDS)..=second).map(|each| self.watch.window.one(each))
    }

    /// The last whole seconds one by one.
    pub(super) fn each_whole_second(&self) -> impl Iterator<Item = Evidence> + '_ {
        self.each_second().take(DEFAULT_LASTING_SECONDS as usize)
    }

    /// Seconds since a moment.
    pub(super) fn since(&self, moment: u64) -> f64 {
        self.now.saturating_sub(moment) as f64 / SECOND as f64
    }

    /// The task and one of its methods, as messages call it.
    pub(super) fn name_with(&self, method: Option<&Arc<str>>) -> String {
        match method {
            Some(method) => format!("{}.{method}", self.name()),
            None => self.name().to_owned(),
        }
    }

    /// The task as messages call it.
    pub(super) fn name(&self) -> &str {
        self.watch.meta.name.as_ref().unwrap_or(&self.watch.meta.id)
    }
}
