// Times at their edges: what timers cannot hold, and what runs while nothing else does.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, heard, observed, openGate } from '../atelier.js';

const ABORT = { name: 'AbortError', message: /^Task was aborted$/ };
// More than a timer's 31 bits, and the largest there is.
const LONG = [2 ** 31, 2 ** 32 + 5, 1e15, Number.MAX_VALUE];

// Long enough for a timer that overflowed to fire.
const aWhile = () => new Promise((pass) => setTimeout(pass, 60));

export async function long_times_do_not_overflow() {
  for (const [n, ms] of LONG.entries()) {
    const times = { timeoutMs: ms, idleTimeoutMs: ms, hangTimeoutMs: ms, startTimeoutMs: ms };
    const { runtime, events } = observed();
    const task = bench(times, runtime);
    const call = task.with({ cancel: { graceMs: ms } }).hold(`long ${n}`, n);
    await heard(`long ${n}`);
    await aWhile();
    openGate(`long ${n}`);
    equal(await call, n, String(ms));
    await aWhile();
    equal(task.getState().activeWorkers, 1);
    equal(events.filter(({ name }) => name === 'worker.spawn.total').length, 1);
    task.dispose();
  }
}

export async function a_long_grace_does_not_end_at_once() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k', cancel: { graceMs: 2 ** 33 } }).hold('stubborn', 1);
  await heard('stubborn');
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  await aWhile();
  equal(task.getState().activeWorkers, 1);
  equal(task.getState().queueDepth, 1, 'it keeps its place');
  openGate('stubborn');
  await until(() => task.getState().queueDepth === 0);
}

export async function long_intervals_do_not_overflow() {
  const runtime = createTaskRuntime();
  let snapshots = 0;
  let frames = 0;
  const stops = LONG.flatMap((intervalMs) => [
    runtime.subscribeRuntimeSnapshot(() => (snapshots += 1), { intervalMs }),
    runtime.subscribeFrames(() => (frames += 1), { intervalMs }),
  ]);
  await aWhile();
  equal(snapshots, LONG.length);
  ok(frames <= LONG.length);
  for (const stop of stops) stop();
}

export async function timeouts_count_from_the_call_wherever_it_is() {
  const task = bench({ timeoutMs: 1500, maxQueueDepth: 1 });
  const calls = [task.hold('for ever', 1), task.echo('pending'), task.echo('waiting')];
  await heard('for ever');
  deepEqual([task.getState().pendingQueueDepth, task.getState().waitingQueueDepth], [1, 1]);
  const begun = performance.now();
  for (const call of calls) await rejects(call, ABORT);
  ok(performance.now() - begun < 2500, 'one after the other would be late');
  openGate('for ever');
  const stopped = bench({ timeoutMs: 100 });
  stopped.stopWorkers();
  await rejects(stopped.echo('while stopped'), ABORT);
  equal(stopped.getState().pendingQueueDepth, 0);
}

export async function a_timeout_does_not_outlive_its_call() {
  const { runtime, events } = observed();
  const task = bench({ timeoutMs: 1000 }, runtime);
  equal(await task.echo(1), 1);
  await new Promise((pass) => setTimeout(pass, 1100));
  equal(events.filter(({ name }) => name === 'task.canceled.total').length, 0);
  equal(await task.echo(2), 2);
}

export async function a_pool_without_known_cores_has_four() {
  for (const cores of [undefined, 0]) {
    Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores, configurable: true });
    const { poolSize, maxInFlight, maxQueueDepth } = bench({ type: 'parallel' }).getState();
    deepEqual([poolSize, maxInFlight, maxQueueDepth], [4, 4, 8]);
  }
  delete navigator.hardwareConcurrency;
}

export async function an_idle_worker_stops_and_the_next_call_starts_one() {
  const { runtime, events } = observed();
  const task = bench({ idleTimeoutMs: 30 }, runtime);
  equal(await task.echo(1), 1);
  await until(() => task.getState().workerStatus === 'stopped');
  deepEqual([task.getState().activeWorkers, task.getState().taskStatus], [0, 'idle']);
  equal(await task.echo(2), 2);
  const count = (name) => events.filter((event) => event.name === name).length;
  equal(count('worker.spawn.total'), 2);
  await until(() => count('worker.terminate.total') === 2);
  equal(events.filter(({ name }) => name === 'workers.active').at(-1).value, 0);
}
