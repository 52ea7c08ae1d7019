// Usable right after import, wherever that is: the wasm is carried along as text, and compiled when the first runtime is made.
// Whoever makes none (a worker that imports `expose` from here) gets none: bundlers leave it out.

import { instantiateText } from './instance.js';
import { createTaskRuntime as make } from './runtime.js';
import { dropText, length, text } from './wasm/wasm-text.js';

export * from './common.js';

/** Makes a runtime: tasks, their cancellation, and what they tell. */
export function createTaskRuntime(config) {
  instantiateText({ text, length }, dropText);
  return make(config);
}
