// How workers die: the policies, the causes, and what is left of the dead.
import { bench, benchWorker, heard, observed, openGate, said } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { turn } from '../deferred.js';
import { watched } from '../watched.js';
import { createTaskRuntime } from '/atelier/index.js';
import { MARK, TO_PAGE, TO_WORKER } from '/atelier/worker/wire.js';

const CRASHED = { name: 'WorkerCrashedError' };

export async function only_what_was_in_flight_fails() {
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 2, maxQueueDepth: 1 });
  const bystander = task.hold('bystander', 'alive');
  const culprit = task.crash('one of two');
  const [pending, waiting] = [task.add(1, 1), task.add(2, 2)];
  await rejects(culprit, CRASHED);
  openGate('bystander');
  equal(await bystander, 'alive', 'on the other worker');
  deepEqual([await pending, await waiting], [2, 4]);
}

export async function requeued_calls_keep_their_order_and_go_first() {
  const seen = watched();
  const task = bench({ maxQueueDepth: 8, crashPolicy: 'restart-requeue-in-flight', worker: seen.worker });
  const calls = ['first', 'second', 'third'].map((name) => task.hold(name, name));
  await heard('first');
  seen.workers[0].dispatchEvent(new ErrorEvent('error', { message: 'gone' }));
  const late = task.hold('late', 'late');
  for (const name of ['late', 'third', 'second', 'first']) openGate(name);
  deepEqual(await Promise.all([...calls, late]), ['first', 'second', 'third', 'late']);
  deepEqual(said(), ['first', 'first', 'second', 'third', 'late']);
  equal(task.getState().totalDispatched, 4);
}

export async function a_message_error_is_a_crash_that_says_so() {
  const seen = watched();
  const task = bench({ taskId: 't', worker: seen.worker });
  const call = task.hold('x', 1);
  await heard('x');
  seen.workers[0].dispatchEvent(new MessageEvent('messageerror'));
  const error = await rejects(call, { ...CRASHED, message: "Worker crashed for task 't'" });
  equal(error.kind, 'messageerror');
  ok(error.cause.message.includes('could not be read'));
  equal(task.getState().lastCrash.kind, 'messageerror');
  openGate('x');
  equal(await task.add(1, 1), 2);
}

export async function a_message_that_the_worker_cannot_read_is_a_crash_too() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(0, 0);
  const call = task.hold('x', 1);
  await heard('x');
  // What the worker's side of the wire says then.
  seen.workers[0].dispatchEvent(new MessageEvent('message', { data: [MARK, TO_PAGE.UNREADABLE] }));
  equal((await rejects(call, CRASHED)).kind, 'messageerror');
  equal(await task.add(1, 1), 2);
}

export async function a_wasm_trap_ends_the_worker_and_says_what() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 2 });
  const neighbour = task.hold('never', 1);
  const error = await rejects(task.trap(), CRASHED);
  deepEqual([error.cause.name, error.kind], ['RuntimeError', 'error']);
  ok(error.cause.message.includes('unreachable'), error.cause.message);
  await rejects(neighbour, CRASHED);
  equal(await task.add(1, 1), 2, 'in a new worker');
}

export async function the_cause_is_the_workers_own_error() {
  const task = bench();
  const { cause } = await rejects(task.crash('deep in the bench'), CRASHED);
  equal(cause.name, 'RangeError');
  ok(cause instanceof RangeError);
  equal(cause.message, 'deep in the bench');
  ok(cause.stack.includes('bench.js'), cause.stack);
  ok(cause.filename.endsWith('bench.js') && cause.lineno > 0);
}

export async function a_worker_may_die_of_nobodys_call() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  await task.dieLater('all by itself');
  await until(() => task.getState().lastCrash);
  ok(task.getState().lastCrash.message.includes('all by itself'));
  equal(await task.add(1, 1), 2);
  equal(events.filter((event) => event.name === 'task.failure.total').length, 0, 'no call failed of it');
}

