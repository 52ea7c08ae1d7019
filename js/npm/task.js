// A task as its user sees it: a proxy whose every other name is a method of the worker.

import { PRIORITIES, mergeOptions } from './call-options.js';
import { shown } from './check.js';
import { settingError } from './errors.js';
import { traceNumber } from './trace.js';

const USER_VISIBLE = PRIORITIES.indexOf('user-visible');

let nextId = 1;

export function makeTask(runtime, options) {
  const { worker, keyOf } = options;
  if (typeof worker !== 'function') {
    throw refusal('worker', worker, 'a function that makes a Worker, such as () => new Worker(url)');
  }
  if (keyOf !== undefined && typeof keyOf !== 'function') {
    throw refusal('keyOf', keyOf, 'a function of a call\'s arguments that returns its key');
  }
  const { taskId: id = ownId() } = options;
  if (typeof id !== 'string') throw refusal('taskId', id, 'a string');
  if (id === '') throw settingError("taskId is ''; leave it out, or take a string that is not empty", 'taskId', true);
  const cores = globalThis.navigator?.hardwareConcurrency || 4;
  const handle = runtime.define_task(id, options, cores, () => makeWorker(worker));
  const life = {
    getState: () => handle.state(),
    startWorkers: () => handle.start_workers(),
    stopWorkers: () => handle.stop_workers(),
    dispose: () => handle.dispose(),
  };
  return face({ handle, payloads: runtime.payloads, life, keyOf }, {});
}

function refusal(option, value, wanted) {
  return settingError(`${option} is ${shown(value)}; it takes ${wanted}`, option, false);
}

// Readable, and nothing that a user's own id would be.
function ownId() {
  const [salt] = crypto.getRandomValues(new Uint32Array(1));
  return `task-${nextId++}-${salt.toString(36)}`;
}

function makeWorker(factory) {
  // In Node and in unit tests the factory's own error would be a bare ReferenceError.
  if (typeof Worker !== 'function') {
    throw new Error('Tasks run in web workers, and there is no `Worker` here (Node, a server, a unit test without one)');
  }
  const worker = factory();
  if (!(worker instanceof Worker)) {
    throw new TypeError('the worker function returned something that is no Worker');
  }
  return worker;
}

function face(task, options) {
  const methods = new Map(Object.entries(task.life));
  methods.set('with', (more) => face(task, mergeOptions(options, more)));
  return new Proxy(Object.freeze(Object.create(null)), {
    get(_, name) {
      // No `then`: a task is no promise, and must survive being returned from an async function.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let method = methods.get(name);
      if (!method) {
        const number = task.handle.method(name);
        method = (...args) => call(task, options, number, args);
        methods.set(name, method);
      }
      return method;
    },
    has: (_, name) => typeof name === 'string' && name !== 'then',
    set: () => false,
  });
}

function call({ handle, payloads, keyOf }, options, method, args) {
  return new Promise((resolve, reject) => {
    // What keyOf throws rejects the call, because it is thrown inside the promise's executor.
    let key = options.key ?? keyOf?.(...args);
    if (typeof key !== 'string' || key === '') key = undefined;
    const { signal, trace, transfer, transferResult, priority, cancel } = options;
    payloads.hand(args, key, transfer, transferResult !== false, resolve, reject, handle);
    handle.dispatch(
      method,
      key,
      signal,
      trace === undefined ? undefined : traceNumber(trace),
      priority === undefined ? USER_VISIBLE : PRIORITIES.indexOf(priority),
      cancel === undefined ? undefined : graceMs(cancel),
    );
  });
}

function graceMs(cancel) {
  return typeof cancel === 'object' && cancel.graceMs !== Infinity ? cancel.graceMs : undefined;
}
