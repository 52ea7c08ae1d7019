// The queue: places, policies, order, states.
import { bench, heard, openGate, said } from '../atelier.js';
import { deepEqual, equal, rejects } from '../assert.js';

const depths = (task) => {
  const { queueDepth, pendingQueueDepth, waitingQueueDepth } = task.getState();
  return [queueDepth, pendingQueueDepth, waitingQueueDepth];
};

export async function block_makes_callers_wait_in_order() {
  const task = bench({ maxQueueDepth: 2 });
  const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => task.hold(name, name));
  deepEqual(depths(task), [1, 2, 2]);
  equal(task.getState().taskStatus, 'active');
  for (const name of ['e', 'd', 'c', 'b', 'a']) openGate(name);
  deepEqual(await Promise.all(calls), ['a', 'b', 'c', 'd', 'e']);
  deepEqual(said(), ['a', 'b', 'c', 'd', 'e']);
  deepEqual(depths(task), [0, 0, 0]);
  equal(task.getState().taskStatus, 'idle');
}

export async function reject_and_drop_latest_refuse_the_newcomer() {
  for (const queuePolicy of ['reject', 'drop-latest']) {
    const task = bench({ maxQueueDepth: 1, queuePolicy });
    const calls = [task.hold('x', 1), task.add(1, 1)];
    await rejects(task.add(2, 2), {
      name: 'QueueDropError',
      message: `Task queue policy '${queuePolicy}' dropped item`,
    });
    openGate('x');
    deepEqual(await Promise.all(calls), [1, 2]);
  }
}

export async function drop_oldest_drops_the_first_in_the_queue() {
  const task = bench({ maxQueueDepth: 1, queuePolicy: 'drop-oldest' });
  const held = task.hold('x', 1);
  const oldest = task.add(1, 1);
  const newest = task.add(2, 2);
  await rejects(oldest, { name: 'QueueDropError', message: "'drop-oldest'" });
  openGate('x');
  deepEqual([await held, await newest], [1, 4]);
}

export async function a_queue_without_places_still_runs_what_can_start() {
  const rejecting = bench({ maxQueueDepth: 0, queuePolicy: 'reject' });
  const held = rejecting.hold('x', 1);
  await rejects(rejecting.add(1, 1), { name: 'QueueDropError' });
  openGate('x');
  equal(await held, 1);
  equal(await rejecting.add(1, 1), 2);

  const blocking = bench({ maxQueueDepth: 0 });
  const calls = [blocking.hold('y', 1), blocking.add(1, 1), blocking.add(2, 2)];
  deepEqual(depths(blocking), [1, 0, 2]);
  openGate('y');
  deepEqual(await Promise.all(calls), [1, 2, 4]);
}

export async function stopping_requeues_in_order_and_starting_loses_nothing() {
  const task = bench({ type: 'parallel', poolSize: 2, maxQueueDepth: 1 });
  const calls = ['a', 'b', 'c', 'd'].map((name) => task.hold(name, name));
  await heard('a');
  await heard('b');
  task.stopWorkers();
  deepEqual(depths(task), [0, 3, 1]);
  equal(task.getState().taskStatus, 'paused');
  equal(task.getState().activeWorkers, 0);
  task.startWorkers();
  for (const name of ['a', 'b', 'c', 'd']) openGate(name);
  deepEqual(await Promise.all(calls), ['a', 'b', 'c', 'd']);
  deepEqual(said().filter((name) => name > 'b'), ['c', 'd'], 'after those that had begun');
  deepEqual(depths(task), [0, 0, 0]);
}

export async function what_happens_in_the_same_turn_is_seen() {
  const task = bench();
  const stopped = task.hold('never', 1);
  task.stopWorkers();
  task.startWorkers();
  openGate('never');
  const disposed = bench();
  const call = disposed.hold('unseen', 1);
  disposed.dispose();
  await rejects(call, { name: 'TaskDisposedError', message: 'Task was disposed' });
  await heard('never');
  openGate('never');
  equal(await stopped, 1);
  equal(said().includes('unseen'), false);
}

export async function dispose_rejects_everything_and_later_calls() {
  const task = bench({ maxQueueDepth: 1 });
  const calls = ['a', 'b', 'c'].map((name) => task.hold(name, name));
  await heard('a');
  task.dispose();
  task.dispose();
  for (const call of calls) await rejects(call, { name: 'TaskDisposedError' });
  await rejects(task.add(1, 1), { name: 'TaskDisposedError' });
  equal(task.getState().activeWorkers, 0);
}
