//! What only tests and the benchmark compare with or are checked by: packages that npm fetches, never part of ours.

use std::path::Path;
use std::process::Command;

use super::{BuildError, Progress, find_on_path, run};
use crate::Project;

/// What ours is compared with, and has to live with: the benchmark's and one test's.
const COMLINK: &str = "comlink@4.4.2";

/// Puts Comlink where the benchmark and the tests look for it.
///
/// # Errors
/// There is no npm, or it cannot fetch the package.
pub(crate) fn fetch_comlink(project: &Project, progress: &Progress) -> Result<(), BuildError> {
    fetch_by_npm(progress, &project.path("target/bench"), COMLINK, "comlink/dist/esm/comlink.mjs")
}

/// Installs an npm package (`name@version`) under `folder`, unless `proof`, a file of it, is there already.
///
/// # Errors
/// There is no npm, or it cannot fetch the package.
pub(crate) fn fetch_by_npm(
    progress: &Progress,
    folder: &Path,
    package: &str,
    proof: &str,
) -> Result<(), BuildError> {
    if folder.join("node_modules").join(proof).is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(BuildError::file(folder))?;
    let npm = find_on_path(&["npm", "npm.cmd"])
        .ok_or_else(|| BuildError::Missing("there is no npm on PATH".to_owned()))?;
    progress.step(&format!("fetch {package} by npm"), || {
        run(Command::new(npm)
            .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
            .arg(folder)
            .arg(package))
    })
}
