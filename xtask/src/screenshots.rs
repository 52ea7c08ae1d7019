//! `cargo xtask screenshots`: builds the package and the tour, and starts the runner in `tests/screenshots`.

use crate::build::{cargo, run};
use crate::{BuildError, DistOptions, Progress, Project, build_pages, dist, find_or_install_chrome};

/// Writes a picture of every pane to `target/screenshots`; with `docs`, also the pictures that the documents use.
///
/// # Errors
/// Something does not build, there is no browser, or the tour could not be driven.
pub fn screenshots(project: &Project, docs: bool) -> Result<(), BuildError> {
    let progress = Progress::start();
    dist(project, &progress, DistOptions::default())?;
    build_pages(project, &progress)?;
    let chrome = find_or_install_chrome(&progress)?;
    let mut command = cargo();
    command.current_dir(project.root()).env("CHROME", chrome);
    command.args(["run", "--quiet", "--package", "atelier-tests", "--bin", "atelier-screenshots", "--"]);
    if docs {
        command.arg("--docs");
    }
    progress.step("take the pictures", || run(&mut command))
}
