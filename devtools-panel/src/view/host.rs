//! What a pane is put into: how it makes elements, how it has itself drawn again, how it leads to another pane.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::HtmlElement;

use super::dom::Make;
use super::recordings::Ask;
use crate::model::{Link, PaneState, ReplayAction, Source, Store};

/// A pane: its element, and how it is drawn. Made once; drawn only while it is in front.
pub(crate) trait Pane {
    /// What is in the pane.
    fn element(&self) -> &HtmlElement;

    /// Draws what is known of the runtime in front.
    fn draw(&self, source: &Source);

    /// A number on its tab, drawn whichever pane is in front: keep it cheap. Zero is not shown.
    fn count(&self, _source: &Source) -> usize {
        0
    }

    /// Whether frames should carry events, while it is in front or not; the page gathers them only for that.
    fn wants_events(&self, _in_front: bool) -> bool {
        false
    }

    /// Shows what another pane's link leads to, if that is a matter of this pane.
    fn open(&self, _link: &Link, _source: &Source) -> bool {
        false
    }

    /// Another runtime is in front.
    fn another_source(&self, _source: &Source) {}
}

/// What the panel does for what is in it. Everything here does nothing once the panel is gone.
pub(crate) trait Around {
    /// Gives the store in front to `act` and has the panes drawn with the next animation frame.
    fn act(&self, act: &mut dyn FnMut(&Store));

    /// Brings the first pane to front that knows where this leads.
    fn open(&self, link: &Link);

    /// Brings a pane to front, by its place.
    fn choose_tab(&self, place: usize);

    /// Brings a runtime to front, by its place.
    fn choose_runtime(&self, place: usize);

    /// Does something with the recording in front.
    fn replay(&self, action: ReplayAction);

    /// Asks for what only the page can do: recording, files.
    fn ask(&self, ask: Ask);

    /// Tells the page a setting that the user chose; the page keeps it and gives it back.
    fn choose_setting(&self, name: &str, value: &str);
}

/// What a pane is made with.
#[derive(Clone)]
pub(crate) struct Host {
    /// Makes elements.
    pub(crate) make: Make,
    /// The panel around it.
    pub(crate) panel: Rc<dyn Around>,
}

impl Host {
    /// The state of a pane, at its beginning.
    pub(crate) fn own<S: PaneState>(&self) -> Own<S> {
        Own { state: Rc::default(), panel: self.panel.clone() }
    }
}

/// A pane's own state, for the pane to draw from and for its listeners to change.
pub(crate) struct Own<S> {
    state: Rc<RefCell<S>>,
    panel: Rc<dyn Around>,
}

impl<S> Clone for Own<S> {
    fn clone(&self) -> Own<S> {
        Own { state: self.state.clone(), panel: self.panel.clone() }
    }
}

impl<S: PaneState> Own<S> {
    /// What a user did: changes the state and has it drawn.
    pub(crate) fn send(&self, action: S::Action) {
        let mut action = Some(action);
        self.panel.act(&mut |store| {
            if let Some(action) = action.take() {
                self.update(action, store);
            }
        });
    }

    /// Changes the state, where the store is at hand and drawing follows anyway.
    pub(crate) fn update(&self, action: S::Action, store: &Store) {
        self.state.borrow_mut().update(action, store);
    }

    /// Forgets what belonged to another store.
    pub(crate) fn another_store(&self, store: &Store) {
        self.state.borrow_mut().another_store(store);
    }

    /// The state.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&S) -> R) -> R {
        read(&self.state.borrow())
    }
}
