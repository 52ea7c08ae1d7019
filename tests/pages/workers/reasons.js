// Says why its calls were cancelled.
import { createTaskWorker, expose } from '/atelier/worker.js';

const said = new BroadcastChannel('reasons');
const shown = (reason) =>
  reason instanceof Error || reason instanceof DOMException
    ? { type: reason.constructor.name, name: reason.name, message: reason.message, code: reason.code, cause: shown(reason.cause) }
    : reason;

expose(
  createTaskWorker({
    wait: (name, ctx) =>
      new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => {
          let thrown;
          try {
            ctx.throwIfAborted();
          } catch (error) {
            thrown = error;
          }
          said.postMessage({ name, reason: shown(ctx.signal.reason), thrown: shown(thrown), same: thrown.cause === ctx.signal.reason });
          reject(thrown);
        });
        said.postMessage({ name, begun: true });
      }),
    // Asks for its signal only after it was cancelled.
    async lateSignal(name, ctx) {
      said.postMessage({ name, begun: true });
      for (;;) {
        await new Promise((pass) => setTimeout(pass));
        try {
          ctx.throwIfAborted();
        } catch (error) {
          said.postMessage({ name, reason: shown(ctx.signal.reason), thrown: shown(error), same: error.cause === ctx.signal.reason });
          throw error;
        }
      }
    },
    echo: (value) => value,
  }),
);
