//! The simulator's worlds in a real page: the same plans, carried out by the npm package's runtime with real workers, and
//! compared with the same reference model when everything is quiet.
//!
//! What a page cannot do at will is left out: stale handles, answers from the grave, calls that time out. What it can do
//! happens one after the other, each when the one before has come to rest, so that no outcome depends on who is faster:
//! workers begin, and handlers end, when they are told to.

mod order;
mod play;
mod stage;

#[path = "../../../../runtime/core/tests/sim/model/mod.rs"]
#[allow(dead_code, reason = "the simulator asks it for more")]
mod model;
#[path = "../../../../runtime/core/tests/sim/plan.rs"]
#[allow(dead_code, reason = "some steps are for the simulator only")]
mod plan;
#[path = "../../../../runtime/core/tests/sim/rng.rs"]
mod rng;

use std::sync::Arc;

use atelier_tests::Lab;
use libtest_mimic::Trial;

/// How many of the simulator's seeds are carried out when nothing is said.
const DEFAULT_SEEDS: u64 = 12;

/// One for each seed; `cargo xtask test --browser drills::seed_7` replays it. `ATELIER_SIM_SEED` (the first one) and
/// `ATELIER_SIM_SEEDS` (how many) are those of the simulator.
pub(crate) fn trials(lab: &Arc<Lab>) -> impl Iterator<Item = Trial> {
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = setting("ATELIER_SIM_SEED").unwrap_or(0);
    let seeds = first..first.saturating_add(setting("ATELIER_SIM_SEEDS").unwrap_or(DEFAULT_SEEDS));
    seeds.map(|seed| {
        lab.trial(&format!("drills::seed_{seed}"), async move |scene| play::play(scene, seed).await)
    })
}
