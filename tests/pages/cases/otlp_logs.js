// Log records at the collector: what went wrong in the page, and what its workers were at when it was left.
import { bench, heard, observed, openGate } from '../atelier.js';
import { logs, metrics, received, spans } from '../collector.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { wasmWorker } from '/atelier/wasm-worker.js';

const CRASHED = { name: 'WorkerCrashedError' };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const facts = (record) => JSON.parse(record.attributes['atelier.worker.black_box']);

/** The records of a kind, oldest first. */
const told = async (eventName) => (await logs()).filter((record) => record.eventName === eventName).reverse();

export async function a_crash_arrives_with_its_error_and_its_black_box() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime);
  const task = bench({ taskId: 't', taskName: 'bench' }, runtime);
  equal(await task.add(1, 1), 2);
  await rejects(task.crash('boom'), CRASHED);
  await exporter.flush();
  const [crash, ...more] = await told('atelier.worker.crash');
  deepEqual(more, []);
  deepEqual([crash.severityNumber, crash.severityText], [17, 'ERROR']);
  ok(crash.body.includes("worker 0 of task 't'") && crash.body.includes('boom'), crash.body);
  const { attributes } = crash;
  deepEqual(
    [attributes['atelier.task.id'], attributes['atelier.task.name'], Number(attributes['atelier.worker.index'])],
    ['t', 'bench', 0],
  );
  ok(attributes['exception.message'].includes('boom'), attributes['exception.message']);
  ok(attributes['exception.type'].length > 0);
  deepEqual(facts(crash), task.getState().lastCrash.blackBox, 'the same black box');
  const { logs: account } = exporter.ledger();
  deepEqual([account.delivered, account.pending], [account.emitted, 0]);
  equal((await received()).rejected, 0, (await received()).lastRejection);
}

export async function a_hang_and_an_exhausted_grace_arrive_too() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { signals: ['logs'] });
  const hanging = bench({ taskId: 'hanging', hangTimeoutMs: 100 }, runtime);
  await rejects(hanging.spin(1e9), CRASHED);
  const deaf = bench({ taskId: 'deaf' }, runtime);
  const abort = new AbortController();
  const call = deaf.with({ signal: abort.signal, cancel: { graceMs: 50 } }).hold('never');
  await heard('never');
  abort.abort();
  await rejects(call, { name: 'AbortError' });
  await until(async () => {
    await exporter.flush();
    return (await told('atelier.worker.replaced')).length === 1;
  }, 'the worker is replaced');
  const [hang] = await told('atelier.worker.crash');
  deepEqual([hang.attributes['error.type'], hang.attributes['atelier.task.id']], ['hang', 'hanging']);
  equal(facts(hang).at(-1).fact, 'crashed');
  const [replaced] = await told('atelier.worker.replaced');
  deepEqual([replaced.severityText, replaced.attributes['atelier.task.id']], ['ERROR', 'deaf']);
  equal(facts(replaced).at(-1).fact, 'grace-over');
  deepEqual([(await received()).spans, (await received()).metricPoints], [0, 0], 'nothing else was asked for');
}

export async function an_exception_arrives_under_its_calls_span() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime);
  const task = bench({ taskId: 't' }, runtime);
  await task.echo(1);
  await rejects(task.fail('TypeError', 'no pixels'), { name: 'TypeError' });
  await exporter.flush();
  const [threw, ...more] = await logs();
  deepEqual(more, [], 'a call that went well is nothing to log');
  const failed = (await spans()).find((span) => span.status.code === 'error');
  deepEqual([threw.traceId, threw.spanId], [failed.traceId, failed.spanId]);
  deepEqual(
    [threw.eventName, threw.severityText, threw.attributes['exception.type'], threw.attributes['exception.message']],
    ['atelier.call.exception', 'ERROR', 'TypeError', 'no pixels'],
  );
  equal(threw.attributes['code.function.name'], 'fail');
  ok(BigInt(threw.timeUnixNano) > 1_600_000_000_000_000_000n);
}

export async function a_finding_arrives_once_without_anyone_looking() {
  const { runtime } = observed({ spans: 'off', metrics: 'auto' });
  const exporter = exportOtlp(runtime);
  const task = bench({ taskId: 't', maxQueueDepth: 1 }, runtime);
  let going = true;
  const lanes = Array.from({ length: 4 }, async () => {
    while (going) await task.spin(20);
  });
  await until(async () => {
    await exporter.flush();
    return (await told('atelier.finding')).some((it) => it.attributes['atelier.finding.id'] === 'queue-saturated');
  }, 'the finding arrives', 10_000);
  await pause(1_500);
  going = false;
  await Promise.all(lanes);
  await exporter.flush();
  const saturated = (await told('atelier.finding')).filter((it) => it.attributes['atelier.finding.id'] === 'queue-saturated');
  equal(saturated.length, 1, 'once, however often it is judged');
  const [{ severityText, attributes }] = saturated;
  deepEqual([severityText, attributes['atelier.task.id']], ['WARN', 't']);
  equal(Number(attributes['atelier.finding.evidence.maxQueueDepthCalls']), 1);
  ok(attributes['atelier.finding.fix'].length > 20);
}

