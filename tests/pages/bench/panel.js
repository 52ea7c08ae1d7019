// A page with a panel under a steady load. The runner opens the panel where it wants it, and measures.
import { createTaskRuntime } from '/atelier/index.js';
import { mountDevtools } from '/atelier/devtools.js';
import { fullFrame, spanFrame, streamOf, taskFrame } from '../panel_root.js';

/** How often calls are made, in milliseconds: so many at once that the rate is kept. */
const BEAT_MS = 10;
const SPANS = 100_000;
/** How long those spans took together, in milliseconds, and on how many workers of how many tasks. */
const SPANS_MS = 60_000;
const [TASKS, WORKERS] = [4, 4];

let made = 0;

/** A runtime whose task is called so often a second, beside idle ones. */
function calling(rate, idle = 0) {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on', measures: 'off' } });
  const worker = () => new Worker('/tests/bench/workers/ours.js', { type: 'module' });
  for (let n = 0; n < idle; n++) runtime.defineTask({ type: 'singleton', taskId: `idle-${n}`, worker });
  const task = runtime.defineTask({ type: 'parallel', taskId: 'echo', worker, poolSize: 2, maxInFlight: 64, maxQueueDepth: Infinity, init: 'eager' });
  const begun = performance.now();
  setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1000) * rate);
    // A page that was late makes up for it a little at a time.
    for (const until = Math.min(due, made + rate / 20); made < until; made++) task.echo(made);
    if (due - made > rate) made = due;
  }, BEAT_MS);
  return runtime;
}

/** A stream that has told of very many calls. */
function told() {
  const ids = Array.from({ length: TASKS }, (_, n) => `task-${n}`);
  const frames = [fullFrame(0, ids.map((id) => taskFrame(id, { poolSize: WORKERS })))];
  const each = SPANS / 20;
  for (let part = 0; part < 20; part++) {
    const spans = Array.from({ length: each }, (_, n) => {
      const number = part * each + n;
      const lanes = TASKS * WORKERS;
      const durationMs = (SPANS_MS * lanes) / SPANS * 0.8;
      return spanFrame(number, {
        taskId: ids[number % TASKS], workerIndex: Math.floor(number / TASKS) % WORKERS,
        start: 1e12 + (number / SPANS) * SPANS_MS, durationMs, phases: [0, 0, durationMs * 0.1, durationMs * 0.8, durationMs * 0.1],
        outcome: number % 97 ? 'ok' : 'error',
      });
    });
    frames.push({ ...fullFrame(part + 1, [], { spans }), kind: 'delta', ts: 1e12 + ((part + 1) / 20) * SPANS_MS });
  }
  return streamOf(...frames);
}

const LOADS = {
  'panel-1k': () => calling(1_000),
  'panel-10k': () => calling(10_000),
  'panel-100k-spans': told,
  'panel-10k-tasks': () => calling(1_000, 10_000),
};

const panel = mountDevtools(LOADS[new URLSearchParams(location.search).get('load')](), { storageKey: '' });
const root = document.querySelector('atelier-devtools').shadowRoot;

globalThis.made = () => made;

/** Opens the panel in the page and waits until it is drawn. */
globalThis.opened = async () => {
  panel.open();
  while (!root.querySelector('[role=tab]')) await new Promise((done) => setTimeout(done, 20));
  return true;
};

/** The middle of what a selector finds in the panel; nothing while it is not to be seen. */
globalThis.placeOf = (selector) => {
  const box = root.querySelector(selector)?.getBoundingClientRect();
  return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
};

globalThis.ready = true;
