// What the cases share: a runtime with tasks of real workers, and gates that hold handlers until a case lets them go.
import { createTaskRuntime } from '/atelier/index.js';
import { until } from './assert.js';

const gates = new BroadcastChannel('gates');
const started = new BroadcastChannel('started');
const begun = [];
const opened = new Set();
started.onmessage = ({ data }) => {
  begun.push(data);
  // A worker that began only now has not heard of gates that were opened before.
  if (opened.has(data)) gates.postMessage(data);
};

/** Lets every handler that holds at this gate go on, now and later. */
export function openGate(name) {
  opened.add(name);
  gates.postMessage(name);
}

/** Waits until a handler has said this. */
export function heard(what) {
  return until(() => begun.includes(what), `a handler says "${what}"`);
}

/** What handlers have said so far, in order. */
export function said() {
  return [...begun];
}

export const benchWorker = () => new Worker('/tests/workers/bench.js', { type: 'module' });

/** A runtime that tells everything. */
export function observed(observability = { spans: 'on', metrics: 'on' }) {
  const runtime = createTaskRuntime({ observability });
  const events = [];
  runtime.subscribeEvents((event) => events.push(event));
  return { runtime, events };
}

/** A task of bench workers in a runtime of its own. */
export function bench(options = {}, runtime = createTaskRuntime()) {
  return runtime.defineTask({ type: 'singleton', worker: benchWorker, ...options });
}
