// What the cases about the panel share: finding things in it, and bringing a pane to front.
import { until } from './assert.js';
import { mountDevtools } from '/atelier/devtools.js';

export const root = () => document.querySelector('atelier-devtools')?.shadowRoot;
export const find = (selector) => root()?.querySelector(selector);
export const all = (selector) => [...(root()?.querySelectorAll(selector) ?? [])];
export const front = () => find('[role=tab][aria-selected=true]')?.dataset.tab;

/** Mounts a panel, open, with this pane in front. */
export async function opened(runtime, tab, options = {}) {
  mountDevtools(runtime, { open: true, ...options });
  await until(() => find(`[data-tab=${tab}]`));
  find(`[data-tab=${tab}]`).click();
  await until(() => front() === tab);
}

/** A runtime that is nothing but a stream of these frames, as a recording's is; `push` gives the panel one more. */
export function streamOf(...frames) {
  const listeners = new Set();
  return {
    name: 'a stream',
    subscribeFrames(listener) {
      listeners.add(listener);
      frames.forEach(listener);
      return () => listeners.delete(listener);
    },
    push(frame) {
      for (const listener of listeners) listener(frame);
    },
  };
}

const NOTHING = { count: 0, sum: 0, min: 0, max: 0, mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, p999: 0 };
const TOTALS = { dispatched: 0, success: 0, failure: 0, canceled: 0, rejected: 0, requeued: 0, spawned: 0, crashed: 0, terminated: 0 };

/** A task as frames have it. */
export const taskFrame = (taskId, more = {}) => ({
  taskId, type: 'parallel', taskStatus: 'idle', workerStatus: 'running', queuePolicy: 'block', poolSize: 2, activeWorkers: 2,
  inFlight: 0, maxInFlight: 2, pending: 0, maxQueueDepth: 4, waiting: 0, totals: TOTALS, wait: NOTHING, run: NOTHING, duration: NOTHING,
  workers: [], ...more,
});

/** A full frame. */
export const fullFrame = (seq, tasks, more = {}) => ({ version: 1, seq, ts: 1e12 + seq * 250, kind: 'full', tasks, spans: [], ledger: [], findings: [], ...more });

/** A call that ended, as frames have it. */
export const spanFrame = (number, more = {}) => ({
  traceId: number.toString(16).padStart(32, '0'), spanId: number.toString(16).padStart(16, '0'), callId: String(number), taskId: 't', method: 'work',
  workerIndex: 0, attempt: 1, start: 1e12 + number, durationMs: 1, outcome: 'ok', phases: [0, 0, 0, 1, 0], ...more,
});

/** Texts that have broken panels before: each has to be shown as text, cut where it is long, with a way to see all of it. */
export const ODD = {
  html: '<img src=x onerror="globalThis.hurt = true"><script>globalThis.hurt = true</script>',
  long: `🙂 ${'long '.repeat(2000)}end`,
  rtl: 'שלום \u202E עולם',
  emoji: '👩‍👩‍👧‍👦'.repeat(40),
};

/** Whether nothing of the odd texts became an element, and nothing runs out of the panel sideways. */
export function unharmed() {
  const { scrollWidth, clientWidth } = find('.panel');
  return globalThis.hurt === undefined && !find('img, script') && scrollWidth <= clientWidth;
}
