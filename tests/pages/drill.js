// A world of the core's simulator in this page, with real workers that do nothing unless they are told to. The test in
// Rust gives the orders of one turn, and what must have come of them when everything is quiet again.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual } from './assert.js';

// How long a page may take to get quiet, in milliseconds, before the drill has failed.
const PATIENCE = 20_000;

export class Drill {
  #runtime = createTaskRuntime({ observability: { spans: 'off', metrics: 'on' } });
  #unmakeable;
  #tasks = new Map();
  #counts = new Map();
  #calls = [];
  #workers = [];
  #orders = new BroadcastChannel('orders');
  #said = new BroadcastChannel('said');

  /** `unmakeable`: for which workers, counted from 1, the factory throws. */
  constructor(unmakeable) {
    this.#unmakeable = new Set(unmakeable);
    this.#runtime.subscribeEvents(({ kind, name, value, attrs }) => {
      if (kind !== 'counter') return;
      const key = `${attrs['task.id']} ${name}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + value);
    });
    this.#said.onmessage = ({ data: { worker, what, call } }) => {
      const { [what]: list, late } = this.#workers[worker];
      list.push(call);
      if (what === 'loaded') for (const order of late.splice(0)) this.#orders.postMessage(order);
    };
  }

  /** Carries out all orders in one turn, and waits until everything is as expected. */
  async turn(orders, expected) {
    for (const order of orders) this.#carryOut(order);
    await this.#reach(expected);
  }

  /** Which worker began which calls, ever. */
  began() {
    return this.#workers.flatMap(({ began }, worker) => began.map((call) => [worker, call]));
  }

  /** The counters that the runtime itself keeps, of these tasks and with these names. */
  totals(tasks) {
    const { tasks: known } = this.#runtime.getTelemetry();
    return tasks.map(({ task, counts }) => {
      const counters = known.find(({ taskId }) => taskId === task)?.counters ?? {};
      return Object.fromEntries(Object.keys(counts).map((name) => [name, counters[name] ?? 0]));
    });
  }

  async #reach(expected) {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      await new Promise((look) => setTimeout(look));
      try {
        deepEqual(this.#found(expected), expected);
        return;
      } catch (difference) {
        if (performance.now() > deadline) throw difference;
      }
    }
  }

  /** What there is, in the shape of what is expected. */
  #found({ tasks, workers }) {
    return {
      tasks: tasks.map(({ task, state, counts }) => {
        const found = this.#tasks.get(task).getState();
        found.lastCrash = found.lastCrash?.kind ?? null;
        const here = Object.keys(state).map((name) => [name, found[name]]);
        const counted = Object.keys(counts).map((name) => [name, this.#counts.get(`${task} ${name}`) ?? 0]);
        return { task, state: Object.fromEntries(here), counts: Object.fromEntries(counted) };
      }),
      calls: this.#calls.map(({ end }) => end),
      workers: workers.map(({ worker, running, heard }) => ({
        worker,
        // In the order they began; those that have ended are of no interest.
        running: this.#workers[worker]?.began.filter((call) => running.includes(call)),
        heard: heard.filter((call) => this.#workers[worker]?.heard.includes(call)),
      })),
    };
  }

  #carryOut({ order, task, call, key, worker, what, options }) {
    const keys = this.#runtime.abortTaskController;
    if (order === 'define') {
      const made = this.#runtime.defineTask({ ...options, taskId: task, worker: () => this.#make() });
      this.#tasks.set(task, made);
    } else if (order === 'call') this.#call(this.#tasks.get(task), call, options);
    else if (order === 'abort') this.#calls[call].controller.abort();
    else if (order === 'abortKey') keys.abort(key);
    else if (order === 'clearKey') keys.clear(key);
    else if (order === 'task') this.#tasks.get(task)[what]();
    else if (order === 'messageError') this.#workers[worker].real.dispatchEvent(new MessageEvent('messageerror'));
    else if (order === 'tell') this.#tell({ worker, what, call });
    else throw new Error(`nobody knows how to ${order}`);
  }

  #call(task, call, { clonable, ...options }) {
    const controller = new AbortController();
    const record = { controller, end: null };
    this.#calls[call] = record;
    const payload = clonable ? null : () => {};
    task
      .with({ ...options, signal: controller.signal })
      .hold(call, payload)
      .then(
        (value) => (record.end = value === call ? 'ok' : `the result of ${value}`),
        ({ name, kind }) => (record.end = kind ? `${name}: ${kind}` : name),
      );
  }

  #make() {
    // Workers are counted from 1.
    this.#workers[0] ??= { loaded: [], began: [], heard: [], late: [] };
    const worker = this.#workers.length;
    const record = { loaded: [], began: [], heard: [], late: [] };
    this.#workers.push(record);
    if (this.#unmakeable.has(worker)) throw new DOMException('told not to make it', 'UnmakeableError');
    record.real = new Worker('/tests/workers/drilled.js', { type: 'module', name: String(worker) });
    return record.real;
  }

  // A worker that has not loaded yet would not hear it.
  #tell(order) {
    const { loaded, late } = this.#workers[order.worker];
    if (loaded.length > 0) this.#orders.postMessage(order);
    else late.push(order);
  }
}
