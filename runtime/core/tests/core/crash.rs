//! Workers that die: what becomes of their calls, of their place, of their task.

use atelier_core::{
    CrashKind, CrashPolicy, DEFAULT_START_TIMEOUT, End, Fact, Init, Input, Mode, Outcome, Output, Reply,
    TaskConfig, Timer,
};

use crate::world::{World, ms};

fn with(policy: CrashPolicy) -> TaskConfig {
    TaskConfig { crash_policy: policy, ..TaskConfig::parallel(2).with_max_in_flight(4) }
}

fn crashed(index: u32) -> Option<End> {
    Some(End::Crashed { worker_index: Some(index), kind: CrashKind::Error })
}

#[test]
fn fail_in_flight_fails_the_dead_worker_s_calls_and_no_others() {
    let mut world = World::new();
    let task = world.task(with(CrashPolicy::RestartFailInFlight));
    let calls = world.calls(task, 5);
    world.turn();
    assert_eq!([0, 1, 2, 3].map(|call| world.index_of(world.at(calls[call]))), [0, 1, 0, 1]);
    world.crash(world.at(calls[0]));
    assert_eq!(world.ends(&calls), [crashed(0), None, crashed(0), None, None]);
    assert_eq!(world.gauges(task), [2, 1, 0, 1]);
    assert_eq!(world.requeued(), []);
    world.wait(ms(100));
    world.turn();
    assert_eq!(world.index_of(world.at(calls[4])), 0, "its place is filled again");
    world.end_of_world();
}

#[test]
fn requeue_in_flight_puts_them_back_in_front_in_their_old_order_and_counts_them() {
    let mut world = World::new();
    let config = TaskConfig { crash_policy: CrashPolicy::RestartRequeueInFlight, ..TaskConfig::singleton() };
    let task = world.task(TaskConfig { max_in_flight: 3, ..config });
    let calls = world.calls(task, 5);
    world.turn();
    assert_eq!(world.posts(), calls[..3]);
    world.crash(world.at(calls[0]));
    assert_eq!(world.requeued(), calls[..3]);
    assert_eq!(world.state(task).totals.requeued, 3);
    assert_eq!(world.gauges(task), [0, 5, 0, 0]);
    world.wait(ms(100));
    world.turn();
    assert_eq!(world.posts(), calls[..3]);
    for &call in &calls {
        world.ok(call);
    }
    assert_eq!(world.posts(), calls[3..]);
    assert_eq!([0, 4].map(|call| world.settlement(calls[call]).timing.attempts), [2, 1]);
    world.end_of_world();
}

#[test]
fn what_a_closing_worker_has_not_begun_goes_to_another_one_whatever_the_policy() {
    for policy in [CrashPolicy::RestartFailInFlight, CrashPolicy::RestartRequeueInFlight] {
        let mut world = World::new();
        let task =
            world.task(TaskConfig { crash_policy: policy, ..TaskConfig::singleton().with_max_in_flight(3) });
        let calls = world.calls(task, 3);
        world.turn();
        let worker = world.at(calls[0]);
        world.abort(calls[2]);
        for &call in &calls[1..] {
            world.tell(Input::Returned { worker, call });
        }
        assert_eq!(world.requeued(), calls[1..2]);
        world.tell(Input::WorkerCrashed { worker, kind: CrashKind::Closed });
        world.wait(ms(100));
        world.turn();
        world.tell(Input::Returned { worker, call: calls[1] });
        world.ok(calls[1]);
        world.end_of_world();
    }
}

