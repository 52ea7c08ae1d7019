// Telemetry against what is known without it.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { turn } from '../deferred.js';
import { seeded } from '../random.js';
import { exportOtlp } from '/atelier/otlp.js';

// What clocks in pages and workers are rounded to (100 µs without isolation), at both ends of a duration.
const RESOLUTION = 0.25;

export async function the_run_phase_is_what_the_worker_measures_itself() {
  const { runtime } = observed();
  const worker = () => new Worker('/tests/workers/recording.js', { type: 'module' });
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 8, maxQueueDepth: 64, worker }, runtime);
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), { intervalMs: 5 });
  const random = seeded(5);
  const calls = Array.from({ length: 60 }, async (_, i) => {
    if (i % 3 === 0) await turn();
    const [asked, result] = [performance.now(), task.record(random.below(4), random.below(3) * 4, random.below(3))];
    const { callId, begun, ended } = await result;
    return { callId, own: ended - begun, whole: performance.now() - asked };
  });
  const measured = await Promise.all(calls);
  await until(() => frames.flatMap((frame) => frame.spans).length === 60);
  const spans = new Map(frames.flatMap((frame) => frame.spans).map((span) => [span.callId, span]));
  for (const { callId, own, whole } of measured) {
    const span = spans.get(callId);
    const [admission, queue, delivery, run, reply] = span.phases;
    ok(Math.abs(admission + queue + delivery + run + reply - span.durationMs) < 0.001, 'phases add up');
    ok(run >= own - RESOLUTION, `the handler took ${own}, its phase is ${run}`);
    ok(run <= span.durationMs && span.durationMs <= whole + RESOLUTION, 'and not longer than its caller waited');
    const others = admission + queue + delivery + reply;
    ok(others <= whole - own + RESOLUTION, `${others} of ${whole} are not in the handler, which took ${own}`);
  }
  const { run } = runtime.getTelemetry().tasks[0].histograms['task.phase_ms'];
  const total = measured.reduce((sum, { own }) => sum + own, 0);
  ok(run.count === 60 && run.sum >= total - 60 * RESOLUTION, 'together too');
}

const OUTCOMES = { ok: 'success', AbortError: 'canceled', QueueDropError: 'rejected', TaskDisposedError: 'rejected' };
const ENDS = ['success', 'failure', 'canceled', 'rejected'];

// One random life of two tasks; `counts` is what their callers saw: by task and method, how each call ended.
async function live(seed) {
  const random = seeded(seed);
  const { runtime, events } = observed();
  const keys = runtime.abortTaskController;
  const crashes = { crashMaxRetries: 1_000 };
  const tasks = {
    pool: { type: 'parallel', poolSize: 2, maxInFlight: 6, maxQueueDepth: 3, queuePolicy: random.pick(['block', 'drop-oldest', 'reject']) },
    one: { crashPolicy: 'restart-requeue-in-flight', maxQueueDepth: 2, queuePolicy: random.pick(['block', 'drop-latest']) },
  };
  const made = Object.entries(tasks).map(([taskId, options]) => [taskId, bench({ taskId, ...crashes, ...options }, runtime)]);
  const counts = {};
  const calls = [];
  const call = (taskId, task, method, args, options) => {
    const ends = ((counts[taskId] ??= {})[method] ??= { dispatch: 0, success: 0, failure: 0, canceled: 0, rejected: 0 });
    ends.dispatch += 1;
    const end = task.with(options)[method](...args).then(() => 'ok', (error) => error.name);
    calls.push(end.then((name) => (ends[OUTCOMES[name] ?? 'failure'] += 1)));
  };
  let dying = 3;
  for (let step = 0; step < 250; step++) {
    const [taskId, task] = random.pick(made);
    const key = `key ${random.below(4)}`;
    const action = random.below(20);
    if (action < 9) call(taskId, task, 'add', [step, 1], { key, priority: random.pick(['background', 'user-blocking']) });
    else if (action < 11) call(taskId, task, 'fail', ['RangeError', 'no'], {});
    else if (action < 14) call(taskId, task, 'listen', [`${seed} ${step}`], { key });
    else if (action === 14) call(taskId, task, 'add', [1, 1], { signal: AbortSignal.abort() });
    else if (action === 15 && dying-- > 0) call(taskId, task, 'crash', ['random'], { key: 'crash' });
    else if (action === 16) {
      task.stopWorkers();
      if (random.below(2)) await turn();
      task.startWorkers();
    } else if (action === 17) await turn();
    else {
      keys.abort(key);
      keys.clear(key);
    }
  }
  // A crash that is requeued crashes again and again; and who listens ends when told to.
  const over = Promise.all(calls);
  let left = true;
  over.then(() => (left = false));
  await until(() => {
    for (const key of ['key 0', 'key 1', 'key 2', 'key 3', 'crash']) keys.abort(key);
    return !left;
  });
  return { runtime, events, counts, calls: calls.length };
}

