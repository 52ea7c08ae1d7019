// One photograph on its way: what state it is in, what its steps did. Its card and the counts listen to it.

import { STEPS } from './tasks.js';

/** States in which nothing more will happen. */
const SETTLED = new Set(['done', 'failed', 'cancelled']);

/** Dispatches `change` whenever something about the photograph changed. */
export class Photo extends EventTarget {
  /** `queued`, `running`, `done`, `failed` or `cancelled`. */
  state = 'queued';
  /** By step: its state (`waiting`, `running`, `done`, `failed`, `cancelled`) and how long it took, in milliseconds. */
  steps = Object.fromEntries(STEPS.map(({ id }) => [id, { state: 'waiting', ms: undefined }]));
  /** What is known about it so far; grows with each step. */
  facts = {};
  /** Why it failed. */
  error;
  /** From its start to its end, in milliseconds. */
  ms;
  #startedAt;

  /**
   * @param {string} key what its calls can be cancelled by
   * @param {string} name unique in the gallery
   * @param {(signal: AbortSignal) => Promise<Blob>} open gets the file
   * @param {number} longestSide of the result, in pixels
   */
  constructor(key, name, open, longestSide) {
    super();
    this.key = key;
    this.name = name;
    this.open = open;
    this.longestSide = longestSide;
  }

  /** Whether nothing more will happen to it. */
  get settled() {
    return SETTLED.has(this.state);
  }

  /** It leaves the queue. */
  begin() {
    this.#startedAt = performance.now();
    this.#become('running');
  }

  /** Runs one step and notes how it went; its error goes on to the caller. */
  async step(id, run) {
    const step = this.steps[id];
    const startedAt = performance.now();
    const ended = (state) => Object.assign(step, { state, ms: performance.now() - startedAt });
    step.state = 'running';
    this.#changed();
    try {
      const result = await run();
      ended('done');
      return result;
    } catch (error) {
      ended(isAbort(error) ? 'cancelled' : 'failed');
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** Something was found out. */
  learn(facts) {
    Object.assign(this.facts, facts);
    this.#changed();
  }

  /** It went through. */
  finish() {
    this.#settle('done');
  }

  /** It did not: cancelled when `error` is an abort, else failed. */
  fail(error) {
    this.error = error;
    this.#settle(isAbort(error) ? 'cancelled' : 'failed');
  }

  /** It was cancelled before it began. */
  leave() {
    this.#settle('cancelled');
  }

  #settle(state) {
    if (this.settled) {
      return;
    }
    if (this.#startedAt !== undefined) {
      this.ms = performance.now() - this.#startedAt;
    }
    this.#become(state);
  }

  #become(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** Whether an error says that something was cancelled. */
export function isAbort(error) {
  return error?.name === 'AbortError';
}
