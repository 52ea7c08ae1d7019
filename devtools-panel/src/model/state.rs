//! What all panes have in common: the runtimes, which of them is in front, and which pane is. What a single pane
//! remembers is in a file of its own ([`super::PaneState`]).

use atelier_telemetry::frame::Frame;

use super::store::{LongTask, Store};
use super::tabs::Tabs;

/// A runtime as the panel sees it.
#[derive(Debug)]
pub(crate) struct Source {
    /// What the runtime is called.
    pub(crate) name: String,
    /// What is known of it.
    pub(crate) store: Store,
    /// What is wrong with its stream now.
    pub(crate) problem: Option<String>,
}

/// Everything the view draws from.
#[derive(Debug)]
pub(crate) struct State {
    sources: Vec<Source>,
    current: usize,
    /// The panes.
    pub(crate) tabs: Tabs,
}

impl State {
    /// A state for these runtimes (at least one, so that there is always one in front) and panes.
    pub(crate) fn new(mut names: Vec<String>, panes: Vec<&'static str>) -> State {
        if names.is_empty() {
            names.push("Runtime".to_owned());
        }
        State {
            sources: names
                .into_iter()
                .map(|name| Source { name, store: Store::default(), problem: None })
                .collect(),
            current: 0,
            tabs: Tabs::new(panes),
        }
    }

    /// The runtimes.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The runtime in front.
    pub(crate) fn source(&self) -> &Source {
        &self.sources[self.current]
    }

    /// Brings a runtime to front, by its place. Says whether there is one and it was not in front already.
    pub(crate) fn choose_runtime(&mut self, place: usize) -> bool {
        let other = place < self.sources.len() && place != self.current;
        if other {
            self.current = place;
        }
        other
    }

    /// Takes a runtime's next frame, or the reason why it could not be read. Says whether that concerns what is shown.
    pub(crate) fn take(&mut self, runtime: usize, frame: Result<Frame, String>) -> bool {
        let Some(source) = self.sources.get_mut(runtime) else { return false };
        source.problem = match frame {
            Ok(frame) => source.store.apply(frame).err().map(|problem| problem.to_string()),
            Err(reason) => Some(format!("A frame of the snapshot stream could not be read: {reason}")),
        };
        runtime == self.current
    }

    /// Takes a long task of the page's main thread, which is that of all its runtimes.
    pub(crate) fn take_long_task(&mut self, task: LongTask) {
        for source in &mut self.sources {
            source.store.take_long_task(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::full;

    fn state() -> State {
        State::new(vec!["page".to_owned(), "other".to_owned()], vec!["Tasks"])
    }

    #[test]
    fn frames_of_a_runtime_that_is_not_in_front_change_nothing_on_the_screen() {
        let mut state = state();
        assert!(!state.choose_runtime(7));
        assert!(!state.choose_runtime(0));
        assert!(state.choose_runtime(1));
        assert_eq!(state.source().name, "other");
        assert!(!state.take(0, Ok(full(1, 10_000.0, vec![]))));
        assert!(state.take(1, Ok(full(1, 10_000.0, vec![]))));
    }

    #[test]
    fn a_frame_that_cannot_be_read_is_told_and_forgotten_with_the_next() {
        let mut state = state();
        assert!(!state.take(9, Err("no such runtime".to_owned())));
        state.take(0, Err("missing field `seq`".to_owned()));
        assert!(state.source().problem.as_deref().is_some_and(|problem| problem.contains("missing field")));
        state.take(0, Ok(full(2, 10_250.0, vec![])));
        assert_eq!(state.source().problem, None);
    }

    #[test]
    fn there_is_always_a_runtime_in_front() {
        assert_eq!(State::new(Vec::new(), Vec::new()).source().name, "Runtime");
    }
}
