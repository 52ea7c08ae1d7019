// Crashes as the contract tells them: real ones, alone and together.
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, heard, observed, openGate, said } from '../atelier.js';
import { createTaskRuntime } from '/atelier/index.js';

const CRASHED = { name: 'WorkerCrashedError' };
const count = (events, name) => events.filter((event) => event.name === name).length;
const missing = () => new Worker('/tests/workers/nowhere.js', { type: 'module' });

export async function a_crashed_worker_comes_back_by_itself() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  await rejects(task.crash('once'), CRASHED);
  const { workerStatus, activeWorkers, lastCrash } = task.getState();
  deepEqual([workerStatus, activeWorkers], ['crashed', 0]);
  equal(lastCrash.workerIndex, 0);
  ok(Math.abs(lastCrash.ts - Date.now()) < 60_000);
  ok(lastCrash.error instanceof Error);
  await until(() => task.getState().workerStatus === 'running');
  equal(task.getState().activeWorkers, 1);
  equal(count(events, 'worker.spawn.total'), 2);
  equal(count(events, 'worker.crash.total'), 1);
  ok(task.getState().lastCrash, 'it is remembered');
}

export async function a_pool_whose_script_is_missing_tries_again_before_it_gives_up() {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 4, init: 'eager', crashMaxRetries: 2, worker: missing }, runtime);
  // How the places share their pauses is the core's to test; here loading takes its own time.
  await until(() => count(events, 'worker.spawn.total') > 4, 'after a pause they try again');
  ok(count(events, 'worker.crash.total') >= 1);
  const error = await rejects(task.echo(1), CRASHED);
  equal(error.kind, 'load');
  await until(() => task.getState().workerStatus === 'crashed' && task.getState().activeWorkers === 0);
  await rejects(task.echo(2), CRASHED);
}

export async function a_task_that_gave_up_lives_again_after_a_start() {
  let script = '/tests/workers/broken.js';
  const task = bench({ crashMaxRetries: 1, worker: () => new Worker(script, { type: 'module' }) });
  const first = await rejects(task.echo(1), CRASHED);
  equal(first.workerIndex, 0);
  // The retry dies of itself.
  await until(async () => {
    await new Promise((pass) => setTimeout(pass, 150));
    return task.getState().workerStatus === 'crashed' && task.getState().activeWorkers === 0;
  });
  await rejects(task.echo(2), CRASHED);
  script = '/tests/workers/bench.js';
  task.startWorkers();
  equal(await task.echo(3), 3);
  equal(task.getState().workerStatus, 'running');
}

export async function the_error_has_the_contracts_words() {
  const task = bench({ taskId: 'it\'s "mine"' });
  const error = await rejects(task.crash('words'), CRASHED);
  ok(error.message.startsWith('Worker crashed for task \'it\'s "mine"\': '), error.message);
  equal(error.name, 'WorkerCrashedError');
  equal(error.taskId, 'it\'s "mine"');
  equal(error.workerIndex, 0);
  ok(error.cause instanceof Error);
  ok(error.cause.message.includes('words'));
}

export async function a_poisonous_call_does_not_run_for_ever() {
  const { runtime, events } = observed();
  const task = bench({ crashPolicy: 'restart-requeue-in-flight', crashMaxRetries: 2 }, runtime);
  const poison = task.crash('always');
  const bystander = task.echo(1);
  await rejects(poison, CRASHED);
  await rejects(bystander, CRASHED);
  equal(count(events, 'worker.crash.total'), 3);
  equal(count(events, 'task.requeue.total'), 2);
  equal(count(events, 'task.failure.total'), 2);
  equal(task.getState().workerStatus, 'crashed');
}

