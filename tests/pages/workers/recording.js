// A worker that measures its handlers itself, without the library's help.
import { createTaskWorker, expose } from '/atelier/worker.js';

const now = () => performance.timeOrigin + performance.now();
const hold = (ms) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

expose(
  createTaskWorker({
    // Holds the worker, then lets go of it, then holds it again; says when it began and ended.
    async record(first, between, last, { callId }) {
      const begun = now();
      hold(first);
      if (between > 0) await pause(between);
      hold(last);
      return { callId, begun, ended: now() };
    },
  }),
);
