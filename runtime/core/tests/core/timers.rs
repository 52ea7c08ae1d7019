//! Time only passes when it is told, and nothing waits for it longer than it must.

use std::time::Duration;

use atelier_core::{Dispatch, Init, Input, Instant, Priority, TaskConfig, Timer};

use crate::world::{With, World, ms};

#[test]
fn a_call_that_ends_takes_its_timeout_along() {
    let mut world = World::new();
    let task = world.task(TaskConfig { timeout: Some(ms(50)), ..TaskConfig::singleton() });
    let calls = world.calls(task, 4);
    world.turn();
    world.ok(calls[0]);
    world.abort(calls[1]);
    world.abort(calls[2]);
    assert_eq!(world.core.next_timeout(), Some((Instant::ZERO + ms(50), Timer::CallTimeout(calls[3]))));
    world.abort(calls[3]);
    assert_eq!(world.core.next_timeout(), None);
    world.end_of_world();
}

#[test]
fn what_is_due_first_is_told_first() {
    let mut world = World::new();
    let task =
        world.task(TaskConfig { init: Init::Eager, idle_timeout: Some(ms(70)), ..TaskConfig::singleton() });
    let worker = world.workers(task)[0];
    assert_eq!(world.core.next_timeout(), Some((Instant::ZERO + ms(70), Timer::WorkerIdle(worker))));
    let call = world.call_with(task, With::timeout(50));
    assert_eq!(world.core.next_timeout(), Some((Instant::ZERO + ms(50), Timer::CallTimeout(call))));
    world.turn();
    world.wait(ms(20));
    world.ok(call);
    assert_eq!(world.core.next_timeout(), Some((Instant::ZERO + ms(90), Timer::WorkerIdle(worker))));
    world.end_of_world();
}

#[test]
fn timers_that_are_due_at_once_act_in_one_go_even_when_the_page_slept() {
    let mut world = World::new();
    let task = world.task(TaskConfig { max_queue_depth: None, ..TaskConfig::singleton() });
    let calls: Vec<_> = (0..10).map(|n| world.call_with(task, With::timeout(10 * (10 - n)))).collect();
    // A page in the background: nobody came back in time.
    world.core.handle(Input::Time, Instant::ZERO + Duration::from_secs(3600));
    world.tell(Input::Time);
    assert!(calls.iter().all(|&call| world.end(call).is_some()));
    assert_eq!(world.gauges(task)[..3], [0, 0, 0]);
    world.end_of_world();
}

#[test]
fn nothing_happens_before_its_time() {
    let mut world = World::new();
    let task = world.task(TaskConfig { idle_timeout: Some(ms(50)), ..TaskConfig::singleton() });
    let call = world.call_with(task, With::timeout(50));
    world.turn();
    world.heard();
    world.wait(ms(49));
    world.tell(Input::Time);
    assert_eq!((world.heard(), world.end(call)), (vec![], None));
    world.end_of_world();
}

#[test]
fn a_clock_that_runs_backwards_stands_still() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    world.wait(ms(100));
    world.flush();
    let call = world.core.mint_call();
    let dispatch = Dispatch {
        call,
        task,
        key: None,
        priority: Priority::UserVisible,
        timeout: Some(ms(50)),
        grace: None,
    };
    world.core.handle(Input::Dispatch(dispatch), Instant::ZERO + ms(30));
    assert_eq!(world.core.next_timeout().map(|(at, _)| at), Some(Instant::ZERO + ms(150)));
    world.abort(call);
    let timing = world.settlement(call).timing;
    assert_eq!((timing.dispatched, timing.settled), (Instant::ZERO + ms(100), Instant::ZERO + ms(100)));
    world.end_of_world();
}

#[test]
fn the_longest_and_the_shortest_timeouts_do_no_harm() {
    let mut world = World::new();
    let task = world.task(TaskConfig { timeout: Some(Duration::MAX), ..TaskConfig::parallel(2) });
    let patient = world.call(task);
    let impatient = world.call_with(task, With { timeout: Some(Duration::from_nanos(1)), ..With::default() });
    let unlimited = world.call_with(task, With { timeout: Some(Duration::ZERO), ..With::default() });
    world.wait(Duration::from_nanos(1));
    assert!(world.end(impatient).is_some());
    world.turn();
    world.wait(Duration::from_secs(3600));
    for call in [patient, unlimited] {
        assert_eq!(world.end(call), None, "no time at all is no limit");
        world.ok(call);
    }
    world.end_of_world();
}
