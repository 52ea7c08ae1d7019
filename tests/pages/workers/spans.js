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
    // Everything that may be wrong with a name, with attributes, or with what is thrown. Says how many functions ran.
    hostile(ctx) {
      let ran = 0;
      const run = (name, attributes) => ctx.span(name, () => (ran += 1), attributes);
      const throwing = () => {
        throw new Error('nobody may look');
      };
      run('getter', { before: 1, get bad() { return throwing(); }, after: 2 });
      run('own keys', new Proxy({ a: 1 }, { ownKeys: throwing }));
      run('get', new Proxy({ a: 1, b: 2 }, { get: throwing }));
      run('descriptors', new Proxy({ a: 1 }, { getOwnPropertyDescriptor: throwing }));
      run('surrogates', { value: 'ab\ud83d', ['key\ude00']: 'x', whole: '\ud83d\ude00', after: 1 });
      run('proto', JSON.parse('{"__proto__": "kept", "constructor": "too", "toJSON": "and this", "after": 1}'));
      run('odd', { big: 10n, nan: NaN, infinite: -Infinity, symbol: Symbol('s'), f: () => 1, nested: { a: 1 }, after: 1 });
      run('huge', { text: 'x'.repeat(1_000_000), after: 1 });
      run('many', Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`a${n}`, n])));
      run('name\ud83d', {});
      run('n'.repeat(1_000_000), {});
      run('revoked', (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })());
      try {
        ctx.span('thrown', () => {
          ran += 1;
          throw Object.defineProperty(new Error('m\ud83d'.repeat(100_000)), 'name', { get: throwing });
        });
      } catch {}
      const odd = ctx.span('odd result', () => {
        ran += 1;
        return new Proxy({}, { get: throwing });
      });
      return [ran, typeof odd];
    },
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
