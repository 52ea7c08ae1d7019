// Every error of the package. The wasm makes them through the functions below, so that there is one of each class.

import { revive } from './worker/thrown.js';

// Names and codes are written out: a bundler may rename a class. Neither is listed among an error's own fields.
class CodedError extends Error {
  constructor(name, code, message, options) {
    super(message, options);
    hide(this, 'name', name);
    hide(this, 'code', code);
  }
}

function hide(error, property, value) {
  Object.defineProperty(error, property, { value, configurable: true, writable: true });
}

/** A queue that was full refused a call, or dropped it. */
export class QueueDropError extends CodedError {
  constructor(message, options) {
    super('QueueDropError', 'ERR_ATELIER_QUEUE_DROP', message, options);
  }
}

/** A task was disposed before a call of it was done. */
export class TaskDisposedError extends CodedError {
  constructor(message = 'Task was disposed', options) {
    super('TaskDisposedError', 'ERR_ATELIER_TASK_DISPOSED', message, options);
  }
}

/** A call was to be sent again, but its buffers had moved to a worker that is gone. */
export class PayloadLostError extends CodedError {
  constructor(message, options) {
    super('PayloadLostError', 'ERR_ATELIER_PAYLOAD_LOST', message, options);
  }
}

/** A task's `worker` function threw something that is no error; that is the `cause`. */
export class WorkerFactoryError extends CodedError {
  constructor(message, options) {
    super('WorkerFactoryError', 'ERR_ATELIER_WORKER_FACTORY', message, options);
  }
}

/** A runtime was to do something after it was disposed. */
export class RuntimeDisposedError extends CodedError {
  constructor(message = 'Runtime was disposed', options) {
    super('RuntimeDisposedError', 'ERR_ATELIER_RUNTIME_DISPOSED', message, options);
  }
}

/** A worker died, and its calls with it. `cause` is the worker's own error, `kind` says which kind of end it was. */
export class WorkerCrashedError extends CodedError {
  constructor(taskId, { workerIndex, kind, cause } = {}) {
    const message = `Worker crashed for task '${taskId}'`;
    const why = typeof cause?.message === 'string' && cause.message !== '' ? `: ${cause.message.replaceAll('\n', ' ')}` : '';
    super('WorkerCrashedError', 'ERR_ATELIER_WORKER_CRASHED', message + why, { cause });
    this.taskId = taskId;
    this.workerIndex = workerIndex;
    this.kind = kind;
  }
}

/** `AbortError`, as the web platform has it; `code` is the platform's number. With a `cause` where there is one. */
export function abortError(cause) {
  const error = new DOMException('Task was aborted', 'AbortError');
  if (cause !== undefined) hide(error, 'cause', cause);
  return error;
}

/** The error of calls that their own signal cancelled. */
export function abortedBySignal(signal) {
  let reason;
  try {
    reason = signal.reason;
  } catch {
    // A signal that somebody has tampered with: then there is no cause.
  }
  return abortError(reason);
}

/** The error of a call that took too long. */
export function abortedByTimeout(task, timeoutMs) {
  const message = `The call was not done after ${timeoutMs} ms, the timeoutMs of task '${task}'`;
  return abortError(new DOMException(message, 'TimeoutError'));
}

const NAMED = new Map([
  ['QueueDropError', QueueDropError],
  ['TaskDisposedError', TaskDisposedError],
  ['PayloadLostError', PayloadLostError],
  ['WorkerFactoryError', WorkerFactoryError],
]);

/** The queue or a disposed task refused a call, its payload is lost, or no worker could be made. */
export function namedError(name, message, cause) {
  const options = cause === undefined ? undefined : { cause };
  const Type = NAMED.get(name);
  if (Type) return new Type(message, options);
  const error = new Error(message, options);
  hide(error, 'name', name);
  return error;
}

/** The error of a handler, with the class, name, message, stack and fields it had in its worker (see `thrown.js`). */
export function remoteError(described) {
  return revive(described);
}

/** The cause of a crash, as far as the browser tells it. */
export function crashCause(name, message, stack, filename, line) {
  const cause = revive([name, name ?? 'Error', message, stack]);
  if (filename !== undefined) cause.filename = filename;
  if (line !== undefined) cause.lineno = line;
  return cause;
}

/** A crashed worker's error. */
export function workerCrashedError(taskId, workerIndex, kind, cause) {
  return new WorkerCrashedError(taskId, { workerIndex, kind, cause });
}

/** A setting that makes no sense: of the wrong type, or out of its range. `option` names it. */
export function settingError(message, option, outOfRange) {
  const error = outOfRange ? new RangeError(message) : new TypeError(message);
  error.option = option;
  error.code = 'ERR_ATELIER_OPTION';
  return error;
}
