//! What the core tells of each worker's life, in order.

use atelier_core::{Fact, Input, Output, TaskConfig, TaskId};

use crate::world::{With, World, ms};

/// What was told of the worker in one place since somebody last asked.
fn told(world: &mut World, of: TaskId, place: u32) -> Vec<&'static str> {
    let named = |output: Output| {
        let Output::Fact(fact) = output else { return None };
        let (name, task, index) = match fact {
            Fact::WorkerSpawned { task, index, .. } => ("spawned", task, index),
            Fact::WorkerReady { task, index } => ("ready", task, index),
            Fact::Started { task, index, .. } => ("started", task, index),
            Fact::Requeued { task, index, .. } => ("requeued", task, index),
            Fact::CancelSent { task, index, .. } => ("cancel-sent", task, index),
            Fact::WorkerAsked { task, index } => ("asked", task, index),
            Fact::WorkerAlive { task, index } => ("alive", task, index),
            Fact::GraceOver { task, index } => ("grace-over", task, index),
            Fact::WorkerCrashed { task, index, .. } => ("crashed", task, index),
            Fact::WorkerTerminated { task, index } => ("terminated", task, index),
            _ => return None,
        };
        (task == of && index == place).then_some(name)
    };
    world.heard().into_iter().filter_map(named).collect()
}

#[test]
fn a_grace_that_is_over_is_told_before_what_it_costs() {
    let mut world = World::new();
    let task = world.task(TaskConfig::parallel(2).with_max_in_flight(4));
    let stubborn = world.call_with(task, With::grace(50));
    let calls = world.calls(task, 2);
    world.turn();
    let index = world.index_of(world.at(stubborn));
    assert_eq!(world.index_of(world.at(calls[1])), index, "it has company");
    assert_eq!(told(&mut world, task, index), ["spawned", "ready", "started", "started"]);
    world.abort(stubborn);
    world.wait(ms(50));
    let facts = told(&mut world, task, index);
    assert_eq!(facts[..4], ["cancel-sent", "grace-over", "requeued", "terminated"], "{facts:?}");
    world.end_of_world();
}

#[test]
fn a_question_and_its_answer_are_told_and_so_is_the_end() {
    let mut world = World::new();
    let task = world.task(TaskConfig { hang_timeout: Some(ms(100)), ..TaskConfig::singleton() });
    let call = world.call(task);
    world.turn();
    let worker = world.at(call);
    assert_eq!(told(&mut world, task, 0), ["spawned", "ready", "started"]);
    world.wait(ms(50));
    world.tell(Input::WorkerAlive { worker });
    assert_eq!(told(&mut world, task, 0), ["asked", "alive"]);
    world.wait(ms(100));
    assert_eq!(told(&mut world, task, 0), ["asked", "crashed"]);
    world.tell(Input::WorkerAlive { worker });
    assert!(told(&mut world, task, 0).is_empty(), "the dead say nothing");
    world.end_of_world();
}

#[test]
fn a_call_that_no_worker_has_is_cancelled_without_a_word_to_one() {
    let mut world = World::new();
    let task = world.task(TaskConfig::singleton());
    let calls = world.calls(task, 2);
    world.turn();
    world.heard();
    world.abort(calls[1]);
    assert!(told(&mut world, task, 0).is_empty());
    world.abort(calls[0]);
    assert_eq!(told(&mut world, task, 0), ["cancel-sent"]);
    world.ok(calls[0]);
    world.end_of_world();
}
