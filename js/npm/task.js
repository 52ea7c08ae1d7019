// A task as its user sees it: a proxy whose every other name is a method of the worker.

import { PRIORITIES, mergeOptions } from './call-options.js';
import { TaskConfigError } from './errors.js';
import { traceNumber } from './trace.js';

const USER_VISIBLE = PRIORITIES.indexOf('user-visible');

let nextId = 1;

export function makeTask(runtime, options) {
  const { worker, keyOf } = options;
  if (typeof worker !== 'function') {
    throw new TaskConfigError('worker is no function; pass one that makes a Worker, such as () => new Worker(url)', 'worker');
  }
  if (keyOf !== undefined && typeof keyOf !== 'function') {
    throw new TaskConfigError('keyOf is no function; it takes the arguments of a call and returns its key', 'keyOf');
  }
  const id = options.taskId ?? `task-${nextId++}`;
  const cores = globalThis.navigator?.hardwareConcurrency || 4;
  const handle = runtime.define_task(String(id), options, cores, () => makeWorker(worker));
  const life = {
    getState: () => handle.state(),
    startWorkers: () => handle.start_workers(),
    stopWorkers: () => handle.stop_workers(),
    dispose: () => handle.dispose(),
  };
  return face(handle, life, keyOf, {});
}

function makeWorker(factory) {
  const worker = factory();
  if (!(worker instanceof Worker)) {
    throw new TypeError('the worker function returned something that is no Worker');
  }
  return worker;
}

function face(handle, life, keyOf, options) {
  const methods = new Map(Object.entries(life));
  methods.set('with', (more) => face(handle, life, keyOf, mergeOptions(options, more)));
  return new Proxy(Object.freeze(Object.create(null)), {
    get(_, name) {
      // No `then`: a task is no promise, and must survive being returned from an async function.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let method = methods.get(name);
      if (!method) {
        method = (...args) => call(handle, keyOf, options, name, args);
        methods.set(name, method);
      }
      return method;
    },
    has: (_, name) => typeof name === 'string' && name !== 'then',
    set: () => false,
  });
}

function call(handle, keyOf, options, method, args) {
  return new Promise((resolve, reject) => {
    // What keyOf throws rejects the call, because it is thrown inside the promise's executor.
    const key = options.key ?? keyOf?.(...args);
    handle.dispatch(
      method,
      args,
      typeof key === 'string' && key !== '' ? key : undefined,
      options.signal,
      traceNumber(options.trace),
      options.transfer,
      options.transferResult !== false,
      options.priority === undefined ? USER_VISIBLE : PRIORITIES.indexOf(options.priority),
      graceMs(options.cancel),
      resolve,
      reject,
    );
  });
}

function graceMs(cancel) {
  return typeof cancel === 'object' && cancel.graceMs !== Infinity ? cancel.graceMs : undefined;
}
