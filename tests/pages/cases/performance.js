// The Performance timeline: what is written to it, what stays in it, and that what others wrote stays too.
import { bench } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const KEPT = 64;
const CALLS = 200;
const NAMES = ['atelier:span', 'atelier:trace'];

const entries = (name) => performance.getEntriesByName(name, 'measure');
const pooled = (runtime, options) => bench({ type: 'parallel', poolSize: 1, maxInFlight: 16, ...options }, runtime);
const many = (task, count = CALLS) => Promise.all(Array.from({ length: count }, (_, n) => task.add(n, 1)));
const account = (runtime) => runtime.getTelemetry().ledger.performance?.spans;

function writing(measures, metrics = 'off') {
  return createTaskRuntime({ observability: { spans: 'on', metrics, measures } });
}

export async function every_call_is_an_entry_and_the_last_ones_are_kept() {
  const seen = [];
  new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ type: 'measure' });
  const runtime = writing(undefined);
  const spans = [];
  runtime.subscribeEvents((event) => spans.push(event), { kinds: ['span'] });
  await many(pooled(runtime));
  const kept = entries('atelier:span');
  ok(kept.length > 0 && kept.length <= KEPT, `${kept.length} are kept`);
  await until(() => seen.length >= CALLS, 'an observer sees all of them');
  equal(seen.length, CALLS);
  for (const { callId, spanId, ts, durationMs } of spans) {
    const entry = seen.find(({ detail }) => detail.callId === callId);
    equal(entry.detail.spanId, spanId);
    ok(Math.abs(entry.startTime + entry.duration - (ts - performance.timeOrigin)) < 0.01, 'it ends when the call does');
    ok(Math.abs(entry.duration - durationMs) < 0.01);
  }
  deepEqual(account(runtime), { emitted: CALLS, delivered: CALLS, rejected: 0, dropped: {}, pending: 0 });
}

export async function two_runtimes_share_the_bound_and_clear_only_atelier_entries() {
  const own = ['page:load', 'atelier:other', 'atelier'];
  for (const name of own) performance.measure(name, { start: 1, end: 2, detail: name });
  performance.mark('atelier:span', { startTime: 3 });
  const [first, second] = [writing('measure'), writing('measure')];
  await Promise.all([many(pooled(first)), many(pooled(second))]);
  for (let n = 0; n < CALLS; n++) first.createTrace(`trace ${n}`).end();
  for (const name of NAMES) ok(entries(name).length > 0 && entries(name).length <= 2 * KEPT, entries(name).length);
  for (const name of own) deepEqual(entries(name).map(({ detail }) => detail), [name]);
  equal(performance.getEntriesByName('atelier:span', 'mark').length, 1);
  for (const runtime of [first, second]) equal(account(runtime).rejected, 0);
}

export async function an_entry_of_somebody_else_with_our_name_stays() {
  performance.measure('atelier:span', { start: 1, end: 2, detail: 'not ours' });
  const runtime = writing('measure');
  const task = pooled(runtime);
  await many(task);
  const foreign = () => entries('atelier:span').filter(({ detail }) => detail === 'not ours').length;
  equal(foreign(), 1, 'it cannot be told apart when clearing, so nothing is cleared');
  equal(entries('atelier:span').length, KEPT + 1, 'and ours are bounded all the same');
  deepEqual(account(runtime), { emitted: CALLS, delivered: KEPT, rejected: CALLS - KEPT, dropped: {}, pending: 0 });
  performance.clearMeasures('atelier:span');
  await many(task, 3);
  equal(entries('atelier:span').length, 3, 'it goes on when the other one is gone');
  equal(account(runtime).delivered, KEPT + 3);
}

export async function stamps_leave_nothing_in_the_timeline() {
  for (const measures of ['timestamp', 'off']) {
    const runtime = writing(measures);
    await many(pooled(runtime), 20);
    runtime.createTrace('one').end();
    for (const name of NAMES) equal(entries(name).length, 0, measures);
    equal(account(runtime)?.delivered, measures === 'off' ? undefined : 21);
  }
}

export async function stamps_have_the_phases_on_their_tracks() {
  const told = [];
  console.timeStamp = (...args) => told.push(args);
  const runtime = writing('timestamp');
  const task = pooled(runtime, { taskName: 'Sums', maxInFlight: 1, maxQueueDepth: 8 });
  await Promise.all([task.spin(5), task.spin(5)]);
  await rejects(task.fail('RangeError', 'far'), { name: 'RangeError' });
  ok(told.every(([, start, end, , group]) => group === 'Atelier' && start >= 0 && end >= start));
  const track = (name) => told.filter((args) => args[3] === name).map(([label]) => label);
  deepEqual(track('Sums · worker 0'), ['spin #1', 'spin #2', 'fail #3']);
  ok(track('Sums · queue').includes('spin: queue #2'), 'the second one waited for the first');
  equal(told.find(([label]) => label === 'fail #3')[5], 'error');
}

export async function a_console_without_stamps_costs_the_entries_and_nothing_else() {
  delete console.timeStamp;
  delete Object.getPrototypeOf(console).timeStamp;
  equal(console.timeStamp, undefined);
  const [stamping, measuring] = [writing('timestamp'), writing('measure')];
  await many(pooled(stamping), 3);
  await many(pooled(measuring), 3);
  equal(account(stamping).rejected, 3);
  deepEqual([account(measuring).delivered, entries('atelier:span').length], [3, 3]);
}

export async function handlers_spans_are_settled_too() {
  for (const measures of ['measure', 'timestamp']) {
    const runtime = writing(measures);
    const worker = () => new Worker('/tests/workers/spans.js', { type: 'module' });
    await runtime.defineTask({ type: 'singleton', worker }).nested();
    const { emitted, delivered, pending } = account(runtime);
    ok(emitted > 1, `${emitted}: the handler opened spans`);
    deepEqual([delivered, pending], [emitted, 0], measures);
  }
}

export async function a_mode_that_does_not_exist_is_refused() {
  for (const measures of ['on', true, null, 1]) {
    throws(() => writing(measures), { name: 'TypeError', message: 'observability.measures' });
  }
}
