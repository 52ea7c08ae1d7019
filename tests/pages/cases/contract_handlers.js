// Handlers of every odd kind: names, errors, results, workers. Each call ends, and the worker lives on.
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench } from '../atelier.js';

const oddWorker = () => new Worker('/tests/workers/odd.js', { type: 'module' });
const odd = (options = {}) => bench({ worker: oddWorker, ...options });

export async function methods_of_a_class_keep_their_this() {
  const task = odd();
  equal(await task.usesThis(), 'own');
  equal(await task.secret(), 42, 'a private field');
  equal(await task['with spaces and ünïcode'](), 'found');
  equal(await task.call('toString'), 'my own toString', 'a name that every object has');
  equal(await task[''](), 'nameless');
}

export async function what_every_object_inherits_is_no_handler() {
  const task = bench();
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'toJSON']) {
    const error = await rejects(task.call(name, 'x'), {}, name);
    equal(error.message, `Method '${name}' not found on worker handlers`);
  }
  const classed = odd();
  for (const name of ['constructor', 'hasOwnProperty', '__proto__', 'notAFunction', 'prefix']) {
    const error = await rejects(classed.call(name, 'x'), {}, name);
    equal(error.message, `Method '${name}' not found on worker handlers`);
  }
  equal(await task.echo(1), 1, 'the worker lives');
}

export async function a_task_survives_what_is_done_to_objects() {
  const task = bench();
  equal(await (async () => task)(), task, 'returned from an async function');
  equal(task[Symbol.toPrimitive], undefined);
  equal(task[Symbol.iterator], undefined);
  equal(task.with({ key: 'k' }).then, undefined);
  equal(typeof task.echo, 'function');
  const { echo, add } = task;
  equal(await echo('loose'), 'loose');
  equal(await add.call(null, 1, 2), 3);
  deepEqual(await Promise.all([1, 2, 3].map((n) => task.echo(n))), [1, 2, 3]);
}

export async function arguments_arrive_as_given() {
  const task = odd();
  deepEqual(await task.arity(), []);
  deepEqual(await task.arity(undefined), ['undefined']);
  deepEqual(await task.arity(1, undefined), [1, 'undefined']);
  deepEqual(await task.arity(undefined, null, 0, '', NaN), ['undefined', null, 0, '', NaN]);
  ok(await task.length0(), 'without arguments the context is the first');
  const date = new Date(5);
  const value = { date, map: new Map([[1, new Set([2])]]), re: /x/g, big: 10n ** 30n, error: new RangeError('r'), sparse: [, 1] };
  const back = (await task.arity(value))[0];
  equal(back.date.getTime(), 5);
  ok(back.map.get(1).has(2));
  equal(back.re.source, 'x');
  equal(back.big, 10n ** 30n);
  ok(back.error instanceof RangeError);
  equal(0 in back.sparse, false, 'a hole stays a hole');
  const loop = {};
  loop.self = loop;
  const looped = (await task.arity(loop))[0];
  equal(looped.self, looped);
  const many = Array.from({ length: 200 }, (_, n) => n);
  deepEqual(await task.arity(...many), many);
}

export async function the_context_is_what_the_contract_says() {
  const task = odd();
  deepEqual(await task.aborted(), { aborted: false, kind: true, id: 'string' });
  deepEqual(await task.keyIsThere(), { key: undefined, traceparent: undefined });
  equal((await task.with({ key: 'k' }).keyIsThere()).key, 'k');
}

export async function odd_things_thrown_end_their_call_and_nothing_else() {
  const task = odd();
  const reasons = {};
  const throwers = [
    'throwUndefined', 'throwNull', 'throwSymbol', 'throwFunction', 'throwUnclonableObject', 'throwOddFields',
    'rejectUndefined', 'throwAggregate',
  ];
  for (const name of throwers) {
    await task[name]().then(
      () => ok(false, `${name} ended well`),
      (reason) => (reasons[name] = reason),
    );
  }
  equal(Object.keys(reasons).length, throwers.length);
  equal(task.getState().lastCrash, undefined);
  equal(task.getState().queueDepth, 0);
  equal(reasons.throwOddFields.message, 'kept');
  equal(reasons.throwAggregate.message, 'both');
  equal(reasons.throwAggregate.name, 'AggregateError');
  equal(await task.secret(), 42);
}

