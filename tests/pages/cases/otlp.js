// Export from the page: everything arrives once, and what cannot is counted.
import { bench, observed } from '../atelier.js';
import { metrics, received, spans } from '../collector.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';

const balanced = (account) => {
  const dropped = Object.values(account.dropped).reduce((sum, n) => sum + n, 0);
  return account.emitted === account.delivered + account.rejected + dropped + account.pending;
};

export async function every_span_arrives_once_with_its_values() {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, { resource: { 'service.name': 'cases', 'service.version': '1' } });
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 8, taskId: 't', taskName: 'bench' }, runtime);
  const trace = runtime.createTrace('all of it');
  await Promise.all(Array.from({ length: 600 }, (_, i) => task.with({ trace }).echo(i)));
  await rejects(task.fail('TypeError', 'wrong'), { name: 'TypeError' });
  trace.end();
  await exporter.flush();
  const arrived = await spans(1000);
  const told = events.filter((event) => event.kind === 'span' || event.kind === 'trace');
  equal(arrived.length, told.length);
  const byId = new Map(arrived.map((span) => [span.spanId, span]));
  equal(byId.size, arrived.length, 'none twice');
  for (const call of events.filter((event) => event.kind === 'span')) {
    const span = byId.get(call.spanId);
    deepEqual([span.traceId, span.attributes['atelier.call.id']], [call.traceId, call.callId]);
    ok(Math.abs(span.durationMs - call.durationMs) < 0.01);
  }
  const failed = arrived.find((span) => span.status.code === 'error');
  deepEqual([failed.status.message, failed.attributes['error.type']], ['wrong', 'TypeError']);
  deepEqual(arrived[0].resource['service.name'], 'cases');
  const { traces } = exporter.ledger();
  deepEqual([traces.emitted, traces.delivered, traces.pending], [602, 602, 0]);
  const completed = (await metrics()).filter((point) => point.name === 'atelier.task.completed');
  equal(completed.reduce((sum, point) => sum + Number(point.value), 0), 601);
  await exporter.shutdown();
}

export async function an_unreachable_collector_leaves_the_page_working_and_everything_counted() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { endpoint: 'http://127.0.0.1:9', maxQueueSize: 20, maxBatchSize: 10, scheduleDelayMs: 1, durable: false });
  const task = bench({}, runtime);
  for (let i = 0; i < 50; i++) equal(await task.add(i, 1), i + 1);
  await exporter.flush();
  const { traces } = exporter.ledger();
  ok(balanced(traces), JSON.stringify(traces));
  equal(traces.emitted, 50);
  equal(traces.delivered, 0);
  ok(traces.pending <= 30, 'the queue and the batch in hand');
  equal(traces.dropped.queue_full, 50 - traces.pending);
  const [name] = Object.keys(runtime.getTelemetry().ledger).filter((name) => name.startsWith('otlp:'));
  equal(runtime.getTelemetry().ledger[name].spans.pending, traces.pending, 'the runtime says the same');
}

export async function a_collector_that_refuses_is_not_asked_again() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { endpoint: '/nowhere' });
  await bench({}, runtime).add(1, 1);
  await exporter.flush();
  const { traces } = exporter.ledger();
  ok(balanced(traces));
  equal(traces.rejected, 1);
}

export async function batches_leave_by_themselves() {
  const { runtime } = observed();
  exportOtlp(runtime, { scheduleDelayMs: 1, metricIntervalMs: 20 });
  await bench({}, runtime).add(1, 1);
  await until(async () => (await received()).spans === 1);
  await until(async () => (await received()).metricPoints > 0);
}

export async function senseless_options_name_themselves() {
  const runtime = createTaskRuntime();
  const wrong = {
    endpoint: ['no url', 7],
    headers: [{ 'bad header': 'x' }, { ok: 1 }, 'x'],
    timeoutMs: [0, -1, Number.NaN, 'soon'],
    maxQueueSize: [0, -1, 1.5],
    maxBatchSize: [0, 1e9],
    durable: ['yes', 7, { maxBytes: 0 }, { maxBytes: 'much' }, { maxBytes: 1e12 }],
    scheduleDelayMs: [-1],
    signals: ['traces', ['spans']],
    temporality: ['gauge'],
    resource: [{ a: {} }, 7],
    keep: ['errors', { errors: 1 }, { slowMs: -1 }, { slowMs: 'soon' }, { slowMs: NaN }, { slowPercentile: 97 }],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      const about = `${option}: ${JSON.stringify(value)}`;
      const error = throws(() => exportOtlp(runtime, { [option]: value }), { message: option }, about);
      ok(error instanceof TypeError, about);
    }
  }
  throws(() => exportOtlp({}), { name: 'TypeError', message: 'createTaskRuntime' });
}

/** Takes a property of an object away, or puts another value in its place; returns what puts it back. */
function replace(object, name, value) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  return () => (own ? Object.defineProperty(object, name, own) : delete object[name]);
}

export async function a_full_batch_is_encoded_when_the_browser_is_idle() {
  const asked = [];
  const restore = replace(window, 'requestIdleCallback', (callback, options) => asked.push({ callback, options }));
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces'], maxBatchSize: 10 });
  const task = bench({}, runtime);
  for (let i = 0; i < 10; i++) await task.echo(i);
  equal(asked.length, 1, 'asked once');
  equal(asked[0].options.timeout, 250);
  asked[0].callback();
  await until(async () => exporter.ledger().traces.delivered === 10);
  equal((await received()).spans, 10);
  restore();
}

export async function a_browser_that_never_says_it_is_idle_exports_all_the_same() {
  const restore = [replace(window, 'requestIdleCallback', undefined), replace(window, 'scheduler', undefined)];
  const { runtime } = observed();
  exportOtlp(runtime, { signals: ['traces'], maxBatchSize: 10 });
  const task = bench({}, runtime);
  for (let i = 0; i < 10; i++) await task.echo(i);
  await until(async () => (await received()).spans === 10);
  restore.forEach((back) => back());
}
