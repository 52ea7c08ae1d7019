//! The panel in the page: elements made once, changed only where a value changed, canvas for the timeline.

mod call;
mod canvas;
mod cells;
mod delivery;
mod dom;
mod paint;
mod palette;
mod panel;
mod schedule;
mod send;
mod shell;
mod spark;
mod style;
mod task_row;
mod tasks;
mod timeline;
mod tip;

pub use panel::Panel;
