// Exposes a promise of its handlers, which takes as long as the page says.
import { createTaskWorker, expose } from '/atelier/worker.js';

const gate = new BroadcastChannel('late');
const opened = new Promise((open) => (gate.onmessage = ({ data }) => open(data)));
expose(
  opened.then((data) => {
    if (data === 'fail') throw new RangeError('no table today');
    return createTaskWorker({ echo: (value) => value });
  }),
);
