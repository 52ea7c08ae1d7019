// Options of the page's own, checked where they are given.

/** A function, or a TypeError that says who wants one. */
export function aFunction(value, who) {
  if (typeof value !== 'function') throw new TypeError(`${who} takes a function, not ${shown(value)}`);
  return value;
}

/** Options as an object; leaving them out is fine. */
export function someOptions(value, who) {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object') {
    throw new TypeError(`${who} takes its options as an object, not ${shown(value)}`);
  }
  return value;
}

/** Milliseconds between two looks, above 0; `Infinity` is never. */
export function anInterval(value, name) {
  if (typeof value !== 'number') throw new TypeError(`${name} is ${shown(value)}; it takes milliseconds above 0`);
  if (!(value > 0)) throw new RangeError(`${name} is ${value}; it takes milliseconds above 0`);
  return value;
}

/** True or false. */
export function aFlag(value, name) {
  if (typeof value !== 'boolean') throw new TypeError(`${name} is ${shown(value)}; it takes true or false`);
  return value;
}

/** A string that is not empty. */
export function aName(value, name) {
  if (typeof value !== 'string') throw new TypeError(`${name} is ${shown(value)}; it takes a string`);
  if (value === '') throw new RangeError(`${name} is empty; it takes a string that is not`);
  return value;
}

/** One of a few strings. */
export function oneOf(value, known, name) {
  if (!known.includes(value)) {
    const list = known.map((each) => `'${each}'`);
    throw new TypeError(`${name} is ${shown(value)}; it takes ${list.slice(0, -1).join(', ')} or ${list.at(-1)}`);
  }
  return value;
}

/** A value in a message: short, and never by calling anything of its own. */
export function shown(value) {
  if (typeof value === 'string') return `'${value}'`;
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

// The longest wait that timers take (HTML, "timers": a signed 32-bit integer); beyond, they would fire at once.
const MAX_INTERVAL_MS = 2_147_483_647;

/** Calls a function again and again; the returned function ends that. An interval of `Infinity` never calls it. */
export function every(intervalMs, callback) {
  if (intervalMs === Infinity) return () => {};
  const timer = setInterval(callback, Math.min(intervalMs, MAX_INTERVAL_MS));
  return () => clearInterval(timer);
}
