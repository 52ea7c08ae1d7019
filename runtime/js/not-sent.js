// The errors of calls whose arguments could not be sent.

import { addCaller } from './callers.js';
import { culprit } from './unsent.js';

/** What the call with this payload is rejected with; `thrown` is what the browser threw. */
export function notSent(thrown, method, payload, task) {
  // Not the browser's: a getter of the arguments threw, or a `postMessage` of the page's own.
  if (thrown === undefined) return new Error('postMessage threw undefined');
  if (!(thrown instanceof DOMException) || thrown.name !== 'DataCloneError') return thrown;
  const what = culprit(payload.args, 'args') ?? thrown.message;
  const moved = what.endsWith('was moved away before') || /detached/.test(what);
  const fix = moved ? '; make the call that moves it with({ transfer: [] }), which sends copies' : '';
  const error = new DOMException(`The arguments of '${method}' for task '${task}' cannot be sent: ${what}${fix}`, thrown.name);
  Object.defineProperty(error, 'cause', { __proto__: null, value: thrown, configurable: true, writable: true });
  addCaller(error, payload.caller);
  return error;
}
