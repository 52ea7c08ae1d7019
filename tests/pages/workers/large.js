// Handlers whose spans are as large as they are told.
import { createTaskWorker, expose } from '/atelier/worker.js';

expose(
  createTaskWorker({
    span: (name, attributes, ctx) => ctx.span(name, () => 1, attributes),
    // Texts that need not cross the border to the worker.
    long: (name, length, ctx) => ctx.span(name, () => 1, { text: 'x'.repeat(length) }),
  }),
);
