// What is too large for a request, or for its collector: cut, sent in parts, or given up alone, and counted.
import { bench, observed } from '../atelier.js';
import { faults, ledger, metrics, received, spans } from '../collector.js';
import { begin as beginDurable, stored } from '../outliving.js';
import { balanced, lastErrors, watched } from '../sending.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';

const MAX_REQUEST = 4 * 1024 * 1024;
const MAX_TEXT = 65_536;
const worker = () => new Worker('/tests/workers/large.js', { type: 'module' });

function begin(options) {
  const { runtime } = observed();
  const { requests, fetch } = watched();
  const exporter = exportOtlp(runtime, { fetch, signals: ['traces'], durable: false, ...options });
  const task = runtime.defineTask({ type: 'singleton', worker, taskId: 'large', maxQueueDepth: 1000 });
  return { runtime, requests, exporter, task };
}

// As a strict reader has it.
const strict = new TextDecoder('utf-8', { fatal: true });
const parsed = ({ body }) => JSON.parse(strict.decode(body));
const spansIn = (request) => parsed(request).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));

function* texts(value) {
  if (typeof value === 'string') yield value;
  else if (value !== null && typeof value === 'object') for (const each of Object.values(value)) yield* texts(each);
}

const length = (text) => [...text].length;

export async function names_and_values_are_bounded() {
  const long = 'n'.repeat(1_000_000);
  const { runtime, requests, exporter, task } = begin({ protocol: 'http/json', signals: ['traces', 'metrics', 'logs'], resource: { long } });
  const named = bench({ taskId: 'named', taskName: long }, runtime);
  await named.echo(1);
  await rejects(named[long](), { message: "Method 'nnn" });
  const trace = runtime.createTrace(long);
  await task.with({ trace }).span(long, { [long]: 1, value: long, short: 's' });
  trace.end();
  await exporter.flush();
  ok(requests.length >= 3);
  for (const request of requests) {
    ok(request.body.byteLength <= MAX_REQUEST);
    for (const text of texts(parsed(request))) ok(length(text) <= MAX_TEXT, length(text));
  }
  const { traces } = exporter.ledger();
  deepEqual([traces.emitted, traces.delivered], [5, 5]);
  equal((await received()).rejected, 0);
  const of = requests.filter(({ url }) => url.endsWith('traces')).flatMap(spansIn);
  const handler = of.find(({ attributes }) => attributes.some(({ key }) => key === 'short'));
  ok(handler, 'its neighbours arrive');
}

export async function what_is_cut_is_marked_and_counted() {
  const { runtime, exporter, task } = begin({ attributeValueLengthLimit: 20, attributeCountLimit: 6, signals: ['traces', 'metrics'] });
  const text = 'ü'.repeat(50);
  await task.span('handler', { a: text, b: 'ü'.repeat(20), c: 1, d: 2, e: 3, f: 4 });
  await exporter.flush();
  const span = (await spans()).find(({ name }) => name === 'handler');
  deepEqual([span.attributes.a, span.attributes.b], [`${'ü'.repeat(19)}…`, 'ü'.repeat(20)]);
  equal(Object.keys(span.attributes).length, 6);
  const said = (await lastErrors(runtime)).join();
  ok(said.includes('were cut') && said.includes('left out'), said);
  // What an exporter says of itself is one export old.
  await exporter.flush();
  const own = (await metrics()).filter(({ name }) => name.startsWith('atelier.exporter.span.'));
  const total = (name) => own.filter((point) => point.name === name).reduce((sum, { value }) => sum + Number(value), 0);
  ok(total('atelier.exporter.span.text.cut') >= 1 && total('atelier.exporter.span.attribute.dropped') >= 2, JSON.stringify(own));
}

export async function limits_are_taken_from_the_environment_and_options_are_stronger() {
  const env = { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '30', OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '20' };
  for (const [options, expected] of [[{ env }, 20], [{ env, attributeValueLengthLimit: 40 }, 40], [{ env, traces: { attributeValueLengthLimit: 25 } }, 25]]) {
    const { requests, exporter, task } = begin({ protocol: 'http/json', ...options });
    await task.span('handler', { a: 'a'.repeat(50) });
    await exporter.flush();
    const handler = requests.flatMap(spansIn).find(({ name }) => name === 'handler');
    equal(length(handler.attributes.find(({ key }) => key === 'a').value.stringValue), expected);
  }
  const runtime = createTaskRuntime();
  for (const option of ['attributeValueLengthLimit', 'attributeCountLimit']) {
    for (const value of [0, -1, 1.5, NaN, 'much']) {
      throws(() => exportOtlp(runtime, { [option]: value }), { name: 'OtlpConfigError', message: option });
      throws(() => exportOtlp(runtime, { traces: { [option]: value } }), { name: 'OtlpConfigError', message: `traces.${option}` });
    }
  }
  throws(() => exportOtlp(runtime, { env: { OTEL_ATTRIBUTE_COUNT_LIMIT: 'all' } }), { message: 'OTEL_ATTRIBUTE_COUNT_LIMIT' });
}

