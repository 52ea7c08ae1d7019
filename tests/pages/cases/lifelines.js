// Workers that end without an event: they close themselves, or the page terminates them behind the runtime's back.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { watched } from '../watched.js';
import { MARK, TO_PAGE } from '/atelier/worker/wire.js';

const CRASHED = { name: 'WorkerCrashedError' };
const closed = async (call, message) => {
  const error = await rejects(call, CRASHED);
  equal(error.kind, 'closed');
  ok(error.cause.message.includes(message), error.cause.message);
};

/** Locks of workers that are held, or waited for. */
async function lifelines() {
  const { held, pending } = await navigator.locks.query();
  const ours = (list) => list.filter(({ name }) => name.startsWith('atelier:worker:')).length;
  return { held: ours(held), pending: ours(pending) };
}

const watching = (count) => until(async () => (await lifelines()).pending === count, `${count} lifelines are watched`);

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

export async function a_close_that_was_kept_from_before_is_noticed() {
  const task = bench({ worker: () => new Worker('/tests/workers/closing.js', { type: 'module' }) });
  equal(await task.add(1, 1), 2);
  await watching(1);
  await closed(task.closesForReal(), 'is gone');
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

export async function a_termination_past_the_object_is_noticed() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(1, 1);
  await watching(1);
  const call = task.hold('never', 1);
  await heard('never');
  Worker.prototype.terminate.call(seen.workers[0]);
  await closed(call, 'is gone');
  equal(await task.add(1, 1), 2);
}

export async function a_worker_in_an_endless_loop_that_is_terminated_is_noticed() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(1, 1);
  await watching(1);
  const call = task.loops('looping');
  await heard('looping');
  Worker.prototype.terminate.call(seen.workers[0]);
  await closed(call, 'is gone');
  equal(await task.add(1, 1), 2);
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

export async function a_worker_that_is_ended_on_purpose_is_no_crash_and_leaves_nothing_behind() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 2, init: 'eager', worker: seen.worker });
  await watching(2);
  task.stopWorkers();
  await watching(0);
  equal(task.getState().lastCrash, undefined);
  task.startWorkers();
  await watching(2);
  equal(task.getState().lastCrash, undefined);
  task.dispose();
  await until(async () => (await lifelines()).held === 0, 'no lock is held');
  deepEqual(await lifelines(), { held: 0, pending: 0 });
  ok(seen.workers.every((worker) => !Object.hasOwn(worker, 'terminate')), 'the objects are as they were');
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

export async function a_page_that_is_put_aside_asks_for_no_lock() {
  const task = bench();
  await task.add(1, 1);
  await watching(1);
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  await watching(0);
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await watching(1);
  equal(await task.add(1, 1), 2);
}

export async function a_lock_that_never_existed_is_an_end() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(1, 1);
  await watching(1);
  const call = task.hold('never', 1);
  await heard('never');
  seen.workers[0].dispatchEvent(new MessageEvent('message', { data: [MARK, TO_PAGE.HELD, 'nobody holds this'] }));
  await closed(call, 'is gone');
}
