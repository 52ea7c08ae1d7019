// What has happened, in order, for one reader who waits for it.

/** A queue between callbacks that fill it and one generator that empties it, in constant time an entry. */
export class Inbox {
  #taken = [];
  #next = 0;
  #arrived = [];
  #wake = () => {};
  #closed = false;

  /** Whether the reader is to stop, whatever is left. */
  get closed() {
    return this.#closed;
  }

  push(entry) {
    this.#arrived.push(entry);
    this.#wake();
  }

  /** Lets the reader look again although nothing arrived. */
  wake() {
    this.#wake();
  }

  close() {
    this.#closed = true;
    this.#wake();
  }

  /** The oldest entry; `undefined` when there is none. */
  poll() {
    if (this.#next === this.#taken.length) {
      this.#taken = this.#arrived;
      this.#arrived = [];
      this.#next = 0;
    }
    return this.#next < this.#taken.length ? this.#taken[this.#next++] : undefined;
  }

  /** Waits for the next `push`, `wake` or `close`. */
  changed() {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * Makes `return()` of a generator act at once. By itself it waits for a `next()` that is under way, and that one may be
 * waiting for something that never comes.
 */
export function closedByReturn(generator, inbox) {
  const finish = generator.return.bind(generator);
  generator.return = (value) => {
    inbox.close();
    return finish(value);
  };
  return generator;
}
