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

/// Older ones fail at what compilers put into modules today, or break their tables without a word: Debian's 108 does both.
const LEAST_VERSION: u32 = 120;

/// Makes these modules smaller if `wasm-opt` is there (`WASM_OPT`, else PATH) and can read them; says so if not.
pub(super) fn optimize(progress: &Progress, modules: &[PathBuf]) {
    let named = std::env::var_os("WASM_OPT").map(PathBuf::from);
    let Some(wasm_opt) = named.or_else(|| find_on_path(&["wasm-opt"])) else {
        progress.note("no wasm-opt on PATH (or in WASM_OPT): the wasm stays as the compiler made it");
        return;
    };
    match version(&wasm_opt) {
        Some(version) if version >= LEAST_VERSION => {}
        found => {
            let found = found
                .map_or_else(|| "of an unknown version".to_owned(), |version| format!("version {version}"));
            progress.note(&format!(
                "{} is {found}: the wasm stays as the compiler made it; wasm-opt {LEAST_VERSION} or later makes it smaller",
                wasm_opt.display()
            ));
            return;
        }
    }
    for module in modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let optimized = progress.step(&format!("wasm-opt {name}"), || optimize_one(&wasm_opt, module));
        if let Err(error) = optimized {
            progress.note(&format!("{error}"));
            progress.note(&format!("{name} stays as the compiler made it"));
        }
    }
}

/// The version that the tool says it has.
fn version(wasm_opt: &Path) -> Option<u32> {
    let told = Command::new(wasm_opt).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&told.stdout))
}

/// The number in `wasm-opt version 132 (version_132)`.
fn version_in(text: &str) -> Option<u32> {
    text.split_whitespace().find_map(|word| word.parse().ok())
}

/// Replaces the module, or leaves it as it is.
fn optimize_one(wasm_opt: &Path, module: &Path) -> Result<(), BuildError> {
    let optimized = module.with_extension("optimized");
    let ran = run(Command::new(wasm_opt).arg("-Oz").args(FEATURES).arg(module).arg("-o").arg(&optimized));
    match ran {
        Ok(()) => std::fs::rename(&optimized, module).map_err(BuildError::file(module)),
        Err(error) => {
            // It may have begun to write before it failed.
            let _ = std::fs::remove_file(&optimized);
            Err(error)
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Runs a script in the place of `wasm-opt` over a module, and returns the error and what the folder holds then.
    fn with_script(script: &str) -> (Option<String>, Vec<(String, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let (tool, module) = (folder.path().join("wasm-opt"), folder.path().join("m.wasm"));
        std::fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(&module, "before").unwrap();
        let error = optimize_one(&tool, &module).err().map(|error| error.to_string());
        std::fs::remove_file(&tool).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (
                    entry.file_name().to_string_lossy().into_owned(),
                    std::fs::read_to_string(entry.path()).unwrap(),
                )
            })
            .collect();
        left.sort();
        (error, left)
    }

    fn file(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn a_tool_says_its_version() {
        assert_eq!(version_in("wasm-opt version 132 (version_132)\n"), Some(132));
        assert_eq!(version_in("wasm-opt version 108\n"), Some(108));
        assert_eq!(version_in("command not found"), None);
    }

    #[test]
    fn a_tool_that_works_replaces_the_module() {
        let (error, left) = with_script("while [ \"$1\" != -o ]; do shift; done; printf after > \"$2\"");
        assert_eq!((error, left), (None, vec![file("m.wasm", "after")]));
    }

    #[test]
    fn a_tool_that_is_too_old_leaves_the_module_alone() {
        let (error, left) =
            with_script("while [ \"$1\" != -o ]; do shift; done; printf half > \"$2\"; exit 1");
        assert!(error.unwrap().contains("wasm-opt"));
        assert_eq!(left, [file("m.wasm", "before")]);
    }
}
