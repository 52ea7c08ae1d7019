// Workers that die, and workers that never lived.
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';
import { equal, ok, rejects, until } from '../assert.js';
import { WorkerCrashedError, createTaskRuntime } from '/atelier/index.js';

const worker = (name) => () => new Worker(`/tests/workers/${name}.js`, { type: 'module' });

export async function a_crash_fails_its_calls_with_the_workers_own_error() {
  const task = bench({ taskId: 'fragile', type: 'parallel', poolSize: 1, maxInFlight: 2 });
  const bystander = task.hold('never', 1);
  const error = await rejects(task.crash('the bench broke'), {
    name: 'WorkerCrashedError',
    message: "Worker crashed for task 'fragile'",
  });
  await rejects(bystander, { name: 'WorkerCrashedError' });
  ok(error instanceof WorkerCrashedError);
  equal(error.taskId, 'fragile');
  equal(error.workerIndex, 0);
  equal(error.kind, 'error');
  ok(error.cause.message.includes('the bench broke'), error.cause.message);
  ok(error.cause.filename.endsWith('/tests/workers/bench.js'));
  ok(error.cause.lineno > 0);
  const { lastCrash, activeWorkers } = task.getState();
  ok(lastCrash.message.includes('the bench broke'));
  equal(activeWorkers, 0);
  equal(await task.add(1, 1), 2, 'a new worker takes over');
}

export async function requeue_gives_the_calls_to_the_next_worker() {
  const { runtime, events } = observed();
  let made = 0;
  const task = bench(
    {
      type: 'parallel',
      poolSize: 1,
      maxInFlight: 2,
      crashPolicy: 'restart-requeue-in-flight',
      worker: () => (made++ === 0 ? worker('crashing')() : benchWorker()),
    },
    runtime,
  );
  const held = task.hold('survivor', 'alive');
  const culprit = task.crash('once');
  culprit.catch(() => {});
  await heard('survivor');
  openGate('survivor');
  equal(await held, 'alive');
  const spans = () => events.filter((event) => event.kind === 'span' && event.method === 'hold');
  await until(() => spans().length === 1);
  equal(spans()[0].attemptCount, 2);
  equal(spans()[0].status, 'ok');
  ok(events.some((event) => event.name === 'task.requeue.total'));
  task.dispose();
}

export async function a_missing_script_is_a_clear_error_and_hurts_nobody_else() {
  const runtime = createTaskRuntime();
  const missing = runtime.defineTask({ type: 'singleton', worker: worker('nowhere') });
  const fine = bench({}, runtime);
  const calls = [missing.add(1, 1), fine.add(1, 1)];
  const error = await rejects(calls[0], { name: 'WorkerCrashedError' });
  equal(error.kind, 'load');
  ok(error.cause.message.includes('could not be loaded'), error.cause.message);
  ok(error.message.startsWith(`Worker crashed for task '${error.taskId}': the script could not be loaded`), error.message);
  ok(error.message.includes(`${location.origin}/tests/workers/nowhere.js`), error.message);
  equal(Worker.name, 'Worker');
  equal(await calls[1], 2);
}

export async function a_script_that_throws_while_loading_says_what() {
  const task = bench({ worker: worker('broken') });
  const error = await rejects(task.add(1, 1), { name: 'WorkerCrashedError' });
  equal(error.kind, 'load');
  ok(error.cause.message.includes('never learned to speak'), error.cause.message);
}

export async function a_module_without_its_type_says_what_to_do() {
  const task = bench({ worker: () => new Worker('/tests/workers/bench.js') });
  await rejects(task.add(1, 1), { name: 'WorkerCrashedError', message: "{ type: 'module' }" });
}

export async function a_bare_import_says_what_to_do() {
  const script = URL.createObjectURL(new Blob(["import 'somewhere';"], { type: 'text/javascript' }));
  const task = bench({ worker: () => new Worker(script, { type: 'module' }) });
  await rejects(task.add(1, 1), { name: 'WorkerCrashedError', message: 'import map' });
}

export async function a_factory_sees_the_worker_class_it_knows() {
  const Own = Worker;
  class Mine extends Worker {}
  let made;
  const task = bench({
    worker: () => {
      made = new Mine('/tests/workers/bench.js', { type: 'module' });
      return made;
    },
  });
  equal(await task.add(1, 1), 2);
  ok(made instanceof Mine && made instanceof Own && made.constructor === Mine);
  ok(Worker === Own, 'the class is its own again');
}

export async function a_script_that_never_exposes_does_not_hang() {
  const task = bench({ worker: worker('silent'), startTimeoutMs: 50 });
  const error = await rejects(task.add(1, 1), { name: 'WorkerCrashedError' });
  equal(error.kind, 'start-timeout');
  ok(error.cause.message.includes('expose()'));
}

export async function too_many_crashes_in_a_row_fail_the_task_until_it_is_started_again() {
  let good = false;
  const task = bench({
    crashMaxRetries: 1,
    crashPolicy: 'restart-requeue-in-flight',
    worker: () => (good ? benchWorker() : worker('broken')()),
  });
  const calls = [task.add(1, 1), task.add(2, 2)];
  for (const call of calls) await rejects(call, { name: 'WorkerCrashedError' });
  equal(task.getState().workerStatus, 'crashed');
  await rejects(task.add(3, 3), { name: 'WorkerCrashedError' }, 'later calls fail too');
  good = true;
  task.startWorkers();
  equal(await task.add(3, 3), 6);
}

export async function fail_task_fails_everything_at_once() {
  const task = bench({ crashPolicy: 'fail-task', maxQueueDepth: 1 });
  const calls = [task.crash('for all'), task.add(1, 1), task.add(2, 2)];
  for (const call of calls) await rejects(call, { name: 'WorkerCrashedError' });
  equal(task.getState().workerStatus, 'crashed');
}

export async function what_happens_during_a_backoff_is_not_lost() {
  const runtime = createTaskRuntime();
  const task = bench({ maxQueueDepth: 4 }, runtime);
  await rejects(task.crash('now'), { name: 'WorkerCrashedError' });
  const kept = task.add(1, 1);
  const aborted = task.with({ key: 'k' }).add(2, 2);
  runtime.abortTaskController.abort('k');
  await rejects(aborted, { name: 'AbortError' });
  task.stopWorkers();
  task.startWorkers();
  equal(await kept, 2);
}

export async function a_worker_that_never_comes_back_is_replaced() {
  const task = bench({ hangTimeoutMs: 100, type: 'parallel', poolSize: 1, maxInFlight: 2 });
  const stuck = task.spin(1e9);
  const behind = task.add(1, 1);
  const error = await rejects(stuck, { name: 'WorkerCrashedError' });
  equal(error.kind, 'hang');
  ok(error.cause.message.includes('no sign of life'));
  equal(await behind, 2, 'the call behind it goes to the next worker');
}

export async function a_long_asynchronous_handler_is_no_hang() {
  const task = bench({ hangTimeoutMs: 1000 });
  const held = task.hold('patient', 'done');
  await heard('patient');
  // More than twice the timeout: the heartbeat is what keeps it alive.
  const begun = performance.now();
  await until(() => performance.now() - begun > 2500);
  openGate('patient');
  equal(await held, 'done');
  equal(task.getState().lastCrash, undefined);
}
