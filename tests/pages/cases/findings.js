// The linter with real workers: each finding is provoked, and shown within five seconds of its evidence.
import { createTaskRuntime } from '/atelier/index.js';
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';

// What the contract allows for, from the evidence to the finding.
const SOON = 5_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const found = (runtime, id) => runtime.getTelemetry().findings.find((finding) => finding.id === id);

/** Waits for a finding, looks whether it is whole, and gives it back. */
async function finds(runtime, id, taskId) {
  const finding = await until(() => found(runtime, id), `${id} is found`, SOON);
  equal(finding.taskId, taskId);
  ok(['error', 'warning', 'info'].includes(finding.severity), finding.severity);
  ok(finding.message.length > 20 && finding.fix.length > 20, JSON.stringify(finding));
  const evidence = Object.entries(finding.evidence);
  ok(evidence.length > 0 && evidence.every(([, value]) => Number.isFinite(value)), JSON.stringify(finding));
  return finding;
}

const isGone = (runtime, id) => until(() => !found(runtime, id), `${id} is gone`, SOON);

/** Makes calls until it is told to stop: as soon as one ends, another begins. */
function load(width, call) {
  let going = true;
  const lanes = Array.from({ length: width }, async () => {
    while (going) await call().catch(() => {});
  });
  return async () => {
    going = false;
    await Promise.all(lanes);
  };
}

export async function queue_saturated() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', maxQueueDepth: 1 }, runtime);
  const stop = load(4, () => task.spin(20));
  const { evidence } = await finds(runtime, 'queue-saturated', 't');
  equal(evidence.maxQueueDepthCalls, 1);
  await stop();
  await isGone(runtime, 'queue-saturated');
}

export async function always_times_out() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', timeoutMs: 30 }, runtime);
  let slow = true;
  const stop = load(1, () => (slow ? task.spin(60) : task.echo(1)));
  const { evidence } = await finds(runtime, 'always-times-out', 't');
  equal(evidence.timeoutMs, 30);
  slow = false;
  await isGone(runtime, 'always-times-out');
  await stop();
}

export async function a_queue_that_was_full_before_anyone_looked() {
  const runtime = createTaskRuntime({ observability: { spans: 'off' } });
  const task = bench({ taskId: 't', maxQueueDepth: 1 }, runtime);
  const calls = ['a', 'b', 'c'].map((name) => task.hold(name));
  await heard('a');
  const end = runtime.subscribeEvents(() => {});
  await finds(runtime, 'queue-saturated', 't');
  for (const name of ['a', 'b', 'c']) openGate(name);
  await Promise.all(calls);
  end();
}

export async function payload_cloned_in_arguments() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const picture = { pixels: new Uint8Array(2 ** 20), name: 'cat' };
  const stop = load(1, () => task.with({ transfer: [] }).kind(picture).then(() => pause(50)));
  const { evidence } = await finds(runtime, 'payload-cloned', 't');
  equal(evidence.copiedBytes, evidence.copiedPayloads * 2 ** 20);
  await stop();
  await isGone(runtime, 'payload-cloned');
}

export async function what_resists_being_looked_at_fails_its_call_alone() {
  const { runtime } = observed();
  const task = bench({}, runtime).with({ transfer: [] });
  const refuse = () => {
    throw new TypeError('not you');
  };
  const proxy = new Proxy({}, { getPrototypeOf: refuse, ownKeys: refuse });
  const getter = Object.defineProperty({}, 'own', { enumerable: true, get: refuse });
  const calls = [task.kind(proxy), task.kind(getter), task.echo(1)];
  deepEqual((await Promise.allSettled(calls)).map(({ status }) => status), ['rejected', 'rejected', 'fulfilled']);
}

export async function payload_cloned_in_results() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const stop = load(1, () => task.with({ transferResult: false }).bytes(2 ** 20).then(() => pause(50)));
  await finds(runtime, 'payload-cloned', 't');
  await stop();
}

export async function pool_idle() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 4, init: 'eager' }, runtime);
  const stop = load(1, () => task.echo(1).then(() => pause(20)));
  const { evidence } = await finds(runtime, 'pool-idle', 't');
  deepEqual([evidence.workers, evidence.mostBusyWorkers], [4, 1]);
  await stop();
}

export async function pool_too_small() {
  // With one processor no pool is too small.
  if (navigator.hardwareConcurrency < 2) return;
  const { runtime } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 1 }, runtime);
  const stop = load(4, () => task.spin(20));
  const { evidence } = await finds(runtime, 'pool-too-small', 't');
  deepEqual([evidence.poolSizeWorkers, evidence.processors], [1, navigator.hardwareConcurrency]);
  await stop();
}

export async function main_thread_blocked() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  await task.echo('ready');
  const stop = load(1, async () => {
    const answer = task.spin(10);
    await pause(5); // The call has left.
    const until = performance.now() + 200;
    while (performance.now() < until);
    await answer;
  });
  const { evidence } = await finds(runtime, 'main-thread-blocked', undefined);
  ok(evidence.longestReplyMs >= 100, evidence.longestReplyMs);
  await stop();
}

