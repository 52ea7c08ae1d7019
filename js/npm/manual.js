// The package without top-level await: call `init` once, then the rest.

import initWasm from './wasm/atelier_js.js';

let ready;

/**
 * Instantiates the package's wasm. Calling it again gives the same promise; a failure may be tried again.
 * @param {WebAssembly.Module | BufferSource | Response | URL | string} [moduleOrUrl] by default the file beside this one
 */
export function init(moduleOrUrl = new URL('./wasm/atelier_js_bg.wasm', import.meta.url)) {
  ready ??= initWasm({ module_or_path: moduleOrUrl }).then(
    () => undefined,
    (cause) => {
      ready = undefined;
      throw new Error('Atelier could not load its wasm; is atelier_js_bg.wasm served beside the package?', { cause });
    },
  );
  return ready;
}

export { yieldAsCompleted } from './completed.js';
export { WorkerCrashedError } from './errors.js';
export { explainCall } from './explain.js';
export { parallelLimit } from './parallel.js';
export { createTaskRuntime } from './runtime.js';
export { createTaskWorker, expose } from './worker.js';
