//! Workers that come and go on purpose, and tasks that end.

use atelier_core::{CrashKind, CrashPolicy, End, Init, Input, Mode, QueuePolicy, TaskConfig};

use crate::world::{With, World, ms};

#[test]
fn lazy_workers_start_one_after_the_other_with_the_calls_that_need_them() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(3));
    assert_eq!(world.gauges(task), [0; 4]);
    for alive in 1..=3 {
        world.call(task);
        assert_eq!(world.gauges(task)[3], alive);
    }
    world.call(task);
    assert_eq!(world.spawned(), [0, 1, 2]);
    world.end_of_world();
}

#[test]
fn eager_workers_start_with_their_task() {
    let mut world = World::new();
    let task = world.task(TaskConfig { init: Init::Eager, ..TaskConfig::parallel(3) });
    assert_eq!(world.spawned(), [0, 1, 2]);
    assert_eq!(world.gauges(task), [0, 0, 0, 3]);
    world.end_of_world();
}

#[test]
fn workers_without_work_stop_and_start_again_when_they_are_needed() {
    for init in [Init::Lazy, Init::Eager] {
        let mut world = World::new();
        let task = world.task(TaskConfig { init, idle_timeout: Some(ms(50)), ..TaskConfig::singleton() });
        let call = world.call(task);
        world.turn();
        world.wait(ms(500));
        assert_eq!(world.gauges(task), [1, 0, 0, 1], "one that has work stays");
        world.ok(call);
        world.wait(ms(49));
        assert_eq!(world.gauges(task)[3], 1);
        let call = world.call(task);
        world.turn();
        world.ok(call);
        world.wait(ms(49));
        assert_eq!(world.gauges(task)[3], 1, "the rest begins anew with each call");
        world.wait(ms(1));
        assert_eq!(world.gauges(task)[3], 0);
        assert_eq!(world.state(task).totals.terminated, 1);
        assert_eq!(world.state(task).worker_status(), "stopped");
        let call = world.call(task);
        world.turn();
        world.ok(call);
        assert_eq!(world.end(call), Some(End::Ok), "{init:?}");
        world.end_of_world();
    }
}

#[test]
fn eager_workers_that_never_had_work_stop_when_idle_too() {
    let mut world = World::new();
    let config = TaskConfig { init: Init::Eager, idle_timeout: Some(ms(50)), ..TaskConfig::parallel(3) };
    let task = world.task(config);
    world.turn();
    let call = world.call(task);
    world.turn();
    world.wait(ms(50));
    assert_eq!(world.gauges(task), [1, 0, 0, 1]);
    world.ok(call);
    world.resume(task);
    assert_eq!(world.gauges(task)[3], 3, "asking for the workers starts those that were stopped");
    world.end_of_world();
}

#[test]
fn a_worker_busy_with_an_abandoned_call_is_not_idle() {
    let mut world = World::new();
    let task = world.task(TaskConfig { idle_timeout: Some(ms(50)), ..TaskConfig::singleton() });
    let call = world.call(task);
    world.turn();
    world.abort(call);
    world.wait(ms(500));
    assert_eq!(world.gauges(task), [1, 0, 0, 1]);
    world.ok(call);
    world.wait(ms(50));
    assert_eq!(world.gauges(task), [0; 4]);
    world.end_of_world();
}

#[test]
fn a_worker_whose_only_call_was_taken_back_goes_idle() {
    let mut world = World::new();
    let task = world.task(TaskConfig { idle_timeout: Some(ms(50)), ..TaskConfig::singleton() });
    let call = world.call(task);
    world.abort(call);
    world.turn();
    world.wait(ms(50));
    assert_eq!(world.gauges(task), [0; 4]);
    world.end_of_world();
}

#[test]
fn stopping_puts_calls_back_in_front_in_their_old_order_and_starting_loses_nothing() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: None, ..TaskConfig::parallel(3) });
    let calls = world.calls(task, 6);
    world.turn();
    assert_eq!(world.posts(), calls[..3]);
    world.ok(calls[1]);
    assert_eq!(world.posts(), [calls[3]]);
    world.pause(task);
    assert_eq!((world.mode(task), world.state(task).task_status()), (Mode::Paused, "paused"));
    let mut requeued = world.requeued();
    requeued.sort_unstable();
    assert_eq!(requeued, [calls[0], calls[2], calls[3]]);
    assert_eq!(world.state(task).totals.requeued, 3);
    assert_eq!(world.gauges(task), [0, 5, 0, 0]);
    world.turn();
    assert_eq!(world.posts(), [], "nothing runs while it is stopped");
    let late = world.call(task);
    world.resume(task);
    world.turn();
    assert_eq!(world.posted(), [calls[0], calls[2], calls[3]]);
    for call in [calls[0], calls[2], calls[3], calls[4], calls[5], late] {
        world.ok(call);
        assert_eq!(world.end(call), Some(End::Ok));
    }
    world.end_of_world();
}

#[test]
fn stopping_and_starting_in_one_turn_loses_nothing() {
    for init in [Init::Lazy, Init::Eager] {
        let mut world = World::new();
        let task = world.task(TaskConfig { init, ..TaskConfig::parallel(2) });
        let calls = world.calls(task, 5);
        world.turn();
        world.ok(calls[0]);
        world.pause(task);
        world.resume(task);
        world.posts();
        world.turn();
        assert_eq!(world.posted(), calls[1..3]);
        for &call in &calls[1..] {
            world.ok(call);
        }
        assert_eq!(world.ends(&calls), [Some(End::Ok); 5], "{init:?}");
        world.end_of_world();
    }
}

