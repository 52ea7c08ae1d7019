// Handlers that throw every kind of error, and what is none.
import { createTaskWorker, expose } from '/atelier/worker.js';

class PaymentError extends RangeError {
  constructor(message, options) {
    super(message, options);
    this.name = 'PaymentError';
    this.code = 'E_PAY';
  }
}

const nested = (depth) => new Error(`level ${depth}`, depth < 20 ? { cause: nested(depth + 1) } : undefined);
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
  revoke();
  return proxy;
};
const throwing = () => {
  throw new Error('a getter');
};
const round = new Error('round');
round.cause = new TypeError('and round', { cause: round });

const MAKERS = {
  named: (name) => Object.assign(new Error('x'), { name }),
  defined: (name) => Object.defineProperty(new Error('x'), 'name', { value: name }),
  oddName: () => Object.defineProperty(new TypeError('x'), 'name', { value: Symbol('odd') }),
  bigName: () => Object.defineProperty(new TypeError('x'), 'name', { value: 10n }),
  getters: () => Object.defineProperties(new TypeError('x'), { stack: { get: throwing }, message: { get: throwing }, name: { get: throwing } }),
  huge: () => Object.assign(new Error('m'.repeat(10_000_000)), { name: 'n'.repeat(10_000_000), more: 's'.repeat(10_000_000), bytes: new ArrayBuffer(50_000_000) }),
  fields: () =>
    Object.assign(new PaymentError('too little', { cause: new SyntaxError('why', { cause: 'a text' }) }), {
      status: 402,
      body: { reasons: ['a', new Map([[1, 2]])] },
      when: new Date(5),
      done: () => 1,
      inner: Object.assign(new TypeError('inner'), { deep: true }),
      nothing: undefined,
      ['__proto__x']: 1,
    }),
  proto: () => Object.defineProperty(new Error('x'), '__proto__', { value: { polluted: true }, enumerable: true }),
  reserved: () => Object.assign(new Error('x'), { toString: 'text', constructor: 'mine', hasOwnProperty: 1, valueOf: 2 }),
  fieldGetter: () => Object.defineProperty(Object.assign(new Error('kept'), { code: 7 }), 'bad', { get: throwing, enumerable: true }),
  nested: () => nested(0),
  round: () => round,
  aggregate: () => new AggregateError([new RangeError('one'), 'two', Object.assign(new Error('three'), { code: 3 }), () => 1], 'all', { cause: 1 }),
  suppressed: () => new SuppressedError(new TypeError('later'), new URIError('before'), 'both'),
  dom: () => new DOMException('full', 'QuotaExceededError'),
  abort: () => Object.assign(new DOMException('enough', 'AbortError'), { mine: 1 }),
  abortError: () => Object.assign(new Error('enough'), { name: 'AbortError' }),
  builtIn: (name) => new globalThis[name]('built in'),
  compile: () => new WebAssembly.CompileError('wasm'),
  frozen: () => Object.freeze(Object.assign(new TypeError('cold'), { code: 1 })),
  revoked,
  inProxy: () => new Proxy(new RangeError('seen through'), {}),
  ownKeys: () => new Proxy(Object.assign(new Error('closed'), { code: 1 }), { ownKeys: throwing }),
  manyFields: () => Object.assign(new Error('many'), Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`f${n}`, n]))),
  undefinedValue: () => undefined,
  nullValue: () => null,
  symbol: () => Symbol('odd'),
  function: () => function named() {},
  bare: () => Object.create(null),
  unclonable: () => ({ message: 'not an error', f: () => 1 }),
  plain: () => ({ code: 7, list: [1] }),
  bigint: () => 10n ** 30n,
};

const freeze = { error: () => Object.freeze(Error.prototype), object: () => Object.freeze(Object.prototype) };

expose(
  createTaskWorker({
    fail(kind, argument) {
      throw MAKERS[kind](argument);
    },
    reject: (kind, argument) => Promise.reject(MAKERS[kind](argument)),
    // In nobody's call.
    aside(kind, argument) {
      setTimeout(() => {
        throw MAKERS[kind](argument);
      });
      return new Promise(() => {});
    },
    freeze: (what) => void freeze[what](),
    echo: (value) => value,
  }),
);
