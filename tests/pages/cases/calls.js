// Calls: values there and back, errors, options, several at once.
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

export async function a_call_returns_what_the_handler_returns() {
  const task = bench();
  equal(await task.add(2, 3), 5);
  equal(await task.later('soon'), 'soon');
  const value = { list: [1, 'two', null], map: new Map([['k', new Set([3])]]), at: new Date(5) };
  deepEqual(await task.echo(value), value);
  equal(await task.echo(undefined), undefined);
}

export async function the_context_comes_last_and_options_never_arrive() {
  const task = bench();
  const context = await task.with({ key: 'k' }).with({ transfer: [] }).context(1, 2);
  equal(context.args, 3);
  equal(context.key, 'k');
  equal(context.aborted, false);
  equal(typeof context.callId, 'string');
}

export async function call_ids_and_traceparents_are_those_of_the_spans() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const trace = runtime.createTrace('one');
  const context = await task.with({ trace }).context();
  const span = events.find((event) => event.kind === 'span');
  equal(context.callId, span.callId);
  equal(context.traceparent, `00-${trace.id}-${span.spanId}-03`);
}

export async function errors_keep_name_message_and_stack() {
  const task = bench();
  const error = await rejects(task.fail('TypeError', 'no such thing'), { name: 'TypeError', message: 'no such thing' });
  ok(error instanceof TypeError, 'its class');
  ok(error.stack.includes('bench.js'), 'the stack is the worker\'s');
  const custom = await rejects(task.fail('PickyError', 'not this'), { name: 'PickyError', message: 'not this' });
  ok(custom instanceof Error);
  equal(await task.throwValue(42).catch((value) => value), 42);
  equal(await task.add(1, 1), 2, 'the worker goes on');
}

export async function an_unknown_method_is_a_clear_error() {
  const task = bench();
  await rejects(task.nope(), { message: "Method 'nope' not found on worker handlers" });
  await rejects(task.call('toString'), { message: "Method 'toString' not found on worker handlers" });
  await rejects(task.call('__proto__'), { message: "Method '__proto__' not found on worker handlers" });
}

export async function a_task_is_no_promise() {
  const task = bench();
  equal(task.then, undefined);
  equal(await (async () => task)(), task);
}

export async function arguments_that_cannot_be_sent_fail_alone() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8 });
  const calls = await Promise.allSettled([task.add(1, 1), task.echo(() => 1), task.add(2, 2)]);
  deepEqual([calls[0].value, calls[1].reason.name, calls[2].value], [2, 'DataCloneError', 4]);
}

export async function a_result_that_cannot_be_sent_fails_alone() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8 });
  const calls = await Promise.allSettled([task.add(1, 1), task.unclonable(), task.add(2, 2)]);
  deepEqual([calls[0].value, calls[1].reason.name, calls[2].value], [2, 'DataCloneError', 4]);
}

export async function a_thousand_calls_come_back_each_to_its_own() {
  const task = bench({ type: 'parallel', poolSize: 3, maxInFlight: 12, maxQueueDepth: 5 });
  const results = await Promise.all(Array.from({ length: 1000 }, (_, i) => task.echo(i)));
  deepEqual(results, Array.from({ length: 1000 }, (_, i) => i));
  const state = task.getState();
  equal(state.queueDepth + state.pendingQueueDepth + state.waitingQueueDepth, 0);
  equal(state.totalDispatched, 1000);
}

export async function idle_workers_are_used_one_after_the_other() {
  const task = bench({ type: 'parallel', poolSize: 3 });
  equal(task.getState().activeWorkers, 0, 'lazy');
  const calls = ['a', 'b', 'c'].map((name) => task.hold(name, name));
  deepEqual(task.getState().queueDepthByWorker, [1, 1, 1]);
  for (const name of ['a', 'b', 'c']) openGate(name);
  deepEqual(await Promise.all(calls), ['a', 'b', 'c']);
}

export async function eager_workers_start_at_once_and_stop_when_idle() {
  const task = bench({ type: 'parallel', poolSize: 2, init: 'eager', idleTimeoutMs: 20 });
  equal(task.getState().activeWorkers, 2);
  await until(() => task.getState().activeWorkers === 0);
  equal(task.getState().workerStatus, 'stopped');
  equal(await task.add(1, 2), 3, 'and start again with work');
}

export async function several_runtimes_do_not_touch_each_other() {
  const [one, two] = [observed(), observed()];
  const a = bench({ taskId: 'same' }, one.runtime);
  const b = bench({ taskId: 'same' }, two.runtime);
  one.runtime.abortTaskController.abort('k');
  await rejects(a.with({ key: 'k' }).add(1, 1), { name: 'AbortError' });
  equal(await b.with({ key: 'k' }).add(1, 1), 2);
  equal(one.events.filter((event) => event.kind === 'span').length, 1);
  equal(two.events.filter((event) => event.kind === 'span').length, 1);
}

export async function a_slow_handler_does_not_hold_back_its_neighbours() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 3 });
  const slow = task.hold('slow', 'slow');
  equal(await task.add(1, 1), 2);
  await heard('slow');
  openGate('slow');
  equal(await slow, 'slow');
}

export async function what_the_worker_function_does_wrong_is_the_calls_error() {
  const runtime = createTaskRuntime();
  const throws = runtime.defineTask({
    type: 'singleton',
    worker: () => {
      throw new RangeError('no workers today');
    },
  });
  await rejects(throws.add(1, 1), { name: 'RangeError', message: 'no workers today' });
  const wrong = runtime.defineTask({ type: 'singleton', worker: () => ({}) });
  await rejects(wrong.add(1, 1), { name: 'TypeError', message: 'no Worker' });
  let working = false;
  const recovers = runtime.defineTask({
    type: 'singleton',
    worker: () => {
      if (!working) throw new Error('not yet');
      return benchWorker();
    },
  });
  await rejects(recovers.add(1, 1), { message: 'not yet' });
  working = true;
  equal(await recovers.add(1, 1), 2);
}
