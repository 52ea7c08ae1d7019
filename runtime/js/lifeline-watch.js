// The page's end of a worker's lifeline; the worker's end is in lifeline.js.

/** Waits for the end of the worker that holds a lock. */
export class LifelineWatch {
  static #all = new Set();
  static #pageEvents; // takes the listeners off; there while anything is watched

  #name;
  #gone;
  #request;

  /** `gone` is called once, when the worker that holds the lock of this name is gone. */
  constructor(name, gone) {
    this.#name = name;
    this.#gone = gone;
    LifelineWatch.#all.add(this);
    LifelineWatch.#pageEvents ??= LifelineWatch.#listen();
    this.#ask();
  }

  /** Nobody wants to know any more. */
  stop() {
    LifelineWatch.#all.delete(this);
    this.#takeBack();
    if (LifelineWatch.#all.size > 0) return;
    LifelineWatch.#pageEvents?.abort();
    LifelineWatch.#pageEvents = undefined;
  }

  #ask() {
    const request = new AbortController();
    this.#request = request;
    const granted = () => {
      // It may have been granted before it was taken back.
      if (request.signal.aborted) return;
      this.stop();
      this.#gone();
    };
    try {
      navigator.locks.request(this.#name, { signal: request.signal }, granted).catch(() => {});
    } catch {
      // No locks here, although the worker has them.
    }
  }

  #takeBack() {
    this.#request?.abort();
    this.#request = undefined;
  }

  // A page that waits for a lock gets into no back/forward cache; and one that goes takes its workers with it, which is
  // nothing to report.
  static #listen() {
    const events = new AbortController();
    const onAll = (kind, action) => {
      addEventListener(kind, () => LifelineWatch.#all.forEach(action), { signal: events.signal });
    };
    onAll('pagehide', (watch) => watch.#takeBack());
    onAll('pageshow', (watch) => {
      if (!watch.#request) watch.#ask();
    });
    return events;
  }
}
