//! A cancelled call ends once, wherever it is, and no worker hears of it when it need not.

use atelier_core::{AbortReason, End, Input, QueuePolicy, Reply, TaskConfig, TaskId};

use crate::world::{With, World, ms};

const BY_SIGNAL: Option<End> = Some(End::Aborted(AbortReason::Signal));
const BY_KEY: Option<End> = Some(End::Aborted(AbortReason::Key));
const BY_TIME: Option<End> = Some(End::Aborted(AbortReason::Timeout));

/// One slot and one place: the first call is in flight, the second is pending, the third waits.
fn full() -> (World, TaskId) {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: Some(1), ..TaskConfig::singleton() });
    (world, task)
}

#[test]
fn where_nobody_waits_for_a_worker_a_call_leaves_at_once() {
    let (mut world, task) = full();
    let calls = world.calls(task, 4);
    world.turn();
    assert_eq!(world.gauges(task), [1, 1, 2, 1]);
    world.abort(calls[2]);
    assert_eq!(world.end(calls[2]), BY_SIGNAL, "waiting");
    assert_eq!(world.gauges(task), [1, 1, 1, 1]);
    world.abort(calls[1]);
    assert_eq!(world.end(calls[1]), BY_SIGNAL, "pending");
    assert_eq!(world.admitted(), [calls[3]], "its place goes to the next");
    assert_eq!(world.gauges(task), [1, 1, 0, 1]);
    assert_eq!(world.cancels(), [], "no worker had them");
    world.end_of_world();
}

#[test]
fn at_a_worker_a_call_ends_at_once_and_keeps_its_slot_until_the_worker_is_done() {
    let (mut world, task) = full();
    let calls = world.calls(task, 2);
    world.turn();
    let worker = world.at(calls[0]);
    world.abort(calls[0]);
    assert_eq!(world.end(calls[0]), BY_SIGNAL);
    assert_eq!(world.cancels(), [(worker, calls[0])]);
    assert_eq!(world.gauges(task), [1, 1, 0, 1]);
    world.posts();
    world.turn();
    assert_eq!(world.posts(), [], "the worker is in fact busy");
    world.abort(calls[0]);
    assert_eq!(world.cancels(), [], "cancelled twice is cancelled once");
    world.ok(calls[0]);
    assert_eq!(world.posts(), [calls[1]]);
    assert_eq!(world.settlement(calls[0]).end, End::Aborted(AbortReason::Signal));
    world.end_of_world();
}

#[test]
fn after_its_end_nothing_can_be_cancelled() {
    let (mut world, task) = full();
    let call = world.call(task);
    world.turn();
    world.ok(call);
    world.heard();
    world.abort(call);
    assert_eq!(world.heard(), []);
    assert_eq!(world.end(call), Some(End::Ok));
    world.end_of_world();
}

#[test]
fn in_the_turn_of_the_call_no_worker_sees_it() {
    type Undo = fn(&mut World, TaskId, atelier_core::CallId);
    let ways: [(Undo, Option<End>); 3] = [
        (|world, _, call| world.abort(call), BY_SIGNAL),
        (|world, task, _| world.pause(task), None),
        (|world, task, _| world.dispose(task), Some(End::Disposed)),
    ];
    for (undo, end) in ways {
        let (mut world, task) = full();
        let warm_up = world.call(task);
        world.turn();
        world.ok(warm_up);
        world.posts();
        let call = world.call(task);
        assert!(world.core.needs_flush(), "it would leave when the turn ends");
        undo(&mut world, task, call);
        world.flush();
        assert_eq!(world.posts(), []);
        assert_eq!(world.cancels(), []);
        assert_eq!(world.end(call), end);
        world.end_of_world();
    }
}

#[test]
fn in_the_turn_of_the_call_its_key_counts_too() {
    let (mut world, task) = full();
    let warm_up = world.call(task);
    world.turn();
    world.ok(warm_up);
    world.posts();
    let key = world.core.mint_key();
    let call = world.call_with(task, With::key(key));
    world.abort_key(key);
    world.flush();
    assert_eq!((world.posts(), world.end(call)), (vec![], BY_KEY));
    world.clear_key(key);
    world.end_of_world();
}