export async function a_requeued_call_can_still_be_aborted() {
  const { runtime, events } = observed();
  const task = bench({ crashPolicy: 'restart-requeue-in-flight', type: 'parallel', poolSize: 1, maxInFlight: 2 }, runtime);
  const held = task.with({ key: 'k' }).hold('held', 1);
  await heard('held');
  const culprit = task.with({ key: 'culprit' }).crash('both');
  await until(() => count(events, 'worker.crash.total') === 1);
  equal(task.getState().pendingQueueDepth, 2);
  runtime.abortTaskController.abortMany(['k', 'culprit']);
  await rejects(held, { name: 'AbortError' });
  await rejects(culprit, { name: 'AbortError' });
  equal(await task.echo(2), 2);
  equal(said().filter((word) => word === 'held').length, 1);
  const span = events.find((event) => event.kind === 'span' && event.method === 'hold');
  deepEqual([span.status, span.errorKind], ['canceled', 'abort']);
}

export async function a_requeued_call_is_the_same_call() {
  const { runtime, events } = observed();
  const task = bench({ crashPolicy: 'restart-requeue-in-flight', type: 'parallel', poolSize: 1, maxInFlight: 2 }, runtime);
  const held = task.with({ key: 'k' }).hold('same', 1);
  await heard('same');
  const culprit = task.with({ key: 'culprit' }).crash('now');
  await until(() => count(events, 'worker.crash.total') === 1);
  runtime.abortTaskController.abort('culprit');
  await rejects(culprit, { name: 'AbortError' });
  openGate('same');
  equal(await held, 1);
  const spans = events.filter((event) => event.kind === 'span' && event.method === 'hold');
  equal(spans.length, 1);
  const [span] = spans;
  equal(span.attemptCount, 2);
  equal(count(events, 'task.dispatch.total'), 2);
}

export async function a_start_during_the_pause_does_not_double_the_worker() {
  const { runtime, events } = observed();
  const task = bench({ init: 'eager' }, runtime);
  await rejects(task.crash('pause'), CRASHED);
  task.startWorkers();
  task.startWorkers();
  const call = task.echo(1);
  equal(await call, 1);
  await new Promise((pass) => setTimeout(pass, 250));
  equal(count(events, 'worker.spawn.total'), 2);
  equal(task.getState().activeWorkers, 1);
}

// A certificate exists in windows only, so that a worker gets a message which it cannot read.
export async function a_message_that_no_worker_can_read_ends_its_call() {
  const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
  const { runtime, events } = observed();
  const task = bench({ taskId: 'reader' }, runtime);
  equal(await task.echo('before'), 'before');
  const error = await rejects(task.kind({ certificate }), CRASHED);
  ok(error.message.startsWith("Worker crashed for task 'reader': "), error.message);
  equal(error.kind, 'messageerror');
  ok(error.cause instanceof Error && error.cause.message !== '');
  equal(task.getState().lastCrash.kind, 'messageerror');
  equal(count(events, 'worker.crash.total'), 1);
  equal(await task.echo('after'), 'after');
}

export async function an_unreadable_message_fails_its_neighbours_only_by_policy() {
  const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
  const task = bench({ crashPolicy: 'restart-requeue-in-flight', crashMaxRetries: 1, maxQueueDepth: 4 });
  const poison = task.kind(certificate);
  const neighbour = task.echo(1);
  await rejects(poison, CRASHED);
  await rejects(neighbour, CRASHED);
  task.startWorkers();
  equal(await task.echo(2), 2);
}

export async function fail_task_fails_later_calls_until_a_start() {
  const runtime = createTaskRuntime();
  const task = bench({ crashPolicy: 'fail-task' }, runtime);
  await rejects(task.crash('final'), CRASHED);
  await new Promise((pass) => setTimeout(pass, 250));
  deepEqual([task.getState().workerStatus, task.getState().activeWorkers], ['crashed', 0]);
  const error = await rejects(task.echo(1), CRASHED);
  ok(error.cause.message.includes('final'));
  task.stopWorkers();
  task.startWorkers();
  equal(await task.echo(2), 2);
}
