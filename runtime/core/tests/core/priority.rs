//! The more urgent goes first, in order within a priority, and nothing waits for ever.

use std::time::Duration;

use atelier_core::{CallId, CrashPolicy, End, Priority, QueuePolicy, TaskConfig, TaskId};

use crate::world::{With, World, ms};

use Priority::{Background, UserBlocking, UserVisible};

fn busy() -> (World, TaskId, CallId) {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: None, ..TaskConfig::singleton() });
    let first = world.call(task);
    world.turn();
    world.posts();
    (world, task, first)
}

/// Lets everything run and says in which order it went.
fn order(world: &mut World, mut running: CallId) -> Vec<CallId> {
    let mut order = Vec::new();
    loop {
        world.ok(running);
        let Some(&next) = world.posts().first() else { return order };
        order.push(next);
        running = next;
    }
}

#[test]
fn the_more_urgent_goes_first_and_in_order_within_a_priority() {
    let (mut world, task, first) = busy();
    let mut made = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..9 {
        let class = [2, 1, 0][round % 3];
        let priority = [UserBlocking, UserVisible, Background][class];
        made[class].push(world.call_with(task, With::priority(priority)));
    }
    assert_eq!(order(&mut world, first), made.concat());
    world.end_of_world();
}

#[test]
fn user_visible_is_what_a_call_is_when_nothing_is_said() {
    let (mut world, task, first) = busy();
    let visible = world.call_with(task, With::priority(UserVisible));
    let default = world.call(task);
    let blocking = world.call_with(task, With::priority(UserBlocking));
    assert_eq!(order(&mut world, first), [blocking, visible, default]);
    world.end_of_world();
}

#[test]
fn what_has_waited_long_enough_goes_before_what_is_more_urgent() {
    for (class, head_start) in [(UserVisible, 2), (Background, 12)] {
        for (waited, old_first) in [(head_start * 1000 - 1, false), (head_start * 1000 + 1, true)] {
            let (mut world, task, first) = busy();
            let old = world.call_with(task, With::priority(class));
            world.wait(ms(waited));
            let new = world.call_with(task, With::priority(UserBlocking));
            let expected = if old_first { [old, new] } else { [new, old] };
            assert_eq!(order(&mut world, first), expected, "{class:?} after {waited} ms");
            world.end_of_world();
        }
    }
}

#[test]
fn a_stream_of_urgent_calls_starves_nobody() {
    let (mut world, task, mut running) = busy();
    let patient = world.call_with(task, With::priority(Background));
    let mut waited = Duration::ZERO;
    while !world.is_posted(patient) {
        assert!(waited < Duration::from_secs(13), "starved");
        world.call_with(task, With::priority(UserBlocking));
        world.wait(ms(100));
        waited += ms(100);
        world.ok(running);
        running = world.posts()[0];
    }
    assert!(waited > Duration::from_secs(11), "it has no right to go earlier: {waited:?}");
    world.end_of_world();
}

#[test]
fn a_requeued_call_keeps_its_place() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: None, ..TaskConfig::singleton() });
    let calls: Vec<_> = [Background, UserBlocking, Background, UserVisible]
        .map(|p| world.call_with(task, With::priority(p)))
        .into();
    world.turn();
    assert_eq!(world.posts(), [calls[0]], "it was alone when it came");
    world.pause(task);
    world.resume(task);
    world.turn();
    assert_eq!(world.posts(), [calls[1]]);
    assert_eq!(order(&mut world, calls[1]), [calls[3], calls[0], calls[2]]);
    world.end_of_world();
}

#[test]
fn where_there_is_no_place_the_last_in_line_waits() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: Some(1), ..TaskConfig::singleton() });
    let first = world.call(task);
    let background = world.call_with(task, With::priority(Background));
    let urgent = world.call_with(task, With::priority(UserBlocking));
    assert_eq!(world.gauges(task), [1, 1, 1, 1]);
    world.turn();
    world.posts();
    assert_eq!(order(&mut world, first), [urgent, background]);
    assert_eq!(world.admitted(), [background]);
    world.end_of_world();
}

