// What was thrown, on its way from one thread to another. Structured cloning forgets most of an error (its class, its own
// fields), so errors travel as descriptions: `[type, name, message, stack, fields]`, in which everything can be cloned.
//
// Whatever was thrown is foreign: its getters throw, its prototype is frozen, its name is no string. Nothing here throws, no
// text of it becomes the key of an object, and all of it is bounded.

import { MAX_TEXT, bounded } from './text.js';

/** How deep errors may be nested in errors, as causes or otherwise. */
const MAX_DEPTH = 8;
/** How many errors one description holds. */
const MAX_ERRORS = 64;
/** How many fields of its own an error takes along. */
const MAX_FIELDS = 64;
/** How many bytes, roughly, the fields of one description may have together. */
const MAX_BYTES = 1024 * 1024;

/** The forms in which a value travels. */
const PLAIN = 0; // as it is
const ERROR = 1; // as a description
const LIST = 2; // a list of forms and values

// The built-in classes, the more special ones first.
const TYPES = new Map(
  [
    ['AggregateError', globalThis.AggregateError],
    ['SuppressedError', globalThis.SuppressedError],
    ['EvalError', EvalError],
    ['RangeError', RangeError],
    ['ReferenceError', ReferenceError],
    ['SyntaxError', SyntaxError],
    ['TypeError', TypeError],
    ['URIError', URIError],
    ['CompileError', globalThis.WebAssembly?.CompileError],
    ['LinkError', globalThis.WebAssembly?.LinkError],
    ['RuntimeError', globalThis.WebAssembly?.RuntimeError],
    ['DOMException', globalThis.DOMException],
    ['Error', Error],
  ].filter(([, Type]) => typeof Type === 'function'),
);

// What describes the error itself. The fields after them are an error's own, too, although they are not enumerable.
const DESCRIBED = new Set(['name', 'message', 'stack']);
const UNLISTED = new Set(['cause', 'errors', 'error', 'suppressed']);

/** The description of an error; `undefined` for anything else. */
export function describe(thrown) {
  return new Description().of(thrown, 0);
}

/** The description of whatever was thrown, where it cannot travel as it is. */
export function describeAnything(thrown) {
  return describe(thrown) ?? ['Error', 'Error', shown(thrown), undefined, undefined];
}

/** `[form, value]` of any value, for `unpack`; `undefined` where it cannot travel. */
export function pack(value) {
  return new Description().value(value, 0);
}

/** What was packed. */
export function unpack([form, value]) {
  if (form === ERROR) return revive(value);
  return form === LIST ? value.map(unpack) : value;
}

/** The error of a description: of the class it had, where that is a built-in one. */
export function revive([type, name, message, stack, fields]) {
  const error = made(type, name, message);
  if (error.name !== name) define(error, 'name', name);
  if (typeof stack === 'string') define(error, 'stack', stack);
  for (const [key, form, value] of fields ?? []) {
    define(error, key, unpack([form, value]), !UNLISTED.has(key));
  }
  return error;
}

/** An error's name and message as texts, or those of whatever else was thrown. */
export function named(thrown) {
  const type = typeOf(thrown);
  if (type === undefined) return [typeof thrown, shown(thrown)];
  return [text(thrown, 'name', type), text(thrown, 'message', '')];
}

function made(type, name, message) {
  const Type = TYPES.get(type);
  if (!Type) return new Error(message);
  if (type === 'DOMException') return new Type(message, name);
  if (type === 'AggregateError') return new Type([], message);
  return type === 'SuppressedError' ? new Type(undefined, undefined, message) : new Type(message);
}

// Assigning would fail where the prototype is frozen.
function define(error, key, value, enumerable = false) {
  Object.defineProperty(error, key, { __proto__: null, value, enumerable, configurable: true, writable: true });
}

/** One description in the making, with what it may still take along. */
class Description {
  #errors = MAX_ERRORS;
  #bytes = MAX_BYTES;
  #within = new Set();

