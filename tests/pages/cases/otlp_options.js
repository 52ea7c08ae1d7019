// How requests are written, compressed and redacted, and that no secret shows anywhere.
import { bench, observed } from '../atelier.js';
import { metrics, received, spans } from '../collector.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { lastErrors, watched } from '../sending.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { convertRecording } from '/atelier/recording.js';

const textOf = (bytes) => new TextDecoder().decode(bytes);
const gunzip = (bytes) => new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();

async function twoCalls(options) {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, options);
  const task = bench({ taskId: 't', taskName: 'named' }, runtime);
  equal(await task.add(1, 1), 2);
  await rejects(task.fail('TypeError', 'canary-message'), { name: 'TypeError' });
  await exporter.flush();
  return { runtime, events, exporter };
}

export async function json_says_the_same_as_protobuf() {
  const { requests, fetch } = watched();
  const { events, exporter } = await twoCalls({ fetch, protocol: 'http/json' });
  deepEqual([exporter.ledger().traces.delivered, (await received()).rejected], [2, 0]);
  for (const { headers, body } of requests) {
    equal(headers.get('content-type'), 'application/json');
    JSON.parse(textOf(body));
  }
  const told = new Map(events.filter(({ kind }) => kind === 'span').map((span) => [span.spanId, span]));
  for (const span of await spans()) {
    const call = told.get(span.spanId);
    deepEqual([span.traceId, span.attributes['atelier.call.id']], [call.traceId, call.callId]);
    deepEqual(span.scope.attributes, { 'atelier.task.id': 't', 'atelier.task.name': 'named', 'atelier.task.type': 'singleton' });
  }
  const duration = (await metrics()).filter(({ name }) => name === 'atelier.task.duration');
  ok(duration.length > 0, 'histograms arrive, too');
}

export async function gzip_arrives_and_a_signal_may_do_without() {
  const { requests, fetch } = watched();
  const { exporter } = await twoCalls({ fetch, compression: 'gzip', metrics: { compression: 'none', endpoint: '/v1/metrics?own=1' } });
  deepEqual([exporter.ledger().traces.delivered, (await received()).rejected], [2, 0]);
  ok((await received()).metricPoints > 0);
  const of = (part) => requests.filter(({ url }) => url.includes(part));
  for (const { headers, body } of of('/v1/traces')) {
    equal(headers.get('content-encoding'), 'gzip');
    ok((await gunzip(body)).byteLength > body.byteLength, 'it became smaller');
  }
  for (const { url, headers } of of('/v1/metrics')) deepEqual([url.endsWith('?own=1'), headers.get('content-encoding')], [true, null]);
  deepEqual([of('/v1/traces').length > 0, of('/v1/metrics').length > 0], [true, true]);
}

export async function without_a_compressor_it_is_sent_as_it_is_and_said() {
  const { requests, fetch } = watched();
  delete globalThis.CompressionStream;
  const { runtime, exporter } = await twoCalls({ fetch, compression: 'gzip' });
  equal(exporter.ledger().traces.delivered, 2);
  ok(requests.every(({ headers }) => !headers.has('content-encoding')));
  const said = await lastErrors(runtime);
  ok(said.some((error) => error.includes('CompressionStream')), said.join());
}

export async function a_page_that_goes_does_not_wait_for_the_compressor() {
  const { requests, fetch } = watched();
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { fetch, compression: 'gzip', signals: ['traces'] });
  await bench({}, runtime).add(1, 1);
  const flushed = exporter.flush();
  equal(requests.length, 0, 'it is being compressed');
  dispatchEvent(new PageTransitionEvent('pagehide'));
  await flushed;
  const [{ headers, keepalive }] = requests;
  deepEqual([requests.length, headers.has('content-encoding'), keepalive], [1, false, true]);
  deepEqual([exporter.ledger().traces.delivered, (await received()).spans], [1, 1]);
}

