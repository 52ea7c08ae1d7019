// Keeps the browser's own `close` from before the handlers were exposed.
const close = globalThis.close.bind(globalThis);
const { createTaskWorker, expose } = await import('/atelier/worker.js');

expose(
  createTaskWorker({
    add: (a, b) => a + b,
    closesForReal: () => {
      close();
      return new Promise(() => {});
    },
  }),
);
