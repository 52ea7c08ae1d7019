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
const trapping = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11,
]);
let spins = 0;

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
    async hold(name, value = undefined) {
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
    // Goes on when its gate opens, unless it is cancelled by then.
    async step(name, context) {
      started.postMessage(name);
      await gate(name);
      try {
        context.throwIfAborted();
        started.postMessage(`${name} went on`);
      } catch (error) {
        started.postMessage(`${name} stopped: ${error.name}: ${error.message}`);
        throw error;
      }
    },
    lengths: ({ byteLength, buffer, byteOffset }) => [byteLength, buffer.byteLength, byteOffset],
    fill: (view, value) => view.fill(value),
    crashNamed: (name, message) => {
      setTimeout(() => {
        throw Object.assign(new Error(message), { name });
      });
      return new Promise(() => {});
    },
    closes: () => {
      self.close();
      return new Promise(() => {});
    },
    closesWith: async (value) => {
      close();
      return value;
    },
    closesLater: () => {
      setTimeout(() => close());
      return 'soon';
    },
    loops: (name) => {
      started.postMessage(name);
      for (;;);
    },
    spins: () => spins,
    kind: (value) => Object.prototype.toString.call(value),
    // Frames and audio keep what they carry until they are closed.
    closed: (media) => {
      const told = [media.format, media.timestamp];
      media.close();
      return told;
    },
    frame: () => {
      const frame = new VideoFrame(new Uint8Array(64), { format: 'RGBA', codedWidth: 4, codedHeight: 4, timestamp: 3 });
      return [frame];
    },
    wasmMemory: () => [new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 3).fill(4)],
    trap: () => new WebAssembly.Instance(new WebAssembly.Module(trapping)).exports.f(),
    // Dies a little later, of nobody's call.
    dieLater: (message) => {
      setTimeout(() => {
        throw new RangeError(message);
      });
    },
    spin: (ms) => {
      spins += 1;
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
