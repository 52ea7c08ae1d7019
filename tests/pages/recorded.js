// A page with real workers that is recorded, and heard by a listener at the same time.
import { createTaskRuntime } from '/atelier/index.js';
import { openGate } from './atelier.js';
import { rejects, until } from './assert.js';

const workerAt = (file) => () => new Worker(`/tests/workers/${file}.js`, { type: 'module' });

async function bytesOf(blob) {
  return [...new Uint8Array(await blob.arrayBuffer())];
}

/** Calls that return, fail, are cancelled, rejected and crash, with handlers' spans and a trace. */
export async function recordEverything() {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  const events = [];
  const recording = runtime.record();
  const unsubscribe = runtime.subscribeEvents((event) => events.push(event));

  const spans = runtime.defineTask({ type: 'parallel', poolSize: 2, worker: workerAt('spans'), taskId: 'spans', taskName: 'Spans «ß» 👩‍👩‍👧' });
  const bench = runtime.defineTask({ type: 'singleton', worker: workerAt('bench'), taskId: 'bench', maxQueueDepth: 1, queuePolicy: 'reject', keyOf: (...args) => args[0] });
  const crashing = runtime.defineTask({ type: 'singleton', worker: workerAt('crashing'), taskId: 'crashing', maxInFlight: 2 });

  await Promise.all([spans.nested(), spans.attributes(), spans.many(200)]);
  await rejects(spans.failing());
  await runtime.runWithTrace('checkout', (trace) => spans.with({ trace }).nested());
  const held = bench.hold('gate', 1);
  const cancelled = bench.echo('key');
  const refused = bench.echo('too many');
  await rejects(refused, { name: 'QueueDropError' });
  runtime.abortTaskController.abort('key');
  await rejects(cancelled, { name: 'AbortError' });
  openGate('gate');
  await held;
  const dying = rejects(crashing.hold(), { name: 'WorkerCrashedError' });
  // The handler throws a number, then its worker dies with the other call.
  await crashing.crash('\u202eboom\u0000 👻').catch(() => {});
  await dying;
  await until(() => crashing.getState().activeWorkers === 1, 'the worker is back');
  await Promise.all(Array.from({ length: 300 }, (_, n) => spans.many(n % 3)));

  const stopped = recording.stop();
  unsubscribe();
  const during = runtime.getTelemetry().ledger.recording;
  await bench.echo('after the end');
  const file = await stopped;
  return {
    file: await bytesOf(file),
    type: file.type,
    // On the way out of the page numbers are rounded; strings are not.
    events: events.map((event) => JSON.parse(JSON.stringify(event, (_, value) => (typeof value === 'number' ? `#${value}` : value)))),
    facts: recording.facts,
    dropped: recording.dropped,
    bytes: recording.bytes,
    during,
    again: (await recording.stop()) === file,
    after: runtime.getTelemetry().ledger.recording ?? null,
    address: location.origin + location.pathname,
  };
}

/** More than there is room for, in a busy page. */
export async function recordTooMuch() {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  const recording = runtime.record({ maxBytes: 262144 });
  let heard = 0;
  const unsubscribe = runtime.subscribeEvents((events) => (heard += events.length), { batch: true });
  const bench = runtime.defineTask({ type: 'parallel', poolSize: 2, maxInFlight: 64, worker: workerAt('bench'), taskId: 'bench' });
  let most = 0;
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 1000 }, (_, n) => bench.add(n, round)));
    most = Math.max(most, recording.bytes);
  }
  const stopped = recording.stop();
  // The array of this turn comes at its end, and is of before the stop: nothing has been called since.
  await new Promise((resolve) => setTimeout(resolve));
  unsubscribe();
  const file = await stopped;
  return { file: await bytesOf(file), heard, most, facts: recording.facts, dropped: recording.dropped };
}

/** Two runtimes, of which one is recorded, twice at once. */
export async function recordOneOfTwo() {
  const [one, other] = [1, 2].map(() => createTaskRuntime({ observability: { spans: 'on' } }));
  const tasks = [one, other].map((runtime, n) =>
    runtime.defineTask({ type: 'singleton', worker: workerAt('bench'), taskId: `of ${n + 1}` }));
  const [first, second] = [one.record(), one.record({ maxBytes: 1e6 })];
  await Promise.all(tasks.map((task) => task.echo(1)));
  const consumers = Object.keys(one.getTelemetry().ledger);
  const files = await Promise.all([first.stop(), second.stop()]);
  return { consumers, files: await Promise.all(files.map(bytesOf)) };
}
