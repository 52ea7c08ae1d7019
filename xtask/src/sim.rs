//! `cargo xtask sim`: the core's simulator, for as long as one likes.

use crate::build::{cargo, run};
use crate::{BuildError, Project};

/// Which worlds are visited.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// How many seeds, one after the other.
    pub seeds: u64,
    /// The first one.
    pub seed: u64,
    /// Steps of each.
    pub steps: u64,
    /// Only these steps of each, such as `0-4,9`: a failure made smaller.
    pub keep: Option<String>,
}

/// Runs the simulator, optimized but with every check of arithmetic.
///
/// # Errors
/// When it does not build, or when a seed fails; the seed and how to replay it are printed then.
pub fn simulate(project: &Project, options: &SimOptions) -> Result<(), BuildError> {
    let mut command = cargo();
    command.current_dir(project.root());
    command.args(["test", "--release", "--package", "atelier-core", "--test", "sim", "--", "--nocapture"]);
    command.arg("the_core_does_what_the_model_does");
    command.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    command.env("ATELIER_SIM_SEED", options.seed.to_string());
    command.env("ATELIER_SIM_SEEDS", options.seeds.to_string());
    command.env("ATELIER_SIM_STEPS", options.steps.to_string());
    command.env_remove("ATELIER_SIM_KEEP");
    if let Some(keep) = &options.keep {
        command.env("ATELIER_SIM_KEEP", keep);
    }
    run(&mut command)
}