#[test]
fn while_its_worker_starts_a_call_leaves_without_a_trace_there() {
    let (mut world, task) = full();
    let calls = world.calls(task, 2);
    world.abort(calls[0]);
    assert_eq!(world.end(calls[0]), BY_SIGNAL);
    world.turn();
    assert_eq!(world.posts(), [calls[1]]);
    world.end_of_world();
}

#[test]
fn a_key_ends_all_of_its_calls_wherever_they_are() {
    let mut world = World::new();
    let first = world.task(TaskConfig { max_queue_depth: Some(1), ..TaskConfig::singleton() });
    let second = world.task(TaskConfig::parallel(2));
    let key = world.core.mint_key();
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(world.call_with(first, With::key(key)));
        calls.push(world.call_with(second, With::key(key)));
    }
    let other = world.call(first);
    world.turn();
    world.abort_key(key);
    assert_eq!(world.ends(&calls), [BY_KEY; 6]);
    assert_eq!(world.end(other), None);
    assert_eq!(world.cancels().len(), 3, "one at the singleton, two at the pool");
    let late = world.call_with(second, With::key(key));
    assert_eq!(world.end(late), BY_KEY, "a key stays aborted");
    world.clear_key(key);
    world.end_of_world();
}

#[test]
fn timeouts_count_from_the_call_in_every_state() {
    let (mut world, task) = full();
    let calls: Vec<_> = (0..3).map(|_| world.call_with(task, With::timeout(50))).collect();
    world.turn();
    let worker = world.at(calls[0]);
    world.wait(ms(49));
    assert_eq!(world.ends(&calls), [None; 3]);
    world.wait(ms(1));
    assert_eq!(world.ends(&calls), [BY_TIME; 3]);
    assert_eq!(world.cancels(), [(worker, calls[0])]);
    assert_eq!(world.gauges(task), [1, 0, 0, 1]);
    world.end_of_world();
}

#[test]
fn a_call_s_own_timeout_comes_before_the_task_s() {
    let mut world = World::new();
    let task = world.task(TaskConfig { timeout: Some(ms(100)), ..TaskConfig::parallel(2) });
    let (default, shorter, longer) = (
        world.call(task),
        world.call_with(task, With::timeout(10)),
        world.call_with(task, With::timeout(1000)),
    );
    world.wait(ms(10));
    assert_eq!(world.ends(&[default, shorter, longer]), [None, BY_TIME, None]);
    world.wait(ms(90));
    assert_eq!(world.ends(&[default, longer]), [BY_TIME, None]);
    world.wait(ms(900));
    assert_eq!(world.end(longer), BY_TIME);
    world.end_of_world();
}

#[test]
fn key_signal_and_timeout_apply_together_and_the_first_one_counts() {
    for first in 0..3 {
        let (mut world, task) = full();
        let key = world.core.mint_key();
        let call = world.call_with(task, With { key: Some(key), ..With::timeout(50) });
        world.turn();
        let undo: [fn(&mut World, atelier_core::CallId, atelier_core::KeyId); 3] = [
            |world, call, _| world.abort(call),
            |world, _, key| world.abort_key(key),
            |world, _, _| world.wait(ms(50)),
        ];
        for step in 0..3 {
            undo[(first + step) % 3](&mut world, call, key);
        }
        assert_eq!(world.end(call), [BY_SIGNAL, BY_KEY, BY_TIME][first]);
        assert_eq!(world.cancels().len(), 1);
        world.clear_key(key);
        world.end_of_world();
    }
}

#[test]
fn an_abandoned_call_goes_with_its_worker() {
    let (mut world, task) = full();
    let calls = world.calls(task, 2);
    world.turn();
    world.abort(calls[0]);
    world.crash(world.at(calls[0]));
    assert_eq!(world.gauges(task), [0, 1, 0, 0]);
    world.wait(ms(100));
    world.turn();
    assert_eq!(world.posts(), calls);
    world.pause(task);
    assert_eq!(world.requeued(), [calls[1]]);
    world.end_of_world();
}

