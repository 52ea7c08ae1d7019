//! What the Rust toolchain must have, installed by rustup where that is there.

use std::path::Path;
use std::process::Command;

use super::command::{find_on_path, run, works};
use super::{BuildError, Progress};

/// The target that browsers run.
pub(super) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The cargo that runs us, or the one on PATH.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Sees to it that wasm can be built.
pub(crate) fn ensure_wasm_target(progress: &Progress) -> Result<(), BuildError> {
    if has_wasm_target() {
        return Ok(());
    }
    progress.step("install the wasm target", || {
        rustup(&["target", "add", WASM_TARGET], "the wasm target (rustup target add wasm32-unknown-unknown)")
    })
}

fn has_wasm_target() -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let asked = rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]).output();
    asked.is_ok_and(|answer| {
        answer.status.success() && Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_dir()
    })
}

/// Sees to it that `cargo SUBCOMMAND` of a rustup component is there.
pub(crate) fn ensure_component(
    progress: &Progress,
    subcommand: &str,
    component: &str,
) -> Result<(), BuildError> {
    if works(cargo().args([subcommand, "--version"])) {
        return Ok(());
    }
    progress.step(&format!("install {component}"), || {
        rustup(&["component", "add", component], &format!("{component} (rustup component add {component})"))
    })
}

fn rustup(arguments: &[&str], what: &str) -> Result<(), BuildError> {
    let Some(rustup) = find_on_path(&["rustup"]) else {
        return Err(BuildError::Missing(format!(
            "rustup is not on PATH; install {what} the way this Rust was installed"
        )));
    };
    run(Command::new(rustup).args(arguments))
}
