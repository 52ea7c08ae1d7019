// The package for those who serve its wasm as a file: call `init` once, then the rest.

import { instantiateFrom, needInstance } from './instance.js';
import { createTaskRuntime as make } from './runtime.js';

export * from './common.js';

/**
 * Instantiates the package's wasm. Calling it again gives the same promise; a failure may be tried again.
 * @param {WebAssembly.Module | BufferSource | Response | Request | URL | string} [moduleOrUrl] by default the file beside this one
 */
export function init(moduleOrUrl = new URL('./wasm/atelier_js_bg.wasm', import.meta.url)) {
  return instantiateFrom(moduleOrUrl);
}

/** Makes a runtime, after `init`. */
export function createTaskRuntime(config) {
  needInstance();
  return make(config);
}
