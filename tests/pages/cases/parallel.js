// parallelLimit: order, limits, errors, and an end that leaves nothing running.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { collect, deferred, turn } from '../deferred.js';
import { createTaskRuntime, parallelLimit } from '/atelier/index.js';

// Items that are settled by hand: `run` is the function to give, `calls` what it was called with.
function byHand() {
  const pending = new Map();
  const calls = [];
  const run = (item) => {
    calls.push(item);
    pending.set(item, deferred());
    return pending.get(item).promise;
  };
  const finish = (item, value = item) => pending.get(item).resolve(value);
  const fail = (item, error = new RangeError(`${item} failed`)) => pending.get(item).reject(error);
  return { run, calls, finish, fail };
}

const aborted = () => new DOMException('gone', 'AbortError');

export async function results_come_in_the_order_in_which_they_finish() {
  const { run, calls, finish } = byHand();
  const all = collect(parallelLimit(['a', 'b', 'c', 'd'], 2, run));
  await turn();
  deepEqual(calls, ['a', 'b'], 'no more than the limit');
  finish('b');
  await turn();
  deepEqual(calls, ['a', 'b', 'c']);
  finish('c');
  await turn();
  finish('d');
  await turn();
  finish('a');
  deepEqual(await all, { values: ['b', 'c', 'd', 'a'] });
}

export async function real_workers_finish_in_their_own_order() {
  const task = bench({ type: 'parallel', poolSize: 2 });
  const results = parallelLimit(['x', 'y'], 2, (name) => task.hold(name, name));
  const first = results.next();
  await heard('x');
  await heard('y');
  openGate('y');
  deepEqual(await first, { done: false, value: 'y' });
  openGate('x');
  deepEqual(await results.next(), { done: false, value: 'x' });
  deepEqual(await results.next(), { done: true, value: undefined });
}

export async function a_consumer_that_is_slow_holds_the_items_back() {
  const { run, calls, finish } = byHand();
  const results = parallelLimit([1, 2, 3, 4], 2, run);
  equal(calls.length, 0, 'nothing before the first next');
  const first = results.next();
  await turn();
  finish(1);
  finish(2);
  equal((await first).value, 1);
  await turn();
  deepEqual(calls, [1, 2], 'nothing is started while the consumer is busy');
  equal((await results.next()).value, 2);
  await results.return();
}

export async function limits_below_one_are_errors_and_fractions_are_cut() {
  for (const limit of [0, -1, 0.5, Number.NaN, -Infinity, undefined, null, '2', {}]) {
    const results = parallelLimit([1], limit, (item) => item);
    await rejects(results.next(), { name: 'RangeError', message: 'requires a limit of at least 1' }, String(limit));
  }
  const { run, calls, finish } = byHand();
  const all = collect(parallelLimit([1, 2, 3], 2.9, run));
  await turn();
  deepEqual(calls, [1, 2]);
  finish(1);
  finish(2);
  await turn();
  finish(3);
  deepEqual(await all, { values: [1, 2, 3] });
  deepEqual(await collect(parallelLimit([1, 2, 3], Infinity, (item) => item)), { values: [1, 2, 3] }, 'all at once');
}

export async function wrong_arguments_are_told_clearly() {
  const run = (item) => item;
  const wrong = [
    [[undefined, 1, run], 'iterable'],
    [[7, 1, run], 'iterable'],
    [[[1], 1, 'run'], 'function'],
    [[[1], 1, run, { errorPolicy: 'ignore' }], 'errorPolicy'],
    [[[1], 1, run, { onError: 'log' }], 'onError'],
    [[[1], 1, run, { keyOf: 'id' }], 'keyOf'],
    [[[1], 1, run, { signal: {} }], 'signal'],
    [[[1], 1, run, { abortTaskController: new AbortController() }], 'abortTaskController'],
  ];
  for (const [args, message] of wrong) await rejects(parallelLimit(...args).next(), { name: 'TypeError', message });
}

