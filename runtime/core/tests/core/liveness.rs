//! Handlers that ignore their cancellation, and workers that give no sign of life.

use atelier_core::{
    AbortReason, CallId, CrashKind, CrashPolicy, End, Fact, Init, Input, Output, TaskConfig, TaskId,
};

use crate::world::{With, World, ms};

const ABORTED: Option<End> = Some(End::Aborted(AbortReason::Signal));

fn hanging(index: u32) -> Option<End> {
    Some(End::Crashed { worker_index: Some(index), kind: CrashKind::Hang })
}

fn pings(world: &mut World) -> usize {
    world.heard().iter().filter(|output| matches!(output, Output::Ping { .. })).count()
}

/// One worker that may have three calls, and is asked for a sign of life after 50 ms of silence.
fn watched(world: &mut World) -> (TaskId, Vec<CallId>) {
    let config = TaskConfig { hang_timeout: Some(ms(100)), ..TaskConfig::singleton().with_max_in_flight(3) };
    let task = world.task(config);
    let calls = world.calls(task, 3);
    world.turn();
    world.heard();
    (task, calls)
}

#[test]
fn past_its_grace_a_cancelled_call_costs_its_worker_and_nobody_else() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton().with_max_in_flight(2));
    let stubborn = world.call_with(task, With::grace(50));
    let innocent = world.call(task);
    world.turn();
    let worker = world.at(stubborn);
    world.abort(stubborn);
    assert_eq!(world.end(stubborn), ABORTED);
    world.wait(ms(49));
    assert_eq!(world.at(innocent), worker, "it still has time");
    world.wait(ms(1));
    assert_eq!(world.requeued(), [innocent]);
    world.turn();
    assert_ne!(world.at(innocent), worker, "another worker has it now");
    assert_eq!(world.state(task).totals.terminated, 1);
    assert_eq!(world.state(task).totals.crashed, 0, "nobody crashed");
    world.ok(innocent);
    assert_eq!(world.end(innocent), Some(End::Ok));
    world.end_of_world();
}

#[test]
fn a_handler_that_ends_within_its_grace_keeps_its_worker() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call_with(task, With::grace(50));
    world.turn();
    world.abort(call);
    world.err(call);
    world.wait(ms(1000));
    assert_eq!(world.gauges(task), [0, 0, 0, 1]);
    assert_eq!(world.state(task).totals.terminated, 0);
    world.end_of_world();
}

#[test]
fn a_grace_ends_with_its_worker() {
    for end in [Input::Pause { task: TaskId::from_bits(0) }, Input::Dispose { task: TaskId::from_bits(0) }] {
        let mut world = World::new();
        let task = world.task(TaskConfig::singleton());
        let call = world.call_with(task, With::grace(50));
        world.turn();
        world.abort(call);
        match end {
            Input::Pause { .. } => world.pause(task),
            _ => world.dispose(task),
        }
        assert_eq!(world.core.next_timeout(), None, "no timer is left behind");
        world.end_of_world();
    }
}

#[test]
fn a_silent_worker_is_asked_and_then_given_up() {
    let mut world = World::new();
    let (task, calls) = watched(&mut world);
    world.wait(ms(49));
    assert_eq!(pings(&mut world), 0);
    world.wait(ms(1));
    assert_eq!(pings(&mut world), 1);
    world.wait(ms(49));
    assert_eq!(world.end(calls[0]), None);
    world.wait(ms(1));
    assert_eq!(world.end(calls[0]), hanging(0), "the one it had the longest is to blame");
    assert_eq!(world.requeued(), calls[1..], "the others wait behind it");
    assert!(
        world.heard().iter().any(|output| {
            matches!(output, Output::Fact(Fact::WorkerCrashed { kind: CrashKind::Hang, .. }))
        })
    );
    world.wait(ms(100));
    world.turn();
    for &call in &calls[1..] {
        world.ok(call);
    }
    assert_eq!(world.state(task).totals.crashed, 1);
    world.end_of_world();
}

#[test]
fn under_requeue_the_culprit_gets_another_chance_until_the_task_gives_up() {
    let mut world = World::new();
    let config = TaskConfig {
        hang_timeout: Some(ms(100)),
        crash_policy: CrashPolicy::RestartRequeueInFlight,
        crash_max_retries: 2,
        ..TaskConfig::singleton()
    };
    let task = world.task(config);
    let call = world.call(task);
    for _ in 0..3 {
        assert_eq!(world.end(call), None);
        world.turn();
        world.wait(ms(100));
        world.wait(ms(200));
    }
    assert_eq!(world.end(call), hanging(0));
    world.end_of_world();
}

#[test]
fn a_sign_of_life_is_enough_however_long_the_handler_takes() {
    let mut world = World::new();
    let (_, calls) = watched(&mut world);
    for _ in 0..50 {
        world.wait(ms(50));
        assert_eq!(pings(&mut world), 1, "asked again and again");
        world.tell(Input::WorkerAlive { worker: world.at(calls[0]) });
    }
    assert_eq!(world.ends(&calls), [None; 3]);
    for &call in &calls {
        world.ok(call);
    }
    world.end_of_world();
}