#[test]
fn a_call_comes_when_it_is_dispatched_not_when_its_handle_is_made() {
    let (mut world, task, first) = busy();
    let (one, other) = (world.core.mint_call(), world.core.mint_call());
    world.dispatch(task, other, With::default());
    world.dispatch(task, one, With::default());
    assert_eq!(order(&mut world, first), [other, one]);
    world.end_of_world();
}

#[test]
fn a_displaced_call_that_had_run_before_keeps_the_moment_it_was_admitted() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: Some(0), ..TaskConfig::singleton() });
    let call = world.call_with(task, With::priority(Background));
    world.turn();
    world.wait(ms(10));
    world.pause(task);
    let urgent = world.call_with(task, With::priority(UserBlocking));
    world.wait(ms(10));
    world.abort(call);
    let timing = world.settlement(call).timing;
    assert_eq!(timing.admitted, Some(timing.dispatched), "its phases would not add up");
    world.resume(task);
    world.turn();
    world.ok(urgent);
    world.end_of_world();
}

#[test]
fn drop_oldest_drops_the_oldest_whatever_is_urgent() {
    let mut world = World::new();
    let task = world.task(TaskConfig {
        queue_policy: QueuePolicy::DropOldest,
        max_queue_depth: Some(2),
        ..TaskConfig::singleton()
    });
    let dropped = Some(End::Dropped(QueuePolicy::DropOldest));
    let first = world.call(task);
    let oldest = world.call_with(task, With::priority(Background));
    let second = world.call_with(task, With::priority(UserVisible));
    let newcomer = world.call_with(task, With::priority(UserBlocking));
    assert_eq!(world.ends(&[first, oldest, second, newcomer]), [None, dropped, None, None]);
    let background = world.call_with(task, With::priority(Background));
    assert_eq!(world.ends(&[second, newcomer, background]), [dropped, None, None]);
    world.turn();
    world.posts();
    assert_eq!(order(&mut world, first), [newcomer, background]);
    world.end_of_world();
}

#[test]
fn a_newcomer_displaces_nobody_while_others_of_its_kind_wait() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: Some(1), ..TaskConfig::singleton() });
    let requeued = world.call_with(task, With::priority(UserVisible));
    let [pending, waits] = [0, 1].map(|_| world.call_with(task, With::priority(UserBlocking)));
    world.turn();
    world.pause(task);
    world.resume(task);
    world.turn();
    assert_eq!(world.gauges(task), [1, 1, 1, 1], "the requeued one took the place");
    let late = world.call_with(task, With::priority(UserBlocking));
    world.posts();
    let order = order(&mut world, pending);
    let place = |call| order.iter().position(|each| *each == call);
    assert!(place(waits) < place(late), "{order:?}");
    assert!(place(requeued).is_some());
    world.end_of_world();
}

#[test]
fn a_requeued_call_does_not_overtake_an_older_one_that_has_to_wait() {
    let mut world = World::new();
    let config = TaskConfig {
        crash_policy: CrashPolicy::RestartRequeueInFlight,
        max_queue_depth: Some(1),
        ..TaskConfig::parallel(2)
    };
    let task = world.task(config);
    let background = With::priority(Background);
    let older = world.call_with(task, background);
    let younger = world.call_with(task, background);
    world.turn();
    world.crash(world.at(older));
    let urgent = world.call(task);
    assert_eq!(world.gauges(task), [1, 1, 1, 1], "the older one has to wait for the urgent one");
    world.pause(task);
    assert_eq!(world.gauges(task), [0, 2, 1, 0]);
    world.resume(task);
    assert_eq!(world.admitted(), [older]);
    world.heard();
    world.turn();
    assert_eq!(world.posted(), [older, urgent], "not {younger:?}");
    world.end_of_world();
}
