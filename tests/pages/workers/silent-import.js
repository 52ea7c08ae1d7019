// Imports what a worker needs, and then forgets about it.
import { createTaskWorker, expose } from '/atelier/worker.js';

globalThis.unused = [createTaskWorker, expose];
