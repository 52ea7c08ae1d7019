// parallelLimit and yieldAsCompleted, held by hand as a generator may be.
import { createTaskRuntime, parallelLimit, yieldAsCompleted } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench, openGate, said } from '../atelier.js';

const turn = () => new Promise((pass) => setTimeout(pass));

export async function nothing_starts_before_it_is_asked_for() {
  let started = 0;
  const results = parallelLimit([1, 2, 3], 2, () => (started += 1));
  await turn();
  equal(started, 0);
  equal(typeof results[Symbol.asyncIterator], 'function');
  equal(results[Symbol.asyncIterator](), results);
  equal((await results.next()).done, false);
  await results.return();
  ok(started <= 2);
}

export async function several_nexts_at_once_get_one_result_each() {
  const results = parallelLimit([1, 2, 3], 3, async (item) => item * 10);
  const four = await Promise.all([results.next(), results.next(), results.next(), results.next()]);
  deepEqual(four.map(({ value }) => value).slice(0, 3).sort(), [10, 20, 30]);
  deepEqual(four[3], { value: undefined, done: true });
  deepEqual(await results.next(), { value: undefined, done: true });
}

export async function a_throw_into_it_closes_the_source() {
  let closed = 0;
  function* source() {
    try {
      yield 1;
      yield 2;
      yield 3;
    } finally {
      closed += 1;
    }
  }
  const results = parallelLimit(source(), 1, async (item) => item);
  await results.next();
  await rejects(results.throw(new RangeError('thrown in')), { name: 'RangeError', message: 'thrown in' });
  equal(closed, 1);
  equal((await results.next()).done, true);
}

export async function a_failure_is_the_same_object_that_was_thrown() {
  const reason = { not: 'an error' };
  const results = parallelLimit([1], 1, () => Promise.reject(reason));
  equal(await results.next().catch((error) => error), reason);
  const settled = await parallelLimit([1], 1, () => { throw reason; }, { returnSettled: true }).next();
  deepEqual(Object.keys(settled.value).sort(), ['error', 'item', 'reason', 'status']);
  deepEqual([settled.value.reason === reason, settled.value.error === reason], [true, true]);
}

export async function settled_ones_never_throw_even_fail_fast() {
  const options = { returnSettled: true, errorPolicy: 'fail-fast' };
  const all = [];
  for await (const { status, item } of parallelLimit([1, 2, 3], 1, (n) => (n === 2 ? Promise.reject(n) : n), options)) {
    all.push([item, status]);
  }
  deepEqual(all, [[1, 'fulfilled'], [2, 'rejected'], [3, 'fulfilled']]);
}

export async function a_break_leaves_real_calls_to_end_by_themselves() {
  const runtime = createTaskRuntime();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2, maxQueueDepth: 4 }, runtime);
  const started = [];
  for await (const value of parallelLimit([0, 1, 2, 3, 4], 2, (n) => {
    started.push(n);
    return n === 0 ? task.echo(n) : task.hold(`held ${n}`, n);
  })) {
    equal(value, 0);
    break;
  }
  const atBreak = started.length;
  openGate('held 1');
  await turn();
  await turn();
  equal(started.length, atBreak, 'nothing more starts');
  ok(atBreak <= 3);
  ok(!said().includes('held 4'));
}

export async function completed_takes_values_and_thenables() {
  const thenable = { then: (pass) => setTimeout(() => pass('thenable'), 5) };
  const all = [];
  for await (const value of yieldAsCompleted([thenable, 1, Promise.resolve(undefined)])) all.push(value);
  deepEqual(all, [1, undefined, 'thenable']);
  const one = Promise.resolve('same');
  const twice = [];
  for await (const value of yieldAsCompleted([one, one])) twice.push(value);
  ok(twice.length >= 1 && twice.every((value) => value === 'same'), 'it ends');
}
