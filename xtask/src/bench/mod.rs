//! `cargo xtask bench`: builds the package, fetches what it is compared with, and starts the runner in `tests/bench`.

use std::process::Command;

use crate::build::{cargo, fetch_comlink};
use crate::{BuildError, DistOptions, Progress, Project, build_wasm, dist, find_or_install_chrome};

/// What is measured.
#[derive(Clone, Debug, Default)]
pub struct BenchOptions {
    /// Fewer calls and rounds.
    pub quick: bool,
    /// Only cells whose name contains this.
    pub filter: Option<String>,
    /// How many rounds, if not the usual.
    pub rounds: Option<u32>,
    /// Also takes CPU profiles of the main thread, with the wasm's function names kept.
    pub profile: bool,
}

/// Measures and prints the table; every sample goes to `target/bench/results.json`.
///
/// # Errors
/// The package does not build, there is no browser, or a page failed.
pub fn bench(project: &Project, options: &BenchOptions) -> Result<(), BuildError> {
    let progress = Progress::start();
    dist(project, &progress, DistOptions { optimize: !options.profile, keep_names: options.profile })?;
    build_wasm(
        project,
        &progress,
        "atelier-encoder-bench",
        &project.path("target/bench/encoder"),
        options.profile,
    )?;
    let chrome = find_or_install_chrome(&progress)?;
    // Without npm or a network the benchmark goes on without Comlink.
    if let Err(error) = fetch_comlink(project, &progress) {
        progress.note(&format!("!!! COMLINK IS LEFT OUT of the comparison: {error}"));
    }
    let mut command = cargo();
    command.current_dir(project.root()).env("CHROME", chrome);
    command.args(["run", "--quiet", "--package", "atelier-tests", "--bin", "atelier-bench", "--"]);
    if options.quick {
        command.arg("--quick");
    }
    if let Some(filter) = &options.filter {
        command.args(["--filter", filter]);
    }
    if let Some(rounds) = options.rounds {
        command.args(["--rounds", &rounds.to_string()]);
    }
    if options.profile {
        command.arg("--profile");
    }
    progress.step("measure", || passed_on(&mut command))
}

/// Runs a command whose standard output is a result, and so stays standard output.
fn passed_on(command: &mut Command) -> Result<(), BuildError> {
    let start = |source| BuildError::Start { program: "the benchmark".to_owned(), source };
    let status = command.status().map_err(start)?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed { command: "the benchmark".to_owned(), status: status.to_string() })
    }
}