export async function the_environment_is_read_and_options_are_stronger() {
  const { exporter } = await twoCalls({
    env: { DEV: true, OTEL_SERVICE_NAME: 'from-env', OTEL_EXPORTER_OTLP_ENDPOINT: '/nowhere', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
    endpoint: '/',
    resource: { 'service.version': '7' },
  });
  equal(exporter.ledger().traces.delivered, 2);
  const [resource] = (await received()).resources;
  deepEqual([resource['service.name'], resource['service.version']], ['from-env', '7']);
  const runtime = createTaskRuntime();
  const wrong = { OTEL_BSP_SCHEDULE_DELAY: 'soon', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_SERVICE_NAME: 7 };
  for (const [name, value] of Object.entries(wrong)) {
    throws(() => exportOtlp(runtime, { env: { [name]: value } }), { name: 'OtlpConfigError', message: name });
  }
}

export async function a_redaction_decides_what_leaves() {
  const kinds = new Set();
  const redact = (attributes, kind) => {
    kinds.add(kind);
    delete attributes['atelier.task.name'];
    if ('otel.status_description' in attributes) attributes['otel.status_description'] = 'hidden';
    return { ...attributes, 'code.function.name': undefined, seen: kind };
  };
  await twoCalls({ redact });
  deepEqual([...kinds].sort().filter((kind) => kind !== 'log'), ['metric', 'resource', 'span']);
  const arrived = await spans();
  for (const span of arrived) {
    deepEqual([span.attributes.seen, span.attributes['code.function.name']], ['span', undefined]);
    equal(span.scope.attributes['atelier.task.name'], undefined);
    equal(typeof span.attributes['atelier.phase.run'], 'number');
  }
  equal(arrived.find(({ status }) => status.code === 'error').status.message, 'hidden');
  const points = (await metrics()).filter(({ name }) => name === 'atelier.task.dispatched');
  deepEqual(points.map(({ value, attributes }) => [Number(value), attributes.seen]), [[2, 'metric']], 'methods that cannot be told apart are one');
}

export async function a_redaction_that_fails_lets_nothing_through() {
  const failing = [
    () => { throw new Error('canary-thrown'); },
    () => 7,
    () => null,
    () => [],
    async (attributes) => attributes,
    (attributes) => ({ ...attributes, odd: {} }),
    () => new Proxy({}, { ownKeys() { throw new Error('canary-thrown'); } }),
  ];
  for (const redact of failing) {
    const { requests, fetch } = watched();
    const { runtime, exporter } = await twoCalls({ fetch, redact, protocol: 'http/json' });
    equal(exporter.ledger().traces.delivered, 2, (await received()).lastRejection);
    const sent = requests.map(({ body }) => textOf(body)).join();
    ok(!sent.includes('canary') && !sent.includes('code.function.name') && !sent.includes('named"'), sent);
    const said = (await lastErrors(runtime)).join();
    ok(said.includes('redact') && !said.includes('canary'), said);
  }
}

export async function arguments_results_and_secrets_show_nowhere() {
  const said = [];
  for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
    const real = console[level];
    console[level] = (...all) => (said.push(all.map(String).join(' ')), real.apply(console, all));
  }
  const { requests, fetch } = watched();
  const { runtime, events } = observed();
  const recording = runtime.record();
  const headers = { 'x-api-key': 'canary-secret' };
  const taken = exportOtlp(runtime, { fetch, headers, protocol: 'http/json' });
  const refused = exportOtlp(runtime, { headers, endpoint: '/nowhere', traces: { headers, endpoint: 'http://127.0.0.1:9/t' } });
  const task = bench({}, runtime);
  equal(await task.echo('canary-argument'), 'canary-argument');
  await Promise.all([taken.flush(), refused.flush()]);
  ok(requests.some((request) => request.headers.get('x-api-key') === 'canary-secret'), 'it is sent');
  const bodies = requests.map(({ body }) => textOf(body));
  ok(bodies.some((body) => body.includes('echo')), 'the call is there');
  const errors = [
    throws(() => exportOtlp(runtime, { headers: { 'x-api-key': 'canary-secret\n' } })),
    throws(() => exportOtlp(runtime, { env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key canary-secret' } })),
    throws(() => exportOtlp(runtime, { logs: { headers: { 'bad name': 'canary-secret' } } })),
  ].map(String);
  const frame = await new Promise((resolve) => {
    const stop = runtime.subscribeFrames((each) => (resolve(each), setTimeout(() => stop())), { intervalMs: 1 });
  });
  const recorded = await recording.stop();
  const converted = [];
  for (const format of ['otlp', 'perfetto', 'text', 'hlog']) converted.push(await (await convertRecording(recorded, format)).file.text());
  ok(converted.slice(0, 2).every((text) => text.includes('echo')), 'the call is in the recording');
  const readable = [bodies, said, errors, events, converted, frame, runtime.getTelemetry(), runtime.getRuntimeSnapshot(), taken.ledger(), refused.ledger()];
  ok(!JSON.stringify(readable).includes('canary'));
}

export async function options_of_a_signal_name_themselves() {
  const runtime = createTaskRuntime();
  const wrong = [
    ['traces.endpoint', { traces: { endpoint: 'no url' } }],
    ['metrics.timeoutMs', { metrics: { timeoutMs: 0 } }],
    ['logs.headers', { logs: { headers: { a: 1 } } }],
    ['traces.protocol', { traces: { protocol: 'grpc' } }],
    ['metrics.endpoint', { metrics: { endpoint: 5 } }],
    ['compression', { compression: 'zstd' }],
    ['phases', { phases: 'both' }],
    ['redact', { redact: {} }],
    ['traces', { traces: 7 }],
    ['env', { env: 7 }],
    ['resource', { resource: { a: Infinity } }],
  ];
  for (const [option, options] of wrong) {
    const error = throws(() => exportOtlp(runtime, options), { message: option }, option);
    ok(error instanceof TypeError, option);
    equal(error.name, 'OtlpConfigError', option);
  }
}
