//! Which worker gets a call: the one with the fewest, ties rotating, none beyond its share.

use atelier_core::{CrashPolicy, TaskConfig};

use crate::world::{World, ms};

#[test]
fn the_worker_that_freed_places_gets_the_next_calls() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(3).with_max_in_flight(9));
    let calls = world.calls(task, 15);
    world.turn();
    let worker = world.at(calls[1]);
    let had: Vec<_> = calls[..9].iter().copied().filter(|&call| world.at(call) == worker).collect();
    assert_eq!(had.len(), 3, "spread evenly");
    for &call in &had {
        world.answer(call, atelier_core::Reply::Ok);
    }
    world.turn();
    assert!(calls[9..12].iter().all(|&call| world.at(call) == worker));
    world.end_of_world();
}

#[test]
fn ties_rotate_so_that_idle_workers_are_used_in_turn() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(3));
    let mut places = Vec::new();
    for _ in 0..7 {
        let call = world.call(task);
        world.turn();
        places.push(world.index_of(world.at(call)));
        world.ok(call);
    }
    assert_eq!(places, [0, 1, 2, 0, 1, 2, 0]);
    world.end_of_world();
}

#[test]
fn no_worker_gets_more_than_its_even_share_rounded_up() {
    for (pool, in_flight, share) in [(2, 5, 3), (3, 2, 1), (4, 4, 1), (1, 7, 7)] {
        let mut world = World::new();
        let config = TaskConfig { max_in_flight: in_flight, ..TaskConfig::parallel(pool) };
        let task = world.task(config);
        world.calls(task, 20);
        world.turn();
        let loads: Vec<u32> = world.state(task).workers.iter().map(|worker| worker.calls()).collect();
        assert_eq!(loads.iter().sum::<u32>(), in_flight, "{loads:?}");
        assert!(loads.iter().all(|&load| load <= share), "{loads:?}");
        world.end_of_world();
    }
}

#[test]
fn when_places_rest_after_a_crash_the_rest_of_the_pool_takes_no_more_than_its_share() {
    let mut world = World::new();
    let config = TaskConfig::parallel(2).with_max_in_flight(4);
    let task = world.task(TaskConfig { crash_policy: CrashPolicy::RestartRequeueInFlight, ..config });
    let calls = world.calls(task, 4);
    world.turn();
    world.crash(world.at(calls[0]));
    world.turn();
    assert_eq!(world.gauges(task), [2, 2, 0, 1]);
    world.wait(ms(100));
    world.turn();
    assert_eq!(world.gauges(task), [4, 0, 0, 2]);
    world.end_of_world();
}

#[test]
fn calls_for_a_worker_that_starts_wait_for_it_and_leave_together() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton().with_max_in_flight(3));
    let calls = world.calls(task, 3);
    world.flush();
    assert_eq!(world.posts(), []);
    world.turn();
    assert_eq!(world.posts(), calls);
    world.end_of_world();
}

#[test]
fn calls_of_one_turn_leave_together_when_it_ends() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton().with_max_in_flight(3));
    let warm_up = world.call(task);
    world.turn();
    world.ok(warm_up);
    world.posts();
    let calls = world.calls(task, 3);
    assert_eq!(world.posts(), []);
    world.flush();
    assert_eq!(world.posts(), calls);
    world.end_of_world();
}
