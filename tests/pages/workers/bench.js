// A worker with a handler for every kind of behaviour that the cases look at.
import { createTaskWorker, expose } from '/atelier/worker.js';

const gates = new BroadcastChannel('gates');
const open = new Set();
const waiting = new Map();
gates.onmessage = ({ data: name }) => {
  open.add(name);
  for (const pass of waiting.get(name) ?? []) pass();
  waiting.delete(name);
};

// Waits until the page opens the gate, so that no case depends on time.
function gate(name) {
  if (open.has(name)) return Promise.resolve();
  return new Promise((resolve) => waiting.set(name, [...(waiting.get(name) ?? []), resolve]));
}

const started = new BroadcastChannel('started');

expose(
  createTaskWorker({
    echo: (value) => value,
    add: (a, b) => a + b,
    later: async (value) => value,
    context: (...args) => {
      const { callId, key, traceparent, signal } = args.at(-1);
      return { callId, key, traceparent, aborted: signal.aborted, args: args.length };
    },
    fail: (name, message) => {
      const error = name === 'TypeError' ? new TypeError(message) : new Error(message);
      error.name = name;
      throw error;
    },
    throwValue: (value) => {
      throw value;
    },
    // Runs until its gate opens; says that it has begun.
    async hold(name, value) {
      started.postMessage(name);
      await gate(name);
      return value;
    },
    // Ends with the signal's reason when it is cancelled.
    async listen(name, { signal }) {
      started.postMessage(name);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          started.postMessage(`${name} heard ${signal.reason.name}`);
          reject(signal.reason);
        });
      });
    },
    spin: (ms) => {
      const until = performance.now() + ms;
      while (performance.now() < until);
      return ms;
    },
    crash: (message) => {
      setTimeout(() => {
        throw new RangeError(message);
      });
      return new Promise(() => {});
    },
    bytes: (length) => ({ data: new Uint8Array(length).fill(7), same: new Map([['k', new ArrayBuffer(4)]]) }),
    // Makes a buffer, returns it, and can say later whether it was moved away.
    lend(length) {
      this.lent = new ArrayBuffer(length);
      return this.lent;
    },
    lentLength() {
      return this.lent.byteLength;
    },
    unclonable: () => () => 1,
  }),
);
