// Exposes twice: the second time is refused.
import { createTaskWorker, expose } from '/atelier/worker.js';

expose(createTaskWorker({ echo: (value) => value, refused: () => refused }));
let refused = 'not refused';
try {
  expose(createTaskWorker({ echo: () => 'the second' }));
} catch (error) {
  refused = `${error.name}: ${error.message}`;
}
