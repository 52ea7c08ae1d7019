// The options of `with`: what they are, and how they add up.

import { aFlag, knownOptions, oneOf, refusal, shown } from './check.js';
import { settingError } from './errors.js';
import { isTrace } from './trace.js';

/** In the order of the wasm's list. */
export const PRIORITIES = ['user-blocking', 'user-visible', 'background'];

const CHECKS = {
  // What is no string, or an empty one, is no key, as with keyOf.
  key: () => {},
  signal: (value) => {
    if (!(value instanceof AbortSignal)) throw wrong('signal', value, 'an AbortSignal');
  },
  trace: (value) => {
    if (!isTrace(value)) throw wrong('trace', value, 'what createTrace returned');
  },
  transfer: (value) => {
    if (!Array.isArray(value)) throw wrong('transfer', value, 'an array; [] copies everything');
  },
  transferResult: (value) => aFlag(value, 'with({ transferResult })', 'transferResult'),
  priority: (value) => oneOf(value, PRIORITIES, 'with({ priority })', 'priority'),
  cancel: checkCancel,
};

// 'cooperative' waits for the handler however long it takes; { graceMs } replaces its worker after that.
function checkCancel(value) {
  if (value === 'cooperative') return;
  const { graceMs } = value ?? {};
  if (typeof graceMs !== 'number') throw wrong('cancel', value, "'cooperative' or { graceMs }");
  knownOptions(value, ['graceMs'], 'with({ cancel })', 'cancel.');
  if (!(graceMs >= 0)) {
    const message = `with({ cancel: { graceMs } }) is ${graceMs}; it takes milliseconds, at least 0`;
    throw settingError(message, 'cancel.graceMs', true);
  }
}

function wrong(name, value, wanted) {
  return refusal(value, `with({ ${name} })`, wanted, name);
}

/** Options on top of others. What is absent or `undefined` takes nothing away. */
export function mergeOptions(before, more) {
  if (more === undefined) return before;
  if (more === null || typeof more !== 'object') throw new TypeError(`with takes an object, not ${shown(more)}`);
  const merged = { ...before };
  for (const [name, value] of Object.entries(more)) {
    if (!Object.hasOwn(CHECKS, name)) knownOptions(more, Object.keys(CHECKS), 'with');
    if (value === undefined) continue;
    CHECKS[name](value);
    merged[name] = value;
  }
  return merged;
}