export async function nothing_and_less_than_the_limit() {
  deepEqual(await collect(parallelLimit([], 3, (item) => item)), { values: [] });
  deepEqual(await collect(parallelLimit(new Set([1]), 3, (item) => item)), { values: [1] });
  deepEqual(await collect(parallelLimit('ab', 1, (item) => item)), { values: ['a', 'b'] });
  deepEqual(await collect(parallelLimit([undefined, null, 0], 2, (item) => item)), { values: [undefined, null, 0] });
}

export async function fail_fast_throws_the_first_failure_and_starts_nothing_more() {
  const { run, calls, fail } = byHand();
  const told = [];
  const onError = (error, item) => told.push([item, error.message]);
  const all = collect(parallelLimit([1, 2, 3, 4], 2, run, { onError }));
  await turn();
  fail(2);
  const { values, error } = await all;
  deepEqual([values, error.message], [[], '2 failed']);
  deepEqual(told, [[2, '2 failed']]);
  fail(1);
  await turn();
  deepEqual(calls, [1, 2], 'and the other one that fails later counts as nobody\'s rejection');
}

export async function continue_goes_on_past_failures() {
  const told = [];
  const options = { errorPolicy: 'continue', onError: (error, item) => told.push([item, error.message]) };
  const run = (item) => {
    if (item === 2) throw new Error('at once');
    return item === 3 ? Promise.reject(new Error('later')) : item;
  };
  deepEqual(await collect(parallelLimit([1, 2, 3, 4], 2, run, options)), { values: [1, 4] });
  deepEqual(told, [
    [2, 'at once'],
    [3, 'later'],
  ]);
}

export async function settled_results_carry_their_item() {
  const reason = new RangeError('two');
  const run = (item) => (item === 2 ? Promise.reject(reason) : item * 10);
  const told = [];
  const options = { returnSettled: true, onError: (error, item) => told.push(item) };
  const { values, error } = await collect(parallelLimit([1, 2, 3], 1, run, options));
  equal(error, undefined, 'failures are results');
  deepEqual(values, [
    { status: 'fulfilled', value: 10, item: 1 },
    { status: 'rejected', error: reason, reason, item: 2 },
    { status: 'fulfilled', value: 30, item: 3 },
  ]);
  deepEqual(told, [2]);
}

export async function an_on_error_that_throws_is_reported_and_disturbs_nothing() {
  const reported = [];
  const original = console.error;
  console.error = (...words) => reported.push(words);
  const onError = () => {
    throw new TypeError('onError itself');
  };
  const run = (item) => (item === 1 ? Promise.reject(new RangeError('first')) : item);
  const lenient = await collect(parallelLimit([1, 2, 1, 3], 1, run, { errorPolicy: 'continue', onError }));
  const strict = await collect(parallelLimit([1, 2, 3], 1, run, { onError }));
  console.error = original;
  deepEqual(lenient, { values: [2, 3] });
  equal(strict.error.message, 'first', 'the item\'s error, not the one of onError');
  equal(reported.length, 2, 'once for each');
  equal(reported[0].at(-1).message, 'onError itself');
}

export async function items_of_aborted_keys_are_skipped_and_their_results_dropped() {
  const { abortTaskController } = createTaskRuntime();
  abortTaskController.abort('skip');
  const { run, calls, finish, fail } = byHand();
  const options = { abortTaskController, keyOf: (item) => item };
  const all = collect(parallelLimit(['skip', 'late', 'cancelled', 'kept', 'other'], 3, run, options));
  await turn();
  await turn();
  deepEqual(calls, ['late', 'cancelled', 'kept'], 'never called for an aborted key');
  abortTaskController.abort('late');
  finish('late');
  fail('cancelled', aborted());
  await turn();
  finish('kept');
  finish('other');
  deepEqual(await all, { values: ['kept', 'other'] }, 'an AbortError is not fatal, and no result');
}

export async function an_abort_error_is_fatal_where_nothing_is_cancelled() {
  const run = () => Promise.reject(aborted());
  const { error } = await collect(parallelLimit([1], 1, run));
  equal(error.name, 'AbortError');
  const { signal } = new AbortController();
  const told = [];
  deepEqual(await collect(parallelLimit([1], 1, run, { signal, onError: (e) => told.push(e) })), { values: [] });
  equal(told.length, 0, 'a cancellation is no error');
}

