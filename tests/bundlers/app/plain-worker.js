// Workers have no import maps.
import { createTaskWorker, expose } from './atelier/worker.js';

expose(createTaskWorker({
  add: (a, b) => a + b,
  loaded: () => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.decodedBodySize, 0),
}));
