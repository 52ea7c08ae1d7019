// A worker that answers to both: Comlink's own object, and a task's handlers.
import { expose as exposeByComlink } from '/comlink/comlink.mjs';
import { createTaskWorker, expose } from '/atelier/worker.js';

exposeByComlink({ triple: (n) => 3 * n });
expose(createTaskWorker({ double: (n) => 2 * n }));