export async function only_non_empty_strings_are_keys() {
  const { abortTaskController } = createTaskRuntime();
  abortTaskController.abort('');
  abortTaskController.abort('undefined');
  abortTaskController.abort('7');
  for (const key of ['', undefined, 7, null]) {
    const options = { abortTaskController, keyOf: () => key };
    deepEqual(await collect(parallelLimit([1], 1, (item) => item, options)), { values: [1] }, String(key));
  }
}

export async function a_key_of_that_throws_fails_its_item() {
  const keyOf = (item) => {
    if (item === 2) throw new RangeError('no key');
    return 'k';
  };
  const { abortTaskController } = createTaskRuntime();
  const options = { abortTaskController, keyOf, returnSettled: true };
  const { values } = await collect(parallelLimit([1, 2, 3], 1, (item) => item, options));
  deepEqual(values.map((each) => [each.item, each.status]), [[1, 'fulfilled'], [2, 'rejected'], [3, 'fulfilled']]);
}

export async function after_a_signal_nothing_starts_and_what_runs_is_still_yielded() {
  const controller = new AbortController();
  const { run, calls, finish, fail } = byHand();
  const all = collect(parallelLimit([1, 2, 3, 4], 2, run, { signal: controller.signal }));
  await turn();
  finish(1);
  await turn();
  deepEqual(calls, [1, 2, 3]);
  controller.abort();
  await turn();
  finish(3);
  fail(2, aborted());
  deepEqual(await all, { values: [1, 3] }, 'the quiet end of a call is no result');
  deepEqual(calls, [1, 2, 3]);
  const closed = [];
  const gone = { signal: AbortSignal.abort() };
  deepEqual(await collect(parallelLimit(source(closed), 2, run, gone)), { values: [] });
  deepEqual([calls.length, closed], [3, []], 'nothing of it is touched when it is aborted from the start');
}

export async function after_a_signal_settled_ones_are_told_too() {
  const controller = new AbortController();
  const { run, calls, finish, fail } = byHand();
  const options = { signal: controller.signal, returnSettled: true };
  const all = collect(parallelLimit(['a', 'b', 'c'], 2, run, options));
  await turn();
  controller.abort();
  const reason = aborted();
  fail('a', reason);
  finish('b');
  const { values } = await all;
  deepEqual(calls, ['a', 'b']);
  deepEqual(values.map(({ status, item }) => [status, item]), [['rejected', 'a'], ['fulfilled', 'b']]);
  deepEqual([values[0].error === reason, values[0].reason === reason], [true, true]);
}

export async function a_signal_does_not_wait_for_a_source_that_never_answers() {
  const controller = new AbortController();
  const closed = [];
  const stuck = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => closed.push('closed') }),
  };
  const all = collect(parallelLimit(stuck, 2, (item) => item, { signal: controller.signal }));
  await turn();
  controller.abort();
  deepEqual(await all, { values: [] });
  deepEqual(closed, ['closed']);
}

export async function results_of_aborted_keys_are_told_where_all_are_settled() {
  const { abortTaskController } = createTaskRuntime();
  const { run, finish, fail } = byHand();
  const options = { abortTaskController, keyOf: (item) => item, returnSettled: true };
  const all = collect(parallelLimit(['late', 'cancelled', 'never'], 2, run, options));
  await turn();
  for (const key of ['late', 'cancelled', 'never']) abortTaskController.abort(key);
  finish('late');
  fail('cancelled', aborted());
  const { values } = await all;
  deepEqual(values.map(({ status, item }) => [status, item]), [['fulfilled', 'late'], ['rejected', 'cancelled']]);
}

// A source that says when it is closed.
function* source(closed) {
  try {
    for (let n = 1; ; n++) yield n;
  } finally {
    closed.push('closed');
  }
}

export async function a_break_closes_the_source_and_starts_nothing_more() {
  const closed = [];
  const { run, calls, finish, fail } = byHand();
  let results = parallelLimit(source(closed), 3, run);
  const first = results.next();
  await turn();
  finish(2);
  equal((await first).value, 2);
  await results.return();
  deepEqual([closed, calls], [['closed'], [1, 2, 3]]);
  deepEqual(await results.next(), { done: true, value: undefined });
  fail(1);
  finish(3);
  await turn();
  deepEqual(calls, [1, 2, 3], 'not even when the others end, one of them badly');
  for await (const value of (results = parallelLimit(source(closed), 2, (item) => item))) {
    if (value === 3) break;
  }
  equal(closed.length, 2);
  deepEqual(await results.next(), { done: true, value: undefined });
}

