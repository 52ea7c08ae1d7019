//! Every test that needs a browser. `cargo xtask test --browser` builds what they need first.

mod scenarios;

use std::process::ExitCode;

use atelier_tests::{Lab, case_trials};
use libtest_mimic::{Arguments, run};

fn main() -> ExitCode {
    match run_all(&Arguments::from_args()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lab = Lab::start()?;
    let mut trials = case_trials(&lab)?;
    trials.extend(scenarios::trials(&lab));
    let conclusion = run(arguments, trials);
    lab.end();
    Ok(conclusion.exit_code())
}
