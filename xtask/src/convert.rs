//! `cargo xtask convert`: recordings as what other tools open.

use std::ffi::OsString;

use crate::build::{cargo, start_error};
use crate::{BuildError, Project};

/// Runs the command that converts, with these arguments, and says whether it succeeded; if not, it has said why. It is a
/// program of its own, so that everything else here need not wait for what it is built of. Paths count from where one is.
///
/// # Errors
/// cargo cannot be started.
pub fn convert(project: &Project, arguments: &[OsString]) -> Result<bool, BuildError> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", "atelier-convert", "--manifest-path"]);
    command.arg(project.path("Cargo.toml")).arg("--").args(arguments);
    command.status().map(|status| status.success()).map_err(|source| start_error(&command, source))
}
