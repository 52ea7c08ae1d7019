//! Handles that are stale, foreign or made up, and things said twice, change nothing.

use atelier_core::{
    AbortReason, CallId, ConfigError, CrashKind, Dispatch, Input, KeyId, MAX_POOL_SIZE, Priority, Reply,
    TaskConfig, TaskId, TaskType, WorkerId,
};

use crate::world::{With, World};

#[test]
fn made_up_handles_name_nothing() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let call = world.call(task);
    world.turn();
    world.heard();
    for bits in [u64::MAX, 1 << 32, 99] {
        let (call, worker) = (CallId::from_bits(bits), WorkerId::from_bits(bits));
        let (key, task) = (KeyId::from_bits(bits), TaskId::from_bits(bits));
        let dispatch = Dispatch {
            call,
            task,
            key: Some(key),
            priority: Priority::Background,
            timeout: None,
            grace: None,
        };
        for input in [
            Input::Dispatch(dispatch),
            Input::Settled { worker, call, reply: Reply::Ok },
            Input::PostFailed { call },
            Input::WorkerReady { worker },
            Input::WorkerCrashed { worker, kind: CrashKind::Error },
            Input::SpawnFailed { worker },
            Input::AbortCall { call, reason: AbortReason::Key },
            Input::AbortKey { key },
            Input::ClearKey { key },
            Input::Pause { task },
            Input::Resume { task },
            Input::Dispose { task },
        ] {
            world.tell(input.clone());
            assert_eq!(world.heard(), [], "{input:?}");
        }
    }
    world.ok(call);
    world.end_of_world();
}

#[test]
fn a_call_with_a_key_that_names_nothing_has_no_key() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let call = world.call_with(task, With::key(KeyId::from_bits(77)));
    world.turn();
    world.ok(call);
    assert_eq!(world.forgotten(), []);
    world.end_of_world();
}

#[test]
fn a_call_is_dispatched_once() {
    let mut world = World::new();
    let tasks = [world.task(TaskConfig::parallel(2)), world.task(TaskConfig::parallel(2))];
    let call = world.call(tasks[0]);
    world.heard();
    world.dispatch(tasks[1], call, With::default());
    assert_eq!(world.heard(), []);
    assert_eq!(world.gauges(tasks[1]), [0; 4]);
    world.turn();
    world.ok(call);
    world.end_of_world();
}

#[test]
fn an_answer_counts_once_and_from_the_worker_that_has_the_call() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    let calls = world.calls(task, 2);
    world.turn();
    let workers = calls.clone().into_iter().map(|call| world.at(call)).collect::<Vec<_>>();
    world.heard();
    world.tell(Input::Settled { worker: workers[1], call: calls[0], reply: Reply::Ok });
    assert_eq!(world.heard(), []);
    world.answer(calls[0], Reply::Ok);
    world.heard();
    world.tell(Input::Settled { worker: workers[0], call: calls[0], reply: Reply::Error });
    world.tell(Input::PostFailed { call: calls[0] });
    assert_eq!(world.heard(), []);
    world.end_of_world();
}

#[test]
fn an_answer_to_a_call_that_was_not_posted_does_not_count() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let calls = world.calls(task, 4);
    let worker = world.workers(task)[0];
    world.heard();
    for call in calls.clone() {
        world.tell(Input::Settled { worker, call, reply: Reply::Ok });
        world.tell(Input::PostFailed { call });
    }
    assert_eq!(world.heard(), []);
    world.turn();
    for &call in &calls {
        world.ok(call);
    }
    world.end_of_world();
}

#[test]
fn a_worker_is_ready_once() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.turn();
    world.heard();
    world.tell(Input::WorkerReady { worker: world.at(call) });
    assert_eq!(world.heard(), []);
    assert!(!world.core.needs_flush());
    world.end_of_world();
}

#[test]
fn a_turn_without_work_ends_in_silence() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2));
    world.flush();
    world.tell(Input::Time);
    world.resume(task);
    assert_eq!(world.heard(), []);
    world.end_of_world();
}

#[test]
fn settings_that_make_no_sense_are_refused_with_what_is_allowed() {
    let singleton = TaskConfig { task_type: TaskType::Singleton, ..TaskConfig::parallel(3) };
    let mut world = World::new();
    for (config, error, says) in [
        (TaskConfig::parallel(0), ConfigError::PoolSizeZero, "at least 1"),
        (TaskConfig::parallel(MAX_POOL_SIZE + 1), ConfigError::PoolSizeTooLarge(1025), "at most 1024"),
        (singleton, ConfigError::SingletonPool(3), "'parallel'"),
        (
            TaskConfig { max_in_flight: 0, ..TaskConfig::parallel(1) },
            ConfigError::MaxInFlightZero,
            "at least 1",
        ),
    ] {
        let refused = world.core.define_task(config, world.now());
        assert_eq!(refused, Err(error));
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(world.core.tasks().count(), 0);
    world.end_of_world();
}

#[test]
fn defaults_are_those_of_the_contract() {
    let pool = TaskConfig::parallel(4);
    assert_eq!((pool.max_in_flight, pool.max_queue_depth, pool.crash_max_retries), (4, Some(8), 3));
    let one = TaskConfig::singleton();
    assert_eq!((one.pool_size, one.max_in_flight, one.max_queue_depth), (1, 1, Some(2)));
    assert_eq!(TaskConfig::parallel(4).with_max_in_flight(16).max_queue_depth, Some(32));
    assert_eq!((pool.timeout, pool.idle_timeout), (None, None));
}

#[test]
fn a_worker_that_is_at_work_cannot_have_failed_to_be_made() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let call = world.call(task);
    world.turn();
    let worker = world.at(call);
    world.abort(call);
    world.heard();
    world.tell(Input::SpawnFailed { worker });
    assert_eq!(world.heard(), []);
    world.ok(call);
    world.end_of_world();
}
