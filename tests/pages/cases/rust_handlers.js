// Handlers in Rust, called from JavaScript: those of the Rust example, in workers that share one compiled module.
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { observed } from '../atelier.js';
import { logs, received, spans } from '../collector.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { wasmWorker } from '/atelier/wasm-worker.js';

const GLUE = '/rust-app/pkg/atelier_rust_app.js';
const module = await WebAssembly.compileStreaming(fetch('/rust-app/pkg/atelier_rust_app_bg.wasm'));

const rustWorker = (entry = 'numbers_worker') => () => wasmWorker({ module, glue: GLUE, entry });

function numbers(options = {}, runtime = createTaskRuntime()) {
  return runtime.defineTask({ type: 'singleton', taskId: 'numbers', worker: rustWorker(), ...options });
}

export async function they_answer_in_javascripts_terms() {
  const task = numbers({ maxInFlight: 4 });
  const results = await Promise.all([task.count_primes(0, 100), task.small_prime(3), task.small_prime_later(4)]);
  deepEqual(results, [25, 7, 11]);
  equal(await task.find_gap(6), 23);
}

export async function their_errors_have_a_name_and_a_message() {
  const task = numbers();
  await rejects(task.count_primes(7, 7), { name: 'NumberError', message: /^there is no number from 7 up to 7$/ });
  await rejects(task.count_sheep(), { name: 'Error', message: "Method 'count_sheep' not found on worker handlers" });
  for (const [args, message] of [
    [['two', 3], `argument 'from' (number 1): invalid type: string "two", expected u32`],
    [[2], `argument 'to' (number 2): invalid type: unit value, expected u32`],
    [[2, -3], `argument 'to' (number 2): invalid type: floating point \`-3.0\`, expected u32`],
    [[2.5, 3], `argument 'from' (number 1): invalid type: floating point \`2.5\`, expected u32`],
  ]) {
    const error = await rejects(task.count_primes(...args), { name: 'TypeError' });
    equal(error.message, message);
  }
  equal(await task.count_primes(0, 3), 1, 'the worker goes on');
}

export async function they_know_their_call() {
  const { runtime, events } = observed();
  const task = numbers({}, runtime);
  const seen = await task.with({ key: 'k' }).call('caller');
  const span = () => events.find((event) => event.kind === 'span');
  await until(span);
  const { callId, traceId, spanId } = span();
  deepEqual(seen, { call_id: callId, key: 'k', traceparent: `00-${traceId}-${spanId}-03`, aborted: false });
  const quiet = await numbers().call('caller');
  deepEqual([quiet.key, quiet.traceparent], [undefined, undefined]);
}

export async function an_async_one_hears_that_it_is_cancelled() {
  const task = numbers({ maxInFlight: 2 });
  const controller = new AbortController();
  const endless = task.with({ signal: controller.signal }).find_gap(1000);
  equal(await task.searches_stopped(), 0, 'answered while the search goes on');
  controller.abort();
  await rejects(endless, { name: 'AbortError' });
  await until(async () => (await task.searches_stopped()) === 1);
}

export async function bytes_move_and_the_module_is_shared() {
  const told = [];
  const worker = () => {
    const made = new Worker('/tests/workers/rust-observed.js', { type: 'module' });
    made.addEventListener('message', ({ data }) => data.moved && told.push(data));
    made.postMessage({ module, glue: new URL(GLUE, document.baseURI).href, entry: 'numbers_worker' });
    return made;
  };
  const marks = await numbers({ worker }).sieve(1_000_000);
  ok(marks instanceof Uint8Array);
  equal(marks.reduce((sum, mark) => sum + mark, 0), 78_498);
  deepEqual((await until(() => told.filter(({ moved }) => moved.length > 0)[0])).moved, [0], 'moved away');
  ok(told.every(({ fetched }) => fetched === 0), 'no worker fetches the module');
}

export async function a_panic_is_the_cause_of_the_crash() {
  const task = numbers({ maxInFlight: 3, maxQueueDepth: 8 });
  for (const method of ['small_prime', 'small_prime_later']) {
    equal(await task.small_prime(0), 2, 'the worker is ready, so that the next calls share a message');
    // The first has ended when the second panics, in the same turn; the third is lost with the worker.
    const [before, panic, search] = [task.small_prime(0), task[method](10), task.find_gap(1000)];
    before.catch(() => {});
    search.catch(() => {});
    const error = await rejects(panic, { name: 'WorkerCrashedError', message: "Worker crashed for task 'numbers'" });
    equal(await before, 2, 'what was finished before arrives');
    equal(error.cause.name, 'panic');
    ok(
      /^panicked at examples\/rust-app\/src\/numbers\.rs:\d+:\d+:\nindex out of bounds: the len is 10 but the index is 10$/
        .test(error.cause.message),
      error.cause.message,
    );
    await rejects(search, { name: 'WorkerCrashedError' });
    equal(await task.small_prime(9), 29, 'the next worker answers');
  }
}

export async function every_panic_of_many_tells_its_message() {
  const task = numbers({ type: 'parallel', poolSize: 4, maxQueueDepth: 100, crashMaxRetries: 1000 });
  for (let round = 0; round < 4; round++) {
    const panics = [10, 11, 12, 13].map((place) => task[place % 2 ? 'small_prime' : 'small_prime_later'](place));
    const errors = await Promise.all(panics.map((panic) => rejects(panic, { name: 'WorkerCrashedError' })));
    for (const error of errors) ok(error.cause.message.includes('index out of bounds'), error.cause.message);
    equal(await task.small_prime(0), 2);
  }
}

