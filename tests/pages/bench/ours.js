// Atelier, telemetry off.
import { createTaskRuntime } from '/atelier/index.js';
import { rejections } from './rejections.js';

export async function open({ workers, maxInFlight }) {
  const runtime = createTaskRuntime({ observability: { spans: 'off', metrics: 'off' } });
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
