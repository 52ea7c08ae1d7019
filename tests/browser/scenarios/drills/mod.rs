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

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use atelier_tests::Lab;
use libtest_mimic::Trial;

/// The simulator's seeds that are carried out when nothing is said: a few that have much in them.
const DEFAULT_SEEDS: [u64; 12] = [66, 86, 89, 147, 182, 249, 299, 381, 386, 394, 472, 592];

/// What all of them together must have in them, and how often at least.
const IN_THEM: [(&str, u64); 16] = [
    ("ok", 20),
    ("ToldError", 10),
    ("DataCloneError", 10),
    ("UnmakeableError", 10),
    ("QueueDropError", 10),
    ("TaskDisposedError", 10),
    ("AbortError", 30),
    ("admit", 10),
    ("cancel", 20),
    ("grace over", 10),
    ("requeue", 15),
    ("idle", 10),
    ("load", 10),
    ("error", 10),
    ("messageerror", 10),
    ("hang", 2),
];

/// One for each seed; `cargo xtask test --browser drills::seed_66` replays it. `ATELIER_SIM_SEED` (the first one) and
/// `ATELIER_SIM_SEEDS` (how many) choose others, as for the simulator.
pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = setting("ATELIER_SIM_SEED").unwrap_or(0);
    let seeds = match setting("ATELIER_SIM_SEEDS") {
        Some(many) => (first..first.saturating_add(many)).collect(),
        None => DEFAULT_SEEDS.to_vec(),
    };
    let trial = |seed: u64| {
        lab.trial(&format!("drills::seed_{seed}"), async move |scene| play::play(scene, seed).await)
    };
    let mut trials: Vec<Trial> = seeds.into_iter().map(trial).collect();
    trials.push(lab.trial("drills::everything_is_in_them", async |_| everything_is_in_them().await));
    trials
}

async fn everything_is_in_them() -> Result<()> {
    let mut seen = BTreeMap::<String, u64>::new();
    for seed in DEFAULT_SEEDS {
        for (name, times) in play::rehearse(seed).await? {
            *seen.entry(name).or_default() += times;
        }
    }
    let rare = IN_THEM.iter().find(|(name, least)| seen.get(*name).is_none_or(|times| times < least));
    if let Some((name, _)) = rare {
        bail!("{name} is rare: {seen:?}");
    }
    Ok(())
}
