// Many calls at once, in the order in which they finish.

/** Runs `fn` on items, at most `limit` at a time, and yields the results in completion order. */
export async function* parallelLimit(items, limit, fn, options = {}) {
  if (!(Number.isFinite(limit) && limit >= 1)) {
    throw new RangeError(`limit is ${limit}; it takes a number of at least 1`);
  }
  const { errorPolicy = 'fail-fast', returnSettled = false, onError, signal, abortTaskController, keyOf } = options;
  const cancellable = signal !== undefined || abortTaskController !== undefined;
  const isAborted = (item) =>
    signal?.aborted === true ||
    (abortTaskController !== undefined && keyOf !== undefined && abortTaskController.isAborted(keyOf(item)));
  const source = items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]();
  const running = new Set();
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && running.size < Math.floor(limit) && signal?.aborted !== true) {
        const { done, value: item } = await source.next();
        if (done) exhausted = true;
        else if (!(cancellable && isAborted(item))) start(running, item, fn);
      }
      if (running.size === 0) return;
      const outcome = await Promise.race(running);
      running.delete(outcome.entry);
      const { item } = outcome;
      if (cancellable && isAborted(item)) continue;
      if (outcome.status === 'fulfilled') {
        yield returnSettled ? { status: 'fulfilled', value: outcome.value, item } : outcome.value;
        continue;
      }
      const harmless = cancellable && outcome.reason?.name === 'AbortError';
      if (!harmless) onError?.(outcome.reason, item);
      if (returnSettled) yield { status: 'rejected', reason: outcome.reason, item };
      else if (!harmless && errorPolicy === 'fail-fast') throw outcome.reason;
    }
  } finally {
    if (!exhausted) await source.return?.();
  }
}

function start(running, item, fn) {
  const outcome = { item };
  const entry = Promise.resolve()
    .then(() => fn(item))
    .then(
      (value) => Object.assign(outcome, { entry, status: 'fulfilled', value }),
      (reason) => Object.assign(outcome, { entry, status: 'rejected', reason }),
    );
  running.add(entry);
}

/** Yields the results of promises in the order in which they settle; the first rejection is thrown. */
export async function* yieldAsCompleted(promises) {
  const running = new Set();
  for (const promise of promises) {
    const entry = Promise.resolve(promise).then((value) => ({ entry, value }));
    running.add(entry);
  }
  // One that fails after another has been thrown must not count as unhandled.
  for (const entry of running) entry.catch(() => {});
  while (running.size > 0) {
    const { entry, value } = await Promise.race(running);
    running.delete(entry);
    yield value;
  }
}
