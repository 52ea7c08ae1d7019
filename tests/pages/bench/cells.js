// What is measured. A contender has `call(n)` (a handler that returns its argument), `move(buffer)` (there and back,
// without a copy) and `cancelQueued(n)` (n calls of one key are made while all workers are busy, then cancelled); it may
// have `finish()` for what is left to do, which is measured by itself.

/** Calls that are under way at once in the cell "64 outstanding". */
const OUTSTANDING = 64;
const BYTES = 8 * 1024 * 1024;

async function inTurn(contender, calls) {
  for (let made = 0; made < calls; made++) check(await contender.call(made), made);
}

async function outstanding(contender, calls) {
  let made = 0;
  const caller = async () => {
    while (made < calls) {
      const n = made++;
      check(await contender.call(n), n);
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, caller));
}

async function burst(contender, calls) {
  const answers = await Promise.all(Array.from({ length: calls }, (_, n) => contender.call(n)));
  check(answers.at(-1), calls - 1);
}

const cancelling = (size) => async (contender, calls) => {
  for (let made = 0; made < calls; made += size) await contender.cancelQueued(size);
};

async function moving(contender, calls) {
  let buffer = new ArrayBuffer(BYTES);
  for (let made = 0; made < calls; made++) {
    const sent = buffer;
    buffer = await contender.move(sent);
    if (sent.byteLength !== 0 || buffer.byteLength !== BYTES) throw new Error('the buffer was copied or lost');
  }
}

function check(answer, expected) {
  if (answer !== expected) throw new Error(`a call of ${expected} was answered with ${answer}`);
}

export const cells = {
  latency: { pool: { workers: 1, maxInFlight: 1 }, warmUp: 5_000, run: inTurn },
  outstanding: { pool: { workers: 2, maxInFlight: OUTSTANDING }, warmUp: 20_000, run: outstanding },
  burst: { pool: { workers: 2, maxInFlight: OUTSTANDING }, warmUp: 10_000, run: burst },
  'cancel-1k': { pool: { workers: 1, maxInFlight: 1 }, warmUp: 10_000, run: cancelling(1_000) },
  'cancel-20k': { pool: { workers: 1, maxInFlight: 1 }, warmUp: 20_000, run: cancelling(20_000) },
  'cancel-100k': { pool: { workers: 1, maxInFlight: 1 }, warmUp: 20_000, run: cancelling(100_000) },
  observed: { pool: { workers: 2, maxInFlight: OUTSTANDING }, warmUp: 20_000, run: outstanding },
  'observed-alone': { pool: { workers: 1, maxInFlight: 1 }, warmUp: 5_000, run: inTurn },
  'move-8mib': { pool: { workers: 1, maxInFlight: 1 }, warmUp: 500, run: moving },
};
