//! `wasm-opt`, where it is installed. Nothing needs it: it makes what is published smaller.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{find_on_path, run};
use super::{BuildError, Progress};

/// The features that browsers have had for years. `--all-features` would let it write modules that Chromium refuses.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Makes these modules smaller if `wasm-opt` is there (`WASM_OPT`, else PATH), says so if it is not.
pub(super) fn optimize(progress: &Progress, modules: &[PathBuf]) -> Result<(), BuildError> {
    let named = std::env::var_os("WASM_OPT").map(PathBuf::from);
    let Some(wasm_opt) = named.or_else(|| find_on_path(&["wasm-opt"])) else {
        progress.note("no wasm-opt on PATH (or in WASM_OPT): the wasm stays as the compiler made it");
        return Ok(());
    };
    modules.iter().try_for_each(|module| {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        progress.step(&format!("wasm-opt {name}"), || optimize_one(&wasm_opt, module))
    })
}

fn optimize_one(wasm_opt: &Path, module: &Path) -> Result<(), BuildError> {
    run(Command::new(wasm_opt).arg("-Oz").args(FEATURES).arg(module).arg("-o").arg(module))
}
