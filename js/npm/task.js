// A task as its user sees it: a proxy whose names are methods of the worker, but for those of the task itself and those
// that tools ask every object for.

import { PRIORITIES, mergeOptions } from './call-options.js';
import { knownOptions, refusal, shown } from './check.js';
import { settingError } from './errors.js';
import { traceNumber } from './trace.js';
import { isProbed } from './worker/task-names.js';

const USER_VISIBLE = PRIORITIES.indexOf('user-visible');

const OPTIONS = [
  'type', 'worker', 'init', 'poolSize', 'keyOf', 'timeoutMs', 'crashPolicy', 'crashMaxRetries', 'taskName', 'taskId',
  'maxInFlight', 'maxQueueDepth', 'queuePolicy', 'idleTimeoutMs', 'hangTimeoutMs', 'startTimeoutMs',
];

export function makeTask(runtime, ids, options) {
  knownOptions(options, OPTIONS, 'defineTask');
  const { worker, keyOf, taskName } = options;
  if (typeof worker !== 'function') {
    throw refusal(worker, 'worker', 'a function that makes a Worker, such as () => new Worker(url)');
  }
  if (keyOf !== undefined && typeof keyOf !== 'function') {
    throw refusal(keyOf, 'keyOf', 'a function of a call\'s arguments that returns its key');
  }
  const { taskId: id = ids.mint(taskName) } = options;
  if (typeof id !== 'string') throw refusal(id, 'taskId', 'a string');
  if (id === '') throw settingError("taskId is ''; leave it out, or take a string that is not empty", 'taskId', true);
  const cores = globalThis.navigator?.hardwareConcurrency || 4;
  const handle = runtime.define_task(id, options, cores, () => makeWorker(worker));
  const task = { handle, payloads: runtime.payloads, keyOf, numbers: new Map(), own: undefined };
  task.own = ownMembers(handle, id, taskName);
  return face(task, {});
}

/** The ids of tasks that were given none: their names where those are free, else numbers. */
export class TaskIds {
  #runtime;
  #next = 1;

  constructor(runtime) {
    this.#runtime = runtime;
  }

  mint(taskName) {
    const named = typeof taskName === 'string' && taskName !== '';
    let id = named ? taskName : this.#numbered();
    for (let nth = 2; this.#runtime.is_task_id_taken(id); nth += 1) id = named ? `${taskName}-${nth}` : this.#numbered();
    return id;
  }

  // No number is given twice, so that no two tasks of a runtime that are told of have the same.
  #numbered() {
    return `task-${this.#next++}`;
  }
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

// What a task answers by itself, whatever options its calls have.
function ownMembers(handle, taskId, taskName) {
  const label = () => `[object Task ${taskName ?? taskId}]`;
  return new Map(Object.entries({
    getState: () => handle.state(),
    startWorkers: () => handle.start_workers(),
    stopWorkers: () => handle.stop_workers(),
    dispose: () => handle.dispose(),
    constructor: Object,
    hasOwnProperty: () => false,
    isPrototypeOf: () => false,
    propertyIsEnumerable: () => false,
    toString: label,
    toLocaleString: label,
    toJSON: () => (taskName === undefined ? { taskId } : { taskId, taskName }),
  }).concat([[Symbol.toStringTag, `Task ${taskName ?? taskId}`]]));
}

function face(task, options) {
  const { own } = task;
  const methods = new Map();
  const method = (name) => {
    let number;
    return (...args) => call(task, options, (number ??= numberOf(task, name)), args);
  };
  methods.set('with', (more) => face(task, mergeOptions(options, more)));
  methods.set('call', (name, ...args) => {
    if (typeof name === 'string') return call(task, options, numberOf(task, name), args);
    return Promise.reject(new TypeError(`task.call takes the name of a method, not ${shown(name)}`));
  });
  const proxy = new Proxy(TARGET, {
    get(_, name) {
      let member = methods.get(name) ?? own.get(name);
      if (member === undefined && isMethod(name)) {
        member = method(name);
        methods.set(name, member);
      }
      return member;
    },
    has: (_, name) => methods.has(name) || own.has(name) || isMethod(name),
    set: () => false,
  });
  methods.set('valueOf', () => proxy);
  return proxy;
}

const TARGET = Object.freeze(Object.create(null));

const isMethod = (name) => typeof name === 'string' && !isProbed(name);

/** A method's number in calls; asking for it introduces the method, so that is done when it is called. */
function numberOf({ handle, numbers }, name) {
  let number = numbers.get(name);
  if (number === undefined) {
    number = handle.method(name);
    numbers.set(name, number);
  }
  return number;
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
