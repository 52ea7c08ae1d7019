// Many calls at once, in the order in which they finish.

import { Inbox, closedByReturn } from './inbox.js';

const ERROR_POLICIES = ['fail-fast', 'continue'];

/** Runs `fn` on items, at most `limit` at a time, and yields the results in completion order. */
export function parallelLimit(items, limit, fn, options) {
  const inbox = new Inbox();
  return closedByReturn(run(inbox, items, limit, fn, options ?? {}), inbox);
}

async function* run(inbox, items, limit, fn, options) {
  check(limit, fn, options);
  const { errorPolicy = 'fail-fast', returnSettled = false, signal } = options;
  const cancellation = cancellationOf(options);
  if (signal?.aborted) return;
  const source = new Source(items);
  const stop = () => inbox.close();
  signal?.addEventListener('abort', stop);
  let running = 0;

  function start(item) {
    running += 1;
    const entry = { item, key: undefined };
    const settled = (outcome) => inbox.push(Object.assign(entry, outcome));
    new Promise((resolve) => {
      entry.key = cancellation.keyOf(item);
      resolve(cancellation.isAborted(entry.key) ? SKIPPED : fn(item));
    }).then(
      (value) => settled({ status: 'fulfilled', value }),
      (reason) => settled({ status: 'rejected', reason }),
    );
  }

  let failed = false;
  try {
    for (;;) {
      while (!inbox.closed && !source.busy && !source.exhausted && running < Math.floor(limit)) {
        source.pull(inbox, start);
      }
      if (inbox.closed) return;
      const entry = inbox.poll();
      if (entry === undefined) {
        if (source.exhausted && running === 0) return;
        await inbox.changed();
        continue;
      }
      if (entry.broken) throw entry.reason;
      running -= 1;
      const { item, status, value, reason } = entry;
      if (value === SKIPPED || cancellation.isAborted(entry.key)) continue;
      if (status === 'fulfilled') {
        yield returnSettled ? { status, value, item } : value;
        continue;
      }
      const harmless = cancellation.given && reason?.name === 'AbortError';
      if (!harmless) tell(options.onError, reason, item);
      if (returnSettled) yield { status, reason, item };
      else if (!harmless && errorPolicy === 'fail-fast') throw reason;
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    inbox.close();
    signal?.removeEventListener('abort', stop);
    await source.close(failed);
  }
}

const SKIPPED = Symbol('skipped');

function check(limit, fn, { errorPolicy, onError, keyOf, signal, abortTaskController }) {
  if (!(typeof limit === 'number' && limit >= 1)) {
    throw new RangeError(`limit is ${String(limit)}; parallelLimit takes a number of at least 1`);
  }
  if (typeof fn !== 'function') throw new TypeError('parallelLimit takes a function to run on each item');
  if (errorPolicy !== undefined && !ERROR_POLICIES.includes(errorPolicy)) {
    throw new TypeError(`errorPolicy is ${String(errorPolicy)}; it takes 'fail-fast' or 'continue'`);
  }
  for (const [name, value] of Object.entries({ onError, keyOf })) {
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`${name} is no function`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal takes an AbortSignal');
  if (abortTaskController !== undefined && typeof abortTaskController?.isAborted !== 'function') {
    throw new TypeError('abortTaskController takes the one of a runtime');
  }
}

function cancellationOf({ signal, abortTaskController, keyOf }) {
  return {
    given: signal !== undefined || abortTaskController !== undefined,
    keyOf: (item) => keyOf?.(item),
    // What is no string, or an empty one, is no key, as with a task's own keyOf.
    isAborted: (key) => typeof key === 'string' && key !== '' && abortTaskController?.isAborted(key) === true,
  };
}

// An onError that throws must not disturb the other items.
function tell(onError, reason, item) {
  try {
    onError?.(reason, item);
  } catch (error) {
    console.error('onError of parallelLimit threw', error);
  }
}

/** Where items come from: an iterator of either kind, asked for one item at a time. */
class Source {
  #iterator;
  #isAsync;
  busy = false;
  exhausted = false;

  constructor(items) {
    this.#isAsync = typeof items?.[Symbol.asyncIterator] === 'function';
    const open = items?.[this.#isAsync ? Symbol.asyncIterator : Symbol.iterator];
    if (typeof open !== 'function') throw new TypeError('items takes something iterable, such as an array');
    this.#iterator = open.call(items);
  }

  pull(inbox, start) {
    if (this.#isAsync) {
      this.#pullLater(inbox, start);
      return;
    }
    let step;
    try {
      step = this.#iterator.next();
    } catch (error) {
      this.exhausted = true;
      throw error;
    }
    if (step.done) this.exhausted = true;
    else start(step.value);
  }

  // Results must not wait for a source that is slow.
  async #pullLater(inbox, start) {
    this.busy = true;
    try {
      const { done, value } = await this.#iterator.next();
      this.busy = false;
      if (done) this.exhausted = true;
      else if (!inbox.closed) start(value);
      inbox.wake();
    } catch (reason) {
      // An iterator that threw is over, and is not closed.
      this.busy = false;
      this.exhausted = true;
      inbox.push({ broken: true, reason });
    }
  }

  /** Closes an iterator that is not at its end. After a failure, its own words no longer matter. */
  async close(failed) {
    if (this.exhausted || typeof this.#iterator.return !== 'function') return;
    this.exhausted = true;
    try {
      const closing = this.#iterator.return();
      // One that is asked for an item answers that first, which may be never.
      if (this.busy) Promise.resolve(closing).catch(() => {});
      else await closing;
    } catch (error) {
      if (!failed) throw error;
    }
  }
}
