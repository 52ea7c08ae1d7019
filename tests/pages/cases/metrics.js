// Counters, gauges and histograms: every name, and exactly the attributes of the contract.
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';

const named = (events, name) => events.filter((event) => event.name === name);
const total = (events, name) => named(events, name).reduce((sum, event) => sum + event.value, 0);

const COUNTERS = [
  'task.dispatch.total',
  'task.success.total',
  'task.failure.total',
  'task.canceled.total',
  'task.rejected.total',
  'task.requeue.total',
  'worker.spawn.total',
  'worker.crash.total',
  'worker.terminate.total',
];
const GAUGES = ['queue.in_flight', 'queue.pending', 'queue.waiting', 'workers.active'];
const HISTOGRAMS = ['task.duration_ms', 'queue.wait_ms', 'task.phase_ms'];

// Does once everything that a counter counts.
async function everything(runtime, options) {
  const task = bench({ maxQueueDepth: 1, queuePolicy: 'reject', ...options }, runtime);
  const keys = runtime.abortTaskController;
  const moved = task.hold('moved', 1);
  await heard('moved');
  task.stopWorkers();
  task.startWorkers();
  openGate('moved');
  await moved;
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  const running = task.with({ key: 'k' }).listen('running');
  await heard('running');
  const pending = task.add(1, 1);
  await rejects(task.add(2, 2), { name: 'QueueDropError' });
  keys.abort('k');
  await rejects(running, { name: 'AbortError' });
  await pending;
  await rejects(task.crash('boom'), { name: 'WorkerCrashedError' });
  equal(await task.add(3, 3), 6);
  task.dispose();
  return task;
}

export async function all_names_and_nothing_else() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  await everything(runtime, {});
  const names = (kind) => [...new Set(events.filter((event) => event.kind === kind).map((event) => event.name))].sort();
  deepEqual(names('counter'), [...COUNTERS].sort());
  deepEqual(names('gauge'), [...GAUGES].sort());
  deepEqual(names('histogram'), [...HISTOGRAMS].sort());
  ok(events.every(({ kind, name, value, ts, attrs, ...rest }) => Object.keys(rest).length === 0), 'no other field');
  ok(events.every(({ value, ts }) => Number.isFinite(value) && value >= 0 && Math.abs(ts - Date.now()) < 120_000));
}

export async function every_call_is_counted_once_whatever_happens() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  await everything(runtime, {});
  deepEqual(Object.fromEntries(COUNTERS.map((name) => [name, total(events, name)])), {
    'task.dispatch.total': 7,
    'task.success.total': 3,
    'task.failure.total': 2,
    'task.canceled.total': 1,
    'task.rejected.total': 1,
    'task.requeue.total': 1,
    'worker.spawn.total': 3,
    'worker.crash.total': 1,
    'worker.terminate.total': 2,
  });
}

export async function attributes_are_exactly_those_of_the_contract() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  await everything(runtime, { taskId: 't', taskName: 'named' });
  const task = { 'task.id': 't', 'task.type': 'singleton', 'task.name': 'named' };
  const queue = { ...task, 'queue.policy': 'reject', 'queue.max_in_flight': 1, 'queue.max_depth': 1 };
  const worker = { ...task, 'worker.index': 0 };
  const expected = (name) => {
    if (name.startsWith('worker.')) return worker;
    return name.startsWith('queue.') || name === 'task.rejected.total' ? queue : task;
  };
  for (const { name, attrs } of events) {
    if (name === 'task.phase_ms') deepEqual(attrs, { ...task, phase: attrs.phase });
    else deepEqual(attrs, expected(name), name);
  }
}

export async function a_task_without_a_name_has_none() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  await bench({ type: 'parallel', poolSize: 2, taskId: 'pool' }, runtime).add(1, 1);
  deepEqual(named(events, 'task.dispatch.total')[0].attrs, { 'task.id': 'pool', 'task.type': 'parallel' });
  deepEqual(named(events, 'queue.pending')[0].attrs, {
    'task.id': 'pool',
    'task.type': 'parallel',
    'queue.policy': 'block',
    'queue.max_in_flight': 2,
    'queue.max_depth': 4,
  });
}

export async function gauges_follow_the_queue() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  const task = bench({ maxQueueDepth: 1 }, runtime);
  const last = () => GAUGES.map((name) => named(events, name).at(-1)?.value);
  const calls = ['a', 'b', 'c', 'd'].map((name) => task.hold(name, name));
  deepEqual(last(), [1, 1, 2, 1]);
  await heard('a');
  for (const name of ['a', 'b', 'c', 'd']) openGate(name);
  await Promise.all(calls);
  deepEqual(last(), [0, 0, 0, 1]);
  task.dispose();
  deepEqual(last(), [0, 0, 0, 0]);
}

