// Cancellation: by key, by signal, by timeout; in every state a call can be in.
import { bench, heard, observed, openGate, said } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const ABORT = { name: 'AbortError', message: 'Task was aborted' };

export async function a_key_cancels_waiting_pending_and_running_calls() {
  const runtime = createTaskRuntime();
  const task = bench({ maxQueueDepth: 1 }, runtime);
  const keyed = task.with({ key: 'k' });
  const calls = [keyed.listen('running'), keyed.add(1, 1), keyed.add(2, 2)];
  const other = task.with({ key: 'other' }).add(3, 3);
  await heard('running');
  runtime.abortTaskController.abort('k');
  for (const call of calls) await rejects(call, ABORT);
  await heard('running heard AbortError');
  equal(await other, 6, 'other keys go on');
}

export async function an_aborted_key_stays_aborted_until_cleared() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({}, runtime);
  const signal = keys.signalFor('k');
  equal(signal.aborted, false);
  keys.abort('k');
  equal(signal.aborted, true);
  equal(keys.isAborted('k'), true);
  ok(keys.signalFor('k').aborted, 'a signal that is asked for later');
  await rejects(task.with({ key: 'k' }).add(1, 1), ABORT);
  keys.clear('k');
  equal(keys.isAborted('k'), false);
  equal(keys.signalFor('k').aborted, false);
  equal(await task.with({ key: 'k' }).add(1, 1), 2);
  keys.abortMany(['a', 'b']);
  deepEqual([keys.isAborted('a'), keys.isAborted('b')], [true, true]);
  keys.clearAll();
  deepEqual([keys.isAborted('a'), keys.isAborted('b')], [false, false]);
}

export async function a_signal_cancels_before_during_and_not_after() {
  const task = bench();
  const gone = AbortSignal.abort();
  await rejects(task.with({ signal: gone }).hold('unseen', 1), ABORT);
  const controller = new AbortController();
  const call = task.with({ signal: controller.signal }).listen('running');
  await heard('running');
  controller.abort();
  await rejects(call, ABORT);
  await heard('running heard AbortError');
  const late = new AbortController();
  equal(await task.with({ signal: late.signal }).add(1, 1), 2);
  late.abort();
  equal(await task.add(2, 2), 4);
  equal(said().includes('unseen'), false);
}

export async function an_abort_in_the_same_turn_is_never_seen_by_a_worker() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k' }).hold('unseen', 1);
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  equal(task.getState().queueDepth, 0, 'its place is free at once');
  equal(await task.add(1, 1), 2);
  equal(said().includes('unseen'), false);
}

export async function a_timeout_cancels_what_takes_too_long() {
  const task = bench({ timeoutMs: 50 });
  // The worker's start may take longer than that on a busy machine, so the first calls may time out, too.
  const answered = () => task.add(1, 1).catch(() => undefined);
  equal(await until(answered), 2);
  await rejects(task.listen('slow'), ABORT);
  await heard('slow heard TimeoutError');
  equal(await until(answered), 2);
}

export async function every_signal_counts() {
  const runtime = createTaskRuntime();
  const keyOf = (name) => name;
  const task = bench({ timeoutMs: 60_000, keyOf }, runtime);
  const controller = new AbortController();
  const call = task.with({ signal: controller.signal }).with({ signal: undefined }).listen('both');
  await heard('both');
  runtime.abortTaskController.abort('both');
  await rejects(call, ABORT);
  const second = task.with({ signal: controller.signal }).listen('second');
  controller.abort();
  await rejects(second, ABORT);
}

export async function key_of_may_throw_or_give_no_key() {
  const throws = bench({
    keyOf: () => {
      throw new RangeError('no key for you');
    },
  });
  await rejects(throws.add(1, 1), { name: 'RangeError', message: 'no key for you' });
  for (const none of ['', undefined, 7, null, {}]) {
    const task = bench({ keyOf: () => none });
    equal((await task.context()).key, undefined);
  }
}

export async function a_handler_that_ignores_its_signal_keeps_its_place() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k' }).hold('stubborn', 1);
  await heard('stubborn');
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  equal(task.getState().queueDepth, 1, 'the worker is in fact busy');
  openGate('stubborn');
  await until(() => task.getState().queueDepth === 0);
}

export async function past_its_grace_a_stubborn_handler_costs_its_worker_and_nobody_else() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2 }, runtime);
  const innocent = task.hold('innocent', 'alive');
  const stubborn = task.with({ key: 'k', cancel: { graceMs: 20 } }).hold('stubborn', 1);
  await heard('stubborn');
  runtime.abortTaskController.abort('k');
  await rejects(stubborn, ABORT);
  await until(() => said().filter((name) => name === 'innocent').length === 2, 'the other call begins again');
  openGate('innocent');
  equal(await innocent, 'alive');
  equal(events.filter((event) => event.name === 'worker.crash.total').length, 0);
  equal(events.filter((event) => event.name === 'worker.terminate.total').length, 1);
}

export async function a_handler_that_listens_keeps_its_worker() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k', cancel: { graceMs: 5_000 } }).listen('polite');
  await heard('polite');
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  await until(() => task.getState().queueDepth === 0);
  equal(events.filter((event) => event.name === 'worker.terminate.total').length, 0);
}

export async function urgent_calls_go_first_and_equals_in_order() {
  const task = bench({ maxQueueDepth: 10 });
  const held = task.hold('first', 0);
  const calls = ['background', 'user-visible', 'user-blocking', 'user-blocking'].map((priority, i) =>
    task.with({ priority }).hold(`${priority} ${i}`, i),
  );
  await heard('first');
  for (let i = 0; i < 4; i++) openGate(`${['background', 'user-visible', 'user-blocking', 'user-blocking'][i]} ${i}`);
  openGate('first');
  await Promise.all([held, ...calls]);
  await heard('background 0');
  deepEqual(said(), ['first', 'user-blocking 2', 'user-blocking 3', 'user-visible 1', 'background 0']);
}
