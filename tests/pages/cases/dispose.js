// runtime.dispose(): what it ends, and what is left.
import { bench, benchWorker, heard, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';
import { turn } from '../deferred.js';
import { watched } from '../watched.js';
import { RuntimeDisposedError, TaskDisposedError, createTaskRuntime } from '/atelier/index.js';
import { mountDevtools } from '/atelier/devtools.js';
import { exportOtlp } from '/atelier/otlp.js';
import { convertRecording } from '/atelier/recording.js';
import { received, spans } from '../collector.js';

const GONE = { name: 'RuntimeDisposedError', message: 'Runtime was disposed' };
const noop = () => {};

function countTerminated() {
  const ended = [];
  const terminate = Worker.prototype.terminate;
  Worker.prototype.terminate = function () {
    ended.push(this);
    return terminate.call(this);
  };
  return ended;
}

export async function calls_reject_workers_end_and_both_are_counted() {
  const ended = countTerminated();
  const { runtime, events } = observed();
  const seen = watched();
  const pool = bench({ type: 'parallel', poolSize: 2, worker: seen.worker, taskName: 'pool' }, runtime);
  const single = bench({ maxQueueDepth: 1, worker: seen.worker }, runtime);
  const calls = [pool.hold('a'), pool.hold('b'), pool.hold('c'), single.hold('d'), single.hold('e'), single.hold('f')];
  await heard('a');
  await heard('d');
  const done = runtime.dispose();
  for (const call of calls) {
    const error = await rejects(call, { name: 'TaskDisposedError', message: 'Task was disposed' });
    ok(error instanceof TaskDisposedError && error.code === 'ERR_ATELIER_TASK_DISPOSED');
  }
  await done;
  deepEqual([seen.workers.length, ended.length], [3, 3]);
  const count = (name) => events.filter((event) => event.name === name).length;
  equal(count('task.dispatch.total'), 6);
  equal(count('task.rejected.total'), 6, 'the listener heard of all of them');
  await rejects(pool.echo(1), { name: 'TaskDisposedError' });
  deepEqual([pool.getState().workerStatus, pool.getState().totalDispatched], ['stopped', 3]);
  for (const task of [pool, single]) {
    task.startWorkers();
    task.stopWorkers();
    task.dispose();
  }
  equal(seen.workers.length, 3, 'nothing comes back');
}

export async function afterwards_each_method_says_so_or_does_no_harm() {
  const runtime = createTaskRuntime({ observability: { metrics: 'on' } });
  const task = bench({}, runtime);
  equal(await task.echo(1), 1);
  const trace = runtime.createTrace('open');
  const first = runtime.dispose();
  equal(runtime.dispose(), first, 'twice is once');
  await first;
  const refused = [
    () => runtime.defineTask({ type: 'singleton', worker: benchWorker }),
    () => runtime.subscribeEvents(noop),
    () => runtime.subscribeFrames(noop),
    () => runtime.subscribeRuntimeSnapshot(noop),
    () => runtime.record(),
    () => runtime.createTrace('late'),
    () => exportOtlp(runtime),
    () => mountDevtools(runtime),
  ];
  for (const each of refused) {
    const error = throws(each, GONE, String(each));
    ok(error instanceof RuntimeDisposedError && error.code === 'ERR_ATELIER_RUNTIME_DISPOSED');
  }
  await rejects(runtime.runWithTrace('late', noop), GONE);
  deepEqual(runtime.getRuntimeSnapshot(), { tasks: [] });
  ok(Array.isArray(runtime.getTelemetry().tasks));
  runtime.abortTaskController.abort('k');
  ok(runtime.abortTaskController.isAborted('k'));
  trace.end();
  equal(document.querySelector('atelier-devtools'), null);
}

export async function listeners_hear_the_end_and_nothing_more() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const [single, arrays, frames, snapshots] = [[], [], [], []];
  const stops = [
    runtime.subscribeEvents((event) => single.push(event.name)),
    runtime.subscribeEvents((events) => arrays.push(...events.map(({ name }) => name)), { batch: true }),
    runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 1 }),
    runtime.subscribeRuntimeSnapshot((snapshot) => snapshots.push(snapshot), { intervalMs: 1 }),
  ];
  const task = bench({}, runtime);
  runtime.createTrace('never ended');
  const call = task.hold('held');
  await heard('held');
  await until(() => frames.length > 1 && snapshots.length > 1);
  await Promise.all([runtime.dispose(), rejects(call, { name: 'TaskDisposedError' })]);
  await until(() => arrays.includes('task.rejected.total'));
  for (const name of ['task.rejected.total', 'atelier:span', 'worker.terminate.total', 'atelier:trace']) {
    ok(single.includes(name), name);
    ok(arrays.includes(name), `${name} in an array`);
  }
  const [heardFrames, heardSnapshots] = [frames.length, snapshots.length];
  for (let n = 0; n < 20; n += 1) await turn();
  deepEqual([frames.length, snapshots.length], [heardFrames, heardSnapshots]);
  for (const stop of stops) stop();
}

