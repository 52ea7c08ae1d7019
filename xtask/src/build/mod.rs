//! From the workspace to what a browser loads: the wasm of each crate, the npm package, the demo's pages.

mod command;
mod dist;
mod imports;
mod npm;
mod optimize;
mod package;
mod progress;
mod size;
mod text;
mod toolchain;
mod wasm;
mod window;

pub use dist::{DistOptions, dist};
pub use progress::Progress;
pub use size::{Size, size_of_start, sizes};
pub use wasm::build_wasm;

pub(crate) use command::{find_on_path, run, shown, start_error, works};
pub(crate) use dist::copy_all;
pub(crate) use npm::{fetch_by_npm, fetch_comlink};
pub(crate) use toolchain::{cargo, ensure_component, ensure_wasm_target};

use std::io;
use std::path::PathBuf;

use crate::Project;

/// Why something could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// A program ended with an error, which it has printed itself.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The program and its arguments.
        command: String,
        /// How it ended.
        status: String,
    },
    /// Something has to be installed by hand; the text says what and how.
    #[error("{0}")]
    Missing(String),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// wasm-bindgen refused a module.
    #[error("wasm-bindgen cannot take {package}: {reason}")]
    Bindgen {
        /// The crate.
        package: String,
        /// The reason.
        reason: String,
    },
    /// The npm package would be broken.
    #[error("the npm package is not whole: {0}")]
    Package(String),
}

impl BuildError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BuildError {
        let path = path.into();
        move |source| BuildError::File { path, source }
    }
}

/// Builds the wasm of the pages that are ours: the tour, and the Rust example where it has a page.
///
/// # Errors
/// A crate does not build.
pub fn build_pages(project: &Project, progress: &Progress) -> Result<(), BuildError> {
    build_wasm(project, progress, "atelier-tour", &project.web("tour"), false)?;
    if project.path("examples/rust-app/web").is_dir() {
        build_wasm(project, progress, "atelier-rust-app", &project.web("rust-app"), false)?;
    }
    Ok(())
}