export async function a_wrong_entry_is_a_clear_error() {
  const error = await rejects(numbers({ worker: rustWorker('nobody') }).small_prime(0), { name: 'WorkerCrashedError' });
  ok(error.cause.message.includes("exports no function 'nobody'"), error.cause.message);
}

// Makes calls, and gives the spans that arrived at the collector.
async function exported(act, observability) {
  const { runtime, events } = observed(observability);
  const exporter = exportOtlp(runtime, { signals: ['traces', 'logs'] });
  const result = await act(numbers({ maxInFlight: 8, maxQueueDepth: 16 }, runtime), runtime);
  await exporter.flush();
  const arrived = await spans();
  equal(exporter.ledger().traces.delivered, arrived.length, 'the ledger counts them');
  equal((await received()).rejected, 0);
  return { result, events, arrived };
}

const own = ({ attributes }) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith('atelier.')));

// The spans that lie beneath one, in the order they were opened: they are told in that, and the newest arrives first.
const beneath = (arrived, { spanId }) => arrived.filter((span) => span.parentSpanId === spanId).toReversed();

export async function their_tracing_spans_arrive_beneath_their_call_although_calls_take_turns() {
  const products = [2 * 3 * 3 * 5 * 7, 2 ** 10, 9_699_690, 97 * 89, 13];
  const { result, arrived, events } = await exported((task) => Promise.all(products.map((it) => task.factors(it))));
  deepEqual(result.map((factors) => factors.reduce((a, b) => a * b)), products);
  const calls = arrived.filter((span) => span.name === 'numbers.factors');
  equal(calls.length, products.length);
  const overlaps = (a, b) => BigInt(a.startTimeUnixNano) < BigInt(b.endTimeUnixNano);
  ok(calls.some((a) => calls.some((b) => a !== b && overlaps(a, b) && overlaps(b, a))), 'they took turns');
  for (const call of calls) {
    const [factors, ...more] = beneath(arrived, call);
    deepEqual([factors.name, more], ['factors', []]);
    const { number, target } = own(factors);
    equal(target, 'atelier_rust_app::numbers');
    const steps = beneath(arrived, factors);
    deepEqual(steps.map(({ name }) => name), result[products.indexOf(number)].map(() => 'smallest_factor'));
    deepEqual(steps.map((step) => own(step).found), result[products.indexOf(number)]);
    equal(steps.reduce((rest, step) => (equal(own(step).of, rest), rest / own(step).found), number), 1);
    ok(steps.every((step, n) => n === 0 || BigInt(step.startTimeUnixNano) >= BigInt(steps[n - 1].endTimeUnixNano)));
    for (const span of [factors, ...steps]) {
      equal(span.traceId, call.traceId);
      ok(BigInt(span.startTimeUnixNano) >= BigInt(call.startTimeUnixNano), span.name);
      ok(BigInt(span.endTimeUnixNano) <= BigInt(call.endTimeUnixNano), span.name);
      equal(span.attributes['atelier.call.id'], call.attributes['atelier.call.id']);
    }
  }
  equal(new Set(arrived.map((span) => span.spanId)).size, arrived.length);
  equal(events.filter((event) => event.kind === 'span').length, products.length, 'listeners get calls');
}

export async function an_error_is_one_of_its_span_and_of_the_call() {
  const { arrived } = await exported((task) => rejects(task.factors(0), { name: 'NumberError' }));
  const [call] = arrived.filter((span) => span.name === 'numbers.factors');
  const [span] = beneath(arrived, call);
  deepEqual([span.status.code, span.status.message], ['error', 'zero has no prime factors']);
  equal(call.status.code, 'error');
}

export async function a_call_that_is_not_sampled_opens_no_spans() {
  const unsampled = { spans: { mode: 'on', sampleRate: 0 }, metrics: 'on' };
  const { result, arrived } = await exported((task) => Promise.all([task.factors(12), task.call('caller')]), unsampled);
  deepEqual([result[0], result[1].traceparent, arrived.length], [[2, 2, 3], undefined, 0]);
}

export async function their_events_arrive_as_log_records_of_the_span_they_were_told_in() {
  const { arrived } = await exported(async (task) => {
    await Promise.all([task.factors(12), task.factors(13)]);
    await rejects(task.factors(0), { name: 'NumberError' });
  });
  const told = (await logs()).filter(({ attributes }) => attributes['atelier.call.id'] !== undefined).toReversed();
  const spanOf = (log) => arrived.find(({ spanId }) => spanId === log.spanId);
  const factored = told.filter(({ body }) => body === 'factored');
  deepEqual(factored.map(({ attributes: { count, prime } }) => [Number(count), prime]).sort(), [[1, true], [3, false]]);
  for (const log of factored) {
    const span = spanOf(log);
    deepEqual([log.severityNumber, span.name, log.traceId], [9, 'factors', span.traceId]);
    equal(Number(log.attributes.count), own(span).number === 13 ? 1 : 3);
    ok(BigInt(log.timeUnixNano) >= BigInt(span.startTimeUnixNano) && BigInt(log.timeUnixNano) <= BigInt(span.endTimeUnixNano));
  }
  const [failed] = told.filter(({ attributes }) => attributes.error === 'zero has no prime factors');
  equal(failed.body, 'zero has no prime factors');
  deepEqual([failed.severityNumber, spanOf(failed).name], [17, 'factors']);
}