export async function a_listener_may_end_the_runtime_that_it_listens_to() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const names = [];
  runtime.subscribeEvents((event) => {
    names.push(event.name);
    if (event.kind === 'span') runtime.dispose();
  });
  const task = bench({ maxInFlight: 2 }, runtime);
  const held = task.hold('held');
  await heard('held');
  equal(await task.echo(1), 1);
  await rejects(held, { name: 'TaskDisposedError' });
  equal(names.filter((name) => name === 'atelier:span').length, 2, 'it heard how the other call ended');
}

export async function exporters_send_what_there_is_and_stop() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const exporter = exportOtlp(runtime, { scheduleDelayMs: 600_000, metricIntervalMs: 600_000 });
  const task = bench({ taskId: 't' }, runtime);
  equal(await task.add(1, 1), 2);
  const call = task.hold('out');
  await heard('out');
  await Promise.all([runtime.dispose(), rejects(call, { name: 'TaskDisposedError' })]);
  equal((await spans()).length, 2, 'also the call that ended with it');
  ok((await received()).metricPoints > 0);
  const { traces } = exporter.ledger();
  deepEqual([traces.delivered, traces.pending], [2, 0]);
  await exporter.shutdown();
  await exporter.flush();
}

export async function a_recording_stops_and_its_file_is_still_there() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const recording = runtime.record();
  const task = bench({ taskName: 'recorded' }, runtime);
  equal(await task.add(1, 1), 2);
  await runtime.dispose();
  const file = await recording.stop();
  equal(await recording.stop(), file);
  const text = await (await convertRecording(file, 'text')).file.text();
  ok(text.includes('Task recorded: 1 ok'), text);
}

export async function panels_go_with_their_runtime() {
  const [one, other] = [createTaskRuntime({ id: 'one' }), createTaskRuntime({ id: 'other' })];
  const handle = mountDevtools(one);
  equal(document.querySelectorAll('atelier-devtools').length, 1);
  await one.dispose();
  equal(document.querySelectorAll('atelier-devtools').length, 0);
  handle.open();
  handle.unmount();
  const again = createTaskRuntime();
  mountDevtools([again, other]);
  await again.dispose();
  deepEqual(document.querySelector('atelier-devtools').runtime, [other], 'the other one stays in sight');
  await other.dispose();
  equal(document.querySelectorAll('atelier-devtools').length, 0);
}

export async function an_id_is_held_by_one_runtime_at_a_time() {
  const seen = watched();
  const make = () => createTaskRuntime({ id: 'app' });
  const before = make();
  equal(before.id, 'app');
  const task = bench({ worker: seen.worker }, before);
  const call = task.hold('old');
  await heard('old');
  mountDevtools(before);
  const after = make();
  await rejects(call, { name: 'TaskDisposedError' });
  throws(() => before.defineTask({ type: 'singleton', worker: benchWorker }), GONE);
  equal(document.querySelectorAll('atelier-devtools').length, 0);
  equal(await bench({}, after).echo(1), 1);
  await before.dispose();
  equal(await bench({}, after).echo(2), 2, 'the old one\'s end is not the new one\'s');
  equal(createTaskRuntime({ id: 'another' }).id, 'another');
  equal('id' in createTaskRuntime(), false);
  for (const id of [null, 1, {}, true]) throws(() => createTaskRuntime({ id }), { name: 'TypeError', message: 'id' });
  throws(() => createTaskRuntime({ id: '' }), { name: 'RangeError', message: 'id' });
  equal(await bench({}, after).echo(3), 3, 'what is refused ends nobody');
}

export async function it_can_be_used_as_a_resource() {
  const runtime = createTaskRuntime();
  for (const symbol of [Symbol.dispose, Symbol.asyncDispose]) {
    if (symbol === undefined) continue;
    equal(runtime[symbol], runtime.dispose);
  }
  ok(!Object.keys(runtime).includes('then'));
  const task = bench({}, runtime);
  runtime[Symbol.dispose ?? 'dispose']();
  await rejects(task.echo(1), { name: 'TaskDisposedError' });
}

export async function one_runtime_is_not_anothers() {
  const [one, other] = [createTaskRuntime(), createTaskRuntime()];
  const [gone, task] = [bench({}, one), bench({}, other)];
  const trace = other.createTrace('open');
  await one.dispose();
  await rejects(gone.echo(1), { name: 'TaskDisposedError' });
  equal(await task.with({ trace }).echo(1), 1);
}
