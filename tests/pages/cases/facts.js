// What is told of calls that never reach a worker, and to listeners that come late.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, heard, observed, openGate } from '../atelier.js';

const total = (events, name) => events.filter((event) => event.name === name).length;
const spansOf = (events) => events.filter(({ kind }) => kind === 'span');
const isGauge = ({ kind }) => kind === 'gauge';
const passed = (since, ms) => until(() => performance.now() - since > ms);

function waits(span, least) {
  ok(span.queueWaitMs >= least, `it waited ${span.queueWaitMs} ms, at least ${least}`);
  equal(span.queueWaitLastMs, span.queueWaitMs, 'in one go');
  ok(Math.abs(span.queueWaitMs - span.durationMs) < 0.001, 'and did nothing else');
  deepEqual([span.attemptCount, span.workerIndex], [0, undefined]);
}

export async function a_call_that_never_starts_has_waited_until_its_end() {
  const { runtime, events } = observed();
  const task = bench({ maxInFlight: 1, maxQueueDepth: 1 }, runtime);
  const held = task.hold('held', 1);
  await heard('held');
  const began = performance.now();
  const aborter = new AbortController();
  const calls = {
    signal: task.with({ signal: aborter.signal }).echo('signal'),
    key: task.with({ key: 'k' }).add(1, 1),
  };
  const disposed = task.spin(1);
  await passed(began, 20);
  aborter.abort();
  runtime.abortTaskController.abort('k');
  await rejects(calls.signal, { name: 'AbortError' });
  await rejects(calls.key, { name: 'AbortError' });
  await passed(began, 40);
  openGate('held');
  task.dispose();
  await rejects(disposed, { name: 'TaskDisposedError' });
  await rejects(held, { name: 'TaskDisposedError' });
  const spans = Object.fromEntries(spansOf(events).map((span) => [span.method, span]));
  waits(spans.echo, 20);
  waits(spans.add, 20);
  waits(spans.spin, 40);
  ok(spans.hold.queueWaitMs < spans.hold.durationMs, 'the one that ran');
}

export async function a_call_that_times_out_or_is_dropped_in_the_queue_has_waited() {
  const { runtime, events } = observed();
  const task = bench({ maxInFlight: 1, maxQueueDepth: 1, queuePolicy: 'drop-oldest', timeoutMs: 50 }, runtime);
  const held = task.hold('never', 1);
  const dropped = task.echo('dropped');
  const late = task.add(1, 1);
  const ends = await Promise.allSettled([held, dropped, late]);
  deepEqual(ends.map(({ reason }) => reason.name), ['AbortError', 'QueueDropError', 'AbortError']);
  openGate('never');
  const spans = Object.fromEntries(spansOf(events).map((span) => [span.method, span]));
  waits(spans.echo, 0);
  waits(spans.add, 49);
  deepEqual(spansOf(events).map(({ cancelReason }) => cancelReason), [undefined, 'timeout', 'timeout']);
}

export async function a_wait_for_a_place_is_part_of_the_last_wait() {
  const { runtime, events } = observed();
  const task = bench({ maxInFlight: 1, maxQueueDepth: 1 }, runtime);
  const calls = [task.hold('one', 1), task.hold('two', 2), task.echo(3)];
  for (const gate of ['one', 'two']) {
    await heard(gate);
    await passed(performance.now(), 20);
    openGate(gate);
  }
  await Promise.all(calls);
  const last = spansOf(events).at(-1);
  equal(last.method, 'echo');
  ok(last.phases.admission > 15 && last.queueWaitMs > 35, 'it waited for a place, then in the queue');
  equal(last.queueWaitLastMs, last.queueWaitMs);
}

export async function what_cancelled_a_call_is_told() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const aborter = new AbortController();
  const calls = [
    task.with({ key: 'k' }).hold('a', 1),
    task.with({ signal: aborter.signal }).hold('b', 1),
    task.with({ signal: AbortSignal.abort() }).echo(1),
  ];
  runtime.abortTaskController.abort('k');
  aborter.abort();
  await Promise.allSettled(calls);
  await task.echo(1);
  const reasons = spansOf(events).map(({ status, cancelReason }) => [status, cancelReason]);
  deepEqual(reasons.sort(), [['canceled', 'key'], ['canceled', 'signal'], ['canceled', 'signal'], ['ok', undefined]]);
}

