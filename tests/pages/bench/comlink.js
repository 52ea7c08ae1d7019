// Comlink, one endpoint a worker, round robin. It has no queue and no cancellation.
import { transfer, wrap } from '/comlink/comlink.mjs';

export async function open({ workers: count }) {
  const remotes = Array.from({ length: count }, () =>
    wrap(new Worker('/tests/bench/workers/comlink.js', { type: 'module' })),
  );
  let next = 0;
  return {
    call: (n) => remotes[next++ % count].echo(n),
    move: (buffer) => remotes[next++ % count].echo(transfer(buffer, [buffer])),
  };
}
