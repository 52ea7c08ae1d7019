// What listeners and traces are told, at the edges.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, heard, observed, openGate } from '../atelier.js';

const spansOf = (events) => events.filter(({ kind }) => kind === 'span');
const tracesOf = (events) => events.filter(({ kind }) => kind === 'trace');

export async function every_outcome_has_its_fields() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 'id', taskName: 'name', maxQueueDepth: 1, queuePolicy: 'reject' }, runtime);
  const trace = runtime.createTrace('whole');
  const traced = task.with({ trace });
  await traced.echo(1);
  await rejects(traced.fail('TypeError', 'my own words'), { name: 'TypeError' });
  const held = traced.with({ key: 'k' }).listen('held');
  await heard('held');
  const pending = traced.echo('pending');
  await rejects(traced.add(1, 1), { name: 'QueueDropError' });
  runtime.abortTaskController.abort('k');
  await rejects(held, { name: 'AbortError' });
  await pending;
  await rejects(traced.crash('boom'), { name: 'WorkerCrashedError' });
  trace.end();
  const spans = Object.fromEntries(spansOf(events).map((span) => [`${span.method} ${span.status}`, span]));
  const expected = {
    'echo ok': [1, undefined, undefined],
    'fail error': [1, 'exception', /my own words/],
    'listen canceled': [1, 'abort', undefined],
    'add error': [0, 'queue', /Task queue policy 'reject' dropped item/],
    'crash error': [1, 'crash', /Worker crashed for task 'id'/],
  };
  deepEqual(Object.keys(spans).sort(), Object.keys(expected).sort());
  for (const [which, [attempts, errorKind, error]] of Object.entries(expected)) {
    const span = spans[which];
    equal(span.name, 'atelier:span', which);
    deepEqual([span.traceId, span.traceName], [trace.id, 'whole'], which);
    deepEqual([span.taskId, span.taskName, span.taskType], ['id', 'name', 'singleton'], which);
    deepEqual([span.attemptCount, span.errorKind], [attempts, errorKind], which);
    equal(span.workerIndex, attempts > 0 ? 0 : undefined, which);
    ok(typeof span.callId === 'string' && /^[0-9a-f]{16}$/.test(span.spanId), which);
    ok(span.durationMs >= 0 && Math.abs(span.ts - Date.now()) < 120_000, which);
    if (error) ok(error.test(span.error), `${which}: ${span.error}`);
    if (span.status === 'ok') equal(span.error, undefined);
    if (attempts > 0) ok(span.queueWaitMs >= 0 && span.queueWaitMs <= span.durationMs, which);
  }
  deepEqual(tracesOf(events).map(({ traceId, traceName, status, name }) => [traceId, traceName, status, name]), [
    [trace.id, 'whole', 'ok', 'atelier:trace'],
  ]);
}

export async function traces_nest_without_touching_each_other() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const ids = [];
  const result = await runtime.runWithTrace('outer', async (outer) => {
    ids.push(outer.id);
    const inner = await Promise.all(
      ['left', 'right'].map((name) =>
        runtime.runWithTrace(name, async (trace) => {
          ids.push(trace.id);
          await task.with({ trace }).echo(name);
          return name;
        }),
      ),
    );
    await task.with({ trace: outer }).echo('outer');
    equal(tracesOf(events).length, 2, 'the outer one goes on');
    return inner;
  });
  deepEqual(result, ['left', 'right']);
  equal(new Set(ids).size, 3);
  deepEqual(tracesOf(events).map(({ traceName }) => traceName).sort(), ['left', 'outer', 'right']);
  deepEqual(spansOf(events).map(({ traceName }) => traceName).sort(), ['left', 'outer', 'right']);
}

export async function a_failing_function_fails_its_trace_and_its_caller() {
  const { runtime, events } = observed();
  await rejects(
    runtime.runWithTrace('sync', () => {
      throw new RangeError('thrown at once');
    }),
    { name: 'RangeError', message: 'thrown at once' },
  );
  await rejects(
    runtime.runWithTrace('aborted', async () => {
      throw new DOMException('stop', 'AbortError');
    }),
    { name: 'AbortError' },
  );
  await runtime.runWithTrace('ended twice', (trace) => trace.end({ status: 'error', error: new Error('first word') }));
  const told = tracesOf(events).map(({ traceName, status, errorKind, error }) => [traceName, status, errorKind, error]);
  deepEqual(told, [
    ['sync', 'error', 'exception', 'thrown at once'],
    ['aborted', 'canceled', 'abort', 'stop'],
    ['ended twice', 'error', 'exception', 'first word'],
  ]);
}

