// What the default entry and `./manual` have in common: all but `createTaskRuntime`, and nothing that needs the wasm.

export { yieldAsCompleted } from './completed.js';
export {
  PayloadLostError,
  QueueDropError,
  RuntimeDisposedError,
  TaskDisposedError,
  WorkerCrashedError,
  WorkerFactoryError,
} from './errors.js';
export { explainCall } from './explain.js';
export { parallelLimit } from './parallel.js';
export { createTaskWorker, expose } from './worker.js';
