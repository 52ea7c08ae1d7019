// A bench worker that dies of every `crash`, and says that it holds before it does.
import { createTaskWorker, expose } from '/atelier/worker.js';

const started = new BroadcastChannel('started');
expose(
  createTaskWorker({
    hold: () => new Promise(() => {}),
    crash: (message) => {
      started.postMessage('crashing');
      throw setTimeout(() => {
        throw new RangeError(message);
      });
    },
  }),
);
