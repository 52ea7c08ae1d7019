//! The workspace's members, as cargo tells them.

use serde_json::Value;

use crate::build::cargo;
use crate::{BuildError, Project};

/// What `cargo metadata` says about the workspace.
///
/// # Errors
/// cargo cannot be run or refuses.
pub fn metadata(project: &Project) -> Result<Value, BuildError> {
    let mut command = cargo();
    command.current_dir(project.root()).args(["metadata", "--no-deps", "--format-version", "1"]);
    let answer =
        command.output().map_err(|source| BuildError::Start { program: "cargo".to_owned(), source })?;
    let failed = |reason: String| BuildError::Failed { command: "cargo metadata".to_owned(), status: reason };
    if !answer.status.success() {
        return Err(failed(String::from_utf8_lossy(&answer.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&answer.stdout).map_err(|error| failed(error.to_string()))
}

/// The members that are made for the browser: those that build a `cdylib`.
///
/// # Errors
/// As for [`metadata`].
pub fn wasm_members(project: &Project) -> Result<Vec<String>, BuildError> {
    let metadata = metadata(project)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let is_wasm = |package: &&Value| {
        let mut targets = package["targets"].as_array().into_iter().flatten();
        targets.any(|target| {
            target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
        })
    };
    let names = packages.filter(is_wasm).filter_map(|package| package["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}
