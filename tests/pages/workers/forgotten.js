// Makes handlers, and forgets to expose them.
import { createTaskWorker } from '/atelier/worker.js';

createTaskWorker({ echo: (value) => value });