#[test]
fn fail_task_fails_everything_until_the_workers_are_started_again() {
    let mut world = World::new();
    let task = world.task(with(CrashPolicy::FailTask));
    let calls = world.calls(task, 15);
    world.turn();
    assert_eq!(world.gauges(task), [4, 8, 3, 2]);
    world.crash(world.at(calls[1]));
    assert_eq!(world.ends(&calls), [crashed(1); 15]);
    assert_eq!(world.gauges(task), [0, 0, 0, 0]);
    assert_eq!((world.mode(task), world.state(task).worker_status()), (Mode::Failed, "crashed"));
    let late = world.call(task);
    assert_eq!(world.end(late), crashed(1));
    assert_eq!(world.core.next_timeout(), None, "it does not start again by itself");
    world.pause(task);
    assert_eq!(world.mode(task), Mode::Failed, "stopping does not heal");
    world.resume(task);
    let call = world.call(task);
    world.turn();
    world.ok(call);
    assert_eq!(world.end(call), Some(End::Ok));
    world.end_of_world();
}

#[test]
fn pauses_double_from_100_ms_to_2_s() {
    let mut world = World::new();
    let config = TaskConfig { crash_policy: CrashPolicy::RestartRequeueInFlight, ..TaskConfig::singleton() };
    let task = world.task(TaskConfig { crash_max_retries: 8, ..config });
    let call = world.call(task);
    world.turn();
    for pause in [100, 200, 400, 800, 1600, 2000, 2000, 2000] {
        world.crash(world.at(call));
        world.spawned();
        world.wait(ms(pause) - ms(1));
        assert_eq!(world.spawned(), [], "{pause}");
        assert_eq!(world.state(task).worker_status(), "crashed");
        world.wait(ms(1));
        assert_eq!(world.spawned(), [0], "{pause}");
        world.turn();
    }
    world.crash(world.at(call));
    assert_eq!((world.mode(task), world.end(call)), (Mode::Failed, crashed(0)));
    world.end_of_world();
}

#[test]
fn a_success_forgives_and_an_error_of_a_handler_does_not() {
    let mut world = World::new();
    let task = world.task(TaskConfig { crash_max_retries: 1, ..TaskConfig::singleton() });
    for round in 0..3 {
        let call = world.call(task);
        world.turn();
        world.ok(call);
        let call = world.call(task);
        world.turn();
        world.crash(world.at(call));
        assert_eq!(world.mode(task), Mode::Running, "{round}");
        assert_eq!(
            world.core.next_timeout(),
            Some((world.now() + ms(100), Timer::Restart(task, 0))),
            "the pause begins anew"
        );
        world.wait(ms(100));
    }
    let call = world.call(task);
    world.turn();
    world.err(call);
    let call = world.call(task);
    world.turn();
    world.crash(world.at(call));
    assert_eq!(world.mode(task), Mode::Failed);
    world.end_of_world();
}

#[test]
fn after_too_many_crashes_in_a_row_every_policy_becomes_fail_task_and_a_start_heals_it() {
    for policy in [CrashPolicy::RestartFailInFlight, CrashPolicy::RestartRequeueInFlight] {
        let mut world = World::new();
        let task = world.task(TaskConfig { crash_policy: policy, ..TaskConfig::singleton() });
        let calls = world.calls(task, 9);
        world.turn();
        for round in 0..4 {
            assert_eq!(world.mode(task), Mode::Running, "{policy:?} {round}");
            world.crash(world.workers(task)[0]);
            world.wait(ms(2000));
            world.turn();
        }
        assert_eq!(world.mode(task), Mode::Failed, "{policy:?}");
        assert_eq!(world.ends(&calls), [crashed(0); 9]);
        world.resume(task);
        let call = world.call(task);
        world.turn();
        world.crash(world.at(call));
        assert_eq!(world.mode(task), Mode::Running, "the row of crashes begins anew");
        world.end_of_world();
    }
}

