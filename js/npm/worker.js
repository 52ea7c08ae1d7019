// What a worker's script imports: plain JavaScript, no wasm.

export { createTaskWorker, expose } from './worker/handlers.js';