#[test]
fn answers_are_signs_of_life_and_idle_workers_are_left_alone() {
    let mut world = World::new();
    let (_, calls) = watched(&mut world);
    for &call in &calls {
        world.wait(ms(40));
        world.ok(call);
    }
    world.wait(ms(10_000));
    assert!(pings(&mut world) <= 1, "nobody asks one that has nothing to do");
    assert_eq!(world.core.next_timeout(), None);
    world.end_of_world();
}

#[test]
fn a_page_that_slept_asks_once_more_before_it_gives_up() {
    let mut world = World::new();
    let (_, calls) = watched(&mut world);
    world.wait(ms(50));
    world.heard();
    world.sleep(ms(60_000));
    assert_eq!(world.ends(&calls), [None; 3], "its answer may lie unread");
    assert_eq!(pings(&mut world), 1);
    world.wait(ms(50));
    assert_eq!(world.end(calls[0]), hanging(0), "but not for ever");
    world.end_of_world();
}

#[test]
fn a_page_that_is_late_every_time_gives_up_all_the_same() {
    let mut world = World::new();
    let (_, calls) = watched(&mut world);
    // A hidden page: the browser lets its timers fire once a second at most.
    world.sleep(ms(1_000));
    world.sleep(ms(1_000));
    assert_eq!(world.ends(&calls), [None; 3]);
    world.sleep(ms(1_000));
    assert_eq!(world.end(calls[0]), hanging(0));
    world.end_of_world();
}

#[test]
fn a_cancelled_call_that_hangs_takes_the_blame_from_those_behind_it() {
    let mut world = World::new();
    let (task, calls) = watched(&mut world);
    world.abort(calls[0]);
    world.wait(ms(100));
    assert_eq!(world.state(task).totals.crashed, 1);
    assert_eq!(world.requeued(), calls[1..], "they only waited behind it");
    world.wait(ms(100));
    world.turn();
    for &call in &calls[1..] {
        world.ok(call);
    }
    assert_eq!(world.ends(&calls), [ABORTED, Some(End::Ok), Some(End::Ok)]);
    world.end_of_world();
}

#[test]
fn a_worker_that_gets_work_after_it_had_none_has_its_whole_time() {
    let mut world = World::new();
    let config = TaskConfig { hang_timeout: Some(ms(100)), ..TaskConfig::singleton() };
    let task = world.task(config);
    let first = world.call(task);
    world.turn();
    world.ok(first);
    world.wait(ms(49));
    let second = world.call(task);
    world.turn();
    world.heard();
    world.wait(ms(49));
    assert_eq!(pings(&mut world), 0, "it has had this call for 49 ms");
    world.wait(ms(1));
    assert_eq!(pings(&mut world), 1);
    world.wait(ms(49));
    assert_eq!(world.end(second), None);
    world.wait(ms(1));
    assert_eq!(world.end(second), hanging(0));
    world.end_of_world();
}

#[test]
fn only_the_worker_whose_grace_is_over_is_replaced() {
    let mut world = World::new();
    let config = TaskConfig { init: Init::Eager, idle_timeout: Some(ms(10)), ..TaskConfig::parallel(2) };
    let task = world.task(config);
    let stubborn = world.call_with(task, With::grace(50));
    world.turn();
    world.wait(ms(20));
    assert_eq!(world.gauges(task), [1, 0, 0, 1], "the other one had nothing to do");
    world.abort(stubborn);
    world.spawned();
    world.wait(ms(50));
    assert_eq!(world.spawned(), [0], "and has nothing to do still");
    world.end_of_world();
}

#[test]
fn a_worker_is_busy_with_the_call_that_it_has_had_the_longest() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2).with_max_in_flight(3));
    let busy = |world: &World| -> Vec<(u32, CallId, bool)> {
        let calls = world.core.current_calls(task);
        calls.iter().map(|it| (it.worker_index, it.call, it.abandoned)).collect()
    };
    assert_eq!(busy(&world), []);
    let first = world.call(task);
    world.turn();
    let since = world.core.current_calls(task)[0].since;
    world.wait(ms(5));
    let others = world.calls(task, 2);
    world.turn();
    assert_eq!(
        busy(&world),
        [(0, first, false), (1, others[0], false)],
        "and the third call is at one of them"
    );
    assert_eq!(world.core.current_calls(task)[0].since, since, "waiting changes nothing");
    world.abort(first);
    assert_eq!(busy(&world)[0], (0, first, true), "its worker goes on with it");
    world.err(first);
    let next = busy(&world);
    assert!(next.iter().all(|(_, call, _)| others.contains(call)), "{next:?}");
    world.dispose(task);
    assert_eq!(busy(&world), []);
}
