// Usable right after import: the module waits for its wasm at top level. `./manual` is for those who cannot.

import { init } from './manual.js';

await init();

export {
  WorkerCrashedError,
  createTaskRuntime,
  createTaskWorker,
  explainCall,
  expose,
  parallelLimit,
  yieldAsCompleted,
} from './manual.js';
