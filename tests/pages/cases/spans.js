// Spans and traces: every field, absent rather than null, and which calls have them.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const spansOf = (events) => events.filter((event) => event.kind === 'span');
const tracesOf = (events) => events.filter((event) => event.kind === 'trace');
const ALWAYS = ['kind', 'name', 'ts', 'spanId', 'traceId', 'callId', 'taskId', 'taskType', 'method', 'attemptCount', 'durationMs', 'phases', 'status'];
const AT_A_WORKER = ['workerIndex', 'queueWaitMs', 'queueWaitLastMs'];
const FAILED = ['errorKind', 'error'];

const fields = (event, ...expected) => deepEqual(Object.keys(event).sort(), expected.flat().sort(), event.method);

export async function fields_are_absent_rather_than_null() {
  const { runtime, events } = observed();
  const task = bench({ maxQueueDepth: 0, queuePolicy: 'reject' }, runtime);
  const named = bench({ taskName: 'named' }, runtime);
  const trace = runtime.createTrace('traced');
  await named.with({ trace }).add(1, 1);
  const held = task.hold('x', 1);
  await rejects(task.add(1, 1), { name: 'QueueDropError' });
  openGate('x');
  await held;
  await rejects(task.fail('RangeError', 'far'), { name: 'RangeError' });
  const [ok_, dropped, plain, failed] = spansOf(events);
  fields(ok_, ALWAYS, AT_A_WORKER, 'taskName', 'traceName');
  fields(dropped, ALWAYS, 'queueWaitMs', 'queueWaitLastMs', FAILED);
  fields(plain, ALWAYS, AT_A_WORKER);
  fields(failed, ALWAYS, AT_A_WORKER, FAILED);
  ok(events.every((event) => !JSON.stringify(event).includes('null')));
  deepEqual([dropped.status, dropped.errorKind, dropped.attemptCount], ['error', 'queue', 0]);
  equal(dropped.error, "Task queue policy 'reject' dropped item");
}

export async function each_kind_of_end_has_its_word() {
  const { runtime, events } = observed();
  const keys = runtime.abortTaskController;
  const task = bench({}, runtime);
  const running = task.with({ key: 'k' }).listen('running');
  await heard('running');
  keys.abort('k');
  await rejects(running, { name: 'AbortError' });
  await rejects(task.with({ key: 'k' }).add(1, 1), { name: 'AbortError' });
  await rejects(task.echo(() => {}), { name: 'DataCloneError' });
  await rejects(task.throwValue(7).catch((value) => Promise.reject(new Error(`thrown ${value}`))), { message: 'thrown 7' });
  await rejects(task.crash('boom'), { name: 'WorkerCrashedError' });
  const disposed = task.add(1, 1);
  task.dispose();
  await rejects(disposed, { name: 'TaskDisposedError' });
  deepEqual(
    spansOf(events).map(({ method, status, errorKind }) => [method, status, errorKind]),
    [
      ['listen', 'canceled', 'abort'],
      ['add', 'canceled', 'abort'],
      ['echo', 'error', 'exception'],
      ['throwValue', 'error', 'exception'],
      ['crash', 'error', 'crash'],
      ['add', 'error', 'queue'],
    ],
  );
}

export async function a_call_says_where_its_time_went() {
  const { runtime, events } = observed();
  const task = bench({ maxInFlight: 1, maxQueueDepth: 1 }, runtime);
  const never = bench({ maxQueueDepth: 0, queuePolicy: 'reject' }, runtime);
  const held = never.hold('phases', 1);
  await rejects(never.add(1, 1), { name: 'QueueDropError' });
  const calls = [task.hold('phases', 1), task.add(1, 1), task.add(2, 2)];
  await heard('phases');
  openGate('phases');
  await Promise.all([held, ...calls]);
  const all = ['admission', 'queue', 'delivery', 'run', 'reply'];
  for (const { phases, durationMs, method, status } of spansOf(events)) {
    const entered = status === 'ok' ? all : ['admission'];
    deepEqual(Object.keys(phases), entered, method);
    ok(Math.abs(entered.reduce((sum, phase) => sum + phases[phase], 0) - durationMs) < 0.01, 'they add up');
  }
  equal(spansOf(events).length, 5);
}

