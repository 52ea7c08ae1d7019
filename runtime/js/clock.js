// The page's clock and its timers, for runtime/src/clock.rs.
//
// A page, or a test of it, may replace them. The clock is the browser's own, read by a reference from before: a clock that
// jumps under a call would be its time. Timers are those of the page as it is now: who fakes timers and lets an hour pass
// wants an hour to have passed here too.

const { performance, setTimeout: early } = globalThis;

/** Milliseconds since `timeOrigin`. */
export const now = performance.now.bind(performance);

/** When that was, in milliseconds since the Unix epoch, as the browser has it. */
export const timeOrigin = () => performance.timeOrigin;

/** Milliseconds since the Unix epoch, as the page has them now; `NaN` where it has none. */
export function wallClock() {
  try {
    return Number(Date.now());
  } catch {
    return NaN;
  }
}

/** A timer that runs. Nothing here throws. */
export class Timer {
  #set = globalThis.setTimeout;
  #clear = globalThis.clearTimeout;
  #id;

  constructor(callback, ms) {
    try {
      const set = this.#set;
      this.#id = set(callback, ms);
    } catch {
      // It is lost, and set again when the page has other timers.
    }
  }

  /** Whether the page has other timers now: this one may never ring. */
  isLost() {
    return this.#set !== globalThis.setTimeout;
  }

  /** Whether it is no timer of the browser's, so that its time is what somebody says it is. */
  isFake() {
    return this.#set !== early;
  }

  stop() {
    try {
      const clear = this.#clear;
      clear(this.#id);
    } catch {
      // Then it rings in vain.
    }
  }
}
