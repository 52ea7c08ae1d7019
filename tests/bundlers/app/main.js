// One app for every bundler: a page, a worker, the panel, an exporter and a recording. The test drives `app`.
import { createTaskRuntime } from 'atelier';
import { mountDevtools } from 'atelier/devtools';
import { exportOtlp } from 'atelier/otlp';
import { convertRecording } from 'atelier/recording';
import { wasmWorker } from 'atelier/wasm-worker';

let workerUrl;
// Where a server renders the page, only the runtime is made.
const inBrowser = typeof document !== 'undefined';
if (inBrowser) {
  globalThis.Worker = class extends Worker {
    constructor(url, options) {
      super(url, options);
      workerUrl = String(url);
    }
  };
}

const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
const task = runtime.defineTask({
  type: 'singleton',
  taskId: 't',
  worker: () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
});
const devtools = inBrowser && mountDevtools(runtime);

/** The bytes of a module's file and of everything that it imports from the start. */
async function bytesOf(url, seen = new Set()) {
  if (seen.has(url)) return 0;
  seen.add(url);
  const text = await (await fetch(url)).text();
  let bytes = text.length;
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*["']([./][^"']*)["']/g)) bytes += await bytesOf(new URL(specifier, url).href, seen);
  return bytes;
}

globalThis.app = {
  // Is not called: that bundlers take it is what is looked at.
  wasmWorker,
  add: (a, b) => task.add(a, b),
  open: () => devtools.open(),
  /** Bytes of all scripts that the page has loaded so far. */
  loaded: () => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.decodedBodySize, 0),
  async exports(endpoint) {
    const exporter = exportOtlp(runtime, { endpoint, signals: ['traces', 'metrics'] });
    await task.add(2, 2);
    await exporter.flush();
    const { traces, metrics } = await exporter.ledger();
    await exporter.shutdown();
    return traces.delivered > 0 && metrics.delivered > 0 && traces.rejected + metrics.rejected === 0;
  },
  async records() {
    const recording = runtime.record();
    await task.add(3, 3);
    const file = await recording.stop();
    const { file: text, cut } = await convertRecording(file, 'perfetto');
    return file.size > 0 && !cut && (await text.text()).includes('add');
  },
  /** The worker's own bytes, and those of the scripts that it has loaded. */
  workerBytes: async () => (await bytesOf(workerUrl)) + (await task.loaded()),
};
