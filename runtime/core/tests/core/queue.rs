//! Waiting, pending, in flight: in order, within limits, by policy.

use atelier_core::{End, Input, QueuePolicy, TaskConfig};

use crate::world::{World, ms};

fn one_at_a_time(policy: QueuePolicy, depth: Option<u32>) -> TaskConfig {
    TaskConfig { queue_policy: policy, max_queue_depth: depth, ..TaskConfig::singleton() }
}

#[test]
fn calls_go_from_waiting_over_pending_to_a_worker_in_their_order() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(2)));
    let calls = world.calls(task, 6);
    world.turn();
    assert_eq!(world.gauges(task), [1, 2, 3, 1]);
    for (done, &call) in calls.iter().enumerate() {
        assert_eq!(world.posts(), [call]);
        assert_eq!(world.admitted(), calls.get(done + 2).filter(|_| done > 0).copied().as_slice());
        world.ok(call);
        assert_eq!(world.end(call), Some(End::Ok));
    }
    assert_eq!(world.gauges(task), [0, 0, 0, 1]);
    world.end_of_world();
}

#[test]
fn a_newcomer_does_not_overtake_callers_that_wait() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(1)));
    let mut calls = world.calls(task, 3);
    world.turn();
    // A place gets free and a new call arrives in the same turn.
    world.answer(calls[0], atelier_core::Reply::Ok);
    calls.push(world.call(task));
    world.turn();
    assert_eq!(world.gauges(task), [1, 1, 1, 1]);
    for &call in &calls[1..] {
        world.ok(call);
    }
    assert_eq!(world.posts(), calls);
    world.end_of_world();
}

#[test]
fn no_more_run_at_once_than_may() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: None, ..TaskConfig::parallel(3) });
    let calls = world.calls(task, 10);
    world.turn();
    assert_eq!(world.gauges(task), [3, 7, 0, 3]);
    assert_eq!(world.posts(), calls[..3]);
    world.ok(calls[1]);
    assert_eq!(world.posts(), [calls[3]]);
    assert_eq!(world.gauges(task), [3, 6, 0, 3]);
    world.end_of_world();
}

#[test]
fn reject_and_drop_latest_refuse_the_newcomer() {
    for policy in [QueuePolicy::Reject, QueuePolicy::DropLatest] {
        let mut world = World::new();
        let task = world.task(one_at_a_time(policy, Some(2)));
        let calls = world.calls(task, 5);
        let dropped = Some(End::Dropped(policy));
        assert_eq!(world.ends(&calls), [None, None, None, dropped, dropped]);
        assert_eq!(world.settlement(calls[3]).timing.admitted, None, "it was never in the queue");
        assert_eq!(world.gauges(task), [1, 2, 0, 1]);
        world.turn();
        for &call in &calls[..3] {
            world.ok(call);
        }
        assert_eq!(world.posts(), calls[..3]);
        world.end_of_world();
    }
}

#[test]
fn drop_oldest_makes_place_for_the_newcomer() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::DropOldest, Some(2)));
    let calls = world.calls(task, 5);
    let dropped = Some(End::Dropped(QueuePolicy::DropOldest));
    assert_eq!(world.ends(&calls), [None, dropped, dropped, None, None]);
    world.turn();
    for call in [calls[0], calls[3], calls[4]] {
        world.ok(call);
    }
    assert_eq!(world.posts(), [calls[0], calls[3], calls[4]]);
    world.end_of_world();
}

#[test]
fn without_a_place_to_queue_a_call_starts_at_once_or_meets_the_policy() {
    for policy in QueuePolicy::ALL {
        let mut world = World::new();
        let task = world.task(one_at_a_time(policy, Some(0)));
        let calls = world.calls(task, 3);
        world.turn();
        assert_eq!(world.posts(), [calls[0]], "{policy:?}");
        let refused = Some(End::Dropped(policy));
        if policy == QueuePolicy::Block {
            assert_eq!(world.gauges(task), [1, 0, 2, 1]);
            world.ok(calls[0]);
            assert_eq!(world.admitted(), [calls[1]], "admitted when it can start, not before");
            assert_eq!(world.gauges(task), [1, 0, 1, 1]);
            world.ok(calls[1]);
            world.ok(calls[2]);
        } else {
            assert_eq!(world.ends(&calls), [None, refused, refused], "{policy:?}");
            assert_eq!(world.gauges(task), [1, 0, 0, 1]);
            world.ok(calls[0]);
            let next = world.call(task);
            world.turn();
            assert!(world.is_posted(next), "{policy:?}: there is a place again");
        }
        world.end_of_world();
    }
}

#[test]
fn without_a_limit_every_call_is_accepted() {
    for policy in QueuePolicy::ALL {
        let mut world = World::new();
        let task = world.task(one_at_a_time(policy, None));
        world.calls(task, 1000);
        assert_eq!(world.gauges(task), [1, 999, 0, 1]);
        world.end_of_world();
    }
}

