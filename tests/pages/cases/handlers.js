// How a handler finds its context: as its last argument, whatever its parameters look like, and by `this`.
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench } from '../atelier.js';
import { consoleTold } from '../console.js';

const script = (name) => () => new Worker(`/tests/workers/${name}.js`, { type: 'module' });
const many = { type: 'parallel', poolSize: 1, maxInFlight: 8 };
const placed = (options) => bench({ worker: script('placed'), ...options });

export async function a_parameter_with_a_default_never_gets_the_context() {
  const task = placed();
  equal(await task.scale(3), 6);
  equal(await task.scale(3, 3), 9);
  equal(await task.min(3), 6);
  equal(await task.bound(3), 9);
  equal(await task.proxied(3), 15);
  equal(await task.max(3, 5), 5, 'the browser\'s own functions get none');
  equal(await task.parsed('7', 10), 7);
  deepEqual(await task['comp(uted'](4), [4, 1]);
  deepEqual(await task.defaulted(1), [1, true]);
}

export async function where_arguments_are_missing_the_context_is_still_the_last_parameter() {
  const task = placed();
  deepEqual(await task.area(3), [3, 'none', 'ctx']);
  deepEqual(await task.area(3, 4), [3, 4, 'ctx']);
  deepEqual(await task.area(), ['none', 'none', 'ctx']);
  deepEqual(await task.ranged(3), [3, 2, 'ctx']);
  deepEqual(await task.ranged(3, 4), [3, 4, 'ctx']);
  deepEqual(await task.later(3), [3, 2, 'ctx']);
  deepEqual(await task.tricky(1), [1, "',)", 2, 'ctx']);
  deepEqual(await task.boundWithContext(1), [1, 'ctx']);
  deepEqual(await task.one(), ['ctx']);
  deepEqual(await task.lone(), ['ctx']);
  deepEqual(await task.destructured(5), [5, true, 'string']);
}

export async function rest_parameters_get_it_last() {
  const task = placed();
  deepEqual(await task.all(), ['ctx']);
  deepEqual(await task.all(1, 2), [1, 2, 'ctx']);
  deepEqual(await task.first(1), [1, 'ctx']);
  deepEqual(await task.first(1, 2, 3), [1, 2, 3, 'ctx']);
  deepEqual(await task.first(), ['none', 'ctx']);
  deepEqual(await task.listed(1), [1, 'ctx']);
  deepEqual(await task.lying(1), [1, 'ctx'], 'a function that stands for one of two parameters');
}

export async function a_handler_that_is_replaced_is_read_anew() {
  const task = placed();
  equal(await task.replaced(), 'now');
  equal(await task.replaced(3), 21);
}

export async function calls_see_their_own_context_by_this() {
  const task = placed(many);
  const calls = [1, 2, 3, 4].map((n) => task.with({ key: `k${n}` }).byThis(n));
  const ended = await Promise.all(calls);
  deepEqual(ended.map(({ n, same, key }) => [n, same, key]), [[2, true, 'k1'], [3, true, 'k2'], [4, true, 'k3'], [5, true, 'k4']]);
  equal(new Set(ended.map(({ id }) => id)).size, 4);
  equal(await task.counted(), 4, 'what they set is set on the handlers');
  equal(await task.helped(), true);
  equal(await task.unpacked(), true);
  await rejects(task.context(), { message: "Method 'context' not found on worker handlers" });
}

export async function instances_with_private_fields_keep_them() {
  const task = bench({ worker: script('placed-class'), ...many });
  deepEqual(await task.secret(), [42, true]);
  deepEqual(await task.fields(1), ['own', 1, 'string'], 'an arrow function knows no other this');
  deepEqual(await task.inherited(4), [8, 'string']);
  equal((await task.late())[0], 42, 'alone, it is known after an await as well');
  deepEqual(await Promise.all([task.kept(1), task.kept(2)]), [[1, true], [2, true]]);
  // No call may see another's, so where it cannot be known it is an error that says so.
  const late = await Promise.allSettled([task.late(), task.late()]);
  for (const { reason } of late) ok(!reason || reason.message.startsWith('this.context: several calls run'), reason?.message);
  ok(late.some(({ reason }) => reason));
  equal(await task.own(), 'my own', 'a context of their own is theirs');
}

export async function instances_without_them_tell_calls_apart() {
  const task = bench({ worker: script('open-class'), ...many });
  const ended = await Promise.all([1, 2, 3].map((n) => task.late(n)));
  deepEqual(ended.map(([n, , plus]) => [n, plus]), [[1, 2], [2, 3], [3, 4]]);
  equal(new Set(ended.map(([, id]) => id)).size, 3);
  equal(await task.made(), 3);
}

export async function a_context_can_be_spread() {
  const { names, ...rest } = await placed().with({ key: 'k' }).spread();
  deepEqual(names, ['callId', 'key', 'signal', 'span', 'throwIfAborted', 'traceparent']);
  deepEqual(rest, { signal: true, callId: true, key: 'k', rest: true, span: 7, inner: true, assigned: true });
}

export async function handlers_that_a_task_hides_are_reported_once() {
  const all = consoleTold();
  // A slow start is reported as well.
  const hides = () => all.filter((text) => text.includes('hide'));
  const task = bench({ worker: script('hidden'), type: 'parallel', poolSize: 2, init: 'eager', taskId: 'resize' });
  equal(await task.echo(1), 1, 'the others go on');
  await until(() => hides().length > 0, 'it is reported');
  equal(await Promise.all([task.echo(1), task.echo(2)]).then((both) => both.length), 2);
  const told = hides();
  equal(told.length, 1);
  ok(told[0].includes("'resize'") && told[0].includes("'with', 'dispose'") && told[0].includes('task.call('), told[0]);
  ok(!told[0].includes('echo') && !told[0].includes('toString') && !told[0].includes('_helper'), told[0]);
}