export async function a_second_attempt_is_counted_and_its_wait_told_apart() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const call = task.hold('twice', 1);
  await heard('twice');
  task.stopWorkers();
  task.startWorkers();
  openGate('twice');
  await call;
  const [span] = spansOf(events);
  equal(span.attemptCount, 2);
  ok(span.queueWaitLastMs >= 0);
  ok(span.queueWaitMs >= span.queueWaitLastMs, 'the last wait is one of all');
  ok(span.queueWaitMs <= span.durationMs);
}

export async function ids_are_opentelemetrys_and_never_twice() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 32 }, runtime);
  await Promise.all(Array.from({ length: 200 }, (_, i) => task.echo(i)));
  const spans = spansOf(events);
  ok(spans.every(({ spanId, traceId }) => /^[0-9a-f]{16}$/.test(spanId) && /^[0-9a-f]{32}$/.test(traceId)));
  for (const field of ['spanId', 'traceId', 'callId']) equal(new Set(spans.map((span) => span[field])).size, 200, field);
}

// The standard's decision: the low 56 bits of the trace id against the rate.
const sampled = (traceId, rate) => BigInt(`0x${traceId.slice(-14)}`) >= BigInt(Math.floor((1 - rate) * 2 ** 56));

export async function sampling_decides_by_the_trace_id() {
  const rate = 0.25;
  const { runtime, events } = observed({ spans: { sampleRate: rate } });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 64 }, runtime);
  await Promise.all(Array.from({ length: 800 }, (_, i) => task.echo(i)));
  const alone = spansOf(events).length;
  ok(alone > 100 && alone < 320, `about a quarter of 800: ${alone}`);
  ok(spansOf(events).every(({ traceId }) => sampled(traceId, rate)));
  events.length = 0;
  let expected = 0;
  for (let i = 0; i < 60; i++) {
    const trace = runtime.createTrace('one');
    equal(trace.sampled, sampled(trace.id, rate), trace.id);
    equal(trace.traceparent.endsWith(trace.sampled ? '03' : '02'), true, trace.traceparent);
    if (trace.sampled) expected += 2;
    await Promise.all([task.with({ trace }).echo(1), task.with({ trace }).echo(2)]);
    trace.end();
  }
  equal(spansOf(events).length, expected, 'all calls of a trace or none');
  equal(tracesOf(events).length, expected / 2);
}

export async function rates_are_clamped_and_what_is_no_number_is_one() {
  for (const [sampleRate, expected] of [[7, 1], [1, 1], [Infinity, 1], [Number.NaN, 1], ['half', 1], [null, 1], [undefined, 1], [0, 0], [-3, 0], [-Infinity, 0]]) {
    const runtime = createTaskRuntime({ observability: { spans: { sampleRate } } });
    equal(runtime.createTrace().sampled, expected === 1, String(sampleRate));
  }
}

export async function auto_is_on_in_development() {
  const modes = (spans) => createTaskRuntime({ observability: { spans } }).createTrace().sampled;
  equal(modes('auto'), false, 'nothing says that this is development');
  equal(createTaskRuntime().createTrace().sampled, false, 'auto is the default');
  for (const [NODE_ENV, expected] of [['development', true], ['test', true], [undefined, true], ['production', false]]) {
    globalThis.process = { env: { NODE_ENV } };
    equal(modes('auto'), expected, String(NODE_ENV));
    equal(modes({ mode: 'auto' }), expected);
    equal(modes(undefined), expected);
    equal(modes('on'), true);
    equal(modes('off'), false);
    equal(modes({ mode: 'off' }), false);
    equal(modes({}), true, 'an object without mode is on');
  }
  globalThis.process = {};
  equal(modes('auto'), false, 'no env to ask');
  delete globalThis.process;
}

