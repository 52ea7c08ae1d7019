// Promises, in the order in which they settle.

import { Inbox, closedByReturn } from './inbox.js';

/** Yields the results of promises in the order in which they settle; the first rejection is thrown. */
export function yieldAsCompleted(promises) {
  const inbox = new Inbox();
  const feed = new Feed(promises, inbox);
  return closedByReturn(drain(inbox, feed), inbox);
}

async function* drain(inbox, feed) {
  try {
    for (;;) {
      if (inbox.closed) return;
      const entry = inbox.poll();
      if (entry === undefined) {
        if (feed.outstanding === 0) return;
        await inbox.changed();
        continue;
      }
      feed.outstanding -= 1;
      if (entry.status === 'rejected') throw entry.reason;
      yield entry.value;
    }
  } finally {
    inbox.close();
    feed.close();
  }
}

/** Listens to every promise from the start, so that none that fails early, or late, counts as unhandled. */
class Feed {
  #inbox;
  #iterator;
  outstanding = 0;

  constructor(promises, inbox) {
    this.#inbox = inbox;
    if (typeof promises?.[Symbol.asyncIterator] === 'function') {
      this.#iterator = promises[Symbol.asyncIterator]();
      this.#listen(this.#readAll());
    } else if (typeof promises?.[Symbol.iterator] === 'function') {
      for (const promise of promises) this.#listen(promise);
    } else {
      this.#listen(Promise.reject(new TypeError('yieldAsCompleted takes something iterable, such as an array')));
    }
  }

  #listen(promise) {
    this.outstanding += 1;
    Promise.resolve(promise).then(
      (value) => (value === END ? this.#ended() : this.#inbox.push({ status: 'fulfilled', value })),
      (reason) => this.#inbox.push({ status: 'rejected', reason }),
    );
  }

  async #readAll() {
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done || this.#inbox.closed) return END;
      this.#listen(value);
    }
  }

  #ended() {
    this.#iterator = undefined;
    this.outstanding -= 1;
    this.#inbox.wake();
  }

  close() {
    // It may be busy with an item, so nobody waits for it; and what it says no longer matters.
    new Promise((resolve) => resolve(this.#iterator?.return?.())).catch(() => {});
  }
}

const END = Symbol('end');
