import { createTaskWorker, expose } from '/atelier/worker.js';

expose(createTaskWorker({ echo: (value) => value, hold: () => new Promise(() => {}) }));
