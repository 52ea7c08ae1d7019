// Whatever asks a task what it is calls nothing, and starts no worker.
import { bench, benchWorker } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { watched } from '../watched.js';
import { createTaskRuntime } from '/atelier/index.js';
import { TASK_MEMBERS, isReserved } from '/atelier/worker/task-names.js';

const probedWorker = () => new Worker('/tests/workers/probed.js', { type: 'module' });

const turn = () => new Promise((pass) => setTimeout(pass));

// What tools read, and call when it is a function.
const NAMES = [
  'toJSON', 'toString', 'toLocaleString', 'valueOf', 'constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable',
  '__proto__', '__defineGetter__', '__lookupGetter__', 'then', 'catch', 'finally', 'inspect', 'prototype', 'length', '$$typeof',
  '@@__IMMUTABLE_ITERABLE__@@', '@@iterator', '@@observable', '@@transducer/step', 'fantasy-land/map', 'asymmetricMatch',
  'nodeType', 'nodeName', 'tagName', 'hasAttribute', 'getAttribute', 'isEqualNode', 'cloneNode', 'displayName', 'handleEvent',
  'isReactComponent', 'getDefaultProps', 'defaultProps', '_isVue', '__v_isRef', '__v_skip', '__ob__', '__esModule',
  '_isMockFunction', 'getMockName', 'isSinonProxy', 'toBSON', 'toJS', 'toObject', 'jquery', 'window', 'ngOnDestroy',
];

async function untouched(look) {
  const seen = watched();
  const runtime = createTaskRuntime();
  const task = bench({ worker: seen.worker, taskId: 'id', taskName: 'resize' }, runtime);
  await look(task, runtime);
  await turn();
  deepEqual([task.getState().totalDispatched, seen.workers.length], [0, 0]);
}

export async function names_that_tools_ask_for_are_no_calls() {
  await untouched((task) => {
    for (const each of [task, task.with({ key: 'k' })]) {
      for (const name of NAMES) {
        ok(isReserved(name), name);
        const value = each[name];
        const answer = typeof value === 'function' && name !== 'constructor' ? value.call(each, 'x') : value;
        ok(!(answer instanceof Promise), name);
        void (name in each);
      }
      for (const symbol of Reflect.ownKeys(Symbol).map((key) => Symbol[key]).filter((key) => typeof key === 'symbol')) {
        ok(typeof each[symbol] !== 'function', String(symbol));
      }
      equal(each[Symbol.for('nodejs.util.inspect.custom')], undefined);
    }
  });
}

export async function a_task_is_shown_as_what_it_is() {
  await untouched((task) => {
    equal(String(task), '[object Task resize]');
    equal(`${task}`, '[object Task resize]');
    equal(task + '', '[object Task resize]');
    equal(Object.prototype.toString.call(task), '[object Task resize]');
    equal(task.valueOf(), task);
    ok(Number.isNaN(Number(task)));
    deepEqual(JSON.parse(JSON.stringify({ task })), { task: { taskId: 'id', taskName: 'resize' } });
    deepEqual(JSON.parse(JSON.stringify(bench({ taskId: 'bare' }))), { taskId: 'bare' });
    equal(String(task.with({ key: 'k' })), '[object Task resize]');
  });
}

export async function what_the_language_does_with_objects_is_harmless() {
  await untouched(async (task) => {
    deepEqual([Object.keys(task), { ...task }, Reflect.ownKeys(task), Object.entries(task)], [[], {}, [], []]);
    for (const name in task) throw new Error(`enumerates ${name}`);
    equal(await Promise.resolve(task), task);
    equal(await (async () => task)(), task);
    equal(task instanceof Promise, false);
    throws(() => structuredClone(task), { name: 'DataCloneError' });
    throws(() => [...task], { name: 'TypeError' });
    throws(() => (task.mine = 1), { name: 'TypeError' });
    equal(Object.isFrozen(task), true);
    equal(Object.hasOwn(task, 'echo'), false);
    equal(task.hasOwnProperty('echo'), false);
    deepEqual(['echo' in task, 'with' in task, 'toJSON' in task, 'then' in task, '$$typeof' in task, Symbol.iterator in task], [
      true, true, true, false, false, false,
    ]);
    console.debug(task);
    new Error('with a task', { cause: task });
    new Intl.DateTimeFormat(undefined, Object.create(null)).format(0);
    const map = new WeakMap([[task, 1]]);
    equal(map.get(task), 1);
    Object.assign({}, task);
    deepEqual(JSON.stringify([task]), '[{"taskId":"id","taskName":"resize"}]');
  });
}

export async function handlers_of_such_names_are_called_by_name() {
  const task = bench({ worker: probedWorker });
  equal(await task.plain(), 'plain');
  equal(await task.call('plain'), 'plain');
  for (const name of ['toString', 'toJSON', 'valueOf', 'with', 'call', 'dispose', 'getState', 'inspect', '_private']) {
    ok(isReserved(name), name);
    const [called] = await task.call(name, 1, 2);
    equal(called, name);
    equal((await task.with({ key: 'k' }).call(name))[0], name);
  }
  equal(task._private, undefined, 'what begins with an underscore is private');
  await rejects(task.call('nothing'), { message: "Method 'nothing' not found on worker handlers" });
  for (const name of [undefined, null, 1, Symbol.iterator, {}]) await rejects(task.call(name), { name: 'TypeError', message: 'name' });
}

export async function call_honours_the_options_of_with() {
  const runtime = createTaskRuntime();
  const task = bench({ worker: benchWorker }, runtime);
  equal((await task.with({ key: 'mine' }).call('context')).key, 'mine');
  const gone = task.with({ signal: AbortSignal.abort() });
  await rejects(gone.call('echo', 1), { name: 'AbortError' });
}

export async function the_tasks_own_members_are_those_that_are_reserved() {
  const task = bench();
  for (const name of TASK_MEMBERS) {
    equal(typeof task[name], 'function', name);
    equal(task[name], task[name], name);
    ok(isReserved(name), name);
  }
  for (const name of ['echo', 'resize', 'name', 'apply', 'bind', 'next', 'subscribe', 'render']) equal(isReserved(name), false, name);
}
