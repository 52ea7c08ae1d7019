// subscribeEvents: who is told what, when, and in which order.
import { bench, benchWorker, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, throws, until } from '../assert.js';
import { turn } from '../deferred.js';
import { createTaskRuntime } from '/atelier/index.js';

const kindsOf = (events) => [...new Set(events.map((event) => event.kind))].sort();

function listen(runtime, options) {
  const events = [];
  const stop = runtime.subscribeEvents((event) => events.push(event), options);
  return { events, stop };
}

async function oneOfEach(runtime, task) {
  const trace = runtime.createTrace('t');
  await task.with({ trace }).add(1, 1);
  trace.end();
}

export async function kinds_are_chosen_one_by_one() {
  const { runtime } = observed();
  const kinds = ['counter', 'gauge', 'histogram', 'span', 'trace'];
  const heard = kinds.map((kind) => listen(runtime, { kinds: [kind] }));
  const none = listen(runtime, { kinds: [] });
  const all = listen(runtime);
  const spans = listen(runtime, { kinds: ['span', 'trace'] });
  await oneOfEach(runtime, bench({}, runtime));
  kinds.forEach((kind, i) => deepEqual(kindsOf(heard[i].events), [kind]));
  deepEqual(kindsOf(all.events), [...kinds].sort());
  deepEqual(kindsOf(spans.events), ['span', 'trace']);
  equal(none.events.length, 0);
  const sum = heard.reduce((sum, { events }) => sum + events.length, 0);
  equal(sum, all.events.length, 'together they heard everything');
}

export async function tasks_are_chosen_by_id_or_name() {
  const { runtime } = observed();
  const byId = listen(runtime, { tasks: ['one'] });
  const byName = listen(runtime, { tasks: ['second', 'nobody'], kinds: ['span'] });
  await oneOfEach(runtime, bench({ taskId: 'one', taskName: 'first' }, runtime));
  await oneOfEach(runtime, bench({ taskId: 'two', taskName: 'second' }, runtime));
  await oneOfEach(runtime, bench({ taskId: 'three' }, runtime));
  const ids = new Set(byId.events.map((event) => event.taskId ?? event.attrs['task.id']));
  deepEqual([...ids], ['one']);
  deepEqual(kindsOf(byId.events), ['counter', 'gauge', 'histogram', 'span'], 'a trace belongs to no task');
  deepEqual(byName.events.map((event) => event.taskId), ['two']);
}

export async function what_was_not_asked_for_is_no_loss() {
  const { runtime } = observed();
  const { events } = listen(runtime, { kinds: ['span'] });
  await bench({}, runtime).add(1, 1);
  const { ledger } = runtime.getTelemetry();
  deepEqual(ledger['listener:2'], {
    spans: { emitted: events.length, delivered: events.length, rejected: 0, dropped: {}, pending: 0 },
  });
}

export async function batches_are_arrays_one_a_turn() {
  const { runtime, events } = observed();
  const batches = [];
  let [told, twice] = [false, false];
  runtime.subscribeEvents(
    (batch) => {
      // Asserted below: what a listener throws is only reported.
      twice ||= told;
      told = true;
      turn().then(() => (told = false));
      batches.push(batch);
    },
    { batch: true },
  );
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4 }, runtime);
  const calls = [task.add(1, 1), task.add(2, 2)];
  // Microtasks are of the same turn.
  for (let i = 0; i < 50; i++) await null;
  calls.push(task.add(3, 3));
  equal(batches.length, 0, 'not before the turn ends');
  await Promise.all(calls);
  await until(() => batches.flat().length === events.length);
  equal(twice, false, 'one a turn');
  deepEqual(batches.flat(), events, 'the same events in the same order');
  ok(batches.every(Array.isArray));
  ok(batches[0].filter((event) => event.name === 'task.dispatch.total').length === 3, 'those of one turn come together');
}

export async function a_batch_listener_may_leave_or_throw() {
  const { runtime } = observed();
  const left = [];
  const stop = runtime.subscribeEvents((batch) => left.push(batch), { batch: true });
  let thrown = 0;
  runtime.subscribeEvents(
    () => {
      thrown += 1;
      throw new Error('a batch listener that throws');
    },
    { batch: true },
  );
  const task = bench({}, runtime);
  const call = task.add(1, 1);
  stop();
  stop();
  equal(await call, 2);
  await until(() => thrown > 0);
  equal(left.length, 0);
  const { 'listener:3': row } = runtime.getTelemetry().ledger;
  ok(row.events.delivered > 0);
}

export async function a_throwing_listener_is_reported() {
  const reported = [];
  const original = console.error;
  console.error = (...words) => reported.push(words.at(-1));
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  runtime.subscribeEvents(
    () => {
      throw new RangeError('my own fault');
    },
    { kinds: ['span'] },
  );
  equal(await bench({}, runtime).add(1, 1), 2);
  console.error = original;
  deepEqual(reported.map((error) => error.message), ['my own fault']);
}

