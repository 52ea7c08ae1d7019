// The snapshot stream at an interval.

import { aFunction, anInterval, every, someOptions } from './check.js';

/**
 * Gives `listener` a frame every `intervalMs`, the first one at the end of this turn. Frames are made at the listener's
 * pace: one that is slow gets fewer, never a backlog. Returns the function that ends it.
 */
export function subscribeFrames(handle, listener, options) {
  aFunction(listener, 'subscribeFrames');
  const { intervalMs = 250 } = someOptions(options, 'subscribeFrames');
  anInterval(intervalMs, 'intervalMs');
  const stream = handle.frames();
  let open = true;
  const tell = () => {
    try {
      listener(stream.next());
    } catch (error) {
      console.error('A listener of the snapshot stream threw', error);
    }
  };
  const stop = every(intervalMs, tell);
  queueMicrotask(() => open && tell());
  return () => {
    if (!open) return;
    open = false;
    stop();
    stream.free();
  };
}
