//! Atelier's build, demo, tests and packaging.

mod project;
mod receiver;
mod server;
mod site;

pub use project::*;
pub use receiver::*;
pub use server::*;
pub use site::*;
