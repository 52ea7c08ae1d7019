// abortTaskController: keys and their signals.
import { bench, benchWorker, heard, openGate, said } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import initWasm from '/atelier/wasm/atelier_js.js';

const ABORT = { name: 'AbortError', message: 'Task was aborted' };

export async function a_keys_signal_is_always_the_same_one() {
  const keys = createTaskRuntime().abortTaskController;
  const signal = keys.signalFor('k');
  ok(signal instanceof AbortSignal);
  equal(keys.signalFor('k'), signal);
  ok(keys.signalFor('other') !== signal);
  keys.clear('k');
  equal(keys.signalFor('k'), signal, 'clearing what is not aborted changes nothing');
  const events = [];
  signal.addEventListener('abort', () => events.push(keys.isAborted('k')));
  keys.abort('k');
  keys.abort('k');
  deepEqual(events, [true], 'fires once, and the key is aborted by then');
  ok(signal.reason instanceof DOMException);
  deepEqual([signal.reason.name, signal.reason.message], ['AbortError', 'Task was aborted']);
  equal(keys.signalFor('k'), signal, 'the same as long as it is aborted');
  keys.clear('k');
  const fresh = keys.signalFor('k');
  ok(fresh !== signal && !fresh.aborted && signal.aborted);
  keys.abort('k');
  ok(fresh.aborted);
  keys.clearAll();
  ok(!keys.isAborted('k') && !keys.signalFor('k').aborted);
}

export async function many_keys_at_once() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 3 }, runtime);
  const signals = ['a', 'b', 'c'].map((key) => keys.signalFor(key));
  const calls = ['a', 'b', 'c'].map((key) => task.with({ key }).listen(key));
  await heard('c');
  keys.abortMany(['a', 'b']);
  deepEqual(signals.map((signal) => signal.aborted), [true, true, false]);
  await rejects(calls[0], ABORT);
  await rejects(calls[1], ABORT);
  keys.abortMany(new Set(['c']));
  await rejects(calls[2], ABORT);
  keys.abortMany([]);
}

export async function key_signal_and_timeout_apply_together() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 3, timeoutMs: 60_000 }, runtime);
  const quick = bench({ timeoutMs: 30 }, runtime);
  const controller = new AbortController();
  const both = (key) => task.with({ key, signal: controller.signal });
  const byKey = both('one').listen('one');
  const bySignal = both('two').listen('two');
  await heard('one');
  await heard('two');
  keys.abort('one');
  await rejects(byKey, ABORT);
  await heard('one heard AbortError');
  equal(said().includes('two heard AbortError'), false);
  controller.abort();
  await rejects(bySignal, ABORT);
  await rejects(quick.with({ key: 'three', signal: new AbortController().signal }).hold('never', 1), ABORT, 'the timeout');
  openGate('never');
}

export async function a_handler_may_ask_whether_it_is_cancelled() {
  const runtime = createTaskRuntime();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2 }, runtime);
  const [cancelled, kept] = [task.with({ key: 'k' }).step('cancelled'), task.step('kept')];
  await heard('cancelled');
  await heard('kept');
  runtime.abortTaskController.abort('k');
  await rejects(cancelled, ABORT);
  openGate('kept');
  await kept;
  openGate('cancelled');
  await heard('cancelled stopped: AbortError: Task was aborted');
  await heard('kept went on');
}

export async function an_abort_in_a_listener_or_a_worker_factory_counts() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const worker = () => {
    keys.abort('factory');
    return benchWorker();
  };
  const task = runtime.defineTask({ type: 'singleton', worker });
  await rejects(task.with({ key: 'factory' }).hold('unseen', 1), ABORT);
  ok(keys.isAborted('factory'));
  runtime.subscribeEvents((event) => {
    if (event.name === 'task.dispatch.total') keys.abort('listener');
  });
  await rejects(task.with({ key: 'listener' }).hold('unseen', 1), ABORT);
  keys.clear('listener');
  equal(await task.add(1, 1), 2);
  equal(said().includes('unseen'), false);
}

export async function an_abort_after_the_end_changes_nothing() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({}, runtime);
  const call = task.with({ key: 'k' }).add(1, 1);
  equal(await call, 2);
  keys.abort('k');
  equal(await call, 2);
  keys.clear('k');
  equal(await task.with({ key: 'k' }).add(2, 2), 4);
}

export async function keys_that_are_not_in_use_take_no_memory() {
  const runtime = createTaskRuntime();
  const { memory } = await initWasm();
  const keys = runtime.abortTaskController;
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 100, maxQueueDepth: 10_000 }, runtime);
  let next = 0;
  const round = async () => {
    const calls = [];
    for (let i = 0; i < 2_000; i++) {
      const key = `a key of its own, number ${next++}`;
      calls.push(task.with({ key }).echo(0));
      if (i % 4 === 0) keys.abort(key);
      if (i % 8 === 0) keys.clear(key);
    }
    await Promise.allSettled(calls);
    keys.clearAll();
  };
  await round();
  await round();
  const before = memory.buffer.byteLength;
  for (let i = 0; i < 20; i++) await round();
  equal(memory.buffer.byteLength, before, '40,000 more keys');
}

export async function keys_are_strings_of_any_kind() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({}, runtime);
  for (const key of ['__proto__', 'constructor', ' ', '\0', 'ключ', '😀', 'k'.repeat(10_000)]) {
    equal((await task.with({ key }).context()).key, key);
    keys.abort(key);
    await rejects(task.with({ key }).add(1, 1), ABORT);
    keys.clear(key);
  }
  await until(() => task.getState().queueDepth === 0);
}
