// Atelier, with what is observed for the contender of this name.
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { rejections } from './rejections.js';

const OBSERVED = {
  ours: { spans: 'off', metrics: 'off' },
  spans: { spans: 'on', metrics: 'off', measures: 'off' },
  aggregated: { spans: 'on', metrics: 'on', measures: 'off' },
  listener: { spans: 'on', metrics: 'on', measures: 'off' },
  batches: { spans: 'on', metrics: 'on', measures: 'off' },
  exported: { spans: 'on', metrics: 'off', measures: 'off' },
  otlp: { spans: 'on', metrics: 'on', measures: 'off' },
};

/** What is exported. */
const SIGNALS = { exported: ['traces'], otlp: ['traces', 'metrics'] };

export async function open({ workers, maxInFlight }, contender) {
  const runtime = createTaskRuntime({ observability: OBSERVED[contender] });
  let told = 0;
  if (contender === 'listener') runtime.subscribeEvents(() => told++);
  if (contender === 'batches') runtime.subscribeEvents((events) => (told += events.length), { batch: true });
  const signals = SIGNALS[contender];
  const finish = signals && exporting(runtime, signals);
  const task = runtime.defineTask({
    type: 'parallel',
    worker: () => new Worker('/tests/bench/workers/ours.js', { type: 'module' }),
    poolSize: workers,
    maxInFlight,
    maxQueueDepth: Infinity,
    init: 'eager',
  });
  const keyed = task.with({ key: 'all' });
  let busy = false;
  return {
    finish,
    call: (n) => task.echo(n),
    move: (buffer) => task.echo(buffer),
    async cancelQueued(calls) {
      if (!busy) {
        busy = true;
        task.hold();
      }
      const all = rejections(calls);
      for (let n = 0; n < calls; n++) keyed.echo(n).catch(all.rejected);
      runtime.abortTaskController.abort('all');
      runtime.abortTaskController.clear('all');
      await all;
    },
  };
}

// Everything is to arrive, or else the figure would be that of losing things.
function exporting(runtime, signals) {
  const otlp = exportOtlp(runtime, { signals, maxQueueSize: 1_000_000 });
  return async () => {
    await otlp.flush();
    const { traces } = otlp.ledger();
    if (traces.delivered !== traces.emitted) throw new Error(`spans are lost: ${JSON.stringify(traces)}`);
  };
}
