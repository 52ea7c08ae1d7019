import type { CrashKind } from './index.js';

/** What went wrong, as one text for programs. See docs/errors.md, which has one more for options that make no sense. */
export type ErrorCode =
  | 'ERR_ATELIER_PAYLOAD_LOST'
  | 'ERR_ATELIER_QUEUE_DROP'
  | 'ERR_ATELIER_RUNTIME_DISPOSED'
  | 'ERR_ATELIER_TASK_DISPOSED'
  | 'ERR_ATELIER_WORKER_CRASHED'
  | 'ERR_ATELIER_WORKER_FACTORY';

/** A queue that was full refused a call, or dropped it. */
export class QueueDropError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
  readonly code: 'ERR_ATELIER_QUEUE_DROP';
}

/** A task was disposed before a call of it was done. */
export class TaskDisposedError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
  readonly code: 'ERR_ATELIER_TASK_DISPOSED';
}

/** A call was to be sent again, but its buffers had moved to a worker that is gone. */
export class PayloadLostError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
  readonly code: 'ERR_ATELIER_PAYLOAD_LOST';
}

/** A task's `worker` function threw something that is no error; that is the `cause`. */
export class WorkerFactoryError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
  readonly code: 'ERR_ATELIER_WORKER_FACTORY';
}

/** A runtime was to do something after it was disposed. */
export class RuntimeDisposedError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
  readonly code: 'ERR_ATELIER_RUNTIME_DISPOSED';
}

/** A worker died, and its calls with it; `cause` is the worker's own error. */
export class WorkerCrashedError extends Error {
  constructor(taskId: string, options?: { workerIndex?: number; kind?: CrashKind; cause?: unknown });
  readonly code: 'ERR_ATELIER_WORKER_CRASHED';
  readonly taskId: string;
  readonly workerIndex?: number;
  readonly kind: CrashKind;
}
