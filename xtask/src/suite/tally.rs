//! Counting what test programs print.

use std::fmt;

use crate::BuildError;

/// How many passed, and which failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    passed: u64,
    failed: u64,
    /// Names of what failed, as far as they are known.
    failures: Vec<String>,
    /// What could not be run here, and why.
    not_run: Vec<String>,
}

impl Tally {
    /// Tests that passed.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// Tests and steps that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Names of what failed.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// What could not be run here, and why.
    pub fn skipped(&self) -> &[String] {
        &self.not_run
    }

    pub(super) fn not_run(&mut self, name: &str, why: &str) {
        self.not_run.push(format!("{name}: {why}"));
    }

    /// Takes a step's result: one that failed counts as a failed test, one that did not as nothing.
    pub(super) fn step(&mut self, name: &str, result: Result<(), BuildError>) {
        if let Err(error) = result {
            self.fail(format!("{name}: {error}"));
        }
    }

    pub(super) fn fail(&mut self, name: String) {
        self.failed += 1;
        self.failures.push(name);
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.not_run.extend(other.not_run);
    }
}

/// The last line: `N passed, N failed`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Reads the lines of test programs as they come.
#[derive(Debug, Default)]
pub(super) struct Reader {
    tally: Tally,
    started: u64,
    ended: u64,
    /// Names of tests that were skipped.
    ignored: Vec<String>,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.ended += 1;
            self.tally.passed += number_before(result, " passed");
            self.tally.failed += number_before(result, " failed");
        } else if line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test")) {
            self.started += 1;
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.tally.failures.push(name.trim_end().to_owned());
        } else if let Some((name, outcome)) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
            && outcome.starts_with("ignored")
        {
            self.ignored.push(name.trim_end().to_owned());
        } else if let Some(what) = line.strip_prefix("NOT RUN: ") {
            self.tally.not_run.push(what.to_owned());
        }
    }

    /// The count of the whole run named `name`, whose program ended well or not.
    pub(super) fn finish(mut self, name: &str, ended_well: bool) -> Tally {
        for _ in self.ended..self.started {
            self.tally.fail(format!("{name}: a test program died before it could count"));
        }
        for test in std::mem::take(&mut self.ignored) {
            self.tally.fail(format!("{test}: a test that is skipped has not passed"));
        }
        if !ended_well && self.tally.failed == 0 {
            self.tally.fail(format!("{name}: did not build or did not run"));
        }
        self.tally
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.find(word).map_or("", |at| &text[..at]);
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, ended_well: bool) -> Tally {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        reader.finish("native tests", ended_well)
    }

    #[test]
    fn results_of_several_programs_add_up() {
        let text = "running 2 tests\ntest a ... ok\ntest b::c ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            running 1 test\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        let tally = read(text, false);
        assert_eq!(tally.to_string(), "13 passed, 1 failed");
        assert_eq!(tally.failures(), ["b::c"]);
    }

    #[test]
    fn a_program_that_died_counts_as_failed() {
        let text =
            "running 5 tests\ntest a ... ok\nrunning 1 test\ntest result: ok. 1 passed; 0 failed; 0 ignored";
        assert_eq!(read(text, false).to_string(), "1 passed, 1 failed");
    }

    #[test]
    fn what_did_not_build_counts_as_failed() {
        assert_eq!(read("", false).to_string(), "0 passed, 1 failed");
        assert_eq!(read("", true).to_string(), "0 passed, 0 failed");
    }

    #[test]
    fn a_skipped_test_is_no_pass() {
        let text = "running 3 tests\ntest a ... ok\ntest b ... ignored\ntest c ... ignored, too slow\n\
            test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured";
        let tally = read(text, true);
        assert_eq!(tally.to_string(), "1 passed, 2 failed");
        assert!(tally.failures()[0].starts_with("b: "), "{:?}", tally.failures());
    }

    #[test]
    fn what_a_test_could_not_run_is_passed_on() {
        let tally = read(
            "running 1 test\nNOT RUN: a collector: no Python\ntest result: ok. 1 passed; 0 failed",
            true,
        );
        assert_eq!((tally.skipped(), tally.failed()), (&["a collector: no Python".to_owned()][..], 0));
    }

    #[test]
    fn a_failed_step_counts_under_its_name() {
        let mut tally = Tally::default();
        tally.step("formatting", Ok(()));
        tally.step("lints", Err(BuildError::Missing("clippy".to_owned())));
        assert_eq!(
            (tally.to_string().as_str(), tally.failures()),
            ("0 passed, 1 failed", &["lints: clippy".to_owned()][..])
        );
    }
}
