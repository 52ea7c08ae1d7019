//! Running other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::BuildError;

/// How the command looks on a terminal.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command to its end; its output goes to standard error, as all that is not a result does.
pub(crate) fn run(command: &mut Command) -> Result<(), BuildError> {
    command.stdout(std::io::stderr());
    let status = command.status().map_err(|source| start_error(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed { command: shown(command), status: status.to_string() })
    }
}

/// Whether a command can be run and succeeds, in silence.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

pub(crate) fn start_error(command: &Command, source: std::io::Error) -> BuildError {
    BuildError::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// The first of these programs that PATH has.
pub(crate) fn find_on_path(programs: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let in_folders = |program: &&str| {
        let name = format!("{program}{}", env::consts::EXE_SUFFIX);
        folders.iter().map(|folder| folder.join(&name)).find(|path| is_executable(path))
    };
    programs.iter().find_map(in_folders)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