export async function a_worker_that_was_never_made_is_not_counted() {
  const { runtime, events } = observed();
  const broken = (init) => runtime.defineTask({
    type: 'parallel',
    poolSize: 2,
    init,
    worker: () => {
      throw new RangeError('no worker today');
    },
  });
  const task = broken('lazy');
  const error = await task.add(1, 1).catch((error) => error);
  ok(`${error.message} ${error.cause?.message}`.includes('no worker today'));
  broken('eager');
  equal(total(events, 'worker.spawn.total') + total(events, 'worker.terminate.total'), 0);
  equal(events.filter(({ name, value }) => name === 'workers.active' && value > 0).length, 0, 'not for a moment');
  deepEqual([total(events, 'task.failure.total'), total(events, 'task.rejected.total')], [1, 0]);
  const [{ status, errorKind, queueWaitMs }] = spansOf(events);
  deepEqual([status, errorKind, typeof queueWaitMs], ['error', 'crash', 'number']);
  const [{ counters }, eager] = runtime.getTelemetry().tasks;
  deepEqual([counters['worker.spawn.total'], counters['task.failure.total']], [0, 1]);
  equal(eager.counters['worker.spawn.total'], 0);
}

export async function a_factory_that_ends_its_task_and_throws_leaves_no_worker_behind() {
  const { runtime, events } = observed();
  const task = bench(
    {
      worker: () => {
        task.stopWorkers();
        throw new Error('and none');
      },
    },
    runtime,
  );
  const call = task.add(1, 1);
  await rejects(call, {});
  const { counters } = runtime.getTelemetry().tasks[0];
  deepEqual([counters['worker.spawn.total'], counters['worker.terminate.total']], [0, 0]);
  equal(total(events, 'worker.terminate.total'), 0);
}

export async function a_late_listener_hears_every_gauge_once() {
  for (const observability of [{ spans: 'on', metrics: 'on' }, { spans: 'off' }]) {
    const runtime = createTaskRuntime({ observability });
    const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, init: 'eager' }, runtime);
    await Promise.all([task.echo(1), task.echo(2)]);
    const early = [];
    runtime.subscribeEvents((event) => early.push(event));
    await until(() => early.filter(isGauge).length > 0);
    const before = early.length;
    const late = { all: [], batch: [], gauges: [], other: [], counters: [] };
    runtime.subscribeEvents((event) => late.all.push(event));
    runtime.subscribeEvents((events) => late.batch.push(...events), { batch: true });
    runtime.subscribeEvents((event) => late.gauges.push(event), { kinds: ['gauge'], tasks: ['t'] });
    runtime.subscribeEvents((event) => late.other.push(event), { tasks: ['other'] });
    runtime.subscribeEvents((event) => late.counters.push(event), { kinds: ['counter'] });
    equal(late.all.length, 0, 'not before it can unsubscribe');
    await until(() => late.batch.length > 0);
    const values = { 'queue.in_flight': 0, 'queue.pending': 0, 'queue.waiting': 0, 'workers.active': 2 };
    for (const [which, events] of Object.entries(late)) {
      const heard = events.map(({ name, value, attrs }) => [name, value, attrs['task.id']]);
      const expected = Object.entries(values).map(([name, value]) => [name, value, 't']);
      deepEqual(heard, ['other', 'counters'].includes(which) ? [] : expected, which);
    }
    equal(early.length, before, 'nobody else hears them again');
    await task.echo(3);
    const flights = late.gauges.filter(({ name }) => name === 'queue.in_flight').map(({ value }) => value);
    deepEqual(flights, [0, 1, 0]);
    equal(total(late.gauges, 'workers.active'), 1, 'what did not change is not told again');
  }
}

export async function a_listener_that_leaves_at_once_hears_nothing() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  await task.echo(1);
  const events = [];
  runtime.subscribeEvents((event) => events.push(event))();
  await task.echo(2);
  equal(events.length, 0);
}
