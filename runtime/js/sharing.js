// Buffers that several calls have. The one that is sent last moves them; those before it must not take them away, and send
// copies of their own.

import { transferables } from './transferables.js';

/** How many calls that are not sent yet have a buffer. */
const waiting = new WeakMap();

/** What can be moved and copied as well. Ports and streams can only be moved: the first call that is sent has them. */
const COPYABLE = ['ArrayBuffer', 'ImageBitmap', 'VideoFrame', 'AudioData']
  .map((name) => globalThis[name])
  .filter((type) => typeof type === 'function');

const isCopyable = (each) => COPYABLE.some((type) => each instanceof type);

/** A call is made that moves these when it is sent. */
export function claim(moved) {
  for (const each of moved) {
    if (isCopyable(each)) waiting.set(each, (waiting.get(each) ?? 0) + 1);
  }
}

/** A call with these is sent now, or will not be. Says whether other calls wait to be sent with some of them. */
export function release(moved) {
  let shared = false;
  for (const each of moved) {
    const others = (waiting.get(each) ?? 1) - 1;
    if (others === 0) {
      waiting.delete(each);
    } else {
      waiting.set(each, others);
      shared = true;
    }
  }
  return shared;
}

/** Arguments with copies of what other calls wait to be sent with, and what of them is to be moved. */
export function unshared(args, moved) {
  const own = moved.filter((each) => !waiting.has(each));
  try {
    const copy = structuredClone(args, { transfer: own });
    return [copy, transferables(copy)];
  } catch {
    // They cannot be sent either, which then fails the call, and says why.
    return [args, own];
  }
}