export async function many_large_spans_make_many_requests() {
  for (const [protocol, calls] of [['http/protobuf', 100], ['http/json', 40]]) {
    const before = (await received()).spans;
    const { requests, exporter, task } = begin({ protocol });
    await Promise.all(Array.from({ length: calls }, () => task.long('long', 200_000)));
    await until(async () => (await exporter.flush(), exporter.ledger().traces.pending === 0));
    const { traces } = exporter.ledger();
    ok(balanced(traces));
    deepEqual([traces.emitted, traces.delivered], [2 * calls, 2 * calls]);
    equal((await received()).spans - before, 2 * calls);
    ok(requests.every(({ body }) => body.byteLength <= MAX_REQUEST), requests.map(({ body }) => body.byteLength).join());
  }
}

export async function a_collector_that_takes_small_requests_gets_small_ones() {
  for (const [protocol, bytes] of [['http/protobuf', 8_000], ['http/json', 30_000]]) {
    const before = await received();
    const limit = [{ answer: { limit: { bytes } }, lasting: true }];
    await faults({ traces: limit, metrics: limit, logs: limit });
    const { runtime, requests, exporter } = begin({ protocol, signals: ['traces', 'metrics', 'logs'] });
    const task = bench({ type: 'parallel', poolSize: 2, maxQueueDepth: 1000 }, runtime);
    const calls = Array.from({ length: 256 }, (_, i) => (i % 8 ? task.echo(i) : task.fail('TypeError', 'wrong').catch(() => {})));
    await Promise.all(calls);
    await exporter.flush();
    for (const account of Object.values(exporter.ledger())) {
      ok(balanced(account), JSON.stringify(account));
      deepEqual([account.delivered, account.pending], [account.emitted, 0], JSON.stringify(account));
    }
    const { traces } = exporter.ledger();
    deepEqual([traces.emitted, (await received()).spans - before.spans], [256, 256]);
    ok((await ledger()).metrics.turnedAway > 0, 'metrics were too large as well');
    ok(requests.some(({ body }) => body.byteLength > bytes) && requests.some(({ body }) => body.byteLength <= bytes));
  }
}

export async function one_span_that_is_too_large_is_given_up_alone() {
  await faults({ traces: [{ answer: { limit: { bytes: 30_000 } }, lasting: true }] });
  const { runtime, exporter, task } = begin({});
  for (let i = 0; i < 20; i++) await task.long(`small ${i}`, 10);
  await task.long('large', 50_000);
  await exporter.flush();
  const { traces } = exporter.ledger();
  deepEqual([traces.emitted, traces.delivered, traces.dropped.request_too_large], [42, 41, 1]);
  const arrived = await spans();
  deepEqual([arrived.length, arrived.some(({ name }) => name === 'large')], [41, false]);
  ok((await lastErrors(runtime)).some((said) => said.includes('413')));
}

export async function what_a_page_left_behind_is_sent_in_parts_as_well() {
  await faults({ traces: [{ answer: { status: { status: 503 } }, lasting: true }] });
  const page = beginDurable({ scheduleDelayMs: 3_600_000 });
  await page.calls(200);
  await page.exporter.shutdown();
  deepEqual(page.ledger().dropped, { handed_over: 200 });
  await faults({ traces: [{ answer: { limit: { bytes: 9_000 } }, lasting: true }] });
  const heir = beginDurable({ scheduleDelayMs: 1 });
  await until(() => heir.ledger().delivered === 200);
  await until(async () => (await stored()).length === 0);
  deepEqual([(await received()).spans, heir.ledger().emitted, heir.ledger().pending], [200, 200, 0]);
}

export async function odd_texts_are_valid_wherever_they_stand() {
  const odd = 'a\ud83d b\udc00 \0 \u2028 \ufffe "\\';
  for (const protocol of ['http/protobuf', 'http/json']) {
    const before = (await received()).spans;
    const { runtime, requests, exporter, task } = begin({ protocol, signals: ['traces', 'metrics', 'logs'], resource: { [odd]: odd, list: [odd] } });
    const named = bench({ taskId: `id ${odd}`, taskName: odd }, runtime);
    await named.echo(1);
    await rejects(named[odd](), {});
    await rejects(named.fail(odd, odd), {});
    const trace = runtime.createTrace(odd);
    await task.with({ trace }).span('handler', { neighbour: 1 });
    trace.end();
    await exporter.flush();
    deepEqual([exporter.ledger().traces.delivered, (await received()).spans - before], [6, 6]);
    equal((await received()).rejected, 0);
    if (protocol === 'http/json') requests.forEach(parsed);
  }
}