export async function errors_are_named_as_in_the_worker() {
  const task = odd();
  await rejects(task.throwDomException(), { name: 'NotFoundError', message: /^the file is gone$/ });
  await rejects(task.throwTimeoutError(), { name: 'TimeoutError', message: /^too slow$/ });
  await rejects(task.throwCircular(), { name: 'Error', message: /^it goes round$/ });
  const cold = await rejects(task.throwFrozen(), { name: 'TypeError', message: /^cold$/ });
  ok(cold instanceof TypeError);
  await rejects(task.throwSubclass(), { name: 'PaymentError', message: /^too little$/ });
  const late = await rejects(task.rejectLate(), { name: 'SyntaxError', message: /^late$/ });
  ok(late instanceof SyntaxError);
  ok(late.stack.includes('rejectLate'), 'the stack is the worker\'s');
  await rejects(task.abortsItself(), { name: 'AbortError', message: /^my own$/ });
}

export async function odd_results_arrive_or_fail_alone() {
  const task = odd();
  equal(await task.returnUndefined(), undefined);
  equal(await task.returnNull(), null);
  equal(await task.returnThenable(), 'thenable');
  await rejects(task.returnBadThenable(), { name: 'RangeError', message: /^a bad thenable$/ });
  await rejects(task.returnSymbol(), { name: 'DataCloneError' });
  await rejects(task.returnDetached(), { name: 'DataCloneError' });
  await rejects(task.returnLockedStream(), { name: 'DataCloneError' });
  await rejects(task.returnThrowingGetter(), { name: 'RangeError', message: /^the result has a bad getter$/ });
  equal(task.getState().queueDepth, 0);
  equal(task.getState().lastCrash, undefined);
}

export async function promised_ports_and_streams_move() {
  const task = odd();
  const { port } = await task.returnPort();
  const answer = new Promise((pass) => (port.onmessage = ({ data }) => pass(data)));
  port.postMessage('hello');
  equal(await answer, 'heard hello');
  const reader = (await task.returnStream()).getReader();
  deepEqual(await reader.read(), { value: 'first', done: false });
  equal((await reader.read()).done, true);
}

export async function results_that_are_not_to_move_stay_with_the_worker() {
  const task = odd();
  const copying = task.with({ transferResult: false });
  deepEqual(await copying.kept(), new Uint8Array([1, 2, 3]));
  equal(await task.keptLength(), 3, 'the worker keeps what was copied');
  deepEqual(await copying.kept(), new Uint8Array([1, 2, 3]));
  await task.kept();
  equal(await task.keptLength(), 0, 'by default it is moved');
  const [first, second] = await task.same(new ArrayBuffer(4));
  equal(first, second.again, 'one buffer stays one');
}

export async function a_classic_worker_serves_as_well() {
  const task = bench({ worker: () => new Worker('/tests/workers/classic.js'), type: 'parallel', poolSize: 2 });
  deepEqual(await Promise.all([1, 2, 3, 4].map((n) => task.echo(n))), [1, 2, 3, 4]);
  equal(await task.module(), true, 'it is a classic one');
}

export async function deep_and_detached_arguments_fail_alone() {
  const task = bench();
  let deep = [];
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  // Whether the browser can clone this is the browser's affair; the call ends either way.
  await task.kind(deep).catch((error) => ok(error instanceof Error));
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  await rejects(task.echo(detached), { name: 'DataCloneError' });
  await rejects(task.echo(Symbol('odd')), { name: 'DataCloneError' });
  await rejects(task.with({ transfer: [new ArrayBuffer(1), {}] }).echo(1), {});
  equal(await task.echo('alive'), 'alive');
  equal(task.getState().queueDepth, 0);
}
