// Events in the frames of a reader that asked for them: what listeners get, bounded, accounted for, and for nobody else.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';

const INTERVAL = { intervalMs: 5 };
const gatherers = (runtime) => Object.keys(runtime.getTelemetry().ledger).filter((name) => name.endsWith(':events'));

export async function they_are_what_listeners_get() {
  const { runtime, events } = observed();
  const told = [];
  const stop = runtime.subscribeFrames((frame) => told.push(...frame.events), { ...INTERVAL, events: true });
  const task = bench({ taskId: 't', taskName: '<b>bench</b> 🙂', maxQueueDepth: 1, queuePolicy: 'reject' }, runtime);
  await runtime.runWithTrace('a trace', (trace) => task.with({ trace }).add(1, 1));
  const crowd = [task.add(1, 1), task.add(1, 1), task.add(1, 1)].map((call) => call.catch(() => {}));
  await Promise.all(crowd);
  await rejects(task.fail('TypeError', `no ${'x'.repeat(10_000)}`), { name: 'TypeError' });
  await until(() => told.length === events.length, 'all of them came');
  deepEqual(new Set(told.map(({ kind }) => kind)), new Set(['counter', 'gauge', 'histogram', 'span', 'trace']));
  deepEqual(told, events);
  stop();
  deepEqual(gatherers(runtime), []);
}

export async function nothing_is_gathered_for_a_reader_that_did_not_ask() {
  const { runtime } = observed();
  let wanted = false;
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), { ...INTERVAL, events: () => wanted });
  const plain = [];
  runtime.subscribeFrames((frame) => plain.push(frame), INTERVAL);
  const task = bench({ taskId: 't' }, runtime);
  await task.add(1, 1);
  await until(() => frames.length > 3);
  ok(frames.every((frame) => !('events' in frame) && !('eventsDropped' in frame)));
  deepEqual(gatherers(runtime), []);
  wanted = true;
  await until(() => frames.at(-1).events);
  equal(frames.reduce((sum, { events }) => sum + (events?.length ?? 0), 0), 0, 'what was before is not told');
  equal(gatherers(runtime).length, 1);
  await task.add(1, 1);
  await until(() => frames.some(({ events }) => events?.some(({ kind }) => kind === 'span')));
  wanted = false;
  await until(() => !frames.at(-1).events);
  deepEqual(gatherers(runtime), []);
  ok(plain.every((frame) => !('events' in frame)));
}

export async function what_a_frame_has_no_room_for_is_counted() {
  const { runtime, events } = observed();
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 50, events: true });
  await until(() => frames.length > 0);
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 1, maxInFlight: 500, maxQueueDepth: 1_000 }, runtime);
  await Promise.all(Array.from({ length: 500 }, (_, n) => task.add(n, 1)));
  const sum = () => frames.reduce((all, { events: told, eventsDropped = 0 }) => all + told.length + eventsDropped, 0);
  await until(() => sum() === events.length, 'told and dropped are all');
  ok(frames.every(({ events: told }) => told.length <= 512), 'bounded');
  ok(frames.some(({ eventsDropped }) => eventsDropped > 0), 'and too many came');
  const rows = Object.values(runtime.getTelemetry().ledger[gatherers(runtime)[0]]);
  const all = (pick) => rows.reduce((total, row) => total + pick(row), 0);
  const lost = all(({ dropped }) => dropped.queue_full ?? 0);
  equal(all(({ emitted }) => emitted), events.length);
  equal(all(({ delivered, pending }) => delivered + pending) + lost, events.length);
}

export async function an_option_that_makes_no_sense_is_refused() {
  const { runtime } = observed();
  throws(() => runtime.subscribeFrames(() => {}, { events: 'all' }), { name: 'TypeError', message: 'events' });
  throws(() => runtime.subscribeFrames(() => {}, { events: () => 1 }), { name: 'TypeError', message: 'events()' });
  throws(() => runtime.subscribeFrames(() => {}, { name: '' }), { name: 'RangeError', message: 'name' });
  throws(() => runtime.subscribeFrames(() => {}, { name: 7 }), { name: 'TypeError', message: 'name' });
  deepEqual(gatherers(runtime), []);
  equal(Object.keys(runtime.getTelemetry().ledger).filter((name) => name.startsWith('frames')).length, 0, 'and no stream was begun');
}