export async function the_dead_are_not_listened_to() {
  const { runtime, events } = observed();
  const seen = watched();
  const task = bench({ crashPolicy: 'restart-requeue-in-flight', worker: seen.worker }, runtime);
  const call = task.hold('again', 'the second');
  await heard('again');
  const [dead] = seen.workers;
  const { message } = seen.sent[0];
  const slot = message[message.indexOf(TO_WORKER.CALL, 4) + 1];
  dead.dispatchEvent(new ErrorEvent('error', { message: 'gone' }));
  await until(() => seen.workers.length === 2);
  const { RESULT, READY, FAULT, UNREADABLE } = TO_PAGE;
  for (const words of [[RESULT, slot, 'a ghost'], [READY], [FAULT, 'Error', 'again'], [UNREADABLE]]) {
    dead.dispatchEvent(new MessageEvent('message', { data: [MARK, ...words] }));
  }
  dead.dispatchEvent(new ErrorEvent('error', { message: 'twice' }));
  dead.dispatchEvent(new MessageEvent('messageerror'));
  openGate('again');
  equal(await call, 'the second');
  equal(events.filter((event) => event.name === 'worker.crash.total').length, 1);
  equal(events.filter((event) => event.name === 'task.success.total').length, 1);
}

export async function a_success_forgives() {
  const task = bench({ crashMaxRetries: 1 });
  for (let i = 0; i < 3; i++) {
    await rejects(task.crash('again'), CRASHED);
    equal(await task.add(i, 1), i + 1);
  }
  equal(task.getState().workerStatus, 'running');
}

export async function no_retries_means_the_first_crash_is_the_last() {
  const task = bench({ crashMaxRetries: 0 });
  await rejects(task.crash('once'), CRASHED);
  equal(task.getState().workerStatus, 'crashed');
  const error = await rejects(task.add(1, 1), CRASHED);
  ok(error.cause.message.includes('once'), 'later calls say why');
  task.startWorkers();
  equal(await task.add(1, 1), 2);
}

export async function fail_task_fails_waiting_and_pending_calls_and_other_workers() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 2, maxQueueDepth: 1, crashPolicy: 'fail-task' }, runtime);
  const held = task.hold('x', 1);
  await heard('x');
  const calls = [held, task.crash('all'), task.add(1, 1), task.add(2, 2)];
  for (const call of calls) equal((await rejects(call, CRASHED)).kind, 'error');
  await rejects(task.add(3, 3), CRASHED);
  const state = task.getState();
  deepEqual([state.activeWorkers, state.queueDepth, state.pendingQueueDepth, state.waitingQueueDepth], [0, 0, 0, 0]);
  const active = events.filter((event) => event.name === 'workers.active').at(-1);
  equal(active.value, 0);
}

export async function aborts_and_stops_during_a_backoff_hold() {
  const runtime = createTaskRuntime();
  const seen = watched();
  const task = bench({ worker: seen.worker, maxQueueDepth: 4 }, runtime);
  await rejects(task.crash('now'), CRASHED);
  const aborted = task.with({ key: 'k' }).hold('unseen', 1);
  const kept = task.add(1, 1);
  runtime.abortTaskController.abort('k');
  task.stopWorkers();
  await rejects(aborted, { name: 'AbortError' });
  equal(task.getState().workerStatus, 'stopped');
  await turn();
  equal(seen.workers.length, 1, 'the pause\'s end starts no worker of a stopped task');
  task.startWorkers();
  equal(await kept, 2);
  const disposed = bench();
  await rejects(disposed.crash('now'), CRASHED);
  const gone = disposed.add(1, 1);
  disposed.dispose();
  await rejects(gone, { name: 'TaskDisposedError' });
}

export async function a_factory_that_throws_for_an_eager_task_is_reported() {
  const reported = [];
  const original = console.error;
  console.error = (...words) => reported.push(words.at(-1).message);
  const runtime = createTaskRuntime();
  let broken = true;
  const worker = () => {
    if (broken) throw new RangeError('no worker yet');
    return benchWorker();
  };
  const task = runtime.defineTask({ type: 'singleton', init: 'eager', worker });
  console.error = original;
  deepEqual(reported, ['no worker yet']);
  broken = false;
  equal(await task.add(1, 1), 2, 'and tried again with the first call');
}

export async function an_eager_task_has_its_worker_before_any_call() {
  const seen = watched();
  bench({ type: 'parallel', poolSize: 2, init: 'eager', worker: seen.worker });
  equal(seen.workers.length, 2);
}
