// The options of `with`: what they are, and how they add up.

import { aFlag, oneOf, shown } from './check.js';
import { isTrace } from './trace.js';

/** In the order of the wasm's list. */
export const PRIORITIES = ['user-blocking', 'user-visible', 'background'];

const CHECKS = {
  // What is no string, or an empty one, is no key, as with keyOf.
  key: () => {},
  signal: (value) => {
    if (!(value instanceof AbortSignal)) throw refusal('signal', value, 'an AbortSignal');
  },
  trace: (value) => {
    if (!isTrace(value)) throw refusal('trace', value, 'what createTrace returned');
  },
  transfer: (value) => {
    if (!Array.isArray(value)) throw refusal('transfer', value, 'an array; [] copies everything');
  },
  transferResult: (value) => aFlag(value, 'with({ transferResult })'),
  priority: (value) => oneOf(value, PRIORITIES, 'with({ priority })'),
  cancel: checkCancel,
};

// 'cooperative' waits for the handler however long it takes; { graceMs } replaces its worker after that.
function checkCancel(value) {
  if (value === 'cooperative') return;
  const { graceMs } = value ?? {};
  if (typeof graceMs !== 'number') throw refusal('cancel', value, "'cooperative' or { graceMs }");
  if (!(graceMs >= 0)) {
    throw new RangeError(`with({ cancel: { graceMs } }) is ${graceMs}; it takes milliseconds, at least 0`);
  }
}

function refusal(name, value, wanted) {
  return new TypeError(`with({ ${name} }) is ${shown(value)}; it takes ${wanted}`);
}

/** Options on top of others. What is absent or `undefined` takes nothing away. */
export function mergeOptions(before, more) {
  if (more === undefined) return before;
  if (more === null || typeof more !== 'object') throw new TypeError(`with takes an object, not ${shown(more)}`);
  const merged = { ...before };
  for (const [name, value] of Object.entries(more)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TypeError(`with has no option '${name}'; it takes ${Object.keys(CHECKS).join(', ')}`);
    }
    if (value === undefined) continue;
    CHECKS[name](value);
    merged[name] = value;
  }
  return merged;
}
