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
    Ok(names_of(&metadata(project)?, |package| {
        let mut targets = package["targets"].as_array().into_iter().flatten();
        targets.any(|target| {
            target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
        })
    }))
}

/// The members that cannot be built for anything but the browser. They say so themselves in their Cargo.toml:
/// `[package.metadata.xtask]` with `wasm-only = true`.
///
/// # Errors
/// As for [`metadata`].
pub fn wasm_only_members(project: &Project) -> Result<Vec<String>, BuildError> {
    Ok(names_of(&metadata(project)?, |package| package["metadata"]["xtask"]["wasm-only"] == true))
}

fn names_of(metadata: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten().filter(|package| wanted(package));
    packages.filter_map(|package| package["name"].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_by_what_they_build() {
        let project = Project::here();
        let wasm = wasm_members(&project).unwrap();
        assert!(wasm.contains(&"atelier-js".to_owned()) && !wasm.contains(&"xtask".to_owned()), "{wasm:?}");
        let only = wasm_only_members(&project).unwrap();
        assert!(only.iter().all(|name| wasm.contains(name)), "{only:?} must all build a cdylib");
    }
}
