// Handlers that open spans of their own.
import { createTaskWorker, expose } from '/atelier/worker.js';

const said = (action) => {
  try {
    return [action(), 'no error'];
  } catch (error) {
    return [error.name, error.message];
  }
};

expose(
  createTaskWorker({
    nothing: () => 1,
    // Spans one within the other, by context, by the stack, and side by side.
    async nested(ctx) {
      const parsed = ctx.span('parse', (inner) => inner.span('lines', () => 3) + ctx.span('words', () => 4), { bytes: 12 });
      const [a, b] = await Promise.all([
        ctx.span('left', async (inner) => {
          await null;
          return inner.span('leaf', () => inner.traceparent);
        }),
        ctx.span('right', async () => 'right'),
      ]);
      return { parsed, a, b, traceparent: ctx.traceparent };
    },
    attributes: (ctx) =>
      ctx.span('all', () => 1, {
        text: 'x',
        whole: 7,
        part: 0.5,
        yes: true,
        none: undefined,
        nan: NaN,
        list: [1, 2],
        nothing: null,
        symbol: Symbol('s'),
        bare: Object.create(null),
      }),
    async failing(ctx) {
      try {
        ctx.span('thrown', () => {
          throw new RangeError('too far');
        });
      } catch {}
      await ctx.span('rejected', () => Promise.reject('plain')).catch(() => {});
      throw new TypeError('in the end');
    },
    many(count, ctx) {
      let ran = 0;
      for (let n = 0; n < count; n++) ctx.span(`s${n}`, () => ran++);
      return ran;
    },
    open(ctx) {
      ctx.span('never ends', () => new Promise(() => {}));
      return 'ended before it';
    },
    wrong: (ctx) => [
      said(() => ctx.span('', () => 1)),
      said(() => ctx.span(7, () => 1)),
      said(() => ctx.span('nothing to run')),
      said(() => ctx.span('wrong', () => 1, 'attributes')),
      said(() => ctx.span('fine', () => 5)),
    ],
    spin(ms, ctx) {
      return ctx.span('spin', () => {
        const until = performance.now() + ms;
        while (performance.now() < until);
      });
    },
  }),
);
