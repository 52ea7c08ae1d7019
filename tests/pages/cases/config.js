// Settings that make no sense are refused where they are given.
import { benchWorker, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, throws } from '../assert.js';
import { createTaskRuntime, createTaskWorker, expose } from '/atelier/index.js';

export async function every_senseless_setting_names_itself() {
  const runtime = createTaskRuntime();
  const define = (options) => runtime.defineTask({ type: 'parallel', worker: benchWorker, ...options });
  const notNumbers = ['4', '', true, null, {}, [2], () => 1, 2n];
  const belowNone = [-1, -Infinity, Number.NaN];
  // What is not of the type, and what is of the type and not possible.
  const wrong = {
    type: [['both', '', undefined, null, 1, {}], []],
    worker: [[undefined, null, 'worker.js', {}, new URL(location.href)], []],
    poolSize: [notNumbers, [...belowNone, 0, 1.5, Infinity, 1e10]],
    maxInFlight: [notNumbers, [...belowNone, 0, 0.5, Number.MAX_SAFE_INTEGER]],
    maxQueueDepth: [notNumbers, [...belowNone, 0.5, 2 ** 32]],
    crashMaxRetries: [notNumbers, [...belowNone, 0.5]],
    queuePolicy: [['wait', '', null, 1], []],
    crashPolicy: [['restart', null, 0], []],
    init: [['now', '', true, null], []],
    timeoutMs: [notNumbers, belowNone],
    idleTimeoutMs: [notNumbers, belowNone],
    hangTimeoutMs: [notNumbers, [...belowNone, 0]],
    startTimeoutMs: [notNumbers, [...belowNone, 0]],
    keyOf: [['id', null, 0, {}], []],
    taskName: [[1, null, {}], []],
    taskId: [[1, null, {}, true], ['']],
  };
  const refused = (option, value, Type) => {
    const about = `${option}: ${String(value)}`;
    const error = throws(() => define({ [option]: value }), { name: Type.name, message: option }, about);
    equal(error.option, option, about);
    ok(error instanceof Type, about);
    ok(/; (it takes|leave it out|at most)|missing/.test(error.message), error.message);
  };
  for (const [option, [types, ranges]] of Object.entries(wrong)) {
    for (const value of types) refused(option, value, TypeError);
    for (const value of ranges) refused(option, value, RangeError);
  }
  for (const nothing of [undefined, null, 1, 'task']) throws(() => runtime.defineTask(nothing), { name: 'TypeError' });
  equal(runtime.getRuntimeSnapshot().tasks.length, 0, 'nothing is defined by accident');
}

export async function messages_show_values_as_javascript_does() {
  const message = (options) =>
    throws(() => createTaskRuntime().defineTask({ type: 'parallel', worker: benchWorker, ...options })).message;
  ok(message({ poolSize: Infinity }).startsWith('poolSize is Infinity; it takes a whole number'));
  ok(message({ maxInFlight: -0.5 }).startsWith('maxInFlight is -0.5; '));
  ok(message({ timeoutMs: null }).startsWith('timeoutMs is null; '));
  ok(message({ queuePolicy: 'wait' }).startsWith("queuePolicy is 'wait'; it takes 'block'"));
  ok(message({ keyOf: [] }).startsWith('keyOf is an array; '));
}

export async function the_largest_settings_are_taken() {
  const runtime = createTaskRuntime();
  const task = runtime.defineTask({
    type: 'singleton',
    worker: benchWorker,
    maxQueueDepth: Infinity,
    crashMaxRetries: Infinity,
    timeoutMs: Infinity,
    idleTimeoutMs: Infinity,
    hangTimeoutMs: Infinity,
    startTimeoutMs: Infinity,
    maxInFlight: 2 ** 32 - 2,
  });
  equal(task.getState().maxQueueDepth, Infinity);
  equal(await task.add(1, 1), 2);
}