#[test]
fn a_paused_task_queues_by_the_same_policy() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(0)));
    world.pause(task);
    let waiting = world.calls(task, 2);
    assert_eq!(world.gauges(task), [0, 0, 2, 0]);
    world.resume(task);
    world.turn();
    assert_eq!(world.posts(), [waiting[0]]);
    assert_eq!(world.gauges(task), [1, 0, 1, 1]);

    let task = world.task(one_at_a_time(QueuePolicy::Reject, Some(1)));
    world.pause(task);
    let calls = world.calls(task, 2);
    assert_eq!(world.ends(&calls), [None, Some(End::Dropped(QueuePolicy::Reject))]);
    world.end_of_world();
}

#[test]
fn requeued_calls_may_overfill_the_queue_but_let_nobody_else_in() {
    let mut world = World::new();
    let config = TaskConfig { max_queue_depth: Some(1), ..TaskConfig::parallel(4) };
    let task = world.task(config);
    let calls = world.calls(task, 6);
    world.turn();
    world.posts();
    assert_eq!(world.gauges(task), [4, 1, 1, 4]);
    world.pause(task);
    assert_eq!(world.gauges(task), [0, 5, 1, 0]);
    let late = world.call(task);
    assert_eq!(world.gauges(task), [0, 5, 2, 0]);
    world.resume(task);
    world.turn();
    assert_eq!(world.posted(), calls[..4]);
    assert_eq!(world.gauges(task), [4, 1, 2, 4]);
    for &call in &calls[..3] {
        world.ok(call);
    }
    assert_eq!(world.posts(), [calls[4], calls[5], late]);
    world.end_of_world();
}

#[test]
fn a_call_that_cannot_be_sent_fails_alone_and_frees_its_place() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton().with_max_in_flight(2));
    let calls = world.calls(task, 3);
    world.turn();
    world.post_failed(calls[0]);
    world.turn();
    assert_eq!(world.ends(&calls), [Some(End::PostFailed), None, None]);
    assert_eq!(world.posts(), calls);
    assert_eq!(world.gauges(task), [2, 0, 0, 1]);
    world.end_of_world();
}

#[test]
fn the_timing_of_a_call_tells_its_whole_way() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(1)));
    let calls = world.calls(task, 3);
    world.turn();
    world.wait(ms(10));
    world.ok(calls[0]);
    world.wait(ms(20));
    world.ok(calls[1]);
    world.wait(ms(5));
    world.ok(calls[2]);
    let timing = world.settlement(calls[2]).timing;
    let at = |instant: atelier_core::Instant| instant.since(timing.dispatched).as_millis();
    assert_eq!(timing.admitted.map(at), Some(10));
    assert_eq!(at(timing.waits_since), 0);
    assert_eq!((timing.waited, timing.last_wait), (ms(30), ms(30)), "waiting for a place included");
    assert_eq!(timing.posted.map(at), Some(30));
    assert_eq!(at(timing.settled), 35);
    assert_eq!((timing.attempts, timing.worker_index), (1, Some(0)));
    world.end_of_world();
}

#[test]
fn a_call_that_ends_before_a_worker_has_it_has_waited_until_then() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(1)));
    let calls = world.calls(task, 4);
    world.turn();
    world.wait(ms(10));
    world.abort(calls[1]);
    world.wait(ms(5));
    world.abort(calls[3]);
    world.wait(ms(5));
    world.tell(Input::Dispose { task });
    let waits = |call| {
        let timing = world.settlement(call).timing;
        (timing.waited, timing.last_wait, timing.posted.is_some())
    };
    assert_eq!(waits(calls[1]), (ms(10), ms(10), false), "in the queue");
    assert_eq!(waits(calls[3]), (ms(15), ms(15), false), "its caller waited for a place");
    assert_eq!(waits(calls[2]), (ms(20), ms(20), false), "the one first, then the other");
    assert_eq!(waits(calls[0]), (ms(0), ms(0), true), "at its worker");
    world.end_of_world();
}

#[test]
fn the_last_wait_begins_with_the_last_requeueing() {
    let mut world = World::new();
    let task = world.task(one_at_a_time(QueuePolicy::Block, Some(1)));
    let call = world.call(task);
    world.wait(ms(4));
    world.turn();
    world.wait(ms(10));
    world.tell(Input::Pause { task });
    world.wait(ms(7));
    let timing = |world: &World| world.settlement(call).timing;
    world.tell(Input::Resume { task });
    world.tell(Input::Pause { task });
    world.wait(ms(3));
    world.abort(call);
    let timing = timing(&world);
    assert_eq!(
        (timing.waited, timing.last_wait),
        (ms(14), ms(10)),
        "what no worker has seen goes on waiting"
    );
    world.end_of_world();
}
