// What `subscribeEvents` takes.

import { aFlag, aFunction, oneOf, refusal, someOptions } from './check.js';
import { afterTurn } from './events.js';
import { endsWith } from './lifetimes.js';

// Their order is that of the bits the wasm reads.
const KINDS = ['counter', 'gauge', 'histogram', 'span', 'trace'];
const ALL = 2 ** KINDS.length - 1;

/** Gives `listener` every event that the options let through; returns the function that ends it. */
export function subscribeEvents(handle, listener, options) {
  aFunction(listener, 'subscribeEvents');
  const { kinds, tasks, batch = false } = someOptions(options, 'subscribeEvents', ['kinds', 'tasks', 'batch']);
  const wanted = kinds === undefined ? ALL : bits(aList(kinds, 'kinds'));
  for (const task of tasks === undefined ? [] : aList(tasks, 'tasks')) {
    if (typeof task !== 'string') throw refusal(task, 'an element of tasks', 'the id or the name of a task', 'tasks');
  }
  aFlag(batch, 'batch');
  let id;
  const unsubscribe = () => {
    forget();
    handle.unsubscribe_events(id);
  };
  // How calls end with their runtime is still told: arrays are due after this turn, single events may be under way.
  const forget = endsWith(handle, () => (batch ? afterTurn : queueMicrotask)(unsubscribe));
  id = handle.subscribe_events(listener, wanted, tasks && [...tasks], batch);
  return unsubscribe;
}

function aList(value, name) {
  if (!Array.isArray(value)) throw refusal(value, name, 'an array');
  return value;
}

function bits(kinds) {
  return kinds.reduce((sum, kind) => sum | (1 << KINDS.indexOf(oneOf(kind, KINDS, 'kinds'))), 0);
}
