// Errors: classes, codes, and what they say.
import { bench, benchWorker, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import * as atelier from '/atelier/index.js';

const CODES = {
  QueueDropError: 'ERR_ATELIER_QUEUE_DROP',
  TaskDisposedError: 'ERR_ATELIER_TASK_DISPOSED',
  PayloadLostError: 'ERR_ATELIER_PAYLOAD_LOST',
  RuntimeDisposedError: 'ERR_ATELIER_RUNTIME_DISPOSED',
  WorkerCrashedError: 'ERR_ATELIER_WORKER_CRASHED',
  WorkerFactoryError: 'ERR_ATELIER_WORKER_FACTORY',
};

function is(error, name) {
  ok(error instanceof atelier[name], name);
  ok(error instanceof Error);
  deepEqual([error.name, error.code], [name, CODES[name]]);
  ok(error.stack.includes(error.message), error.stack);
  equal(Object.prototype.toString.call(error), '[object Error]');
  return error;
}

export async function each_error_has_a_class_and_a_code() {
  const full = bench({ maxQueueDepth: 0, queuePolicy: 'reject' });
  const held = full.hold('held');
  await heard('held');
  equal(is(await rejects(full.echo(1)), 'QueueDropError').message, "Task queue policy 'reject' dropped item");
  full.dispose();
  is(await rejects(held), 'TaskDisposedError');
  equal(is(await rejects(full.echo(1)), 'TaskDisposedError').message, 'Task was disposed');

  const crashing = bench({ taskId: 'c' });
  const crash = is(await rejects(crashing.crash('on purpose')), 'WorkerCrashedError');
  ok(crash.message.startsWith("Worker crashed for task 'c'"));
  deepEqual([crash.taskId, crash.workerIndex, crash.kind], ['c', 0, 'error']);

  const restless = bench({ crashPolicy: 'restart-requeue-in-flight' });
  const lost = restless.hold('moved', new ArrayBuffer(8));
  await heard('moved');
  restless.stopWorkers();
  restless.startWorkers();
  ok(is(await rejects(lost), 'PayloadLostError').message.includes('transfer: []'));
  openGate('moved');

  const runtime = createTaskRuntime();
  runtime.dispose();
  is(throws(() => runtime.createTrace()), 'RuntimeDisposedError');
}

export async function a_setting_that_is_refused_names_itself() {
  const define = (options) => throws(() => createTaskRuntime().defineTask({ type: 'singleton', worker: benchWorker, ...options }));
  for (const [options, Type] of [[{ poolSize: 'four' }, TypeError], [{ timeoutMs: -1 }, RangeError], [{ poolsize: 1 }, TypeError]]) {
    const error = define(options);
    ok(error instanceof Type);
    deepEqual([error.option, error.code], [Object.keys(options)[0], 'ERR_ATELIER_OPTION']);
  }
  const error = throws(() => bench().with({ priority: 'now' }));
  deepEqual([error.option, error.code], ['priority', 'ERR_ATELIER_OPTION']);
}

export async function no_text_in_a_message_is_random() {
  const task = bench();
  const first = await rejects(task.crash('why'));
  const again = await rejects(bench().crash('why'));
  equal(first.message, again.message);
  equal(first.taskId, 'task-1');
}

export async function classes_can_be_made_by_hand() {
  const error = new atelier.QueueDropError('by hand', { cause: 1 });
  deepEqual([error.name, error.message, error.code, error.cause], ['QueueDropError', 'by hand', 'ERR_ATELIER_QUEUE_DROP', 1]);
  equal(new atelier.TaskDisposedError().message, 'Task was disposed');
  deepEqual(Object.keys(error), [], 'nothing that a logger would print twice');
}