export async function a_trace_ends_once_and_says_how() {
  const { runtime, events } = observed();
  const trace = runtime.createTrace('named');
  trace.end({ status: 'canceled', error: new RangeError('why') });
  trace.end({ status: 'ok' });
  runtime.createTrace().end();
  runtime.createTrace('thrown').end({ error: 'just text' });
  const [first, second, third, ...more] = tracesOf(events);
  equal(more.length, 0);
  deepEqual([first.status, first.errorKind, first.error, first.traceName], ['canceled', 'abort', 'why', 'named']);
  deepEqual(Object.keys(second).sort(), ['durationMs', 'kind', 'name', 'status', 'traceId', 'ts']);
  deepEqual([third.status, third.errorKind, third.error], ['error', 'exception', 'just text']);
  deepEqual([first.traceId, first.name], [trace.id, 'atelier:trace']);
  throws(() => trace.end({ status: 'fine' }), { name: 'TypeError', message: 'status' });
  throws(() => trace.end('ok'), { name: 'TypeError' });
}

export async function a_traces_error_may_be_anything() {
  const { runtime, events } = observed();
  const circular = {};
  circular.self = circular;
  const unreadable = Object.defineProperty({}, 'message', {
    get() {
      throw new Error('not to be asked');
    },
  });
  const cases = [
    [{ code: 1 }, '{"code":1}'],
    [{ message: 'of its own' }, 'of its own'],
    [['a', 1], '["a",1]'],
    [42, '42'],
    [false, 'false'],
    [10n, '10'],
    [Symbol('s'), 'Symbol(s)'],
    [circular, 'of type object'],
    [unreadable, undefined],
    [() => {}, 'of type function'],
  ];
  for (const [error] of cases) runtime.createTrace().end({ error });
  const told = tracesOf(events);
  deepEqual(told.map(({ status, errorKind }) => [status, errorKind]), cases.map(() => ['error', 'exception']));
  for (const [at, [, expected]] of cases.entries()) if (expected !== undefined) equal(told[at].error, expected, String(at));
  runtime.createTrace().end({ status: 'ok', error: new RangeError('all the same') });
  runtime.createTrace().end({ status: 'ok', error: new DOMException('stopped', 'AbortError') });
  runtime.createTrace().end({ status: 'ok' });
  const ended = tracesOf(events).slice(-3).map(({ status, errorKind, error }) => [status, errorKind, error]);
  deepEqual(ended, [['ok', 'exception', 'all the same'], ['ok', 'abort', 'stopped'], ['ok', undefined, undefined]]);
}

export async function run_with_trace_gives_back_what_its_function_does() {
  const { runtime, events } = observed();
  equal(await runtime.runWithTrace('sync', () => 7), 7);
  equal(await runtime.runWithTrace(undefined, async (trace) => trace.id.length), 32);
  const odd = Object.create(null);
  equal(await runtime.runWithTrace('odd', () => Promise.reject(odd)).catch((error) => error), odd, 'whatever it throws');
  equal(await runtime.runWithTrace('none', () => Promise.reject(undefined)).catch((error) => String(error)), 'undefined');
  deepEqual(tracesOf(events).map((event) => event.status), ['ok', 'ok', 'error', 'error']);
  await rejects(runtime.runWithTrace('no function'), { name: 'TypeError', message: 'runWithTrace' });
  equal(tracesOf(events).length, 4);
}

export async function malformed_parents_begin_a_new_trace() {
  const { runtime } = observed();
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const parent of ['', 'document', '00', good.toUpperCase(), `${good}-more`, good.replace(/^00/, 'ff'), 7, null, {}]) {
    const trace = runtime.createTrace('fresh', { parent });
    ok(/^[0-9a-f]{32}$/.test(trace.id) && !/^0+$/.test(trace.id));
    ok(!good.includes(trace.id), String(parent));
  }
  throws(() => runtime.createTrace('x', 'document'), { name: 'TypeError', message: 'createTrace' });
}
