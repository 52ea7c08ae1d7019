// A worker that does nothing unless it is told to: it takes calls, its handlers end, it crashes, it hangs.
import { createTaskWorker, expose } from '/atelier/worker.js';

const me = Number(self.name);
const said = new BroadcastChannel('said');
const say = (what, call) => said.postMessage({ worker: me, what, call });
const held = new Map();

class ToldError extends Error {
  name = 'ToldError';
}

const handlers = {
  hold(call, _payload, { signal }) {
    say('began', call);
    signal.addEventListener('abort', () => say('heard', call));
    return new Promise((resolve, reject) => held.set(call, { resolve, reject }));
  },
};

let serve;
expose(new Promise((resolve) => (serve = () => resolve(createTaskWorker(handlers)))));

const orders = new BroadcastChannel('orders');
orders.onmessage = ({ data: { worker, what, call } }) => {
  if (worker !== me) return;
  if (what === 'expose') serve();
  else if (what === 'crash') throw new RangeError('told to crash');
  else if (what === 'return') held.get(call).resolve(call);
  else if (what === 'throw') held.get(call).reject(new ToldError('told to throw'));
  else if (what === 'give up') held.get(call).reject(new DOMException('told to give up', 'AbortError'));
  else if (what === 'hang') for (;;);
};
say('loaded');
