// The search for what can be moved instead of copied; both ends of the wire use it.

import { isMemory, mayBeMemory } from './own-bytes.js';

const TRANSFERABLE = [
  'ArrayBuffer',
  'MessagePort',
  'ImageBitmap',
  'OffscreenCanvas',
  'VideoFrame',
  'AudioData',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
]
  .map((name) => globalThis[name])
  .filter((type) => typeof type === 'function');

/** What a value without anything to move has. */
export const NOTHING = Object.freeze([]);

/**
 * Everything in a value that can be moved instead of copied, each once: in arrays, plain objects, maps and sets, at any
 * depth. Shared buffers stay shared. The list's `leavesMemory` says that there are views on memory that cannot be moved (see
 * `own-bytes.js`), which is not in the list; what may be such memory is at its beginning.
 * @returns {readonly Transferable[] & { leavesMemory?: boolean }}
 */
export function transferables(value) {
  try {
    // Most calls have nothing to move, or one buffer.
    const only = Array.isArray(value) ? onlyObject(value) : value;
    if (isPlain(only)) return NOTHING;
    if (only instanceof ArrayBuffer) return isMemory(only) ? NOTHING : [only];
    return search(value);
  } catch {
    // A getter or a proxy threw. It will again when the value is cloned, and then fail its call.
    return NOTHING;
  }
}

function isPlain(value) {
  return value === null || typeof value !== 'object';
}

// The one object in a list, undefined if there is none, the list itself if there are several.
function onlyObject(list) {
  let only;
  for (const each of list) {
    if (isPlain(each)) continue;
    if (only !== undefined) return list;
    only = each;
  }
  return only;
}

function search(value) {
  const found = new Set();
  const seen = new Set();
  const stack = [value];
  let leavesMemory = false;
  let mayMeetMemory = false;
  const take = (buffer) => {
    if (isMemory(buffer)) {
      leavesMemory = true;
    } else {
      mayMeetMemory ||= mayBeMemory(buffer);
      found.add(buffer);
    }
  };
  while (stack.length > 0) {
    const each = stack.pop();
    if (each === null || typeof each !== 'object' || seen.has(each)) continue;
    seen.add(each);
    if (ArrayBuffer.isView(each)) {
      if (each.buffer instanceof ArrayBuffer) take(each.buffer);
    } else if (typeof ImageData === 'function' && each instanceof ImageData) {
      take(each.data.buffer);
    } else if (each instanceof ArrayBuffer) {
      take(each);
    } else if (TRANSFERABLE.some((type) => each instanceof type)) {
      found.add(each);
    } else if (Array.isArray(each)) {
      for (const item of each) stack.push(item);
    } else if (each instanceof Map) {
      for (const [key, item] of each) stack.push(key, item);
    } else if (each instanceof Set) {
      for (const item of each) stack.push(item);
    } else if (Object.prototype.toString.call(each) === '[object Object]') {
      // Plain ones and those of a class, of this realm or another: what cloning looks into. The browser's own have names.
      for (const item of Object.values(each)) stack.push(item);
    }
  }
  const list = [...found];
  if (mayMeetMemory && list.length > 1) list.sort((a, b) => mayBeMemory(b) - mayBeMemory(a));
  if (leavesMemory) list.leavesMemory = true;
  return list;
}
