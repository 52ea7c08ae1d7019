// Handlers of which a task hides some.
import { createTaskWorker, expose } from '/atelier/worker.js';

expose(
  createTaskWorker({
    echo: (value) => value,
    with: (value) => value,
    dispose: () => 'mine',
    toString: () => 'handlers',
    _helper: () => 1,
  }),
);
