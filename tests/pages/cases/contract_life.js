// Stops, starts, aborts and disposals at inconvenient moments.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, heard, observed, openGate, said } from '../atelier.js';
import { watched } from '../watched.js';

const ABORT = { name: 'AbortError', message: /^Task was aborted$/ };
const DISPOSED = { name: 'TaskDisposedError', message: /^Task was disposed$/ };
const turn = () => new Promise((pass) => setTimeout(pass));
const count = (events, name) => events.filter((event) => event.name === name).length;

export async function a_stop_while_the_worker_loads_loses_nothing() {
  const seen = watched();
  const task = bench({ worker: seen.worker, maxQueueDepth: 4 });
  const calls = [task.echo(1), task.echo(2)];
  await Promise.resolve();
  equal(seen.workers.length, 1);
  task.stopWorkers();
  task.stopWorkers();
  const { workerStatus, taskStatus, activeWorkers, queueDepth, pendingQueueDepth } = task.getState();
  deepEqual([workerStatus, taskStatus, activeWorkers, queueDepth, pendingQueueDepth], ['stopped', 'paused', 0, 0, 2]);
  await turn();
  equal(seen.workers.length, 1, 'nothing starts meanwhile');
  task.startWorkers();
  task.startWorkers();
  deepEqual(await Promise.all(calls), [1, 2]);
  equal(seen.workers.length, 2);
  equal(task.getState().taskStatus, 'idle');
}

export async function while_stopped_the_queues_rules_hold() {
  const runtime = createTaskRuntime();
  const task = bench({ maxQueueDepth: 2, queuePolicy: 'reject' }, runtime);
  task.stopWorkers();
  const kept = [task.with({ key: 'gone' }).echo(1), task.echo(2)];
  await rejects(task.echo(3), { name: 'QueueDropError', message: /^Task queue policy 'reject' dropped item$/ });
  runtime.abortTaskController.abort('gone');
  await rejects(kept[0], ABORT);
  const third = task.echo(4);
  task.startWorkers();
  deepEqual(await Promise.all([kept[1], third]), [2, 4]);
}

export async function drop_oldest_drops_what_waits_and_never_what_runs() {
  const task = bench({ maxQueueDepth: 1, queuePolicy: 'drop-oldest' });
  const running = task.hold('running', 'ran');
  await heard('running');
  const second = task.echo(2);
  const third = task.echo(3);
  await rejects(second, { name: 'QueueDropError', message: /^Task queue policy 'drop-oldest' dropped item$/ });
  const fourth = task.echo(4);
  await rejects(third, { name: 'QueueDropError' });
  openGate('running');
  deepEqual([await running, await fourth], ['ran', 4]);
}

export async function an_abort_in_flight_is_told_at_once() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k' }).listen('listening');
  let told;
  call.catch((error) => (told = error));
  await heard('listening');
  runtime.abortTaskController.abort('k');
  for (let i = 0; i < 5; i += 1) await null;
  equal(told?.name, 'AbortError', 'within the turn');
  equal(told.message, 'Task was aborted');
  await heard('listening heard AbortError');
}

export async function a_signal_says_abort_error_whatever_its_reason() {
  const task = bench();
  for (const reason of ['a string', new RangeError('own'), null, 0]) {
    await rejects(task.with({ signal: AbortSignal.abort(reason) }).echo(1), ABORT);
  }
  await rejects(task.with({ signal: AbortSignal.timeout(5) }).hold('never opened'), ABORT);
}

export async function signals_are_let_go_when_a_call_ends() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, maxQueueDepth: 200 });
  const { signal } = new AbortController();
  let listening = 0;
  for (const [method, step] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    const own = signal[method];
    signal[method] = function (...args) {
      listening += step;
      return own.apply(this, args);
    };
  }
  await Promise.all(Array.from({ length: 100 }, (_, n) => task.with({ signal }).echo(n)));
  await turn();
  ok(listening <= 1, `${listening} listeners are left`);
}

export async function the_first_of_key_signal_and_timeout_ends_it_once() {
  for (const way of ['key', 'signal', 'timeout']) {
    const { runtime, events } = observed();
    const stop = new AbortController();
    const task = bench({ keyOf: () => 'of', timeoutMs: way === 'timeout' ? 1500 : 60_000 }, runtime);
    // The worker is there before the clock runs.
    await task.with({ key: 'first' }).echo(0);
    const call = task.with({ key: 'given' }).with({ signal: stop.signal }).with({ signal: undefined, key: undefined }).listen(way);
    await heard(way);
    if (way === 'key') runtime.abortTaskController.abort('given');
    if (way === 'signal') stop.abort();
    await rejects(call, ABORT, way);
    runtime.abortTaskController.abort('given');
    stop.abort();
    await heard(`${way} heard ${way === 'timeout' ? 'TimeoutError' : 'AbortError'}`);
    equal(count(events, 'task.canceled.total'), 1);
    deepEqual([count(events, 'task.failure.total'), count(events, 'task.success.total')], [0, 1]);
  }
}

