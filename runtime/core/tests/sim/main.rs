//! The core in random worlds, beside a model of it that is slow and plain.
//!
//! Each seed is a world: tasks with settings of all kinds, handlers that answer, throw, hang, crash and ignore their
//! signals, and steps that call, cancel, stop, answer twice or from the grave. After every input the core and the model
//! must have said the same and be in the same state, and what always holds must hold. A seed that fails is made smaller
//! and printed with the command that replays it.
//!
//! `ATELIER_SIM_SEED` (the first seed), `ATELIER_SIM_SEEDS` (how many), `ATELIER_SIM_STEPS` (a seed) and
//! `ATELIER_SIM_KEEP` (only these steps) say what is run; `cargo xtask sim` sets them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on should stop right there")]

mod browser;
mod model;
mod plan;
mod pulse;
mod rng;
mod run;
mod shrink;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};

use plan::Plan;
use run::run;

/// Worlds that every test run visits.
const DEFAULT_SEEDS: u64 = 1_000;
/// Steps in each of them; a step may be several inputs.
const DEFAULT_STEPS: u64 = 400;
/// Inputs that a run of the default size has at least.
const LEAST_INPUTS: u64 = 200_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// How a plan fails, if it does; a panic is a failure, too.
fn failure(plan: &Plan) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| run(plan, false).failure)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or(panic.downcast_ref::<&str>().copied());
        Some(format!("panic: {}", message.unwrap_or("of an unknown kind")))
    })
}

/// Makes a failing plan smaller and says everything there is to say.
fn report(plan: &Plan, steps: u64) -> String {
    // A core that panics would say so thousands of times.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let kept = shrink::shrink(plan, |plan| failure(plan).is_some());
    let small = shrink::only(plan, &kept);
    let trace = catch_unwind(AssertUnwindSafe(|| run(&small, true).trace)).unwrap_or_default();
    let reason = failure(&small).unwrap_or_default();
    std::panic::set_hook(hook);
    let trace: Vec<&str> = trace.lines().collect();
    let last = &trace[trace.len().saturating_sub(60)..];
    format!(
        "seed {} fails with {} of {} steps: {}\n\n{}\n\n…\n{}\n\nreplay: cargo xtask sim --seed {} --steps {steps} --keep {}\n",
        plan.seed,
        kept.len(),
        plan.steps.len(),
        reason,
        small.steps.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>().join("\n"),
        last.join("\n"),
        plan.seed,
        shrink::to_list(&kept),
    )
}

#[test]
fn the_core_does_what_the_model_does() {
    let first = setting("ATELIER_SIM_SEED").unwrap_or(0);
    let seeds = setting("ATELIER_SIM_SEEDS").unwrap_or(DEFAULT_SEEDS);
    let steps = setting("ATELIER_SIM_STEPS").unwrap_or(DEFAULT_STEPS);
    let keep = std::env::var("ATELIER_SIM_KEEP").ok();
    let mut inputs = 0;
    for seed in first..first + seeds {
        let mut plan = Plan::new(seed, steps as usize);
        if let Some(keep) = &keep {
            plan =
                shrink::only(&plan, &shrink::from_list(keep).expect("ATELIER_SIM_KEEP is no list of steps"));
        }
        if seed > first && (seed - first).is_multiple_of(2_000) {
            println!("{} worlds, {inputs} inputs", seed - first);
        }
        match catch_unwind(AssertUnwindSafe(|| run(&plan, false))) {
            Ok(run) if run.failure.is_none() => inputs += run.inputs,
            _ => panic!("{}", report(&plan, steps)),
        }
    }
    println!("{seeds} worlds, {inputs} inputs");
    assert!(
        (seeds, steps) != (DEFAULT_SEEDS, DEFAULT_STEPS) || keep.is_some() || inputs >= LEAST_INPUTS,
        "only {inputs} inputs"
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        let [once, again] = [0, 1].map(|_| run(&Plan::new(seed, 300), true).trace);
        assert!(once.lines().count() > 200, "seed {seed} does next to nothing");
        assert!(once == again, "seed {seed} went two ways");
    }
    assert_ne!(run(&Plan::new(1, 300), true).trace, run(&Plan::new(2, 300), true).trace);
}

#[test]
fn the_worlds_have_everything_in_them() {
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for seed in 0..150 {
        for (name, times) in run(&Plan::new(seed, DEFAULT_STEPS as usize), true).seen {
            *seen.entry(name).or_default() += times;
        }
    }
    for name in [
        "Ok",
        "Error",
        "PostFailed",
        "Aborted(Key)",
        "Aborted(Signal)",
        "Aborted(Timeout)",
        "Dropped(Reject)",
        "Dropped(DropLatest)",
        "Dropped(DropOldest)",
        "Disposed",
        "Crashed",
        "SpawnFailed",
        "Admit",
        "Cancel",
        "ForgetKey",
        "Requeued",
        "WorkerCrashed(Error)",
        "WorkerCrashed(StartTimeout)",
        "WorkerCrashed(Hang)",
        "Ping",
        "CallTimeout(CallId",
        "WorkerIdle(WorkerId",
        "Grace(CallId",
        "Liveness(WorkerId",
        "Restart(TaskId",
        "WorkerTerminated",
    ] {
        assert!(seen.get(name).is_some_and(|&times| times >= 50), "{name} is rare: {seen:?}");
    }
}

#[test]
fn a_failing_plan_is_made_as_small_as_it_can_be() {
    let plan = Plan::new(3, 100);
    let wanted = [plan.steps[17], plan.steps[60], plan.steps[61]].map(|step| format!("{step:?}"));
    let kept = shrink::shrink(&plan, |plan| {
        let has = |wanted: &String| plan.steps.iter().any(|step| format!("{step:?}") == *wanted);
        wanted.iter().all(has)
    });
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(shrink::to_list(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
    assert_eq!(shrink::from_list("1-3,7,9-10"), Some(vec![1, 2, 3, 7, 9, 10]));
    assert_eq!(shrink::from_list("x"), None);
}
