// The snapshot stream at an interval.

import { aFlag, aFunction, aName, anInterval, every, someOptions } from './check.js';
import { endsWith } from './lifetimes.js';
import { reporter } from './report.js';

const OPTIONS = ['intervalMs', 'events', 'name'];

/**
 * Gives `listener` a frame every `intervalMs`, the first one at the end of this turn. Frames are made at the listener's
 * pace: one that is slow gets fewer, never a backlog. A frame that was due while the listener was busy (it has not
 * returned, or the promise it returned is open) is never made and counts as lost, as does one at which the listener
 * throws; the next one is full. `events` is a flag, or a function that is asked before each frame; `name` is what the
 * ledger calls the listener. Returns the function that ends it.
 */
export function subscribeFrames(handle, listener, options) {
  aFunction(listener, 'subscribeFrames');
  const { intervalMs = 250, events = false, name = 'frames' } = someOptions(options, 'subscribeFrames', OPTIONS);
  anInterval(intervalMs, 'intervalMs');
  aName(name, 'name');
  const wantsEvents = typeof events === 'function' ? () => aFlag(events(), 'what events() returns') : () => events;
  if (typeof events !== 'function') aFlag(events, 'events');
  const wanted = wantsEvents();
  const forget = endsWith(handle, () => unsubscribe());
  const stream = handle.frames(name);
  stream.take_events(wanted);
  let open = true;
  let busy = false;
  const reportThrow = reporter('A listener of the snapshot stream threw; further errors of it are not shown');
  const lose = (frames) => open && frames > 0 && stream.skipped(frames);
  const failed = (error) => {
    reportThrow(error);
    lose(1);
  };
  const tell = () => {
    if (busy) return lose(1);
    const begun = performance.now();
    try {
      stream.take_events(wantsEvents());
      const done = listener(stream.next());
      if (typeof done?.then === 'function') {
        busy = true;
        Promise.resolve(done).catch(failed).finally(() => (busy = false));
      }
    } catch (error) {
      failed(error);
    }
    // While a listener holds the page, its timer does not fire; it makes up for one time, not for more.
    lose(Math.floor((performance.now() - begun) / intervalMs) - 1);
  };
  const stop = every(intervalMs, tell);
  queueMicrotask(() => open && tell());
  const unsubscribe = () => {
    if (!open) return;
    open = false;
    forget();
    stop();
    stream.free();
  };
  return unsubscribe;
}