export async function dispose_ends_everything_and_stays_quiet_afterwards() {
  const { runtime, events } = observed();
  const task = bench({ maxQueueDepth: 1 }, runtime);
  const calls = [task.hold('disposed', 1), task.echo(2), task.echo(3)];
  await heard('disposed');
  task.dispose();
  task.dispose();
  for (const call of calls) await rejects(call, DISPOSED);
  await rejects(task.echo(4), DISPOSED);
  await rejects(task.with({ key: 'k' }).echo(5), DISPOSED);
  task.startWorkers();
  task.stopWorkers();
  await turn();
  const state = task.getState();
  deepEqual([state.activeWorkers, state.queueDepth, state.pendingQueueDepth, state.waitingQueueDepth], [0, 0, 0, 0]);
  equal(state.workerStatus, 'stopped');
  equal(runtime.getRuntimeSnapshot().tasks.length, 0);
  const outcomes = ['success', 'failure', 'canceled', 'rejected'].map((way) => count(events, `task.${way}.total`));
  equal(outcomes.reduce((a, b) => a + b), count(events, 'task.dispatch.total'), 'one outcome for each');
  openGate('disposed');
}

export async function dispose_in_a_calls_own_answer_is_fine() {
  const task = bench({ maxQueueDepth: 3 });
  const first = task.echo(1).then(() => task.dispose());
  const second = task.hold('second', 2);
  await first;
  await rejects(second, DISPOSED);
}

export async function what_is_stopped_in_flight_runs_again_first_and_in_order() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2, maxQueueDepth: 8 }, runtime);
  const calls = ['a', 'b', 'c'].map((name) => task.hold(name, name));
  await heard('a');
  await heard('b');
  task.stopWorkers();
  equal(task.getState().pendingQueueDepth, 3);
  equal(count(events, 'task.requeue.total') || count(events, 'task.requeue.total'), 2);
  const late = task.hold('d', 'd');
  for (const name of ['a', 'b', 'c', 'd']) openGate(name);
  task.startWorkers();
  deepEqual(await Promise.all([...calls, late]), ['a', 'b', 'c', 'd']);
  deepEqual(said().filter((word) => word.length === 1), ['a', 'b', 'a', 'b', 'c', 'd']);
  equal(count(events, 'task.dispatch.total'), 4);
  equal(count(events, 'task.success.total'), 4);
}

export async function an_abort_while_stopped_is_not_forgotten() {
  const runtime = createTaskRuntime();
  const task = bench({ maxQueueDepth: 4 }, runtime);
  const call = task.with({ key: 'k' }).hold('stopped', 1);
  const other = task.echo(2);
  await heard('stopped');
  task.stopWorkers();
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  task.startWorkers();
  equal(await other, 2);
  equal(said().filter((word) => word === 'stopped').length, 1, 'it did not run again');
}

export async function keys_of_two_runtimes_are_two_keys() {
  const [one, two] = [createTaskRuntime(), createTaskRuntime()];
  const tasks = [bench({}, one), bench({}, two)].map((task) => task.with({ key: 'shared' }));
  one.abortTaskController.abort('shared');
  await rejects(tasks[0].echo(1), ABORT);
  equal(await tasks[1].echo(2), 2);
  equal(two.abortTaskController.isAborted('shared'), false);
}

export async function a_cancelled_handler_keeps_its_place_until_it_ends() {
  const runtime = createTaskRuntime();
  const task = bench({ maxQueueDepth: 2 }, runtime);
  const call = task.with({ key: 'k' }).hold('deaf', 1);
  await heard('deaf');
  const next = task.hold('next', 2);
  runtime.abortTaskController.abort('k');
  await rejects(call, ABORT);
  deepEqual([task.getState().queueDepth, task.getState().pendingQueueDepth], [1, 1]);
  openGate('next');
  await turn();
  equal(said().includes('next'), false);
  openGate('deaf');
  equal(await next, 2);
}

export async function state_adds_up_at_every_worker() {
  const task = bench({ type: 'parallel', poolSize: 3, maxInFlight: 5, maxQueueDepth: 2 });
  const calls = Array.from({ length: 9 }, (_, n) => task.hold('all', n));
  await heard('all');
  const state = task.getState();
  deepEqual([state.queueDepth, state.pendingQueueDepth, state.waitingQueueDepth], [5, 2, 2]);
  equal(state.queueDepthByWorker.length, 3);
  equal(state.queueDepthByWorker.reduce((a, b) => a + b), 5);
  ok(state.queueDepthByWorker.every((depth) => depth >= 1 && depth <= 2));
  equal(state.taskStatus, 'active');
  equal(state.workerStatus, 'running');
  openGate('all');
  deepEqual(await Promise.all(calls), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await until(() => task.getState().queueDepth === 0);
  equal(task.getState().totalDispatched, 9);
  equal(JSON.stringify(task.getState().queueDepthByWorker), '[0,0,0]');
}
