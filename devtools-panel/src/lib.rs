//! Atelier's panel in the page: a pure model of what the snapshot stream tells, and a thin view in a shadow root.

mod model;
mod view;

pub use view::Panel;
