// Handlers with names that a task answers by itself on the page; `task.call` reaches them.
import { createTaskWorker, expose } from '/atelier/worker.js';

const named = (name) => [name, (...args) => [name, args.length]];

expose(
  createTaskWorker({
    plain: () => 'plain',
    ...Object.fromEntries(['toString', 'toJSON', 'valueOf', 'with', 'call', 'dispose', 'getState', 'inspect', '_private'].map(named)),
  }),
);