#[test]
fn a_requeued_call_can_still_be_cancelled() {
    let (mut world, task) = full();
    let call = world.call(task);
    world.turn();
    let worker = world.at(call);
    world.pause(task);
    world.abort(call);
    assert_eq!((world.end(call), world.cancels()), (BY_SIGNAL, vec![]));
    world.tell(Input::Settled { worker, call, reply: Reply::Ok });
    world.resume(task);
    world.posts();
    world.turn();
    assert_eq!(world.posts(), []);
    world.end_of_world();
}

#[test]
fn an_abandoned_call_that_could_not_be_sent_after_all_gives_its_slot_back() {
    let (mut world, task) = full();
    let calls = world.calls(task, 2);
    world.turn();
    // Posted, but cancelled before the message left; then the browser refuses to clone the payload.
    world.abort(calls[0]);
    world.post_failed(calls[0]);
    world.turn();
    assert_eq!(world.end(calls[0]), BY_SIGNAL);
    assert_eq!(world.posts(), calls);
    world.end_of_world();
}

#[test]
fn before_it_is_dispatched_a_call_can_be_cancelled() {
    let (mut world, task) = full();
    let call = world.core.mint_call();
    world.abort(call);
    assert_eq!(world.end(call), None, "it was not made yet");
    world.dispatch(task, call, With::default());
    assert_eq!(world.end(call), BY_SIGNAL);
    assert_eq!(world.spawned(), [], "no worker is started for it");
    assert_eq!(world.state(task).totals.dispatched, 1);
    world.end_of_world();
}

#[test]
fn one_that_is_cancelled_before_it_is_dispatched_takes_no_place_from_others() {
    let mut world = World::new();
    let config = TaskConfig { queue_policy: QueuePolicy::DropOldest, ..TaskConfig::singleton() };
    let task = world.task(TaskConfig { max_queue_depth: Some(1), ..config });
    let others = world.calls(task, 2);
    let call = world.core.mint_call();
    world.abort(call);
    world.dispatch(task, call, With::default());
    assert_eq!(world.end(call), BY_SIGNAL);
    assert_eq!(world.ends(&others), [None, None]);
    world.end_of_world();
}

#[test]
fn a_key_moves_none_of_its_calls_up_before_it_ends_them() {
    let (mut world, task) = full();
    let key = world.core.mint_key();
    let background = With { priority: atelier_core::Priority::Background, ..With::key(key) };
    let urgent = With { priority: atelier_core::Priority::UserBlocking, ..With::key(key) };
    // The slot and the place are taken by calls that rank behind those that came later.
    let mut calls = vec![world.call_with(task, background)];
    world.turn();
    world.pause(task);
    calls.push(world.call_with(task, urgent));
    calls.push(world.call_with(task, urgent));
    world.heard();
    world.abort_key(key);
    assert_eq!(world.ends(&calls), [BY_KEY; 3]);
    assert_eq!(world.admitted(), [], "nobody is let in only to be thrown out");
    world.resume(task);

    let mut world = World::new();
    let task = world.task(TaskConfig { max_in_flight: 1, ..TaskConfig::parallel(2) });
    let key = world.core.mint_key();
    let calls = [background, urgent].map(|with| world.call_with(task, With { key: Some(key), ..with }));
    world.heard();
    world.abort_key(key);
    assert_eq!(world.ends(&calls), [BY_KEY; 2]);
    assert_eq!(
        world.spawned(),
        [],
        "no worker is started for a call that is cancelled with the one before it"
    );
    world.clear_key(key);
    world.end_of_world();
}

#[test]
fn a_key_ends_its_calls_in_their_order() {
    let (mut world, task) = full();
    let key = world.core.mint_key();
    let calls: Vec<_> = (0..5).map(|_| world.call_with(task, With::key(key))).collect();
    world.turn();
    world.abort_key(key);
    assert_eq!(world.settled(), calls);
    world.clear_key(key);
    world.end_of_world();
}