export async function calls_of_an_ended_trace_still_work() {
  const { runtime } = observed();
  const trace = runtime.createTrace();
  trace.end();
  equal(await bench({}, runtime).with({ trace }).echo(1), 1);
}

export async function an_unsampled_trace_is_silent_but_counted() {
  const { runtime, events } = observed({ spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' });
  await runtime.runWithTrace('silent', (trace) => {
    equal(trace.sampled, false);
    return bench({}, runtime).with({ trace }).echo(1);
  });
  equal(spansOf(events).length + tracesOf(events).length, 0);
  equal(performance.getEntriesByName('atelier:span').length, 0);
  ok(events.some(({ name, value }) => name === 'task.success.total' && value === 1));
}

export async function the_same_listener_twice_is_two_and_leaving_twice_is_one() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  let told = 0;
  const listener = ({ name }) => (told += name === 'task.success.total' ? 1 : 0);
  const [first, second] = [runtime.subscribeEvents(listener), runtime.subscribeEvents(listener)];
  await task.echo(1);
  await until(() => told === 2);
  first();
  first();
  await task.echo(2);
  await until(() => told === 3);
  second();
  const witness = [];
  runtime.subscribeEvents((event) => witness.push(event));
  await task.echo(3);
  await until(() => witness.some(({ name }) => name === 'task.success.total'));
  equal(told, 3);
}

export async function one_who_leaves_hears_nothing_more_of_the_same_turn() {
  const runtime = createTaskRuntime({ observability: { metrics: 'on' } });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4 }, runtime);
  let after = 0;
  const leave = runtime.subscribeEvents(() => (after += 1));
  const calls = [1, 2, 3].map((n) => task.echo(n));
  leave();
  const heardSoFar = after;
  await Promise.all(calls);
  equal(after, heardSoFar);
}

export async function counters_count_in_ones_and_gauges_end_at_rest() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 2, maxQueueDepth: 2 }, runtime);
  const calls = Array.from({ length: 6 }, (_, n) => task.hold('gauges', n));
  await heard('gauges');
  openGate('gauges');
  await Promise.all(calls);
  await until(() => events.filter(({ name }) => name === 'task.success.total').length === 6);
  ok(events.filter(({ kind }) => kind === 'counter').every(({ value }) => value === 1));
  const gauge = (name) => events.filter((event) => event.name === name).map(({ value }) => value);
  deepEqual([Math.max(...gauge('queue.in_flight')), Math.max(...gauge('queue.pending')), Math.max(...gauge('queue.waiting'))], [2, 2, 2]);
  for (const name of ['queue.in_flight', 'queue.pending', 'queue.waiting']) equal(gauge(name).at(-1), 0, name);
  equal(gauge('workers.active').at(-1), 2);
}

export async function snapshots_are_values_of_their_moment() {
  const { runtime } = observed();
  const task = bench({ taskId: 's' }, runtime);
  const before = runtime.getRuntimeSnapshot();
  const call = task.hold('snap', 1);
  await heard('snap');
  deepEqual([before.tasks[0].queueDepth, before.tasks[0].totalDispatched], [0, 0]);
  const during = task.getState();
  deepEqual([during.queueDepth, during.taskStatus, during.workerStatus], [1, 'active', 'running']);
  during.queueDepth = 99;
  equal(task.getState().queueDepth, 1);
  openGate('snap');
  await call;
  equal('taskId' in task.getState(), false, 'a state has no id, a snapshot has');
  JSON.stringify(runtime.getRuntimeSnapshot());
}

export async function an_immediate_listener_may_stop_at_once() {
  const runtime = createTaskRuntime();
  let told = 0;
  const stop = runtime.subscribeRuntimeSnapshot(() => (told += 1), { intervalMs: 1 });
  stop();
  stop();
  await new Promise((pass) => setTimeout(pass, 40));
  equal(told, 1);
}
