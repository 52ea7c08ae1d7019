// A worker as the original library's README writes it.
import { expose } from '/comlink/comlink.mjs';
import { createTaskWorker } from '/atelier/worker.js';

expose(
  createTaskWorker({
    double: (n) => 2 * n,
    scale: (n, factor = 2) => n * factor,
    async wait(n, { signal }) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    listens: () => Object.hasOwn(globalThis, 'addEventListener'),
  }),
);
