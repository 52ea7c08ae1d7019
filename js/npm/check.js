// Options of the page's own, checked where they are given. What is refused is refused with a `settingError`.

import { settingError } from './errors.js';
import { nearest } from './nearest.js';

/** A function, or a TypeError that says who wants one. */
export function aFunction(value, who) {
  if (typeof value !== 'function') throw new TypeError(`${who} takes a function, not ${shown(value)}`);
  return value;
}

/**
 * Options as an object with no option but those that are known; leaving them out is fine. `path` is what `option` of an
 * error begins with where the options are an option themselves, such as `observability.`.
 */
export function someOptions(value, who, known, path = '') {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object') {
    throw new TypeError(`${who} takes its options as an object, not ${shown(value)}`);
  }
  return knownOptions(value, known, who, path);
}

/** Throws for an own option that `who` does not have, `undefined` or not: whoever wrote it expects something of it. */
export function knownOptions(value, known, who, path = '') {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? 'it takes' : `did you mean '${meant}'? It takes`;
    throw settingError(`${who} has no option '${cut(name)}'; ${hint} ${known.join(', ')}`, path + name, false);
  }
  return value;
}

/** Milliseconds between two looks, above 0; `Infinity` is never. */
export function anInterval(value, name) {
  if (typeof value !== 'number') throw refusal(value, name, 'milliseconds above 0');
  if (!(value > 0)) throw settingError(`${name} is ${value}; it takes milliseconds above 0`, name, true);
  return value;
}

/** True or false. `option` is what the error calls the option, where that is not the name that its message has. */
export function aFlag(value, name, option = name) {
  if (typeof value !== 'boolean') throw refusal(value, name, 'true or false', option);
  return value;
}

/** A string that is not empty. */
export function aName(value, name) {
  if (typeof value !== 'string') throw refusal(value, name, 'a string');
  if (value === '') throw settingError(`${name} is empty; it takes a string that is not`, name, true);
  return value;
}

/** One of a few strings. */
export function oneOf(value, known, name, option = name) {
  if (!known.includes(value)) {
    const list = known.map((each) => `'${each}'`);
    throw refusal(value, name, `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`, option);
  }
  return value;
}

/** The error of a value of the wrong type. */
export function refusal(value, name, wanted, option = name) {
  return settingError(`${name} is ${shown(value)}; it takes ${wanted}`, option, false);
}

/** A value in a message: short, and never by calling anything of its own. */
export function shown(value) {
  if (typeof value === 'string') return `'${cut(value)}'`;
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return isArray(value) ? 'an array' : `of type ${typeof value}`;
}

const MAX_SHOWN = 200;

function cut(text) {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

// Array.isArray throws for a revoked proxy.
function isArray(value) {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

// The longest wait that timers take (HTML, "timers": a signed 32-bit integer); beyond, they would fire at once.
const MAX_INTERVAL_MS = 2_147_483_647;

/** Calls a function again and again; the returned function ends that. An interval of `Infinity` never calls it. */
export function every(intervalMs, callback) {
  if (intervalMs === Infinity) return () => {};
  const timer = setInterval(callback, Math.min(intervalMs, MAX_INTERVAL_MS));
  return () => clearInterval(timer);
}