export async function as_many_calls_at_once_as_one_likes() {
  const { runtime, events } = observed();
  const task = runtime.defineTask({ type: 'parallel', poolSize: 2, worker: benchWorker, maxInFlight: Infinity });
  deepEqual([task.getState().maxInFlight, task.getState().maxQueueDepth], [Infinity, Infinity]);
  const calls = Array.from({ length: 50 }, (_, n) => task.hold('all', n));
  equal(task.getState().queueDepth, 50);
  openGate('all');
  deepEqual(await Promise.all(calls), Array.from({ length: 50 }, (_, n) => n));
  const gauge = events.find(({ name }) => name === 'queue.in_flight');
  deepEqual([gauge.attrs['queue.max_in_flight'], gauge.attrs['queue.max_depth']], [Infinity, Infinity]);
  const single = runtime.defineTask({ type: 'singleton', worker: benchWorker, maxInFlight: Infinity });
  equal(single.getState().maxQueueDepth, 2, 'of a singleton, whatever runs at once');
  equal(await single.add(1, 1), 2);
}

export async function an_id_is_the_name_or_a_number() {
  const runtime = createTaskRuntime();
  const define = (options) => runtime.defineTask({ type: 'singleton', worker: benchWorker, ...options });
  const ids = () => runtime.getRuntimeSnapshot().tasks.map(({ taskId }) => taskId);
  define({ taskId: 'task-2' });
  const first = define({});
  define({});
  define({ taskName: 'resize' });
  const second = define({ taskName: 'resize' });
  define({ taskName: 'resize' });
  define({ taskName: '' });
  deepEqual(ids(), ['task-2', 'task-1', 'task-3', 'resize', 'resize-2', 'resize-3', 'task-4']);
  second.dispose();
  first.dispose();
  define({ taskName: 'resize' });
  define({});
  deepEqual(ids().slice(-2), ['resize-2', 'task-5'], 'a name is free again, a number is not given twice');
  const error = throws(() => define({ taskId: 'resize' }), { name: 'RangeError', message: "'resize'" });
  equal(error.option, 'taskId');
  equal(createTaskRuntime().defineTask({ type: 'singleton', worker: benchWorker }).toJSON().taskId, 'task-1', 'by runtime');
}

export async function ids_are_unique_in_a_runtime_and_free_again_after_dispose() {
  const runtime = createTaskRuntime();
  const task = runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 'one' });
  const again = () => runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 'one' });
  equal(throws(again, { name: 'RangeError', message: "'one'" }).option, 'taskId');
  task.dispose();
  equal(await again().add(1, 1), 2);
}

export async function defaults_are_those_of_the_contract() {
  const runtime = createTaskRuntime();
  runtime.defineTask({ type: 'parallel', worker: benchWorker });
  runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 's', taskName: 'single' });
  runtime.defineTask({ type: 'parallel', worker: benchWorker, maxInFlight: 7 });
  runtime.defineTask({ type: 'singleton', worker: benchWorker, maxInFlight: 7, poolSize: 3 });
  const [pool, single, seven, singles] = runtime.getRuntimeSnapshot().tasks;
  const cores = navigator.hardwareConcurrency;
  equal(pool.poolSize, cores);
  equal(pool.maxInFlight, cores);
  equal(pool.maxQueueDepth, 2 * cores);
  equal(pool.queuePolicy, 'block');
  equal(pool.init, 'lazy');
  equal(pool.workerStatus, 'stopped');
  equal(pool.taskStatus, 'idle');
  equal(single.poolSize, 1);
  equal(single.maxQueueDepth, 2);
  equal(single.taskId, 's');
  equal(single.taskName, 'single');
  equal(seven.maxQueueDepth, 14);
  equal(singles.maxQueueDepth, 2, 'of a singleton, whatever runs at once');
  equal(singles.poolSize, 1);
}

export async function wrong_arguments_elsewhere_are_told_too() {
  const runtime = createTaskRuntime();
  const task = runtime.defineTask({ type: 'singleton', worker: benchWorker });
  throws(() => task.with({ signal: 'stop' }), { name: 'TypeError', message: 'AbortSignal' });
  throws(() => task.with({ transfer: new ArrayBuffer(1) }), { name: 'TypeError', message: 'array' });
  throws(() => runtime.subscribeEvents(), { name: 'TypeError' });
  throws(() => runtime.subscribeFrames(() => {}, { intervalMs: -1 }), { name: 'RangeError' });
  throws(() => createTaskRuntime({ observability: { spans: 'yes' } }), { name: 'TypeError', message: 'spans' });
  throws(() => createTaskWorker(null), { name: 'TypeError' });
  throws(() => expose({}), { name: 'TypeError' });
}
