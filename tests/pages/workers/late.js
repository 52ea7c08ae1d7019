// Makes handlers at once or late, and exposes them late, as a script does whose handlers need something first.
import { createTaskWorker, expose } from '/atelier/worker.js';

let ready = false;
const handlers = { ready: () => ready };
const early = self.name === 'early' ? createTaskWorker(handlers) : undefined;
const gate = new BroadcastChannel('late');
await new Promise((open) => (gate.onmessage = open));
ready = true;
expose(early ?? createTaskWorker(handlers));
