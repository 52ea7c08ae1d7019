// Headers that change: read, and asked for, before each request.
import { bench, observed } from '../atelier.js';
import { faults, received } from '../collector.js';
import { stored } from '../outliving.js';
import { balanced, lastErrors, watched } from '../sending.js';
import { deepEqual, equal, ok, throws, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';

/** An exporter of traces, and a task that makes them. */
function begin(options) {
  const { runtime } = observed();
  const { requests, fetch } = watched();
  const exporter = exportOtlp(runtime, { fetch, signals: ['traces'], ...options });
  const task = bench({}, runtime);
  const calls = async (count) => {
    for (let i = 0; i < count; i++) await task.echo(i);
  };
  const tokens = () => requests.map(({ headers }) => headers.get('authorization'));
  return { runtime, requests, exporter, calls, tokens };
}

const leave = () => dispatchEvent(new PageTransitionEvent('pagehide'));

export async function a_function_is_asked_before_each_request_and_awaited() {
  for (const isLate of [false, true]) {
    let asked = 0;
    const token = () => ({ authorization: `Bearer token-${++asked}` });
    const { exporter, calls, tokens } = begin({ headers: isLate ? async () => (await 0, token()) : token });
    for (let i = 0; i < 2; i++) {
      await calls(1);
      await exporter.flush();
    }
    deepEqual(tokens(), ['Bearer token-1', 'Bearer token-2']);
    equal(exporter.ledger().traces.delivered, 2);
  }
}

export async function an_object_is_read_before_each_request() {
  const headers = { authorization: 'first' };
  const { exporter, calls, tokens } = begin({ headers });
  await calls(1);
  await exporter.flush();
  headers.authorization = 'second';
  await calls(1);
  await exporter.flush();
  delete headers.authorization;
  await calls(1);
  await exporter.flush();
  deepEqual(tokens(), ['first', 'second', null]);
}

export async function every_form_of_headers_is_taken() {
  const forms = [{ authorization: 'a' }, [['authorization', 'a']], new Headers({ authorization: 'a' }), Object.create(null, { authorization: { value: 'a', enumerable: true } })];
  for (const headers of [...forms, ...forms.map((form) => () => form), ...forms.map((form) => async () => form)]) {
    const { exporter, calls, tokens } = begin({ headers });
    await calls(1);
    await exporter.flush();
    deepEqual(tokens(), ['a']);
  }
}

export async function a_header_may_have_any_name() {
  const { exporter, calls, requests } = begin({ headers: () => [['__proto__', 'a'], ['constructor', 'b']] });
  await calls(1);
  await exporter.flush();
  equal(exporter.ledger().traces.delivered, 1);
  deepEqual([requests[0].headers.get('__proto__'), requests[0].headers.get('constructor')], ['a', 'b']);
}

export async function a_function_that_fails_costs_the_attempt_and_nothing_else() {
  const canary = 'canary-secret';
  const failing = [
    () => { throw new Error(canary); },
    () => { throw canary; },
    () => { throw null; },
    async () => { throw new Error(canary); },
    () => Promise.reject(),
    () => undefined,
    () => null,
    () => 7,
    () => canary,
    async () => 7,
    () => new Map([['authorization', canary]]),
    () => new Date(),
    () => [[canary]],
    () => ({ authorization: 1 }),
    () => ({ authorization: `${canary}\n` }),
    () => ({ 'content-type': canary }),
    () => new Proxy({}, { ownKeys() { throw new Error(canary); } }),
    () => ({ get then() { throw new Error(canary); } }),
    () => ({ then: (_, reject) => reject(canary) }),
  ];
  for (const fail of failing) {
    let works = false;
    const headers = () => (works ? { authorization: canary } : fail());
    const { runtime, exporter, calls, tokens } = begin({ headers, durable: false });
    await calls(1);
    await exporter.flush();
    deepEqual([exporter.ledger().traces.pending, tokens()], [1, []], String(fail));
    const said = (await lastErrors(runtime)).join();
    ok(said.includes('no headers') && !said.includes(canary), `${fail}: ${said}`);
    works = true;
    await exporter.flush();
    deepEqual([exporter.ledger().traces.delivered, tokens()], [1, [canary]]);
  }
}

export async function a_function_that_never_settles_is_given_up_when_its_time_is_over() {
  let settles = false;
  const headers = () => (settles ? { authorization: 'late' } : new Promise(() => {}));
  const { runtime, exporter, calls, tokens } = begin({ headers, timeoutMs: 50, durable: false });
  await calls(1);
  await exporter.flush();
  deepEqual([exporter.ledger().traces.pending, tokens()], [1, []]);
  ok((await lastErrors(runtime)).join().includes('within 50 ms'));
  settles = true;
  await exporter.flush();
  deepEqual([exporter.ledger().traces.delivered, tokens()], [1, ['late']]);
}

export async function what_settles_too_late_is_not_sent() {
  const late = [];
  const headers = () => new Promise((resolve) => late.push(resolve));
  const { exporter, calls, tokens } = begin({ headers, timeoutMs: 50, durable: false });
  await calls(1);
  await exporter.flush();
  equal(late.length, 1);
  late[0]({ authorization: 'too late' });
  const flushed = exporter.flush();
  await until(() => late.length === 2);
  late[1]({ authorization: 'in time' });
  await flushed;
  deepEqual(tokens(), ['in time']);
  deepEqual([exporter.ledger().traces.delivered, (await received()).spans], [1, 1]);
}

export async function a_refused_token_keeps_the_batch_once_there_is_a_function() {
  await faults({ traces: [{ answer: { status: { status: 401 } } }, { answer: { status: { status: 403 } } }] });
  let asked = 0;
  const { exporter, calls, tokens } = begin({ headers: async () => ({ authorization: String(++asked) }), durable: false });
  await calls(2);
  for (const pending of [2, 2, 0]) {
    await exporter.flush();
    equal(exporter.ledger().traces.pending, pending);
  }
  deepEqual([exporter.ledger().traces.delivered, tokens()], [2, ['1', '2', '3']]);
  for (const headers of [undefined, { authorization: 'fixed' }]) {
    await faults({ traces: [{ answer: { status: { status: 401 } } }] });
    const fixed = begin({ headers });
    await fixed.calls(2);
    await fixed.exporter.flush();
    equal(fixed.exporter.ledger().traces.rejected, 2, 'final as ever');
  }
}

export async function each_signal_may_have_its_own() {
  const { runtime } = observed();
  const { requests, fetch } = watched();
  const exporter = exportOtlp(runtime, {
    fetch,
    headers: () => ({ authorization: 'all' }),
    credentials: 'omit',
    metrics: { headers: async () => ({ 'x-own': 'metrics' }), credentials: 'include' },
  });
  await bench({}, runtime).add(1, 1);
  await exporter.flush();
  const of = (signal) => requests.find(({ url }) => url.endsWith(signal));
  const seen = ({ headers, credentials }) => [headers.get('authorization'), headers.get('x-own'), credentials];
  deepEqual(seen(of('traces')), ['all', null, 'omit']);
  deepEqual(seen(of('metrics')), [null, 'metrics', 'include']);
}

export async function cookies_go_to_the_page_s_own_origin_unless_told_otherwise() {
  for (const [credentials, expected] of [[undefined, 'same-origin'], ['omit', 'omit'], ['include', 'include']]) {
    const { exporter, calls, requests } = begin({ credentials });
    await calls(1);
    await exporter.flush();
    equal(requests[0].credentials, expected);
  }
}

export async function a_page_that_goes_uses_the_last_answer_of_a_function_it_cannot_await() {
  let asked = 0;
  const { exporter, calls, requests, tokens } = begin({ headers: async () => ({ authorization: String(++asked) }) });
  await calls(1);
  await exporter.flush();
  await calls(1);
  leave();
  deepEqual([tokens(), requests.at(-1).keepalive], [['1', '1'], true], 'it has left at once');
  await until(() => exporter.ledger().traces.delivered === 2);
}

export async function a_page_that_goes_asks_a_function_that_answers_at_once() {
  let asked = 0;
  const { calls, tokens } = begin({ headers: () => ({ authorization: String(++asked) }) });
  await calls(1);
  leave();
  deepEqual(tokens(), ['1']);
}

export async function a_page_that_goes_without_headers_leaves_the_batch_in_storage() {
  const { exporter, calls, requests } = begin({ headers: () => new Promise(() => {}) });
  await calls(3);
  leave();
  equal(requests.length, 0);
  await until(async () => (await stored()).length === 1);
  ok(balanced(exporter.ledger().traces));
  equal(exporter.ledger().traces.pending, 3);
}

export async function no_header_is_stored() {
  await faults({ traces: [{ answer: { status: { status: 503 } }, lasting: true }] });
  const { exporter, calls } = begin({ headers: async () => ({ authorization: 'canary-secret' }) });
  await calls(1);
  await exporter.flush();
  await until(async () => (await stored()).length === 1);
  ok(!JSON.stringify(await stored()).includes('canary'));
}

export async function an_error_of_fetch_shows_no_header() {
  const { runtime } = observed();
  const fetch = async (_, { headers }) => { throw new Error(`refused: ${headers.authorization}`); };
  const exporter = exportOtlp(runtime, { fetch, signals: ['traces'], headers: () => ({ authorization: 'canary-secret' }) });
  await bench({}, runtime).add(1, 1);
  await exporter.flush();
  const said = (await lastErrors(runtime)).join();
  ok(said.includes('refused: ****') && !said.includes('canary'), said);
}

export async function what_is_no_headers_is_refused() {
  const runtime = createTaskRuntime();
  const wrong = {
    headers: [7, 'x', true, new Map([['a', 'b']]), new Date(), Promise.resolve({ a: 'b' }), [['a']], [1], { a: 1 }, { a: undefined }, { 'a b': 'c' }, { a: 'c\n' }, { cookie: 'c' }],
    credentials: ['always', true, {}],
    fetch: [7, 'fetch', {}],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      throws(() => exportOtlp(runtime, { [option]: value }), { name: 'OtlpConfigError', message: option }, `${option}: ${String(value)}`);
      if (option === 'fetch') continue;
      throws(() => exportOtlp(runtime, { logs: { [option]: value } }), { name: 'OtlpConfigError', message: `logs.${option}` });
    }
  }
}
