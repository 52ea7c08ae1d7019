// Assertions for cases. Each throws an AssertionError that shows what was found.

/** What a failed assertion throws. */
export class AssertionError extends Error {
  constructor(message) {
    super(message);
    this.name = 'AssertionError';
  }
}

function fail(message, about) {
  throw new AssertionError(about === undefined ? message : `${about}: ${message}`);
}

/** Holds when `value` is truthy. */
export function ok(value, about) {
  if (!value) fail(`expected something true, found ${show(value)}`, about);
}

/** Holds when both are the same value (`Object.is`). */
export function equal(actual, expected, about) {
  if (!Object.is(actual, expected)) fail(`expected ${show(expected)}, found ${show(actual)}`, about);
}

/** Holds when both have the same structure and values: objects, arrays, maps, sets, dates, buffers and errors. */
export function deepEqual(actual, expected, about) {
  const difference = differ(actual, expected, '');
  if (difference) fail(`${difference}\n  expected ${show(expected)}\n  found    ${show(actual)}`, about);
}

/**
 * Holds when the promise (or the function's) rejects, or the function throws. `expected` may name the error's `name`
 * and `message` (a string that is contained, or a regular expression). Returns the error.
 */
export async function rejects(promiseOrFunction, expected = {}, about) {
  let value;
  try {
    value = await (typeof promiseOrFunction === 'function' ? promiseOrFunction() : promiseOrFunction);
  } catch (error) {
    return fits(error, expected, about);
  }
  return fail(`expected an error, found ${show(value)}`, about);
}

/** As `rejects`, for a function that throws at once. */
export function throws(action, expected = {}, about) {
  let value;
  try {
    value = action();
  } catch (error) {
    return fits(error, expected, about);
  }
  return fail(`expected an error at once, found ${show(value)}`, about);
}

/** Waits until `condition()` gives (a promise of) something true, and returns that. */
export async function until(condition, about = String(condition), timeoutMs = 20_000) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) fail(`did not come true within ${timeoutMs} ms`, about);
    await new Promise((look) => setTimeout(look, 5));
  }
}

const expectations = [];

/**
 * Says that an uncaught error or unhandled rejection will come whose text contains `text`; any other fails the case,
 * and so does this one if it does not come.
 */
export function expectUncaught(text) {
  expectations.push(text);
}

/** Used by case.js: whether this uncaught error was expected. */
export function takeExpectation(error) {
  const at = expectations.findIndex((text) => String(error).includes(text));
  if (at >= 0) expectations.splice(at, 1);
  return at >= 0;
}

/** Used by case.js: what was expected and did not come. */
export function unmetExpectations() {
  return expectations.map((text) => `an uncaught error with "${text}" was expected and did not come`);
}

function fits(error, { name, message }, about) {
  const found = `found ${error?.name}: ${error?.message ?? show(error)}`;
  if (name !== undefined && error?.name !== name) fail(`expected ${name}, ${found}`, about);
  const text = String(error?.message ?? error);
  const said = message instanceof RegExp ? message.test(text) : text.includes(message ?? '');
  if (!said) fail(`expected the message ${message}, ${found}`, about);
  return error;
}

function differ(a, b, path) {
  if (Object.is(a, b)) return '';
  const here = path || 'the value';
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return `${here} differs: ${show(a)} is not ${show(b)}`;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${here} is of another kind`;
  if (a instanceof Date) return a.getTime() === b.getTime() ? '' : `${here} is another time`;
  if (a instanceof Error && (a.name !== b.name || a.message !== b.message)) return `${here} is another error`;
  if (a instanceof ArrayBuffer) return differ(new Uint8Array(a), new Uint8Array(b), path);
  if (a instanceof Set) return differ([...a], [...b], `${path}<set>`);
  if (a instanceof Map) return differ([...a], [...b], `${path}<map>`);
  const keys = Object.keys(a);
  const missing = keys.find((key) => !Object.hasOwn(b, key)) ?? Object.keys(b).find((key) => !Object.hasOwn(a, key));
  if (missing !== undefined) return `${here} has ${missing} on one side only`;
  for (const key of keys) {
    const difference = differ(a[key], b[key], `${path}.${key}`);
    if (difference) return difference;
  }
  return '';
}

function show(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return String(value);
  }
}

function plain(_key, value) {
  if (typeof value === 'bigint' || typeof value === 'function') return String(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${Array.from(new Uint8Array(value.buffer))}]`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer[${Array.from(new Uint8Array(value))}]`;
  return value;
}