  of(thrown, depth) {
    const type = typeOf(thrown);
    if (type === undefined) return undefined;
    this.#errors -= 1;
    this.#within.add(thrown);
    const message = text(thrown, 'message', '');
    const described = [type, text(thrown, 'name', type), message, stackOf(thrown), this.#fields(thrown, depth)];
    this.#within.delete(thrown);
    return described;
  }

  value(value, depth) {
    if (typeof value === 'string') return [PLAIN, this.#fits(2 * value.length) ? value : bounded(value)];
    if (typeOf(value) !== undefined) {
      if (depth > MAX_DEPTH || this.#errors === 0 || this.#within.has(value)) return undefined;
      return [ERROR, this.of(value, depth)];
    }
    try {
      // A copy is inert: no getter of it throws later, when it is sent.
      const copy = structuredClone(value);
      return this.#fits(sizeOf(copy, this.#bytes)) ? [PLAIN, copy] : undefined;
    } catch {
      return undefined;
    }
  }

  // `[key, form, value]` of each field that can travel.
  #fields(error, depth) {
    const fields = [];
    for (const key of keysOf(error)) {
      if (fields.length === MAX_FIELDS) break;
      const packed = this.#field(error, key, depth + 1);
      if (packed !== undefined) fields.push([key, ...packed]);
    }
    return fields.length > 0 ? fields : undefined;
  }

  #field(error, key, depth) {
    try {
      const value = error[key];
      if (key !== 'errors' || !Array.isArray(value)) return this.value(value, depth);
      const each = value.slice(0, MAX_ERRORS).map((item) => this.value(item, depth));
      return [LIST, each.filter((packed) => packed !== undefined)];
    } catch {
      // A getter that throws: what it would have given is left out.
      return undefined;
    }
  }

  #fits(bytes) {
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }
}

// The names of an error's own fields that may travel.
function keysOf(error) {
  try {
    const listed = (key) => Object.prototype.propertyIsEnumerable.call(error, key) || UNLISTED.has(key);
    const keys = Reflect.ownKeys(error).filter((key) => typeof key === 'string' && !DESCRIBED.has(key));
    return keys.filter(listed);
  } catch {
    return [];
  }
}

// The built-in class that a value is an instance of.
function typeOf(value) {
  if (value === null || typeof value !== 'object') return undefined;
  try {
    for (const [name, { prototype }] of TYPES) {
      if (Object.prototype.isPrototypeOf.call(prototype, value)) return name;
    }
  } catch {
    // A proxy that lets nobody look.
  }
  return undefined;
}

function text(error, property, otherwise) {
  try {
    const value = error[property];
    return value === undefined ? otherwise : bounded(String(value));
  } catch {
    return property === 'message' ? `the ${property} of this error cannot be read` : otherwise;
  }
}

// A stack begins with name and message: where those are long, the frames after them must remain.
function stackOf(error) {
  try {
    const { stack } = error;
    if (stack === undefined) return undefined;
    const whole = String(stack);
    const frames = whole.length > MAX_TEXT ? whole.search(/^ +at /m) : -1;
    return bounded(frames < 0 ? whole : `${whole.slice(0, Math.min(frames, 1024))}…\n${whole.slice(frames)}`);
  } catch {
    return undefined;
  }
}

/** A value that is no error, as text. */
function shown(value) {
  try {
    return bounded(typeof value?.message === 'string' ? value.message : String(value));
  } catch {
    return 'the handler threw something that can neither be sent nor shown';
  }
}

// Roughly how many bytes a value has that was cloned, so that no code runs when it is looked at. Beyond `most` it is enough to
// know that there are more.
function sizeOf(value, most) {
  const seen = new Set();
  const open = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= most) {
    const each = open.pop();
    bytes += 8;
    if (typeof each === 'string') bytes += 2 * each.length;
    else if (typeof each === 'bigint') bytes += each.toString(16).length;
    if (each === null || typeof each !== 'object' || seen.has(each)) continue;
    seen.add(each);
    if (ArrayBuffer.isView(each)) bytes += each.buffer.byteLength;
    else if (each instanceof ArrayBuffer) bytes += each.byteLength;
    else if (typeof Blob === 'function' && each instanceof Blob) bytes += each.size;
    if (each instanceof Map) open.push(...each.keys(), ...each.values());
    else if (each instanceof Set) open.push(...each);
    else if (!ArrayBuffer.isView(each)) for (const key of Object.keys(each)) open.push(key, each[key]);
  }
  return bytes;
}
