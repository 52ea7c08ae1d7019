// An export under load, driven by tests in Rust: makes calls at full speed, and looks at the ledger all the while.
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { benchWorker } from './atelier.js';

/** Every so many calls fail, so that spans of both kinds are on the way. */
const FAILING = 50;
/** After every so many calls the ledger is looked at. */
const LOOKING = 16;

const told = [];
const unbalanced = [];
let looks = 0;
let exporter;
let task;

/** A runtime whose workers are there, so that nothing but telemetry needs the server from now on. */
export async function begin(options) {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  const settings = { type: 'parallel', poolSize: 2, maxInFlight: 64, init: 'eager', taskId: 'load' };
  task = runtime.defineTask({ ...settings, worker: benchWorker });
  await Promise.all(Array.from({ length: 64 }, () => task.echo(0)));
  runtime.subscribeEvents((event) => event.kind === 'span' && told.push(event.spanId), { kinds: ['span'] });
  exporter = exportOtlp(runtime, { resource: { 'service.name': 'load' }, ...options });
  look();
}

/** Makes so many calls at once and waits for all of them. */
export async function calls(count) {
  let settled = 0;
  const ended = () => ++settled % LOOKING === 0 && look();
  const one = (i) => (i % FAILING === 1 ? task.fail('TypeError', 'on purpose') : task.echo(i)).then(ended, ended);
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  look();
}

/** Flushes until nothing is pending that is not kept for a later page. */
export async function drain() {
  for (;;) {
    await exporter.flush();
    look();
    if (Object.values(exporter.ledger()).every((account) => account.pending === 0)) return;
    await new Promise((turn) => setTimeout(turn, 10));
  }
}

/** Flushes once. */
export async function flush() {
  await exporter.flush();
  look();
}

/** Flushes, and stops for good. */
export async function shutdown() {
  await exporter.shutdown();
  look();
}

function look() {
  looks += 1;
  for (const [signal, account] of Object.entries(exporter.ledger())) {
    const { emitted, delivered, rejected, dropped, pending } = account;
    const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0);
    if (emitted !== delivered + rejected + lost + pending) {
      unbalanced.push(`look ${looks}: ${signal} ${JSON.stringify(account)}`);
    }
  }
}

/** What the exporter says, what the page's listener was told, and whether every look was balanced. */
export function report() {
  look();
  return { ledger: exporter.ledger(), told, looks, unbalanced };
}
