//! What the state of a pane has to do, whatever it shows.

use super::store::Store;

/// What a pane remembers of how it is looked at: filters, orders, what is selected. It is the pane's alone; what all
/// panes draw from is the [`Store`].
pub(crate) trait PaneState: Default {
    /// Something a user did in the pane.
    type Action;

    /// Does what the user asked for.
    fn update(&mut self, action: Self::Action, store: &Store);

    /// Another runtime, or another moment, is in front: what named things of the old one is forgotten.
    fn another_store(&mut self, _store: &Store) {}
}

/// A way from one pane to what another one shows. The first pane (in the order of the tabs) that knows the way is
/// brought to front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The latest calls of a task, by its id.
    CallsOfTask(String),
    /// One call, by its span id.
    Call(String),
    /// One trace, by its id.
    Trace(String),
}