#[test]
fn stopping_twice_and_starting_twice_is_stopping_and_starting() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let call = world.call(task);
    world.turn();
    world.pause(task);
    world.heard();
    world.pause(task);
    assert_eq!(world.heard(), []);
    world.resume(task);
    world.heard();
    world.resume(task);
    assert_eq!(world.heard(), []);
    world.turn();
    world.ok(call);
    world.end_of_world();
}

#[test]
fn an_idle_task_that_is_stopped_starts_nothing_until_it_is_called() {
    let mut world = World::new();
    let lazy = world.task(TaskConfig::parallel(2));
    let eager = world.task(TaskConfig { init: Init::Eager, ..TaskConfig::parallel(2) });
    world.turn();
    for task in [lazy, eager] {
        world.pause(task);
        assert_eq!(world.gauges(task), [0; 4]);
        world.resume(task);
    }
    assert_eq!(world.gauges(lazy)[3], 0);
    assert_eq!(world.gauges(eager)[3], 2);
    world.end_of_world();
}

#[test]
fn disposing_ends_every_call_and_every_worker_in_every_state() {
    let disposed = Some(End::Disposed);
    let config = || TaskConfig {
        max_queue_depth: Some(1),
        crash_policy: CrashPolicy::RestartRequeueInFlight,
        timeout: Some(ms(60_000)),
        idle_timeout: Some(ms(60_000)),
        ..TaskConfig::parallel(2)
    };
    type Prepare = fn(&mut World, atelier_core::TaskId);
    let states: [(&str, Prepare); 9] = [
        ("new", |_, _| {}),
        ("starting", |_, _| {}),
        ("running", |world, _| world.turn()),
        ("with an abandoned call", |world, task| {
            world.turn();
            let worker = world.workers(task)[0];
            let call = world.core.calls_at(worker)[0];
            world.tell(Input::AbortCall { call, reason: atelier_core::AbortReason::Signal });
        }),
        ("paused", |world, task| {
            world.turn();
            world.pause(task);
        }),
        ("paused in the turn of the call", |world, task| world.pause(task)),
        ("resting after a crash", |world, task| {
            world.turn();
            world.crash(world.workers(task)[1]);
        }),
        ("started anew", |world, task| {
            world.turn();
            world.crash(world.workers(task)[0]);
            world.wait(ms(100));
        }),
        ("staged", |world, task| {
            world.turn();
            world.pause(task);
            world.resume(task);
        }),
    ];
    for (name, prepare) in states {
        let mut world = World::new();
        let task = world.task(config());
        let calls = if name == "new" { vec![] } else { world.calls(task, 6) };
        prepare(&mut world, task);
        world.dispose(task);
        for &call in &calls {
            let end = world.end(call);
            assert!(end == disposed || matches!(end, Some(End::Aborted(_))), "{name}: {end:?}");
        }
        assert_eq!(world.core.footprint(), [0; 4], "{name}");
        assert_eq!(world.core.task_state(task), None, "{name}");
        assert_eq!(world.core.task_config(task), None, "{name}");
        let late = world.call(task);
        assert_eq!(world.end(late), disposed, "{name}");
        for input in [Input::Pause { task }, Input::Resume { task }, Input::Dispose { task }] {
            world.heard();
            world.tell(input);
            assert_eq!(world.heard(), [], "{name}");
        }
        world.end_of_world();
    }
}

#[test]
fn disposing_a_failed_task_works_and_its_calls_were_counted() {
    let mut world = World::new();
    let task = world.task(TaskConfig { crash_policy: CrashPolicy::FailTask, ..TaskConfig::singleton() });
    let call = world.call(task);
    world.turn();
    world.crash(world.at(call));
    world.dispose(task);
    let late = world.call(task);
    assert_eq!(world.end(late), Some(End::Disposed));
    world.end_of_world();
}

#[test]
fn disposing_one_task_leaves_the_others_alone() {
    let mut world = World::new();
    let (first, second) = (world.task(TaskConfig::parallel(2)), world.task(TaskConfig::parallel(2)));
    let key = world.core.mint_key();
    let calls = [first, second].map(|task| world.call_with(task, With::key(key)));
    world.turn();
    world.dispose(first);
    assert_eq!(world.ends(&calls), [Some(End::Disposed), None]);
    world.ok(calls[1]);
    world.end_of_world();
}

#[test]
fn the_last_gauges_of_a_task_say_that_nothing_is_left() {
    use atelier_core::{Fact, Gauges, Output};
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    world.calls(task, 9);
    world.turn();
    world.heard();
    world.dispose(task);
    let last = world.heard().into_iter().rev().find_map(|output| match output {
        Output::Fact(Fact::Gauges { gauges, .. }) => Some(gauges),
        _ => None,
    });
    assert_eq!(last, Some(Gauges::default()));
    world.end_of_world();
}

#[test]
fn every_dispatched_call_is_in_exactly_one_outcome_counter() {
    let mut world = World::new();
    let task = world.task(TaskConfig {
        queue_policy: QueuePolicy::Reject,
        crash_policy: CrashPolicy::FailTask,
        ..TaskConfig::singleton()
    });
    let calls = world.calls(task, 5);
    world.turn();
    world.ok(calls[0]);
    world.err(calls[1]);
    world.abort(calls[2]);
    let cannot_be_sent = world.call(task);
    world.ok(calls[2]);
    world.post_failed(cannot_be_sent);
    let dies = world.call(task);
    world.turn();
    world.tell(Input::WorkerCrashed { worker: world.at(dies), kind: CrashKind::MessageError });
    world.call(task);
    let totals = world.state(task).totals;
    assert_eq!((totals.dispatched, totals.outcomes), (8, [1, 4, 1, 2]));
    world.end_of_world();
}
