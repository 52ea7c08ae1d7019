//! One crate's wasm and its JavaScript.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

use super::command::{shown, start_error};
use super::toolchain::{WASM_TARGET, cargo, ensure_wasm_target};
use super::{BuildError, Progress};
use crate::Project;

/// Builds a crate for the browser into `out`: `NAME.js`, `NAME_bg.wasm`, their `.d.ts`, and `snippets` if it has any.
/// What was in `out` before goes. `keep_names` leaves the names of functions in the module, for profiles. Each crate is built by itself, so that no other crate's features get into it.
///
/// # Errors
/// The crate does not build, is no `cdylib`, or wasm-bindgen refuses it.
pub fn build_wasm(
    project: &Project,
    progress: &Progress,
    package: &str,
    out: &Path,
    keep_names: bool,
) -> Result<(), BuildError> {
    ensure_wasm_target(progress)?;
    let module = progress.step(&format!("build {package} for the browser"), || compile(project, package))?;
    progress.step(&format!("bind {package} to JavaScript"), || bind(package, &module, out, keep_names))
}

/// Compiles and returns the path of the module, which cargo itself tells.
fn compile(project: &Project, package: &str) -> Result<PathBuf, BuildError> {
    let mut command = cargo();
    command
        .current_dir(project.root())
        .args(["build", "--package", package, "--target", WASM_TARGET, "--profile", "web"])
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|source| start_error(&command, source))?;
    let mut module = None;
    if let Some(messages) = child.stdout.take() {
        for line in BufReader::new(messages).lines().map_while(Result::ok) {
            module = module_of(&line, package).or(module);
        }
    }
    let status = child.wait().map_err(|source| start_error(&command, source))?;
    if !status.success() {
        return Err(BuildError::Failed { command: shown(&command), status: status.to_string() });
    }
    module.ok_or_else(|| BuildError::Bindgen {
        package: package.to_owned(),
        reason: "it makes no wasm module; give it crate-type = [\"cdylib\"]".to_owned(),
    })
}

/// The module in one of cargo's messages, if it is this package's.
fn module_of(message: &str, package: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_ours = message["reason"] == "compiler-artifact"
        && message["target"]["name"].as_str()?.replace('_', "-") == package
        && message["target"]["kind"].as_array()?.iter().any(|kind| kind == "cdylib");
    let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    files
        .map(PathBuf::from)
        .find(|file| is_ours && file.extension().is_some_and(|extension| extension == "wasm"))
}

fn bind(package: &str, module: &Path, out: &Path, keep_names: bool) -> Result<(), BuildError> {
    if out.exists() {
        std::fs::remove_dir_all(out).map_err(BuildError::file(out))?;
    }
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .typescript(true)
        .split_linked_modules(true)
        .remove_name_section(!keep_names)
        .remove_producers_section(true);
    let bound = bindgen.web(true).and_then(|bindgen| bindgen.generate(out));
    bound.map_err(|error| BuildError::Bindgen { package: package.to_owned(), reason: format!("{error:#}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, kind: &str, file: &str) -> String {
        serde_json::json!({
            "reason": "compiler-artifact", "target": { "name": name, "kind": [kind] }, "filenames": [file]
        })
        .to_string()
    }

    #[test]
    fn cargo_tells_where_the_module_is() {
        let found = module_of(&message("atelier_js", "cdylib", "/t/atelier_js.wasm"), "atelier-js");
        assert_eq!(found, Some(PathBuf::from("/t/atelier_js.wasm")));
        for other in [
            message("atelier_tour", "cdylib", "/t/atelier_tour.wasm"),
            message("atelier_js", "lib", "/t/libatelier_js.rlib"),
            message("atelier_js", "cdylib", "/t/libatelier_js.so"),
            "warning: not JSON".to_owned(),
        ] {
            assert_eq!(module_of(&other, "atelier-js"), None, "{other}");
        }
    }
}
