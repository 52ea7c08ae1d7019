// Handlers whose results cannot be sent.
import { createTaskWorker, expose } from '/atelier/worker.js';

const kept = new Uint8Array([1, 2, 3]);
const round = { list: [] };
round.list.push(round, { deeper: new Map([['done', { f: () => 1 }]]) });

const RESULTS = {
  function: () => () => 1,
  rows: () => ({ rows: [{ onDone() {} }] }),
  symbol: () => ({ 'odd name': [1, Symbol('s')] }),
  weak: () => ({ cache: new WeakMap() }),
  promise: () => [Promise.resolve(1)],
  inMap: () => round,
  inSet: () => new Set([{ a: () => 1 }]),
  proxy: () => ({ state: new Proxy({ a: 1 }, {}) }),
  locked: () => {
    const stream = new ReadableStream();
    stream.getReader();
    return { stream };
  },
  deep: () => {
    let deep = { f: () => 1 };
    for (let depth = 0; depth < 200; depth++) deep = { deep };
    return deep;
  },
  getter: () => ({
    get value() {
      throw new RangeError('a bad getter');
    },
  }),
};

expose(
  createTaskWorker({
    give: (kind) => RESULTS[kind](),
    later: async (kind) => RESULTS[kind](),
    keeps: () => ({ data: kept }),
    echo: (value) => value,
  }),
);
