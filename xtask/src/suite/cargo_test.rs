//! `cargo test`, read along while it runs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::tally::{Reader, Tally};
use crate::BuildError;

/// Runs it, passes its lines on, and counts.
pub(super) fn cargo_test(
    command: &mut Command,
    filter: Option<&str>,
    name: &str,
) -> Result<Tally, BuildError> {
    let start_error = |source| BuildError::Start { program: "cargo test".to_owned(), source };
    if let Some(filter) = filter {
        command.args(["--", filter]);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(start_error)?;
    let mut reader = Reader::default();
    if let Some(output) = child.stdout.take() {
        let mut stdout = std::io::stdout().lock();
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // A test may print any bytes at all, so lines are no strings until they are looked at.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            // Nobody may be listening any more; the count goes on.
            let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
            reader.line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(start_error)?;
    Ok(reader.finish(name, status.success()))
}
