// Telemetry for a real collector, driven by tests in Rust: calls of every kind, and what the page itself says of them.
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { until } from './assert.js';
import { benchWorker } from './atelier.js';

const told = [];
let crashes = 0;
let runtime;
let exporter;
let task;

/** Begins to export. */
export function begin(options) {
  runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  runtime.subscribeEvents((event) => told.push(event), { kinds: ['span', 'trace'] });
  exporter = exportOtlp(runtime, { resource: { 'service.name': 'collected', 'service.version': '7' }, ...options });
  task = runtime.defineTask({ type: 'parallel', poolSize: 2, worker: benchWorker, taskId: 'pool', taskName: 'bench' });
}

/** Calls that succeed within a trace and without one, that fail, and one that takes its worker with it. */
export async function play() {
  const trace = runtime.createTrace('all of it');
  await Promise.all(Array.from({ length: 40 }, (_, i) => task.with({ trace }).echo(i)));
  for (const ms of [1, 3, 9]) await task.spin(ms);
  await task.fail('TypeError', 'on purpose').catch(() => {});
  await task.crash('boom').catch(() => {});
  trace.end();
  // A crashed worker's place fills itself again, a moment later; the metrics are read when that is done.
  crashes += 1;
  await until(() => runtime.getTelemetry().tasks[0].counters['worker.spawn.total'] === 2 + crashes);
  await exporter.flush();
}

/** What the page says. */
export function report() {
  return {
    told: told.map((event) => ({ ...event, error: undefined, message: event.error?.message ?? event.error })),
    telemetry: runtime.getTelemetry(),
    ledger: exporter.ledger(),
    userAgent: navigator.userAgent,
  };
}
