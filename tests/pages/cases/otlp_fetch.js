// What `fetch` may be: wrapped by the page, mocked by a test, or wrong about everything.
import { bench, observed } from '../atelier.js';
import { received } from '../collector.js';
import { balanced, lastErrors } from '../sending.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { exportOtlp } from '/atelier/otlp.js';

async function export_one(options) {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces'], durable: false, timeoutMs: 100, ...options });
  await bench({}, runtime).add(1, 1);
  await exporter.flush();
  return { runtime, traces: exporter.ledger().traces };
}

const stream = (pull) => ({ getReader: () => ({ read: pull, cancel: () => {} }) });

export async function a_mock_that_answers_with_a_status_is_taken_by_it() {
  const taken = [
    { status: 200 },
    { ok: true, status: 200, json: async () => ({}) },
    { status: 200, headers: null, body: null },
    { status: 200, headers: {}, body: {} },
    { status: 200, headers: { get: () => { throw new Error('canary'); } } },
    { status: 200, headers: { get: () => 7 }, body: 'text' },
    { status: 204, get headers() { throw new Error('canary'); }, get body() { throw new Error('canary'); } },
    { status: 200, body: { getReader: () => { throw new Error('canary'); } } },
    { status: 200, body: stream(() => undefined) },
    { status: 200, body: stream(() => { throw new Error('canary'); }) },
    { status: 200, body: stream(async () => { throw new Error('canary'); }) },
    { status: 200, body: stream(async () => ({ value: 7 })) },
    { status: 200, body: stream(() => ({ value: new Uint8Array(0) })) },
    new Response(null, { status: 204 }),
  ];
  for (const answer of taken) {
    for (const fetch of [() => answer, async () => answer]) {
      const { traces } = await export_one({ fetch, timeoutMs: 10_000 });
      deepEqual([traces.delivered, traces.pending], [1, 0], String(fetch));
    }
  }
  for (const answer of [{ status: 400 }, { status: 500, headers: undefined }]) {
    equal((await export_one({ fetch: () => answer })).traces.rejected, 1);
  }
  equal((await export_one({ fetch: () => ({ status: 503 }) })).traces.pending, 1);
}

export async function a_mock_that_answers_with_nothing_is_no_connection() {
  const hostile = new Proxy({}, { get() { throw new Error('canary'); } });
  const failing = [
    () => undefined,
    () => null,
    () => 7,
    () => 'x',
    () => ({}),
    () => ({ ok: true }),
    () => ({ status: '200' }),
    () => ({ status: NaN }),
    () => ({ status: 0 }),
    () => ({ status: 1e9 }),
    () => hostile,
    () => Response.error(),
    () => { throw new Error('at once'); },
    () => { throw undefined; },
    () => { throw hostile; },
    () => Promise.reject(),
    () => Promise.reject(hostile),
    () => ({ then() { throw new Error('canary'); } }),
  ];
  for (const answer of failing) {
    for (const fetch of [answer, async () => answer()]) {
      const { runtime, traces } = await export_one({ fetch });
      deepEqual([traces.pending, balanced(traces)], [1, true], String(answer));
      ok((await lastErrors(runtime)).join().includes('no answer from'), String(answer));
    }
  }
}

export async function a_mock_that_never_settles_is_given_up_when_its_time_is_over() {
  const never = new Promise(() => {});
  const hanging = [() => never, () => ({ then() {} }), () => ({ status: 200, body: stream(() => never) })];
  for (const fetch of hanging) {
    const { runtime, traces } = await export_one({ fetch });
    deepEqual([traces.pending, balanced(traces)], [1, true]);
    ok((await lastErrors(runtime)).join().includes('within 100 ms'));
  }
}

export async function a_page_s_wrapper_of_fetch_is_passed_by() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  let wrapped = 0;
  const real = globalThis.fetch;
  globalThis.fetch = async (...all) => {
    wrapped += 1;
    await task.echo(wrapped);
    return real(...all);
  };
  try {
    const exporter = exportOtlp(runtime, { scheduleDelayMs: 1 });
    await task.add(1, 1);
    await exporter.flush();
    await exporter.flush();
    deepEqual([wrapped, exporter.ledger().traces.emitted], [0, 1]);
  } finally {
    globalThis.fetch = real;
  }
  equal((await received()).spans, 1);
}

export async function a_browser_that_is_wrong_about_its_network_exports_all_the_same() {
  Object.defineProperty(navigator, 'onLine', { configurable: true, value: false });
  const { runtime } = observed();
  exportOtlp(runtime, { scheduleDelayMs: 1 });
  const task = bench({}, runtime);
  for (let i = 0; i < 10; i++) await task.echo(i);
  await until(async () => (await received()).spans === 10);
}

export async function what_waits_leaves_when_the_browser_is_online_again() {
  let isOnline = false;
  Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => isOnline });
  for (const announce of [() => dispatchEvent(new Event('online')), () => {}]) {
    isOnline = false;
    dispatchEvent(new Event('offline'));
    let attempts = 0;
    const fetch = async () => {
      attempts += 1;
      if (!isOnline) throw new TypeError('no network');
      return { status: 200 };
    };
    const { runtime } = observed();
    const exporter = exportOtlp(runtime, { fetch, signals: ['traces'], scheduleDelayMs: 1, durable: false });
    const task = bench({}, runtime);
    for (let i = 0; i < 10; i++) await task.echo(i);
    await until(() => attempts > 0);
    equal(exporter.ledger().traces.delivered, 0);
    isOnline = true;
    announce();
    await task.echo(10);
    await until(() => exporter.ledger().traces.delivered === 11);
  }
}

export async function calls_that_an_export_makes_have_no_spans() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  let sent = 0;
  const fetch = async (url, init) => {
    const trace = runtime.createTrace('of the exporter');
    sent += await task.with({ trace }).add(1, 0);
    trace.end();
    return globalThis.fetch(url, init);
  };
  const headers = () => task.add(1, 1).then((sum) => ({ 'x-sum': String(sum) }));
  const exporter = exportOtlp(runtime, { fetch, headers, scheduleDelayMs: 1, signals: ['traces', 'logs'] });
  await task.echo(0);
  for (let i = 0; i < 3; i++) await exporter.flush();
  const { traces } = exporter.ledger();
  deepEqual([sent, traces.emitted, traces.delivered], [1, 1, 1]);
  await task.echo(1);
  await exporter.flush();
  deepEqual([sent, exporter.ledger().traces.emitted, (await received()).spans], [2, 2, 2], 'its other calls have theirs');
}
