// What listeners are told, and that it is true.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const named = (events, name) => events.filter((event) => event.name === name);
const total = (events, name) => named(events, name).reduce((sum, event) => sum + event.value, 0);

export async function every_call_ends_in_exactly_one_counter() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', taskName: 'bench', maxQueueDepth: 1, queuePolicy: 'reject' }, runtime);
  const held = task.with({ key: 'k' }).hold('x', 1);
  const pending = task.add(1, 1);
  await rejects(task.add(2, 2), { name: 'QueueDropError' });
  await heard('x');
  runtime.abortTaskController.abort('k');
  await rejects(held, { name: 'AbortError' });
  openGate('x');
  equal(await pending, 2);
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  equal(total(events, 'task.dispatch.total'), 4);
  equal(total(events, 'task.success.total'), 1);
  equal(total(events, 'task.failure.total'), 1);
  equal(total(events, 'task.canceled.total'), 1);
  equal(total(events, 'task.rejected.total'), 1);
  equal(total(events, 'worker.spawn.total'), 1);
  const [rejected] = named(events, 'task.rejected.total');
  deepEqual(rejected.attrs, {
    'task.id': 't',
    'task.type': 'singleton',
    'task.name': 'bench',
    'queue.policy': 'reject',
    'queue.max_in_flight': 1,
    'queue.max_depth': 1,
  });
  deepEqual(named(events, 'worker.spawn.total')[0].attrs, {
    'task.id': 't',
    'task.type': 'singleton',
    'task.name': 'bench',
    'worker.index': 0,
  });
  const last = (name) => named(events, name).at(-1).value;
  deepEqual([last('queue.in_flight'), last('queue.pending'), last('workers.active')], [0, 0, 1]);
}

export async function spans_tell_how_each_call_went() {
  const { runtime, events } = observed();
  const before = Date.now();
  const task = bench({ taskId: 't' }, runtime);
  await runtime.runWithTrace('a trace', async (trace) => {
    await task.with({ trace }).add(1, 1);
    await rejects(task.with({ trace }).fail('TypeError', 'wrong'), { name: 'TypeError' });
  });
  const spans = named(events, 'atelier:span');
  equal(spans.length, 2);
  const [good, bad] = spans;
  const [trace] = named(events, 'atelier:trace');
  equal(good.kind, 'span');
  equal(good.traceId, trace.traceId);
  equal(good.traceName, 'a trace');
  ok(/^[0-9a-f]{32}$/.test(good.traceId) && /^[0-9a-f]{16}$/.test(good.spanId));
  deepEqual([good.taskId, good.taskType, good.method, good.workerIndex], ['t', 'singleton', 'add', 0]);
  deepEqual([good.status, good.attemptCount, good.error], ['ok', 1, undefined]);
  ok(good.durationMs > 0 && good.queueWaitMs >= 0 && good.queueWaitMs <= good.durationMs);
  ok(good.ts >= before - 1 && good.ts <= Date.now() + 1, 'milliseconds since the epoch');
  deepEqual([bad.status, bad.errorKind, bad.error], ['error', 'exception', 'wrong']);
  deepEqual([trace.status, trace.traceName], ['ok', 'a trace']);
  ok(trace.durationMs >= good.durationMs + bad.durationMs);
}

export async function traces_of_failures_and_cancellations_say_so() {
  const { runtime, events } = observed();
  await rejects(
    runtime.runWithTrace('bad', () => {
      throw new RangeError('far');
    }),
    { name: 'RangeError' },
  );
  const abort = new DOMException('stop', 'AbortError');
  await rejects(runtime.runWithTrace('stopped', () => Promise.reject(abort)), { name: 'AbortError' });
  deepEqual(
    named(events, 'atelier:trace').map(({ status, errorKind, error }) => [status, errorKind, error]),
    [
      ['error', 'exception', 'far'],
      ['canceled', 'abort', 'stop'],
    ],
  );
}

export async function phases_add_up_to_the_duration() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  await task.spin(5);
  const phases = named(events, 'task.phase_ms');
  deepEqual(
    phases.map((event) => event.attrs.phase),
    ['admission', 'queue', 'delivery', 'run', 'reply'],
  );
  const sum = phases.reduce((sum, event) => sum + event.value, 0);
  const [{ value }] = named(events, 'task.duration_ms');
  ok(Math.abs(sum - value) < 0.01, `${sum} and ${value}`);
  ok(phases[3].value >= 4.9, 'the run is where the time went');
}

