// Snapshots: the same object while nothing changed, and at an interval for those who poll.

import { aFlag, aFunction, anInterval, every, someOptions } from './check.js';
import { endsWith } from './lifetimes.js';
import { reporter } from './report.js';
import { reused } from './reused.js';

const OPTIONS = ['intervalMs', 'emitImmediately', 'onlyOnChange'];

/** The snapshots of one runtime. */
export class Snapshots {
  #handle;
  #last = Object.freeze({ tasks: Object.freeze([]) });

  constructor(handle) {
    this.#handle = handle;
  }

  /** The state of every task; what did not change since the last time is the same object. */
  take() {
    const { tasks: before } = this.#last;
    const known = new Map(before.map((task) => [task.taskId, task]));
    const tasks = this.#handle.snapshot().tasks.map((task) => reused(known.get(task.taskId), task));
    if (tasks.length !== before.length || tasks.some((task, place) => task !== before[place])) {
      this.#last = Object.freeze({ tasks: Object.freeze(tasks) });
    }
    return this.#last;
  }
}

/** Gives `listener` a snapshot every `intervalMs`; returns the function that ends it. */
export function subscribeSnapshots(handle, snapshots, listener, options) {
  aFunction(listener, 'subscribeRuntimeSnapshot');
  const given = someOptions(options, 'subscribeRuntimeSnapshot', OPTIONS);
  const { intervalMs = 250, emitImmediately = true, onlyOnChange = false } = given;
  anInterval(intervalMs, 'intervalMs');
  aFlag(emitImmediately, 'emitImmediately');
  aFlag(onlyOnChange, 'onlyOnChange');
  const reportThrow = reporter('A listener of runtime snapshots threw; further errors of it are not shown');
  let last;
  const emit = () => {
    const snapshot = snapshots.take();
    if (onlyOnChange && snapshot === last) return;
    last = snapshot;
    try {
      const done = listener(snapshot);
      if (typeof done?.then === 'function') done.then(undefined, reportThrow);
    } catch (error) {
      reportThrow(error);
    }
  };
  const unsubscribe = () => {
    forget();
    stop();
  };
  const forget = endsWith(handle, unsubscribe);
  const stop = every(intervalMs, emit);
  if (emitImmediately) emit();
  return unsubscribe;
}
