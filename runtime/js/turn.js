// The end of the page's turn; what leaves then is in page.js.

import { endOfTurn } from './callers.js';
import { report } from './report.js';

const RESOLVED = Promise.resolve();

/** How often in a row an end that threw is tried again without anything new having happened. */
const MAX_RETRIES = 3;

/** The end of the page's turn, when messages leave. */
export class Turn {
  #flush;
  #unsent;
  #mailed = [];
  #scheduled = false;
  #ending = false;
  #broken = 0;
  #end = () => {
    const brokenBefore = this.#broken;
    endOfTurn();
    this.#scheduled = false;
    // The ports that the flush writes to are sent below.
    this.#ending = true;
    this.#attempt(() => this.#flush());
    this.#ending = false;
    // What is decided while messages leave, by getters of payloads for example, has an end of its own.
    const mailed = this.#mailed;
    this.#mailed = [];
    for (const port of mailed) {
      this.#attempt(() => {
        const unsent = port.send();
        if (unsent) this.#unsent(unsent);
      });
    }
    if (this.#broken === brokenBefore) this.#broken = 0;
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
    if (!this.#ending) this.schedule();
  }

  /**
   * Something threw where nothing may, and what was to be done after it was not: it is done in a turn of its own. That is
   * no microtask, so that a page in which everything throws still has a loop.
   */
  broke(error) {
    report('Atelier: the page threw while calls were carried out', error);
    if (++this.#broken > MAX_RETRIES) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      this.schedule();
    };
    port2.postMessage(0);
  }

  #attempt(action) {
    try {
      action();
    } catch (error) {
      this.broke(error);
    }
  }
}
