// A page that exports: scenarios load it into their tabs and look at it from outside, as `outliving`.
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { benchWorker } from './atelier.js';

const DATABASE = 'atelier-otlp';
const STORE = 'batches';

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Opens the exporters' database as it is; `undefined` where there is none. */
export async function database() {
  const all = await indexedDB.databases();
  if (!all.some(({ name }) => name === DATABASE)) return undefined;
  return settled(indexedDB.open(DATABASE));
}

/** The keys of all batches that are stored. */
export async function stored() {
  const open = await database();
  if (!open) return [];
  const keys = await settled(open.transaction(STORE).objectStore(STORE).getAllKeys());
  open.close();
  return keys;
}

/** How many spans are stored. */
export async function storedSpans() {
  const parts = (await stored()).map((key) => key.split(' ')).filter((parts) => parts[5] === 'traces');
  return parts.reduce((sum, parts) => sum + Number(parts[6]), 0);
}

/** Writes into the database what the exporter would not, in place of what is there. `entries` are keys with values. */
export async function plant(entries, version = 1) {
  await settled(indexedDB.deleteDatabase(DATABASE));
  const request = indexedDB.open(DATABASE, version);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const open = await settled(request);
  const transaction = open.transaction(STORE, 'readwrite');
  for (const [key, value] of entries) transaction.objectStore(STORE).put(value, key);
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  open.close();
}

/** Begins to export. What is returned tells everything about it. */
export function begin(options = {}) {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  const exporter = exportOtlp(runtime, { signals: ['traces'], ...options });
  const task = runtime.defineTask({ type: 'singleton', worker: benchWorker, maxInFlight: 64, maxQueueDepth: 10_000 });
  const rows = new Map();
  runtime.subscribeFrames((frame) => {
    for (const row of frame.ledger) if (row.consumer.startsWith('otlp:')) rows.set(row.signal, row);
  }, { intervalMs: 10 });
  const page = {
    runtime,
    exporter,
    /** So many calls, and as many spans. */
    crashes: () => Number(task.getState().lastCrash !== undefined),
    calls: (count) => Promise.all(Array.from({ length: count }, (_, i) => task.echo(i))).then(() => count),
    /** What became of the spans; it balances whenever it is looked at. */
    ledger() {
      const { traces } = exporter.ledger();
      if (!traces) return { emitted: 0, delivered: 0, rejected: 0, dropped: {}, pending: 0 };
      const dropped = Object.values(traces.dropped).reduce((sum, n) => sum + n, 0);
      if (traces.emitted !== traces.delivered + traces.rejected + dropped + traces.pending) {
        throw new Error(`the ledger does not balance: ${JSON.stringify(traces)}`);
      }
      return traces;
    },
    lastError: () => rows.get('spans')?.lastError,
  };
  return page;
}

// For scenarios, which have no module of their own. `born` tells a page that was put aside from one that is new.
globalThis.outliving = { begin, stored, storedSpans, plant, born: Math.random() };
