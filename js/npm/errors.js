// Every error of the package. The wasm makes them through the functions below, so that there is one of each class.

/** A worker died, and its calls with it. `cause` is the worker's own error, `kind` says which kind of end it was. */
export class WorkerCrashedError extends Error {
  constructor(taskId, { workerIndex, kind, cause } = {}) {
    super(`Worker crashed for task '${taskId}'`, { cause });
    this.name = 'WorkerCrashedError';
    this.taskId = taskId;
    this.workerIndex = workerIndex;
    this.kind = kind;
  }
}

function named(name, message, cause) {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  error.name = name;
  return error;
}

/** `AbortError`, as the web platform has it. */
export function abortError() {
  return new DOMException('Task was aborted', 'AbortError');
}

/** The queue or a disposed task refused a call, its payload is lost, or no worker could be made. */
export function namedError(name, message, cause) {
  return named(name, message, cause);
}

/** The error of a handler, with the name, message and stack it had in its worker. */
export function remoteError(name, message, stack) {
  const Type = BUILT_IN[name] ?? Error;
  const error = name === 'AbortError' ? new DOMException(message, name) : new Type(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack !== undefined) {
    Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  }
  return error;
}

const BUILT_IN = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** The cause of a crash, as far as the browser tells it. */
export function crashCause(name, message, stack, filename, line) {
  const cause = remoteError(name ?? 'Error', message, stack);
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
  return error;
}
