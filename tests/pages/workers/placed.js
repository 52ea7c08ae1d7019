// Handlers of every kind of parameter list, and of every way to their context.
import { createTaskWorker, expose } from '/atelier/worker.js';

const isContext = (value) => value?.signal instanceof AbortSignal && typeof value.throwIfAborted === 'function';
// What came, with the context shown as 'ctx'.
const seen = (...args) => args.map((each) => (isContext(each) ? 'ctx' : each === undefined ? 'none' : each));

const handlers = {
  scale: (n, factor = 2) => n * factor,
  area(w, h, ctx) {
    return seen(w, h, ctx);
  },
  ranged: (n, factor = 2, ctx) => seen(n, factor, ctx),
  all: (...all) => seen(...all),
  first: (first, ...others) => seen(first, ...others),
  one: (ctx) => seen(ctx),
  lone: ctx => seen(ctx),
  destructured: (n, { signal, callId }) => [n, signal instanceof AbortSignal, typeof callId],
  defaulted: (n, { signal } = {}) => [n, signal === undefined],
  // With what parsers stumble over: (a, b = ")", c) => …
  tricky(a /* , x = 1 */, b = /[)/]\),/.test('),') ? `${`)${'}'}`},` : "',)", c = ((x, y = 1) => x)(2) / 1, ctx) {
    return seen(a, b, c, ctx);
  },
  ['comp(uted']: (a, b = 1) => seen(a, b),
  async *generated(a, b = 1) {
    yield a + b;
  },
  async later(n, factor = 2, ctx) {
    await null;
    return seen(n, factor, ctx);
  },
  listed() {
    return seen(...arguments);
  },
  min: (t, e = 2) => t * e,
  max: Math.max,
  parsed: parseInt,
  bound: function (n, factor = 3) {
    return n * factor;
  }.bind({}),
  boundWithContext: function (n, ctx) {
    return seen(n, ctx);
  }.bind({}),
  proxied: new Proxy((n, factor = 5) => n * factor, {}),
  lying: Object.defineProperty((...all) => seen(...all), 'length', { value: 2 }),
  replaced() {
    handlers.replaced = (n, factor = 7) => n * factor;
    return 'now';
  },

  // `this` and its context.
  count: 0,
  other(n) {
    return n + 1;
  },
  async byThis(n) {
    this.count += 1;
    const before = this.context.callId;
    await null;
    await new Promise((pass) => setTimeout(pass));
    return { n: this.other(n), same: before === this.context.callId, id: this.context.callId, key: this.context.key };
  },
  counted() {
    return this.count;
  },
  helped() {
    return this.helper();
  },
  helper() {
    return isContext(this.context);
  },
  unpacked() {
    const { context } = this;
    return isContext(context);
  },
  spread: (ctx) => {
    const all = { ...ctx };
    const { key, ...rest } = ctx;
    all.throwIfAborted();
    return {
      names: Object.keys(all).sort(),
      signal: all.signal instanceof AbortSignal && all.signal === ctx.signal,
      callId: all.callId === ctx.callId,
      key: key ?? 'none',
      rest: Object.keys(rest).includes('signal'),
      span: all.span('aside', () => 7),
      inner: all.span('aside', (inner) => isContext({ ...inner })),
      assigned: isContext(Object.assign({}, ctx)),
    };
  },
};

expose(createTaskWorker(handlers));
