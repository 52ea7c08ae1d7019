// Handlers that say where they stand, in a worker that crashes in the middle of a call when it is made with `?crashes`.
import { createTaskWorker, expose } from '/atelier/worker.js';

expose(
  createTaskWorker({
    // Where the call stands, and where a span of its own does.
    place: (context) => context.span('own', (inner) => ({ call: context.traceparent, own: inner.traceparent })),
    async steps(context) {
      await context.span('first', async () => null);
      if (location.search === '?crashes') {
        setTimeout(() => {
          throw new RangeError('in the middle');
        });
        await new Promise(() => {});
      }
      return context.span('second', () => context.traceparent);
    },
  }),
);
