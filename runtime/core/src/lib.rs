//! Atelier's core: queue, pool and cancellation as a deterministic state machine without I/O.

pub mod names;
mod outcome;

pub use outcome::{ErrorKind, Outcome};
