// Many calls at once, in the order in which they finish.

import { aFlag, aFunction, oneOf, refusal, shown, someOptions } from './check.js';
import { settingError } from './errors.js';
import { Inbox, closedByReturn } from './inbox.js';
import { reporter } from './report.js';

const OPTIONS = ['errorPolicy', 'returnSettled', 'onError', 'signal', 'abortTaskController', 'keyOf'];
const ERROR_POLICIES = ['fail-fast', 'continue'];

/** Runs `fn` on items, at most `limit` at a time, and yields the results in completion order. */
export function parallelLimit(items, limit, fn, options) {
  const inbox = new Inbox();
  return closedByReturn(run(inbox, items, limit, fn, options ?? undefined), inbox);
}

async function* run(inbox, items, limit, fn, given) {
  const options = someOptions(given, 'parallelLimit', OPTIONS);
  check(limit, fn, options);
  const { errorPolicy = 'fail-fast', returnSettled = false, signal } = options;
  const cancellation = cancellationOf(options);
  const callOnError = guarded(options.onError);
  if (signal?.aborted) return;
  const source = new Source(items);
  let stopped = false;
  const stop = () => {
    stopped = true;
    inbox.wake();
  };
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
      while (!inbox.closed && !stopped && !source.busy && !source.exhausted && running < Math.floor(limit)) {
        source.pull(inbox, (item) => stopped || start(item));
      }
      if (inbox.closed) return;
      const entry = inbox.poll();
      if (entry === undefined) {
        if ((source.exhausted || stopped) && running === 0) return;
        await inbox.changed();
        continue;
      }
      if (entry.broken) throw entry.reason;
      running -= 1;
      const { item, status, value, reason } = entry;
      if (value === SKIPPED || (!returnSettled && cancellation.isAborted(entry.key))) continue;
      if (status === 'fulfilled') {
        yield returnSettled ? { status, value, item } : value;
        continue;
      }
      const harmless = cancellation.given && reason?.name === 'AbortError';
      if (!harmless) callOnError(reason, item);
      if (returnSettled) yield { status, error: reason, reason, item };
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

function check(limit, fn, { errorPolicy, returnSettled, onError, keyOf, signal, abortTaskController }) {
  if (!(typeof limit === 'number' && limit >= 1)) {
    throw settingError(`parallelLimit requires a limit of at least 1; it is ${shown(limit)}`, 'limit', true);
  }
  aFunction(fn, 'parallelLimit');
  if (errorPolicy !== undefined) oneOf(errorPolicy, ERROR_POLICIES, 'errorPolicy');
  if (returnSettled !== undefined) aFlag(returnSettled, 'returnSettled');
  for (const [name, value] of Object.entries({ onError, keyOf })) {
    if (value !== undefined && typeof value !== 'function') throw refusal(value, name, 'a function');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw refusal(signal, 'signal', 'an AbortSignal');
  if (abortTaskController !== undefined && typeof abortTaskController?.isAborted !== 'function') {
    throw refusal(abortTaskController, 'abortTaskController', 'the one of a runtime');
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
function guarded(onError) {
  const reportThrow = reporter('onError of parallelLimit threw; further errors of it are not shown');
  return (reason, item) => {
    try {
      onError?.(reason, item);
    } catch (error) {
      reportThrow(error);
    }
  };
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
