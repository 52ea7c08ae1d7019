// yieldAsCompleted: promises in the order in which they settle.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, rejects } from '../assert.js';
import { collect, deferred, turn } from '../deferred.js';
import { yieldAsCompleted } from '/atelier/index.js';

export async function results_come_as_they_settle() {
  const [a, b, c] = [deferred(), deferred(), deferred()];
  const all = collect(yieldAsCompleted([a.promise, b.promise, c.promise]));
  b.resolve('b');
  await turn();
  c.resolve('c');
  await turn();
  a.resolve('a');
  deepEqual(await all, { values: ['b', 'c', 'a'] });
}

export async function the_same_promise_twice_ends() {
  const p = deferred();
  const all = collect(yieldAsCompleted([p.promise, p.promise]));
  p.resolve(7);
  deepEqual(await all, { values: [7, 7] });
  const same = Promise.resolve('x');
  deepEqual(await collect(yieldAsCompleted([same, same, 'plain', undefined])), { values: ['x', 'x', 'plain', undefined] });
}

export async function nothing_ends_at_once() {
  deepEqual(await collect(yieldAsCompleted([])), { values: [] });
  deepEqual(await collect(yieldAsCompleted(new Set([Promise.resolve(1)]))), { values: [1] });
}

export async function the_first_failure_is_thrown_and_the_rest_is_nobodys() {
  const [a, b, c] = [deferred(), deferred(), deferred()];
  const all = collect(yieldAsCompleted([a.promise, b.promise, c.promise]));
  a.resolve('a');
  await turn();
  b.reject(new RangeError('b'));
  const { values, error } = await all;
  deepEqual([values, error.message], [['a'], 'b']);
  c.reject(new RangeError('late'));
  await turn();
}

export async function a_failure_before_the_first_next_waits_for_it() {
  const results = yieldAsCompleted([Promise.reject(new RangeError('early')), Promise.resolve(1)]);
  await turn();
  await turn();
  await rejects(results.next(), { name: 'RangeError', message: 'early' });
  deepEqual(await results.next(), { done: true, value: undefined });
}

export async function a_break_leaves_nothing_behind() {
  const [a, b] = [deferred(), deferred()];
  for await (const value of yieldAsCompleted([Promise.resolve(1), a.promise, b.promise])) {
    equal(value, 1);
    break;
  }
  a.reject(new Error('after the break'));
  const results = yieldAsCompleted([b.promise]);
  const next = results.next();
  const end = results.return('early');
  deepEqual(await next, { done: true, value: undefined }, 'a return during a next ends both');
  deepEqual(await end, { done: true, value: 'early' });
  b.reject(new Error('after the return'));
  await turn();
}

export async function async_iterables_are_read_as_they_come() {
  const closed = [];
  async function* promises() {
    try {
      yield 1;
      yield 2;
      yield 3;
    } finally {
      closed.push('closed');
    }
  }
  deepEqual(await collect(yieldAsCompleted(promises())), { values: [1, 2, 3] });
  deepEqual(closed, ['closed']);
  async function* bad() {
    yield 1;
    throw new RangeError('dry');
  }
  const { values, error } = await collect(yieldAsCompleted(bad()));
  deepEqual([values, error.message], [[1], 'dry']);
}

export async function what_is_not_iterable_is_told() {
  for (const wrong of [undefined, null, 7, {}]) {
    await rejects(yieldAsCompleted(wrong).next(), { name: 'TypeError', message: 'iterable' });
  }
}

export async function calls_of_real_workers_settle_in_their_own_order() {
  const task = bench({ type: 'parallel', poolSize: 2 });
  const results = yieldAsCompleted([task.hold('slow', 'slow'), task.hold('quick', 'quick')]);
  await heard('quick');
  await heard('slow');
  openGate('quick');
  deepEqual(await results.next(), { done: false, value: 'quick' });
  openGate('slow');
  deepEqual((await collect(results)).values, ['slow']);
}

export async function many_promises_take_time_in_proportion() {
  const many = 200_000;
  let sum = 0;
  for await (const value of yieldAsCompleted(Array.from({ length: many }, (_, i) => Promise.resolve(i)))) sum += value;
  equal(sum, (many * (many - 1)) / 2);
}
