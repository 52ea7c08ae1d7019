// An option that nobody knows is refused wherever options are taken, and the nearest one is named.
import { bench, benchWorker } from '../atelier.js';
import { equal, ok, rejects, throws } from '../assert.js';
import { createTaskRuntime, parallelLimit } from '/atelier/index.js';
import { mountDevtools } from '/atelier/devtools.js';
import { exportOtlp } from '/atelier/otlp.js';

const runtime = createTaskRuntime();
const task = bench({}, runtime);
const define = (options) => runtime.defineTask({ type: 'singleton', worker: benchWorker, ...options });
const noop = () => {};

// How options are given, what is written, which option it is for an error, and what was meant.
const TYPOS = [
  [define, { poolsize: 2 }, 'poolsize', 'poolSize'],
  [define, { timeout: 5 }, 'timeout', 'timeoutMs'],
  [define, { name: 'x' }, 'name', 'taskName'],
  [define, { keyof: noop }, 'keyof', 'keyOf'],
  [define, { maxInflight: 1 }, 'maxInflight', 'maxInFlight'],
  [define, { concurrency: 1 }, 'concurrency', 'poolSize'],
  [createTaskRuntime, { observabilty: {} }, 'observabilty', 'observability'],
  [createTaskRuntime, { observability: { span: 'on' } }, 'observability.span', 'spans'],
  [createTaskRuntime, { observability: { spans: { samplerate: 1 } } }, 'observability.spans.samplerate', 'sampleRate'],
  [(o) => exportOtlp(runtime, o), { url: '/x' }, 'url', 'endpoint'],
  [(o) => exportOtlp(runtime, o), { header: {} }, 'header', 'headers'],
  [(o) => exportOtlp(runtime, o), { traces: { endPoint: '/x' } }, 'traces.endPoint', 'endpoint'],
  [(o) => exportOtlp(runtime, o), { logs: { compresion: 'gzip' } }, 'logs.compresion', 'compression'],
  [(o) => exportOtlp(runtime, o), { keep: { error: true } }, 'keep.error', 'errors'],
  [(o) => exportOtlp(runtime, o), { durable: { maxbytes: 1 } }, 'durable.maxbytes', 'maxBytes'],
  [(o) => mountDevtools(runtime, o), { docked: 'left' }, 'docked', 'dock'],
  [(o) => mountDevtools(runtime, o), { shortcut: 'F9' }, 'shortcut', 'hotkey'],
  [(o) => runtime.record(o), { maxByte: 1e6 }, 'maxByte', 'maxBytes'],
  [(o) => runtime.createTrace('t', o), { parents: 'document' }, 'parents', 'parent'],
  [(o) => runtime.createTrace('t').end(o), { state: 'ok' }, 'state', 'status'],
  [(o) => runtime.subscribeEvents(noop, o), { kind: ['span'] }, 'kind', 'kinds'],
  [(o) => runtime.subscribeFrames(noop, o), { interval: 5 }, 'interval', 'intervalMs'],
  [(o) => runtime.subscribeRuntimeSnapshot(noop, o), { onlyOnChanges: true }, 'onlyOnChanges', 'onlyOnChange'],
  [(o) => task.with(o), { transfers: [] }, 'transfers', 'transfer'],
  [(o) => task.with(o), { abortSignal: undefined }, 'abortSignal', 'signal'],
  [(o) => task.with(o), { cancel: { graceMs: 5, gracems: 5 } }, 'cancel.gracems', 'graceMs'],
];

export async function a_typo_is_refused_and_its_nearest_option_named() {
  for (const [give, options, option, meant] of TYPOS) {
    const error = throws(() => give(options), { message: `did you mean '${meant}'? It takes` }, option);
    ok(error instanceof TypeError, option);
    equal(error.option, option);
    equal(error.code, 'ERR_ATELIER_OPTION', option);
  }
  const error = await rejects(parallelLimit([1], 1, noop, { returnsettled: true }).next(), { message: "'returnSettled'" });
  equal(error.option, 'returnsettled');
  equal(runtime.getRuntimeSnapshot().tasks.length, 1, 'nothing is defined by accident');
  equal(document.querySelector('atelier-devtools'), null, 'nor mounted');
}

export async function an_unknown_name_without_a_near_one_lists_what_there_is() {
  const { message } = throws(() => define({ zzzz: 1 }));
  ok(message.startsWith("defineTask has no option 'zzzz'; it takes type, worker, init, "), message);
  ok(!message.includes('did you mean'));
  throws(() => define({ ['x'.repeat(100_000)]: 1 }), { message: 'x…' });
}

export async function only_own_options_count_and_undefined_is_no_excuse() {
  throws(() => define({ poolsize: undefined }), { message: 'poolSize' });
  throws(() => createTaskRuntime({ spans: undefined }), { message: 'spans' });
  class Settings {
    constructor() {
      this.type = 'singleton';
      this.worker = benchWorker;
      this.taskId = 'of a class';
    }
    describe() {
      return 'a method of the class is no option';
    }
  }
  equal(await runtime.defineTask(new Settings()).add(1, 1), 2);
  const bare = Object.assign(Object.create(null), { type: 'singleton', worker: benchWorker });
  equal(await runtime.defineTask(bare).add(1, 1), 2);
  const inherited = Object.create({ type: 'singleton', worker: benchWorker, note: 'inherited' });
  equal(await runtime.defineTask(inherited).add(1, 1), 2);
  const symbols = { type: 'singleton', worker: benchWorker, [Symbol('mine')]: 1 };
  equal(await runtime.defineTask(symbols).add(1, 1), 2);
  for (const own of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const options = { type: 'singleton', worker: benchWorker };
    Object.defineProperty(options, own, { value: 1, enumerable: true });
    throws(() => runtime.defineTask(options), { message: `no option '${own}'` });
    const callOptions = {};
    Object.defineProperty(callOptions, own, { value: 1, enumerable: true });
    throws(() => task.with(callOptions), { message: `no option '${own}'` });
  }
}