#[test]
fn what_a_dead_worker_still_says_does_not_count() {
    let mut world = World::new();
    let config = TaskConfig { crash_policy: CrashPolicy::RestartRequeueInFlight, ..TaskConfig::singleton() };
    let task = world.task(config);
    let calls = world.calls(task, 2);
    world.turn();
    let dead = world.at(calls[0]);
    world.crash(dead);
    let totals = world.state(task).totals;
    let late = [
        Input::Settled { worker: dead, call: calls[0], reply: Reply::Ok },
        Input::WorkerReady { worker: dead },
        Input::WorkerCrashed { worker: dead, kind: CrashKind::MessageError },
        Input::SpawnFailed { worker: dead },
    ];
    world.heard();
    for input in late.clone() {
        world.tell(input);
    }
    assert_eq!(world.heard(), []);
    world.wait(ms(100));
    world.turn();
    world.heard();
    for input in late {
        world.tell(input);
    }
    assert_eq!(world.heard(), [], "not either when the call is at another worker");
    assert_eq!(world.state(task).totals.crashed, totals.crashed);
    world.ok(calls[0]);
    world.ok(calls[1]);
    world.end_of_world();
}

#[test]
fn calls_that_a_dead_worker_never_saw_are_neither_blamed_nor_counted_as_requeued() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_in_flight: 2, ..TaskConfig::singleton() });
    let seen = world.call(task);
    world.turn();
    let unseen = world.call(task);
    world.crash(world.at(seen));
    assert_eq!(world.ends(&[seen, unseen]), [crashed(0), None]);
    assert_eq!(world.requeued(), []);
    world.wait(ms(100));
    world.turn();
    world.ok(unseen);
    world.end_of_world();
}

#[test]
fn a_worker_that_dies_before_it_is_ready_failed_to_load() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.crash(world.workers(task)[0]);
    assert_eq!(world.end(call), Some(End::Crashed { worker_index: Some(0), kind: CrashKind::Load }));
    let last = world.state(task).last_crash.unwrap();
    assert_eq!((last.kind, last.worker_index, last.at), (CrashKind::Load, 0, world.now()));
    world.end_of_world();
}

#[test]
fn a_worker_that_never_gets_ready_counts_as_crashed() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.wait(DEFAULT_START_TIMEOUT - ms(1));
    assert_eq!(world.end(call), None);
    world.wait(ms(1));
    assert_eq!(world.end(call), Some(End::Crashed { worker_index: Some(0), kind: CrashKind::StartTimeout }));
    assert_eq!(world.state(task).totals.crashed, 1);
    world.end_of_world();
}

#[test]
fn a_worker_that_got_ready_in_time_is_not_asked_again() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.turn();
    world.wait(DEFAULT_START_TIMEOUT * 2);
    assert_eq!((world.end(call), world.gauges(task)), (None, [1, 0, 0, 1]));
    world.end_of_world();
}

#[test]
fn when_no_worker_can_be_made_its_calls_fail_and_the_next_ones_try_again() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_in_flight: 2, ..TaskConfig::singleton() });
    let calls = world.calls(task, 3);
    let first = world.workers(task)[0];
    world.tell(Input::SpawnFailed { worker: first });
    let failed = Some(End::SpawnFailed);
    assert_eq!(world.ends(&calls), [failed, failed, None]);
    let second = world.workers(task)[0];
    assert_ne!(first, second);
    world.turn();
    world.ok(calls[2]);
    let totals = world.state(task).totals;
    assert_eq!(
        (totals.crashed, totals.outcome(Outcome::Error), totals.outcome(Outcome::Rejected)),
        (0, 2, 0)
    );
    assert_eq!(totals.spawned, 1, "the first never was a worker");
    world.end_of_world();
}

#[test]
fn during_the_pause_calls_wait_may_be_cancelled_stopped_and_disposed() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let first = world.call(task);
    world.turn();
    world.crash(world.at(first));
    let calls = world.calls(task, 2);
    assert_eq!(world.gauges(task), [0, 2, 0, 0]);
    world.abort(calls[0]);
    assert!(world.end(calls[0]).is_some());
    world.pause(task);
    assert_eq!(world.core.next_timeout(), None, "a stopped task starts nothing");
    world.wait(ms(5000));
    assert_eq!(world.gauges(task), [0, 1, 0, 0]);
    world.resume(task);
    world.turn();
    world.ok(calls[1]);

    let call = world.call(task);
    world.turn();
    world.crash(world.at(call));
    world.dispose(task);
    assert_eq!(world.core.next_timeout(), None);
    world.end_of_world();
}