export async function outcomes_add_up_to_the_calls_whatever_happens() {
  for (const seed of [1, 2, 3, 4]) {
    const { runtime, events, counts, calls } = await live(seed);
    const { tasks } = runtime.getTelemetry();
    let seen = 0;
    for (const { taskId, counters, methods, histograms } of tasks) {
      const about = `seed ${seed}, ${taskId}`;
      const told = Object.fromEntries(
        Object.entries(methods).map(([method, { counters: of }]) => [
          method,
          Object.fromEntries(['dispatch', ...ENDS].map((end) => [end, of[`task.${end}.total`]])),
        ]),
      );
      deepEqual(told, counts[taskId], about);
      const dispatched = counters['task.dispatch.total'];
      equal(ENDS.reduce((sum, end) => sum + counters[`task.${end}.total`], 0), dispatched, about);
      for (const end of ['dispatch', ...ENDS]) {
        const heard = events.filter((it) => it.name === `task.${end}.total` && it.attrs['task.id'] === taskId).length;
        equal(heard, counters[`task.${end}.total`], `${about}: ${end}`);
      }
      equal(histograms['task.duration_ms'].count, dispatched, about);
      equal(events.filter((it) => it.kind === 'span' && it.taskId === taskId).length, dispatched, about);
      seen += dispatched;
    }
    equal(seen, calls);
  }
}

const lost = ({ dropped }) => Object.values(dropped).reduce((sum, n) => sum + n, 0);
const balanced = (row) => row.emitted === row.delivered + row.rejected + lost(row) + row.pending;

export async function the_ledger_balances_at_every_moment_under_load() {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, {
    endpoint: 'http://127.0.0.1:9',
    maxQueueSize: 20,
    maxBatchSize: 10,
    scheduleDelayMs: 1,
    metricIntervalMs: 10,
    durable: { maxBytes: 4_000 },
  });
  const random = seeded(7);
  const wrong = [];
  let [moments, mine] = [0, 0];
  const look = (about) => {
    moments += 1;
    const { ledger } = runtime.getTelemetry();
    for (const [consumer, rows] of Object.entries(ledger)) {
      for (const [signal, row] of Object.entries(rows)) {
        if (!balanced(row)) wrong.push(`${about}: ${consumer} ${signal} ${JSON.stringify(row)}`);
      }
    }
    return ledger;
  };
  // What a listener is told and what the ledger says of it are counted apart.
  runtime.subscribeEvents(() => {
    const rows = look('in a listener')['listener:2'];
    if (rows.events.delivered + rows.spans.delivered !== mine) wrong.push(`${mine} heard, not ${JSON.stringify(rows)}`);
    mine += 1;
  });
  const batches = [];
  runtime.subscribeEvents(
    (batch) => {
      look('in a batch listener');
      batches.push(batch.length);
      const until = performance.now() + 3;
      while (performance.now() < until);
    },
    { batch: true },
  );
  runtime.subscribeFrames(() => new Promise((done) => setTimeout(done, random.below(20))), { intervalMs: 5 });
  let stop;
  const restless = () => {
    stop = runtime.subscribeEvents(
      () => {
        if (random.below(5)) return;
        stop();
        look('just after a listener has left');
        restless();
      },
      { batch: random.below(2) === 0 },
    );
  };
  restless();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 8, maxQueueDepth: 4, queuePolicy: 'drop-oldest', crashMaxRetries: 100 }, runtime);
  const calls = [];
  for (let step = 0; step < 80; step++) {
    const key = `key ${random.below(3)}`;
    // Most of them fail, one way or another.
    calls.push(task.with({ key }).add(step, 1).catch(() => {}));
    if (step % 40 === 20) calls.push(task.crash('under load').catch(() => {}));
    if (random.below(6) === 0) {
      runtime.abortTaskController.abort(key);
      runtime.abortTaskController.clear(key);
      look('after an abort');
    }
    if (random.below(4) === 0) await turn();
    if (step % 16 === 0) exporter.flush();
  }
  await Promise.all(calls);
  await until(() => runtime.getTelemetry().ledger['listener:3'].events.pending === 0);
  await exporter.flush();
  const ledger = look('at the end');
  deepEqual(wrong.slice(0, 3), []);
  ok(moments > 500 && batches.length > 5, `${moments} moments, ${batches.length} batches`);
  const otlp = Object.entries(ledger).find(([consumer]) => consumer.startsWith('otlp:'))[1];
  ok(lost(otlp.spans) > 0 && otlp.spans.delivered === 0, 'the exporter had to drop');
  const own = exporter.ledger();
  ok(Object.values(own).every(balanced), JSON.stringify(own));
  const { events: told, spans } = ledger['listener:1'];
  equal(told.delivered + spans.delivered, events.length, 'whoever stayed heard everything');
  equal(ledger['listener:3'].events.delivered + ledger['listener:3'].spans.delivered, batches.reduce((sum, n) => sum + n, 0));
  equal(ledger['listener:3'].events.emitted, ledger['listener:2'].events.emitted);
}
