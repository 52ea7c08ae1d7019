//! The packed package, where bundlers and others can take it: `target/bundlers` has the fixtures of `tests/bundlers`, the tools
//! that npm fetched, and among them the package as `npm pack` packs it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::types::{NotRun, run_within};
use crate::build::{copy_all, find_on_path, run};
use crate::{BuildError, Progress, Project};

/// How long npm may take to fetch some hundred packages.
const FETCH_LIMIT: Duration = Duration::from_secs(480);
/// Has the package.json of what is installed.
const STAMP: &str = "installed.json";

/// Puts everything in place, or says why that is not possible here.
pub(super) fn prepare(project: &Project, progress: &Progress) -> Result<Result<(), NotRun>, BuildError> {
    let Some(npm) = find_on_path(&["npm", "npm.cmd"]) else {
        return Ok(Err(NotRun("npm is not on PATH")));
    };
    let folder = project.path("target/bundlers");
    for old in ["cache", "out", "next/.next", "node_modules/atelier"] {
        let old = folder.join(old);
        if old.exists() {
            std::fs::remove_dir_all(&old).map_err(BuildError::file(&old))?;
        }
    }
    copy_all(&project.path("tests/bundlers"), &folder)?;
    for module in ["main.js", "worker.js"] {
        let (from, to) = (folder.join("app").join(module), folder.join("next/app").join(module));
        std::fs::copy(&from, &to).map_err(BuildError::file(&from))?;
    }
    if progress.step("fetch bundlers by npm", || install(&npm, &folder)).is_err() {
        return Ok(Err(NotRun("npm cannot fetch the bundlers; is its registry in reach?")));
    }
    progress.step("npm pack", || pack(&npm, &project.npm(), &folder))?;
    Ok(Ok(()))
}

/// Fetches the tools, unless these very ones are there already.
fn install(npm: &Path, folder: &Path) -> Result<(), BuildError> {
    let wanted = folder.join("package.json");
    let wanted = std::fs::read(&wanted).map_err(BuildError::file(&wanted))?;
    let stamp = folder.join(STAMP);
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut command = Command::new(npm);
    command.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"]);
    command.current_dir(folder).stdin(Stdio::null()).stdout(std::io::stderr());
    run_within(&mut command, FETCH_LIMIT)?;
    std::fs::write(&stamp, wanted).map_err(BuildError::file(&stamp))
}

/// Packs the package and unpacks it among the tools, as npm does with a package that depends on nothing.
fn pack(npm: &Path, package: &Path, folder: &Path) -> Result<(), BuildError> {
    let packed = folder.join("packed");
    if packed.exists() {
        std::fs::remove_dir_all(&packed).map_err(BuildError::file(&packed))?;
    }
    let target = folder.join("node_modules/atelier");
    for made in [&packed, &target] {
        std::fs::create_dir_all(made).map_err(BuildError::file(made))?;
    }
    let mut packing = Command::new(npm);
    run(packing.args(["pack", "--silent", "--pack-destination"]).arg(&packed).current_dir(package))?;
    let tarball = std::fs::read_dir(&packed).map_err(BuildError::file(&packed))?.flatten().next();
    let tarball = tarball.ok_or_else(|| BuildError::Package("npm pack wrote no file".to_owned()))?;
    let mut unpacking = Command::new("tar");
    run(unpacking.arg("-xzf").arg(tarball.path()).args(["--strip-components", "1", "-C"]).arg(&target))
}
