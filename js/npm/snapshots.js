// Snapshots at an interval, for those who poll.

import { aFlag, aFunction, anInterval, every, someOptions } from './check.js';

/** Gives `listener` what `take()` returns, every `intervalMs`; returns the function that ends it. */
export function subscribeSnapshots(take, listener, options) {
  aFunction(listener, 'subscribeRuntimeSnapshot');
  const given = someOptions(options, 'subscribeRuntimeSnapshot');
  const { intervalMs = 250, emitImmediately = true, onlyOnChange = false } = given;
  anInterval(intervalMs, 'intervalMs');
  aFlag(emitImmediately, 'emitImmediately');
  aFlag(onlyOnChange, 'onlyOnChange');
  let last;
  const tell = () => {
    const snapshot = take();
    if (onlyOnChange) {
      const text = JSON.stringify(snapshot);
      if (text === last) return;
      last = text;
    }
    try {
      listener(snapshot);
    } catch (error) {
      console.error('A listener of runtime snapshots threw', error);
    }
  };
  const stop = every(intervalMs, tell);
  if (emitImmediately) tell();
  return stop;
}
