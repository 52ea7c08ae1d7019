//! The panel in the page: elements made once, changed only where a value changed, canvas for the timeline.

mod canvas;
mod cells;
mod dom;
mod host;
mod palette;
mod panel;
mod panes;
mod recordings;
mod schedule;
mod settings;
mod shell;
mod size;
mod sources;
mod style;
mod tab_list;

pub use panel::Panel;
