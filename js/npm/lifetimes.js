// What ends with a runtime: whoever has something that goes on says here how it is ended.

import { RuntimeDisposedError } from './errors.js';
import { report } from './report.js';

/** By the runtime, and by the wasm's handle of it. */
const lifetimes = new WeakMap();

/** Says that these, a runtime and its handle, live until `endLifetime`. */
export function beginLifetime(...owners) {
  const lifetime = { over: false, ends: new Set() };
  for (const owner of owners) lifetimes.set(owner, lifetime);
}

/** Throws for a runtime that is disposed. */
export function mustLive(owner) {
  if (lifetimes.get(owner)?.over) throw new RuntimeDisposedError();
}

/**
 * Calls `end` when the runtime is disposed; the function it returns takes that back, for what has ended by itself. `end` may
 * return a promise of its being done. What is no runtime of ours never ends.
 */
export function endsWith(owner, end) {
  mustLive(owner);
  const ends = lifetimes.get(owner)?.ends;
  ends?.add(end);
  return () => ends?.delete(end);
}

/** Ends everything; the promise is fulfilled when all of it is done, however it went. */
export async function endLifetime(owner) {
  const lifetime = lifetimes.get(owner);
  lifetime.over = true;
  const ends = [...lifetime.ends];
  lifetime.ends.clear();
  const failed = (error) => report('Something could not be ended with its runtime', error);
  const ending = ends.map((end) => {
    try {
      return Promise.resolve(end()).catch(failed);
    } catch (error) {
      return failed(error);
    }
  });
  await Promise.all(ending);
}