export async function a_return_during_a_next_ends_both() {
  const closed = [];
  const { run, calls, fail } = byHand();
  const results = parallelLimit(source(closed), 2, run);
  const next = results.next();
  await turn();
  const end = results.return('early');
  deepEqual(await next, { done: true, value: undefined });
  deepEqual(await end, { done: true, value: 'early' });
  deepEqual(closed, ['closed']);
  fail(1);
  fail(2);
  await turn();
  deepEqual(calls, [1, 2]);
}

export async function a_failure_closes_the_source_too() {
  const closed = [];
  const { error } = await collect(parallelLimit(source(closed), 2, () => Promise.reject(new RangeError('no'))));
  equal(error.message, 'no');
  deepEqual(closed, ['closed']);
  const rude = { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: () => { throw new Error('rude'); } }) };
  const failed = await collect(parallelLimit(rude, 1, () => Promise.reject(new RangeError('the real one'))));
  equal(failed.error.message, 'the real one');
}

export async function async_sources_are_asked_for_one_item_at_a_time() {
  const asked = [];
  const gates = [deferred(), deferred(), deferred()];
  const closed = [];
  async function* slow() {
    try {
      for (let n = 0; n < 3; n++) {
        asked.push(n);
        yield await gates[n].promise;
      }
    } finally {
      closed.push('closed');
    }
  }
  const all = collect(parallelLimit(slow(), 5, async (item) => item));
  await turn();
  deepEqual(asked, [0]);
  gates[0].resolve('a');
  await turn();
  deepEqual(asked, [0, 1], 'a result does not wait for a slow source');
  gates[1].resolve('b');
  gates[2].resolve('c');
  deepEqual(await all, { values: ['a', 'b', 'c'] });
  deepEqual(closed, ['closed']);
}

export async function results_do_not_wait_for_a_source_that_never_answers() {
  const returned = [];
  let asked = 0;
  const stuck = {
    [Symbol.asyncIterator]: () => ({
      next: () => (asked++ === 0 ? Promise.resolve({ done: false, value: 'only' }) : new Promise(() => {})),
      return: () => {
        returned.push(true);
        return new Promise(() => {});
      },
    }),
  };
  const results = parallelLimit(stuck, 2, (item) => item);
  equal((await results.next()).value, 'only');
  await results.return();
  deepEqual(returned, [true], 'and a break does not hang on it either');
}

export async function a_source_that_throws_is_the_callers_error() {
  function* bad() {
    yield 1;
    throw new RangeError('dry');
  }
  async function* worse() {
    yield 1;
    throw new RangeError('dry');
  }
  for (const items of [bad(), worse()]) {
    const { error } = await collect(parallelLimit(items, 1, (item) => item, { errorPolicy: 'continue' }));
    equal(error.message, 'dry');
  }
}

export async function aborting_a_key_of_a_real_task_skips_drops_and_goes_on() {
  const runtime = createTaskRuntime();
  const { abortTaskController } = runtime;
  const task = bench({ type: 'parallel', poolSize: 2, keyOf: (name) => name }, runtime);
  const options = { abortTaskController, keyOf: (name) => name };
  const all = collect(parallelLimit(['one', 'two', 'three'], 2, (name) => task.hold(name, name), options));
  await heard('one');
  await heard('two');
  abortTaskController.abort('one');
  openGate('one');
  openGate('two');
  openGate('three');
  deepEqual(await all, { values: ['two', 'three'] });
  ok(abortTaskController.isAborted('one'));
}

export async function many_items_take_time_in_proportion() {
  // One promise raced against all others would make this quadratic: ten billion steps, which no watchdog would wait for.
  const many = 100_000;
  let sum = 0;
  for await (const value of parallelLimit(Array.from({ length: many }, (_, i) => i), many, async (item) => item)) sum += value;
  equal(sum, (many * (many - 1)) / 2);
}