export async function listeners_may_come_and_go_during_delivery() {
  const { runtime } = observed();
  const [later, second, third] = [[], [], []];
  let stopSecond = () => {};
  let joined = false;
  runtime.subscribeEvents(() => {
    stopSecond();
    if (joined) return;
    joined = true;
    runtime.subscribeEvents((event) => later.push(event));
  });
  stopSecond = runtime.subscribeEvents((event) => second.push(event));
  runtime.subscribeEvents((event) => third.push(event));
  const task = bench({}, runtime);
  await task.add(1, 1);
  equal(second.length, 0, 'taken off before its turn came');
  ok(third.length > 5 && later.length > 0);
  ok(later.length < third.length, 'what came before it is not told again');
}

export async function a_listener_may_make_calls() {
  const { runtime } = observed();
  const task = bench({ type: 'parallel', poolSize: 2 }, runtime);
  let second;
  const stop = runtime.subscribeEvents((event) => {
    if (event.name !== 'task.success.total' || second) return;
    second = task.add(2, 2);
    runtime.abortTaskController.abort('k');
    ok(runtime.abortTaskController.isAborted('k'), 'seen at once');
    equal(task.getState().totalDispatched, 2);
  });
  equal(await task.add(1, 1), 2);
  equal(await second, 4);
  stop();
}

export async function a_call_is_told_in_the_order_of_its_life() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't' }, runtime);
  await task.add(1, 1);
  const about = events.filter(({ kind, name }) => kind === 'span' || name.startsWith('task.') || name === 'queue.wait_ms');
  deepEqual(
    about.map(({ name, attrs }) => (attrs?.phase ? `${name} ${attrs.phase}` : name)),
    [
      'task.dispatch.total',
      'queue.wait_ms',
      'task.success.total',
      'task.duration_ms',
      'task.phase_ms admission',
      'task.phase_ms queue',
      'task.phase_ms delivery',
      'task.phase_ms run',
      'task.phase_ms reply',
      'atelier:span',
    ],
  );
  const times = events.map((event) => event.ts);
  deepEqual(times, times.toSorted((a, b) => a - b), 'and none is older than the one before');
}

export async function metrics_off_means_none() {
  const { runtime, events } = observed({ spans: 'on', metrics: 'off' });
  const task = bench({}, runtime);
  await oneOfEach(runtime, task);
  deepEqual(kindsOf(events), ['span', 'trace']);
  const [{ counters, histograms }] = runtime.getTelemetry().tasks;
  equal(counters['task.success.total'], 1, 'outcomes are counted all the same');
  equal(histograms['task.duration_ms'].count, 0);
}

export async function metrics_auto_follows_who_listens() {
  const runtime = createTaskRuntime({ observability: { spans: 'off' } });
  const task = bench({}, runtime);
  await task.add(1, 1);
  const { events, stop } = listen(runtime);
  await task.add(1, 1);
  equal(events.filter((event) => event.name === 'task.success.total').length, 1);
  stop();
  await task.add(1, 1);
  const [{ counters, histograms }] = runtime.getTelemetry().tasks;
  equal(counters['task.success.total'], 3);
  equal(histograms['task.duration_ms'].count, 1, 'only what was measured while somebody listened');
}

export async function a_burst_loses_nothing() {
  const { runtime, events } = observed({ spans: 'off', metrics: 'on' });
  const many = 20_000;
  const task = bench({ maxQueueDepth: many }, runtime);
  const calls = Array.from({ length: many }, () => task.with({ key: 'k' }).hold('never', 1));
  runtime.abortTaskController.abort('k');
  await Promise.allSettled(calls);
  const canceled = events.filter((event) => event.name === 'task.canceled.total').length;
  equal(canceled, many);
  openGate('never');
}

export async function wrong_options_are_told_clearly() {
  const runtime = createTaskRuntime();
  const wrong = {
    kinds: ['span', ['spans'], [1], 7, null],
    tasks: ['t', [1], [undefined], {}, null],
    batch: ['yes', 1, null],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      throws(() => runtime.subscribeEvents(() => {}, { [option]: value }), { name: 'TypeError', message: option });
    }
  }
  for (const listener of [undefined, null, {}, 'log']) throws(() => runtime.subscribeEvents(listener), { name: 'TypeError' });
  throws(() => runtime.subscribeEvents(() => {}, 'span'), { name: 'TypeError', message: 'subscribeEvents' });
  runtime.defineTask({ type: 'singleton', worker: benchWorker });
  deepEqual(runtime.getTelemetry().ledger, {}, 'nobody is subscribed by accident');
}