export async function retry_storm() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', crashPolicy: 'restart-requeue-in-flight' }, runtime);
  const failed = rejects(task.crash('boom'), { name: 'WorkerCrashedError' });
  const { evidence } = await finds(runtime, 'retry-storm', 't');
  ok(evidence.crashedWorkers >= 3 && evidence.requeuedCalls >= 3, JSON.stringify(evidence));
  await failed;
}

export async function cancel_ignored() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const call = rejects(task.with({ key: 'k' }).hold('deaf'), { name: 'AbortError' });
  await heard('deaf');
  runtime.abortTaskController.abort('k');
  await call;
  const { evidence } = await finds(runtime, 'cancel-ignored', 't');
  equal(evidence.runningCalls, 1);
  openGate('deaf');
  await until(() => found(runtime, 'cancel-ignored').evidence.endedCalls === 1, 'its end is known', SOON);
  await isGone(runtime, 'cancel-ignored');
}

export async function worker_churn() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', idleTimeoutMs: 10 }, runtime);
  const stop = load(1, () => task.echo(1).then(() => pause(50)));
  const { evidence } = await finds(runtime, 'worker-churn', 't');
  equal(evidence.idleTimeoutMs, 10);
  await stop();
}

export async function keys_unbounded() {
  const { runtime } = observed();
  const keys = runtime.abortTaskController;
  keys.abortMany(Array.from({ length: 1000 }, (_, number) => `photo ${number}`));
  const { evidence } = await finds(runtime, 'keys-unbounded', undefined);
  equal(evidence.abortedKeys, 1000);
  keys.clear('photo 0');
  await isGone(runtime, 'keys-unbounded');
}

export async function keys_that_were_aborted_before_anyone_looked() {
  const runtime = createTaskRuntime({ observability: { spans: 'off' } });
  bench({}, runtime);
  runtime.abortTaskController.abortMany(Array.from({ length: 1000 }, (_, number) => String(number)));
  deepEqual(runtime.getTelemetry().findings, []);
  const end = runtime.subscribeEvents(() => {});
  await finds(runtime, 'keys-unbounded', undefined);
  // When the last one stops looking, what was seen holds no longer.
  end();
  deepEqual(runtime.getTelemetry().findings, []);
}

export async function calls_too_short() {
  const runtime = createTaskRuntime({ observability: { spans: 'off', metrics: 'on' } });
  const task = bench({ taskId: 't' }, runtime);
  const stop = load(50, () => task.echo(1));
  const { evidence } = await finds(runtime, 'calls-too-short', 't');
  equal(evidence.maxInFlightCalls, 1);
  ok(evidence.meanRunMs < evidence.meanTravelMs, JSON.stringify(evidence));
  await stop();
}

export async function frames_carry_findings() {
  const { runtime } = observed();
  runtime.abortTaskController.abortMany(Array.from({ length: 1000 }, (_, number) => String(number)));
  let last;
  const end = runtime.subscribeFrames((frame) => (last = frame), { intervalMs: 50 });
  await until(() => last?.findings.some(({ id }) => id === 'keys-unbounded'), 'a frame has it', SOON);
  end();
}

export async function nothing_is_found_with_telemetry_off() {
  const runtime = createTaskRuntime({ observability: { spans: 'off', metrics: 'off' } });
  const task = bench({ maxQueueDepth: 1 }, runtime);
  const stop = load(4, () => task.spin(20));
  await pause(SOON);
  deepEqual(runtime.getTelemetry().findings, []);
  await stop();
}

// Everything that the others do wrong, done right.
export async function a_page_that_is_well_has_no_findings() {
  const { runtime } = observed();
  const worker = benchWorker;
  const pool = runtime.defineTask({ type: 'parallel', poolSize: 2, worker, timeoutMs: 10_000, idleTimeoutMs: 10_000 });
  const single = bench({ maxInFlight: 2, maxQueueDepth: 100 }, runtime);
  const keys = runtime.abortTaskController;
  let number = 0;
  const stops = [
    load(2, () => pool.bytes(2 ** 20).then(({ data }) => pool.kind(data)).then(() => pause(10))),
    load(1, () => pool.spin(30).then(() => pause(30))),
    load(1, () => single.echo(1).then(() => pause(1))),
    load(1, async () => {
      const key = `photo ${number++}`;
      const call = single.with({ key }).listen(key);
      await heard(key);
      keys.abort(key);
      await call.catch(() => {});
      keys.clear(key);
    }),
  ];
  const begun = performance.now();
  await until(() => {
    // Where tests share a few processors the main thread really has to wait.
    const findings = runtime.getTelemetry().findings.filter(({ id }) => id !== 'main-thread-blocked');
    deepEqual(findings, []);
    return performance.now() - begun > 2 * SOON;
  });
  for (const stop of stops) await stop();
}