#[test]
fn while_one_place_rests_the_others_work_within_their_own_limit() {
    let mut world = World::new();
    let task = world.task(with(CrashPolicy::RestartRequeueInFlight));
    let calls = world.calls(task, 6);
    world.turn();
    world.posts();
    world.crash(world.at(calls[0]));
    world.turn();
    assert_eq!(world.posts(), [], "the other one has its two already");
    world.ok(calls[1]);
    assert_eq!(world.posts(), [calls[0]], "requeued ones go first");
    world.end_of_world();
}

#[test]
fn a_place_has_a_worker_again_after_the_pause_without_a_call() {
    let mut world = World::new();
    let task = world.task(TaskConfig { init: Init::Eager, ..TaskConfig::parallel(2) });
    world.turn();
    world.crash(world.workers(task)[1]);
    assert_eq!(world.gauges(task), [0, 0, 0, 1]);
    world.wait(ms(100));
    assert_eq!(world.gauges(task), [0, 0, 0, 2]);

    let lazy = world.task(TaskConfig { idle_timeout: Some(ms(50)), ..TaskConfig::parallel(2) });
    let call = world.call(lazy);
    world.turn();
    world.crash(world.at(call));
    world.wait(ms(99));
    assert_eq!(world.gauges(lazy), [0, 0, 0, 0]);
    world.wait(ms(1));
    assert_eq!(world.gauges(lazy), [0, 0, 0, 1], "a lazy task's too, but no place that had none");
    world.wait(ms(50));
    assert_eq!(world.gauges(lazy), [0, 0, 0, 0], "until it is idle for long");
    world.end_of_world();
}

#[test]
fn workers_that_begin_together_and_die_as_they_start_count_once() {
    let mut world = World::new();
    let config = TaskConfig { init: Init::Eager, crash_max_retries: 2, ..TaskConfig::parallel(3) };
    let task = world.task(config);
    for pause in [100, 200] {
        for worker in world.workers(task) {
            world.crash(worker);
            world.wait(ms(5));
        }
        assert_eq!(world.state(task).mode, Mode::Running);
        assert_eq!(world.gauges(task)[3], 0);
        world.wait(ms(pause - 16));
        assert_eq!(world.gauges(task)[3], 0);
        world.wait(ms(1));
        assert_eq!(world.gauges(task)[3], 3);
    }
    world.crash(world.workers(task)[0]);
    assert_eq!(world.state(task).mode, Mode::Failed, "the third time is once too often");
    world.end_of_world();
}

#[test]
fn workers_that_were_ready_count_one_by_one() {
    let mut world = World::new();
    let config = TaskConfig { init: Init::Eager, crash_max_retries: 2, ..TaskConfig::parallel(3) };
    let task = world.task(config);
    world.turn();
    for worker in world.workers(task) {
        world.crash(worker);
    }
    assert_eq!(world.state(task).mode, Mode::Failed);
    world.end_of_world();
}

#[test]
fn a_crash_is_told_before_its_calls_end_and_its_gauges_come_last() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.turn();
    world.heard();
    world.crash(world.at(call));
    let heard = world.heard();
    let place = |wanted: fn(&Output) -> bool| heard.iter().position(wanted).unwrap();
    let told = place(|output| matches!(output, Output::Fact(Fact::WorkerCrashed { .. })));
    let ended = place(|output| matches!(output, Output::Settle(_)));
    let gauges = place(
        |output| matches!(output, Output::Fact(Fact::Gauges { gauges, .. }) if gauges.workers == 0 && gauges.in_flight == 0),
    );
    assert!(told < ended && ended < gauges && gauges == heard.len() - 1, "{heard:?}");
    world.end_of_world();
}
