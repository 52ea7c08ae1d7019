//! What is told for a linter's sake: work that goes on after a cancellation, and keys that stay aborted.

use atelier_core::{Fact, Input, KeyId, Output, TaskConfig};

use crate::world::{With, World, ms};

/// The facts about these since the last time, as `(what, milliseconds)`.
fn told(world: &mut World) -> Vec<(&'static str, u128)> {
    let heard = world.heard();
    let facts = heard.into_iter().filter_map(|output| match output {
        Output::Fact(Fact::Abandoned { .. }) => Some(("abandoned", 0)),
        Output::Fact(Fact::Released { after, .. }) => Some(("released", after.as_millis())),
        Output::Fact(Fact::KeysAborted { count }) => Some(("keys", count as u128)),
        _ => None,
    });
    facts.collect()
}

#[test]
fn a_worker_that_goes_on_is_told_until_it_answers() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.turn();
    world.abort(call);
    assert_eq!(told(&mut world), [("abandoned", 0)]);
    world.wait(ms(1_500));
    assert_eq!(told(&mut world), []);
    world.err(call);
    assert_eq!(told(&mut world), [("released", 1_500)]);
    world.end_of_world();
}

#[test]
fn who_waits_behind_another_call_is_not_blamed() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton().with_max_in_flight(2));
    let [first, second] = [0, 1].map(|_| world.call(task));
    world.turn();
    world.abort(second);
    world.wait(ms(100));
    world.ok(first);
    world.err(second);
    assert_eq!(told(&mut world), []);
    world.end_of_world();
}

#[test]
fn what_never_reached_a_worker_or_was_answered_is_not_told() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let staged = world.call(task);
    world.abort(staged);
    let answered = world.call(task);
    let pending = world.call(task);
    world.turn();
    world.abort(pending);
    world.ok(answered);
    assert_eq!(told(&mut world), []);
    world.end_of_world();
}

#[test]
fn a_worker_that_ends_is_free_of_its_calls() {
    let ends: [fn(&mut World, atelier_core::TaskId); 4] = [
        |world, _| world.wait(ms(500)),
        |world, task| {
            world.wait(ms(300));
            let worker = world.workers(task)[0];
            world.crash(worker);
        },
        |world, task| {
            world.wait(ms(300));
            world.pause(task);
        },
        |world, task| {
            world.wait(ms(300));
            world.dispose(task);
        },
    ];
    for (end, after) in ends.into_iter().zip([400, 300, 300, 300]) {
        let mut world = World::new();
        let task = world.task(TaskConfig::singleton());
        let call = world.call_with(task, With::grace(400));
        world.turn();
        world.abort(call);
        end(&mut world, task);
        assert_eq!(told(&mut world), [("abandoned", 0), ("released", after)]);
    }
}

#[test]
fn aborted_keys_are_counted_until_they_are_cleared() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let [used, unused] = [0, 1].map(|_| world.core.mint_key());
    let call = world.call_with(task, With::key(used));
    world.abort_key(used);
    world.abort_key(used);
    world.abort_key(unused);
    assert_eq!(told(&mut world), [("keys", 1), ("keys", 2)]);
    assert_eq!(world.core.aborted_keys(), 2);
    world.clear_key(used);
    world.clear_key(used);
    world.clear_key(unused);
    world.tell(Input::ClearKey { key: KeyId::from_bits(u64::MAX) });
    assert_eq!(told(&mut world), [("keys", 1), ("keys", 0)]);
    assert_eq!(world.core.aborted_keys(), 0);
    assert!(world.end(call).is_some());
    world.end_of_world();
}
