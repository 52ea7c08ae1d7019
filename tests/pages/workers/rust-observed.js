// A worker with Rust handlers that tells what it has moved, and what it has fetched of WebAssembly.
import '/atelier/rust-worker.js';

const send = globalThis.postMessage.bind(globalThis);
globalThis.postMessage = (message, moved = []) => {
  send(message, moved);
  const fetched = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm'));
  send({ moved: moved.map((buffer) => buffer.byteLength), fetched: fetched.length });
};
