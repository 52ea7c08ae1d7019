//! Atelier's build, demo, tests and packaging.

mod bench;
mod build;
mod chrome;
mod connection;
mod convert;
mod demo;
mod members;
mod project;
mod receiver;
mod screenshots;
mod server;
mod sim;
mod site;
mod suite;

pub use bench::*;
pub use build::{
    BuildError, DistOptions, Progress, Size, build_pages, build_wasm, dist, size_of_start, sizes,
};
pub use chrome::*;
pub use convert::*;
pub use demo::*;
pub use members::*;
pub use project::*;
pub use receiver::*;
pub use screenshots::*;
pub use server::*;
pub use sim::*;
pub use site::*;
pub use suite::*;
