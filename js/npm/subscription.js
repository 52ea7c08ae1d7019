// What `subscribeEvents` takes.

import { aFlag, aFunction, oneOf, shown, someOptions } from './check.js';

// Their order is that of the bits the wasm reads.
const KINDS = ['counter', 'gauge', 'histogram', 'span', 'trace'];
const ALL = 2 ** KINDS.length - 1;

/** Gives `listener` every event that the options let through; returns the function that ends it. */
export function subscribeEvents(handle, listener, options) {
  aFunction(listener, 'subscribeEvents');
  const { kinds, tasks, batch = false } = someOptions(options, 'subscribeEvents');
  const wanted = kinds === undefined ? ALL : bits(aList(kinds, 'kinds'));
  for (const task of tasks === undefined ? [] : aList(tasks, 'tasks')) {
    if (typeof task !== 'string') throw new TypeError(`tasks has ${shown(task)}; it takes ids or names of tasks`);
  }
  aFlag(batch, 'batch');
  const id = handle.subscribe_events(listener, wanted, tasks && [...tasks], batch);
  return () => handle.unsubscribe_events(id);
}

function aList(value, name) {
  if (!Array.isArray(value)) throw new TypeError(`${name} is ${shown(value)}; it takes an array`);
  return value;
}

function bits(kinds) {
  return kinds.reduce((sum, kind) => sum | (1 << KINDS.indexOf(oneOf(kind, KINDS, 'kinds'))), 0);
}