export async function a_listener_may_throw_or_leave_during_delivery() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const task = bench({}, runtime);
  const seen = [];
  let leave = () => {};
  runtime.subscribeEvents(() => {
    throw new Error('a listener that throws');
  });
  leave = runtime.subscribeEvents((event) => {
    seen.push(event);
    leave();
  });
  const all = [];
  runtime.subscribeEvents((event) => all.push(event));
  equal(await task.add(1, 1), 2);
  equal(seen.length, 1, 'none after it left');
  ok(all.length > 5);
}

export async function sampling_off_means_no_spans() {
  for (const spans of ['off', { sampleRate: 0 }]) {
    const { runtime, events } = observed({ spans });
    const trace = runtime.createTrace('none');
    equal(trace.sampled, false);
    await bench({}, runtime).with({ trace }).add(1, 1);
    trace.end();
    equal(events.filter((event) => event.kind === 'span' || event.kind === 'trace').length, 0);
    equal(total(events, 'task.success.total'), 1, 'metrics come all the same');
  }
}

export async function a_trace_continues_a_remote_one() {
  const { runtime, events } = observed();
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const trace = runtime.createTrace('child', { parent });
  equal(trace.id, '4bf92f3577b34da6a3ce929d0e0e4736');
  ok(trace.traceparent.startsWith('00-4bf92f3577b34da6a3ce929d0e0e4736-'));
  const unsampled = runtime.createTrace('quiet', { parent: parent.replace(/01$/, '00') });
  equal(unsampled.sampled, false);
  equal(runtime.createTrace('fresh', { parent: 'garbage' }).sampled, true);
  const meta = Object.assign(document.createElement('meta'), { name: 'traceparent', content: parent });
  document.head.append(meta);
  equal(runtime.createTrace('page', { parent: 'document' }).id, trace.id);
  trace.end();
  equal(named(events, 'atelier:trace')[0].traceId, trace.id);
}

export async function measures_appear_in_the_performance_timeline_and_stay_bounded() {
  performance.measure('mine');
  const { runtime } = observed();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 16 }, runtime);
  const seen = [];
  const observer = new PerformanceObserver((list) => seen.push(...list.getEntriesByName('atelier:span')));
  observer.observe({ type: 'measure' });
  await Promise.all(Array.from({ length: 300 }, (_, i) => task.echo(i)));
  await until(() => seen.length === 300, 'all of them are observed');
  ok(performance.getEntriesByName('atelier:span').length <= 64, 'few of them are kept');
  equal(performance.getEntriesByName('mine').length, 1, 'and those of others are left alone');
  const { detail, duration } = seen[0];
  equal(detail.devtools.dataType, 'track-entry');
  ok(duration > 0 && detail.callId && detail.traceId);
}

export async function snapshots_come_at_once_and_on_change() {
  const runtime = createTaskRuntime();
  const task = bench({ taskId: 't' }, runtime);
  const snapshots = [];
  const options = { intervalMs: 5, onlyOnChange: true };
  const stop = runtime.subscribeRuntimeSnapshot((snapshot) => snapshots.push(snapshot), options);
  equal(snapshots.length, 1, 'the first comes at once');
  await task.add(1, 1);
  await until(() => snapshots.at(-1).tasks[0].totalDispatched === 1);
  stop();
}

export async function frames_begin_full_and_tell_what_happened() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const frames = [];
  const stop = runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 5 });
  await until(() => frames.length > 0);
  equal(frames[0].kind, 'full');
  equal(frames[0].tasks[0].taskId, 't');
  await task.add(1, 1);
  await until(() => frames.some((frame) => frame.spans.length > 0));
  const { spans } = frames.find((frame) => frame.spans.length > 0);
  deepEqual([spans[0].taskId, spans[0].method, spans[0].outcome], ['t', 'add', 'ok']);
  await until(() => frames.findLast((frame) => frame.tasks.length > 0).tasks[0].totals.success === 1);
  deepEqual(frames.map((frame) => frame.seq), frames.map((_, i) => frames[0].seq + i));
  stop();
}
