//! Keys live while they are aborted or in use, and no longer.

use atelier_core::{CrashPolicy, End, Input, KeyId, QueuePolicy, TaskConfig};

use crate::world::{With, World};

fn keys(world: &World) -> usize {
    world.core.footprint()[2]
}

#[test]
fn a_key_is_forgotten_with_its_last_call() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let key = world.core.mint_key();
    let calls = [0, 1].map(|_| world.call_with(task, With::key(key)));
    world.turn();
    world.ok(calls[0]);
    assert_eq!(world.forgotten(), []);
    world.err(calls[1]);
    assert_eq!(world.forgotten(), [key]);
    assert_eq!(keys(&world), 0);
    world.end_of_world();
}

#[test]
fn however_a_call_ends_its_key_goes() {
    let mut world = World::new();
    let task = world.task(TaskConfig {
        queue_policy: QueuePolicy::Reject,
        max_queue_depth: Some(1),
        crash_policy: CrashPolicy::FailTask,
        ..TaskConfig::singleton()
    });
    let call = |world: &mut World| {
        let key = world.core.mint_key();
        (world.call_with(task, With::key(key)), key)
    };
    let (in_flight, first) = call(&mut world);
    let (pending, second) = call(&mut world);
    let (rejected, third) = call(&mut world);
    world.turn();
    assert_eq!(
        (world.end(rejected), world.forgotten()),
        (Some(End::Dropped(QueuePolicy::Reject)), vec![third])
    );
    world.abort(pending);
    assert_eq!(world.forgotten(), [second]);
    world.abort(in_flight);
    assert_eq!(world.forgotten(), [first], "although the worker is still busy with it");
    world.ok(in_flight);
    let (_, fourth) = call(&mut world);
    world.turn();
    world.crash(world.workers(task)[0]);
    assert_eq!(world.forgotten(), [fourth]);
    let (_, fifth) = call(&mut world);
    assert_eq!(world.forgotten(), [fifth]);
    world.dispose(task);
    let (_, sixth) = call(&mut world);
    assert_eq!(world.forgotten(), [sixth]);
    assert_eq!(keys(&world), 0);
    world.end_of_world();
}

#[test]
fn an_aborted_key_is_kept_until_it_is_cleared() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let key = world.core.mint_key();
    world.abort_key(key);
    assert!(world.core.is_key_aborted(key));
    world.abort_key(key);
    let call = world.call_with(task, With::key(key));
    assert!(world.end(call).is_some());
    assert_eq!((world.forgotten(), keys(&world)), (vec![], 1));
    world.clear_key(key);
    assert!(!world.core.is_key_aborted(key));
    assert_eq!((world.forgotten(), keys(&world)), (vec![key], 0));
    world.end_of_world();
}

#[test]
fn a_cleared_key_lets_calls_through_again() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let key = world.core.mint_key();
    let before = world.call_with(task, With::key(key));
    world.turn();
    world.abort_key(key);
    world.clear_key(key);
    assert_eq!(world.forgotten(), [key]);
    let key = world.core.mint_key();
    let after = world.call_with(task, With::key(key));
    world.turn();
    world.ok(before);
    world.ok(after);
    assert_eq!(world.end(after), Some(End::Ok));
    assert!(matches!(world.end(before), Some(End::Aborted(_))));
    world.end_of_world();
}

#[test]
fn clearing_a_key_in_use_changes_nothing_for_its_calls() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let key = world.core.mint_key();
    let call = world.call_with(task, With::key(key));
    world.clear_key(key);
    assert_eq!((world.forgotten(), world.end(call)), (vec![], None));
    world.abort_key(key);
    assert!(world.end(call).is_some());
    world.clear_key(key);
    world.end_of_world();
}

#[test]
fn keys_that_come_and_go_leave_no_trace() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let warm_up = world.call(task);
    world.turn();
    world.ok(warm_up);
    let at_rest = world.core.footprint();
    for _ in 0..1_000 {
        let key = world.core.mint_key();
        let call = world.call_with(task, With::key(key));
        world.turn();
        world.ok(call);
        world.abort_key(key);
        world.heard();
    }
    assert_eq!(world.core.footprint(), at_rest);
    world.end_of_world();
}

#[test]
fn a_key_that_was_forgotten_names_nothing_any_more() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let old = world.core.mint_key();
    let call = world.call_with(task, With::key(old));
    world.turn();
    world.ok(call);
    let new = world.core.mint_key();
    assert_eq!(old.index(), new.index(), "the place is used again");
    let call = world.call_with(task, With::key(new));
    world.turn();
    for stale in [old, KeyId::from_bits(u64::MAX)] {
        world.abort_key(stale);
        world.tell(Input::ClearKey { key: stale });
        assert!(!world.core.is_key_aborted(stale));
    }
    assert_eq!(world.end(call), None);
    world.ok(call);
    world.end_of_world();
}
