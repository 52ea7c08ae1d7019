// Imports from the default entry, as people do: a bundler leaves its wasm out.
import { createTaskWorker, expose } from 'atelier';

expose(createTaskWorker({
  add: (a, b) => a + b,
  loaded: () => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.decodedBodySize, 0),
}));
