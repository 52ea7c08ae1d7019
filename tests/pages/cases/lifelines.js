// Workers that end without an event: they close themselves, or the page terminates them behind the runtime's back.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { watched } from '../watched.js';

const CRASHED = { name: 'WorkerCrashedError' };
const closed = async (call, message) => {
  const error = await rejects(call, CRASHED);
  equal(error.kind, 'closed');
  ok(error.cause.message.includes(message), error.cause.message);
};

export async function a_worker_that_closes_itself_in_a_handler_fails_its_calls() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2 });
  const neighbour = task.hold('never', 1);
  await closed(task.closes(), 'closed itself');
  await closed(neighbour, 'closed itself');
  equal(await task.add(1, 1), 2, 'a new worker takes over');
}

export async function the_first_call_of_a_worker_may_close_it() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await closed(task.closes(), 'closed itself');
  equal(seen.workers.length, 1);
  equal(await task.add(1, 1), 2);
}

export async function an_answer_given_while_closing_arrives() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4 });
  const calls = [task.add(1, 1), task.closesWith('bye'), task.later('late')];
  const ended = await Promise.allSettled(calls);
  deepEqual(ended.slice(0, 2).map(({ value }) => value), [2, 'bye']);
  await until(() => task.getState().lastCrash?.kind === 'closed');
  equal(await task.add(2, 2), 4);
}

export async function calls_that_a_closing_worker_has_not_begun_are_served_by_the_next() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4 });
  for (let round = 0; round < 3; round++) {
    equal(await task.closesWith(round), round);
    equal(await task.add(round, 1), round + 1, 'the next call');
  }
}

export async function an_idle_worker_may_close_itself() {
  const task = bench();
  equal(await task.closesLater(), 'soon');
  await until(() => task.getState().lastCrash?.kind === 'closed');
  equal(await task.add(1, 1), 2);
}

export async function the_page_may_terminate_a_worker_itself() {
  const seen = watched();
  const task = bench({ worker: seen.worker, maxQueueDepth: 4 });
  const early = task.add(1, 1);
  seen.workers[0].terminate();
  await closed(early, 'terminated');
  await task.add(1, 1);
  const call = task.hold('never', 1);
  await heard('never');
  seen.workers[1].terminate();
  await closed(call, 'terminated');
  equal(await task.add(1, 1), 2);
  seen.workers[2].terminate();
  equal(await task.add(2, 2), 4, 'an idle one');
}

export async function the_crash_policy_applies() {
  const seen = watched();
  const task = bench({ worker: seen.worker, crashPolicy: 'restart-requeue-in-flight' });
  const call = task.hold('again', 'the second');
  await heard('again');
  seen.workers[0].terminate();
  await until(() => seen.workers.length === 2);
  openGate('again');
  equal(await call, 'the second');
}

export async function without_locks_the_ends_that_can_be_seen_are() {
  Object.defineProperty(navigator, 'locks', { value: undefined });
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(1, 1);
  await closed(task.closes(), 'closed itself');
  const call = task.hold('never', 1);
  await heard('never');
  seen.workers.at(-1).terminate();
  await closed(call, 'terminated');
  equal(await task.add(1, 1), 2);
}

export async function a_request_for_a_lock_that_rejects_or_throws_does_no_harm() {
  let how = () => Promise.reject(new DOMException('no', 'SecurityError'));
  Object.defineProperty(navigator, 'locks', { value: { request: () => how() } });
  const [one, two] = [bench(), bench()];
  equal(await one.add(1, 1), 2);
  how = () => {
    throw new TypeError('no');
  };
  equal(await two.add(1, 1), 2);
}

