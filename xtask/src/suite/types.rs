//! The type tests of the npm package: TypeScript's compiler over `tests/types`, fetched by npx.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::BuildError;
use crate::build::{find_on_path, shown, start_error};

/// The compiler, as npm names it.
const COMPILER: &str = "typescript@5.9";
/// How long npx may take to fetch the compiler; after that the registry counts as out of reach.
const FETCH_LIMIT: Duration = Duration::from_secs(60);
/// How long the compiler may take; it needs a few seconds.
const COMPILE_LIMIT: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Why the type tests were not run.
pub(super) struct NotRun(pub(super) &'static str);

/// The compiler's command, if there is one to be had.
pub(super) fn compiler() -> Result<impl Fn(&[&str]) -> Command, NotRun> {
    let npx = find_on_path(&["npx"]).ok_or(NotRun("Node's npx is not on PATH"))?;
    let command = move |arguments: &[&str]| {
        let mut command = Command::new(&npx);
        // npm's own patience is longer than ours.
        command.envs([("npm_config_fetch_retries", "0"), ("npm_config_fetch_timeout", "20000")]);
        command.args(["--yes", "--package", COMPILER, "tsc"]).args(arguments).stdin(Stdio::null());
        command
    };
    let mut asks = command(&["--version"]);
    asks.stdout(Stdio::null()).stderr(Stdio::null());
    match run_within(&mut asks, FETCH_LIMIT) {
        Ok(()) => Ok(command),
        Err(_) => Err(NotRun("npx cannot fetch the TypeScript compiler; is the npm registry in reach?")),
    }
}

/// Runs the compiler over a project.
pub(super) fn check_types(compiler: impl Fn(&[&str]) -> Command, project: &str) -> Result<(), BuildError> {
    let mut command = compiler(&["--project", project]);
    command.stdout(std::io::stderr());
    run_within(&mut command, COMPILE_LIMIT)
}

/// Runs a command to its end, or ends it when it takes too long.
pub(super) fn run_within(command: &mut Command, limit: Duration) -> Result<(), BuildError> {
    let failed = |command: &Command, status: String| BuildError::Failed { command: shown(command), status };
    let mut child = command.spawn().map_err(|source| start_error(command, source))?;
    let begun = Instant::now();
    loop {
        match child.try_wait().map_err(|source| start_error(command, source))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed(command, status.to_string())),
            None if begun.elapsed() > limit => {
                // It may have ended in this moment; either way it is over.
                let _ = child.kill().and_then(|()| child.wait());
                return Err(failed(command, format!("not done after {} s", limit.as_secs())));
            }
            None => std::thread::sleep(LOOK_AGAIN),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_ended() {
        let mut sleep = Command::new("sleep");
        let begun = Instant::now();
        let error = run_within(sleep.arg("60"), Duration::from_millis(10)).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(30));
        assert!(error.to_string().contains("not done after"), "{error}");
    }

    #[test]
    fn what_fails_in_time_says_how() {
        assert!(run_within(&mut Command::new("true"), COMPILE_LIMIT).is_ok());
        assert!(matches!(
            run_within(&mut Command::new("false"), COMPILE_LIMIT),
            Err(BuildError::Failed { .. })
        ));
    }
}
