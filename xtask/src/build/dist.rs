//! The npm package, `target/npm`.

use std::path::{Path, PathBuf};

use super::optimize::optimize;
use super::package::check_package;
use super::size::{files, modules};
use super::text::write_text_module;
use super::window::write_window_sources;
use super::{BuildError, Progress, build_wasm};
use crate::Project;

/// What a worker loads, of `runtime/js`; the page's side of the package uses some of it, too.
const WORKER_MODULES: &[&str] = &[
    "context.js",
    "handlers.js",
    "harness.js",
    "lifeline.js",
    "own-bytes.js",
    "parameters.js",
    "report.js",
    "spans.js",
    "task-names.js",
    "text.js",
    "thrown.js",
    "transferables.js",
    "unexposed.js",
    "unsent.js",
    "wire.js",
];

/// How the package is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct DistOptions {
    /// Runs `wasm-opt` where it is installed.
    pub optimize: bool,
    /// Keeps the names of the wasm's functions, for profiles.
    pub keep_names: bool,
}

/// Writes the npm package and returns its folder. The old one is replaced only when the new one is whole.
///
/// # Errors
/// A crate does not build, a file is missing, or package.json does not fit what is there.
pub fn dist(project: &Project, progress: &Progress, options: DistOptions) -> Result<PathBuf, BuildError> {
    let (next, done) = (project.path("target/npm.next"), project.npm());
    if next.exists() {
        std::fs::remove_dir_all(&next).map_err(BuildError::file(&next))?;
    }
    let names = options.keep_names;
    build_wasm(project, progress, "atelier-js", &next.join("wasm"), names)?;
    build_wasm(project, progress, "atelier-devtools-panel", &next.join("devtools"), names)?;
    build_wasm(project, progress, "atelier-recording-js", &next.join("recording"), names)?;
    if options.optimize {
        optimize(progress, &modules(&next)?);
    }
    progress.step("gather the npm package", || {
        copy_all(&project.path("js/npm"), &next)?;
        modules(&next)?.iter().try_for_each(|module| write_text_module(module))?;
        for file in WORKER_MODULES {
            copy(&project.path("runtime/js").join(file), &next.join("worker").join(file))?;
        }
        copy(&project.path("runtime/js/rust-worker.js"), &next.join("rust-worker.js"))?;
        copy_licences(project, &next)?;
        write_window_sources(&next)?;
        check_package(&next, env!("CARGO_PKG_VERSION"))?;
        if done.exists() {
            std::fs::remove_dir_all(&done).map_err(BuildError::file(&done))?;
        }
        std::fs::rename(&next, &done).map_err(BuildError::file(&done))
    })?;
    Ok(done)
}

fn copy(from: &Path, to: &Path) -> Result<(), BuildError> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(BuildError::file(folder))?;
    }
    std::fs::copy(from, to).map(|_| ()).map_err(BuildError::file(from))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<(), BuildError> {
    files(from)?.iter().try_for_each(|file| {
        let relative = file.strip_prefix(from).unwrap_or(file);
        copy(file, &to.join(relative))
    })
}

fn copy_licences(project: &Project, to: &Path) -> Result<(), BuildError> {
    let root = project.root();
    let mut copied = 0;
    for entry in std::fs::read_dir(root).map_err(BuildError::file(root))? {
        let entry = entry.map_err(BuildError::file(root))?;
        if entry.file_name().to_string_lossy().starts_with("LICENSE") {
            copy(&entry.path(), &to.join(entry.file_name()))?;
            copied += 1;
        }
    }
    if copied > 0 {
        Ok(())
    } else {
        Err(BuildError::Package("the repository's root has no LICENSE file".to_owned()))
    }
}
