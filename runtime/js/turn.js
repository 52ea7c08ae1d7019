// The end of the page's turn; what leaves then is in page.js.

const RESOLVED = Promise.resolve();

/** The end of the page's turn, when messages leave. */
export class Turn {
  #flush;
  #unsent;
  #mailed = [];
  #scheduled = false;
  #end = () => {
    this.#flush();
    // What is decided while messages leave, by getters of payloads for example, has an end of its own.
    this.#scheduled = false;
    const mailed = this.#mailed;
    this.#mailed = [];
    for (const port of mailed) {
      const unsent = port.send();
      if (unsent) this.#unsent(unsent);
    }
  };

  /**
   * @param flush lets the wasm put what it has staged into messages
   * @param unsent tells it of calls that could not be sent: `[slot, error, …]`
   */
  constructor(flush, unsent) {
    this.#flush = flush;
    this.#unsent = unsent;
  }

  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Cheaper than queueMicrotask, which leaves V8 for the browser.
    RESOLVED.then(this.#end);
  }

  /** There is a message in this port. */
  mailed(port) {
    this.#mailed.push(port);
    this.schedule();
  }
}
