// Views on memory that cannot be moved, which is that of a wasm instance. Cloning such a view copies all of the memory;
// what is sent instead is a view on a copy of its own bytes.

/** What wasm memories are multiples of (WebAssembly Core Specification, "Memory Instances"). */
const PAGE = 65_536;

// Nothing tells such memory but that it cannot be moved, which is known once it was tried.
const memories = new WeakSet();

/** Whether a buffer is known to be memory that cannot be moved. */
export function isMemory(buffer) {
  return buffer.byteLength % PAGE === 0 && memories.has(buffer);
}

/** Whether a buffer may be such memory. Those go first in a list: Chromium moves one after the other until one fails. */
export function mayBeMemory(each) {
  try {
    return each instanceof ArrayBuffer && each.byteLength % PAGE === 0 && each.byteLength > 0;
  } catch {
    // A proxy that lets nobody look, in a list of the caller's own.
    return false;
  }
}

/**
 * What to send in place of a value that could not be sent with these buffers moved, and what to move then. Each of them that
 * may be memory is tried: what can be moved is in a new buffer afterwards.
 */
export function apartFromMemory(value, moves) {
  const extents = new Map();
  // Where a view lies is not known any more when its buffer has moved.
  rebuilt(value, (view) => {
    extents.set(view, [view.byteOffset, view instanceof DataView ? view.byteLength : view.length]);
    return view;
  });
  const renewed = new Map();
  for (const each of moves.filter(mayBeMemory)) {
    try {
      renewed.set(each, structuredClone(each, { transfer: [each] }));
    } catch {
      memories.add(each);
    }
  }
  const own = (view) => {
    const buffer = renewed.get(view.buffer);
    return buffer ? new (classOf(view))(buffer, ...extents.get(view)) : ownView(view);
  };
  const rest = moves.filter((each) => !renewed.has(each) && !memories.has(each));
  return [rebuilt(value, own, renewed), [...rest, ...renewed.values()]];
}

/**
 * The same value with views on copies of their own bytes in place of those that show a part of memory that cannot be
 * moved.
 */
export function withOwnBytes(value) {
  return rebuilt(value, ownView);
}

// A value with other views in it, as `own` makes them, and other objects, by old one. What leads to them is made anew as
// cloning would make it; everything else stays the same object.
function rebuilt(value, own, renewed) {
  const made = new Map(renewed);
  const remade = (from, to, fill) => {
    made.set(from, to);
    fill?.(to);
    return to;
  };
  const renew = (each) => {
    if (each === null || typeof each !== 'object') return each;
    if (made.has(each)) return made.get(each);
    if (ArrayBuffer.isView(each)) return remade(each, own(each));
    if (typeof ImageData === 'function' && each instanceof ImageData) return remade(each, ownImage(each, own));
    const fields = (to) => Object.keys(each).forEach((key) => (to[key] = renew(each[key])));
    if (Array.isArray(each)) return remade(each, new Array(each.length), fields);
    if (each instanceof Map) {
      return remade(each, new Map(), (to) => each.forEach((item, key) => to.set(renew(key), renew(item))));
    }
    if (each instanceof Set) return remade(each, new Set(), (to) => each.forEach((item) => to.add(renew(item))));
    // Without a prototype, no name means anything else than a field.
    const isPlain = Object.prototype.toString.call(each) === '[object Object]';
    return isPlain ? remade(each, Object.create(null), fields) : each;
  };
  try {
    return renew(value);
  } catch {
    // A getter or a proxy threw, or it is too deep. It will be so again when the value is cloned, and then fail its call.
    return value;
  }
}

function ownImage(image, own) {
  const pixels = own(image.data);
  if (pixels === image.data) return image;
  return new ImageData(pixels, image.width, image.height, { colorSpace: image.colorSpace });
}

function ownView(view) {
  const { buffer, byteOffset, byteLength } = view;
  if (!isMemory(buffer) || byteLength === buffer.byteLength) return view;
  return new (classOf(view))(buffer.slice(byteOffset, byteOffset + byteLength));
}

// What cloning gives: the browser's own class, whatever class of the page's extends it.
function classOf(view) {
  return view instanceof DataView ? DataView : globalThis[view[Symbol.toStringTag]];
}