export async function a_page_that_is_left_tells_what_its_busy_workers_were_at() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime);
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2 }, runtime);
  equal(await task.add(1, 1), 2);
  const held = task.hold('here', 7);
  await heard('here');
  window.dispatchEvent(new Event('pagehide'));
  await until(async () => (await told('atelier.page.left')).length > 0, 'it arrives by itself');
  window.dispatchEvent(new Event('pagehide'));
  await exporter.flush();
  const [left, ...more] = await told('atelier.page.left');
  deepEqual(more, [], 'once for each leave, and only of the worker that has a call');
  deepEqual([left.severityText, left.attributes['atelier.task.id']], ['INFO', 't']);
  equal(Number(left.attributes['atelier.worker.in_flight']), 1);
  const { fact, method } = facts(left).at(-1);
  deepEqual([fact, method], ['started', 'hold']);
  openGate('here');
  await held;
  window.dispatchEvent(new Event('pageshow'));
  window.dispatchEvent(new Event('pagehide'));
  await exporter.flush();
  equal((await told('atelier.page.left')).length, 1, 'nothing is in flight');
}

export async function the_exporter_measures_itself() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime);
  const task = bench({ taskId: 't' }, runtime);
  for (let i = 0; i < 20; i++) await task.echo(i);
  await exporter.flush();
  await exporter.flush();
  const own = (await metrics()).filter((point) => point.name.startsWith('otel.sdk.'));
  const value = (name) => Number(own.find((point) => point.name === `otel.sdk.${name}` && !point.attributes['error.type']).value);
  deepEqual([value('processor.span.processed'), value('exporter.span.exported')], [20, 20]);
  deepEqual([value('processor.span.queue.size'), value('exporter.span.inflight')], [0, 0]);
  equal(value('processor.span.queue.capacity'), 16_384);
  const exported = own.find((point) => point.name === 'otel.sdk.exporter.span.exported');
  deepEqual(
    [exported.attributes['otel.component.type'], exported.attributes['server.address'], String(exported.attributes['server.port'])],
    ['otlp_http_span_exporter', location.hostname, location.port],
  );
  ok(exported.attributes['otel.component.name'].startsWith('otlp:'));
  ok(own.some((point) => point.name === 'otel.sdk.exporter.operation.duration'));
  const totals = await received();
  equal(exporter.ledger().metrics.delivered, totals.metricPoints, 'its own points are counted too');
  equal(exporter.ledger().traces.emitted, 20, 'it never traces itself');
}

export async function without_logs_nothing_is_logged() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces', 'metrics'] });
  await rejects(bench({}, runtime).fail('Error', 'no'), { message: 'no' });
  await exporter.flush();
  equal('logs' in exporter.ledger(), false);
  deepEqual(await logs(), []);
  const silent = createTaskRuntime();
  equal('logs' in exportOtlp(silent).ledger(), true, 'logs are sent unless they are left out');
}

export async function what_a_handler_in_rust_tells_arrives_under_its_span() {
  const module = await WebAssembly.compileStreaming(fetch('/rust-app/pkg/atelier_rust_app_bg.wasm'));
  const worker = () => wasmWorker({ module, glue: '/rust-app/pkg/atelier_rust_app.js', entry: 'numbers_worker' });
  const { runtime } = observed();
  const exporter = exportOtlp(runtime);
  const task = runtime.defineTask({ type: 'singleton', taskId: 'numbers', worker });
  deepEqual(await task.factors(12), [2, 2, 3]);
  await exporter.flush();
  const factored = (await logs()).find((record) => record.body === 'factored');
  const span = (await spans()).find(({ name }) => name === 'factors');
  deepEqual([factored.traceId, factored.spanId, factored.severityText], [span.traceId, span.spanId, 'INFO']);
  const { count, prime, 'atelier.log.target': target, 'atelier.task.id': taskId } = factored.attributes;
  deepEqual([Number(count), prime, target, taskId], [3, false, 'atelier_rust_app::numbers', 'numbers']);
  ok(BigInt(factored.timeUnixNano) >= BigInt(span.startTimeUnixNano));
  ok(BigInt(factored.timeUnixNano) <= BigInt(span.endTimeUnixNano));
}
