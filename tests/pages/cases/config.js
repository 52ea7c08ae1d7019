// Settings that make no sense are refused where they are given.
import { benchWorker } from '../atelier.js';
import { equal, ok, throws } from '../assert.js';
import { TaskConfigError, createTaskRuntime, createTaskWorker, expose } from '/atelier/index.js';

export async function every_senseless_setting_names_itself() {
  const runtime = createTaskRuntime();
  const define = (options) => runtime.defineTask({ type: 'parallel', worker: benchWorker, ...options });
  const wrong = {
    type: ['both', undefined, 1],
    worker: [undefined, null, 'worker.js'],
    poolSize: [0, -1, 1.5, Number.NaN, '4', Infinity],
    maxInFlight: [0, -1, Number.NaN],
    maxQueueDepth: [-1, Number.NaN, 0.5, '1'],
    queuePolicy: ['wait', 1],
    crashPolicy: ['restart', null],
    crashMaxRetries: [-1, Number.NaN],
    init: ['now'],
    timeoutMs: [-1, Number.NaN, 'soon'],
    idleTimeoutMs: [-1, Number.NaN],
    keyOf: ['id'],
    taskName: [1],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      const about = `${option}: ${String(value)}`;
      const error = throws(() => define({ [option]: value }), { name: 'TaskConfigError', message: option }, about);
      equal(error.option, option, about);
      ok(error instanceof TaskConfigError && error instanceof TypeError, about);
    }
  }
  throws(() => runtime.defineTask(), { name: 'TaskConfigError' });
  equal(runtime.getRuntimeSnapshot().tasks.length, 0, 'nothing is defined by accident');
}

export async function ids_are_unique_in_a_runtime_and_free_again_after_dispose() {
  const runtime = createTaskRuntime();
  const task = runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 'one' });
  const again = () => runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 'one' });
  throws(again, { name: 'TaskConfigError', message: "'one'" });
  task.dispose();
  equal(await again().add(1, 1), 2);
}

export async function defaults_are_those_of_the_contract() {
  const runtime = createTaskRuntime();
  runtime.defineTask({ type: 'parallel', worker: benchWorker });
  runtime.defineTask({ type: 'singleton', worker: benchWorker, taskId: 's', taskName: 'single' });
  runtime.defineTask({ type: 'parallel', worker: benchWorker, maxInFlight: 7 });
  const [pool, single, seven] = runtime.getRuntimeSnapshot().tasks;
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