export async function workers_active_is_right_after_a_crash() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  const task = bench({}, runtime);
  const active = () => named(events, 'workers.active').map((event) => event.value);
  await rejects(task.crash('now'), { name: 'WorkerCrashedError' });
  deepEqual(active(), [1, 0]);
  equal(task.getState().activeWorkers, 0);
  equal(await task.add(1, 1), 2);
  deepEqual(active(), [1, 0, 1]);
}

export async function eager_workers_are_told_and_so_is_their_end() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  bench({ type: 'parallel', poolSize: 2, init: 'eager', idleTimeoutMs: 20 }, runtime);
  equal(total(events, 'worker.spawn.total'), 2);
  deepEqual(named(events, 'worker.spawn.total').map((event) => event.attrs['worker.index']), [0, 1]);
  await until(() => total(events, 'worker.terminate.total') === 2);
  equal(named(events, 'workers.active').at(-1).value, 0);
}

export async function calls_that_dispose_ends_are_rejected_ones() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  const task = runtime.defineTask({ type: 'singleton', worker: benchWorker, maxQueueDepth: 1 });
  const calls = [task.hold('x', 1), task.add(1, 1), task.add(2, 2)];
  task.dispose();
  for (const call of calls) await rejects(call, { name: 'TaskDisposedError' });
  equal(total(events, 'task.dispatch.total'), 3);
  equal(total(events, 'task.rejected.total'), 3);
}

export async function telemetry_has_its_shape_and_no_map_or_null_anywhere() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', taskName: 'named' }, runtime);
  await task.spin(2);
  await task.add(1, 1);
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  await rejects(task.crash('boom'), { name: 'WorkerCrashedError' });
  bench({ taskId: 'unused' }, runtime);
  const telemetry = runtime.getTelemetry();
  plain(telemetry, 'telemetry');
  deepEqual(JSON.parse(JSON.stringify(telemetry)), telemetry);
  const [{ taskId, taskName, counters, gauges, histograms, methods }, unused] = telemetry.tasks;
  deepEqual([taskId, taskName], ['t', 'named']);
  deepEqual(Object.keys(counters).sort(), [...COUNTERS].sort());
  deepEqual(Object.keys(gauges).sort(), [...GAUGES].sort());
  deepEqual(Object.keys(gauges['queue.in_flight']), ['last', 'min', 'max']);
  equal(gauges['queue.in_flight'].max, 1);
  deepEqual(Object.keys(histograms), HISTOGRAMS);
  const fields = ['count', 'sum', 'min', 'max', 'mean', 'p50', 'p90', 'p95', 'p99', 'p999'];
  deepEqual(Object.keys(histograms['task.duration_ms']), [...fields, 'exemplars']);
  deepEqual(Object.keys(histograms['task.phase_ms']), ['admission', 'queue', 'delivery', 'run', 'reply']);
  const phases = Object.values(histograms['task.phase_ms']);
  ok(phases.every((phase) => fields.every((field) => typeof phase[field] === 'number')));
  equal(histograms['task.duration_ms'].count, 4);
  equal(histograms['task.phase_ms'].run.count, 3, 'the one that crashed had no end');
  deepEqual(Object.keys(methods).sort(), ['add', 'crash', 'fail', 'spin']);
  equal(methods.spin.histograms['task.duration_ms'].count, 1);
  ok(methods.spin.histograms['task.phase_ms'].run.min >= 1.9);
  deepEqual(methods.fail.counters, {
    'task.dispatch.total': 1,
    'task.success.total': 0,
    'task.failure.total': 1,
    'task.canceled.total': 0,
    'task.rejected.total': 0,
    'task.requeue.total': 0,
  });
  deepEqual(Object.keys(unused), ['taskId', 'counters', 'gauges', 'histograms', 'methods']);
  equal(unused.histograms['queue.wait_ms'].count, 0);
  for (const name of COUNTERS) equal(counters[name], total(events, name), name);
  for (const rows of Object.values(telemetry.ledger)) {
    for (const { emitted, delivered, rejected, dropped, pending } of Object.values(rows)) {
      const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0);
      equal(emitted, delivered + rejected + lost + pending);
    }
  }
}

// Objects, arrays, strings, numbers and booleans all the way down.
function plain(value, path) {
  if (['string', 'number', 'boolean'].includes(typeof value)) return;
  ok(value !== null && typeof value === 'object', `${path} is ${value}`);
  ok([Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)), `${path} is no plain object`);
  for (const [key, each] of Object.entries(value)) plain(each, `${path}.${key}`);
}
