// What is copied although it could be moved. Looked for only while somebody measures.

import { NOTHING } from './transferables.js';

// Moving a buffer has a price of its own, which is that of copying so many bytes; smaller ones are better copied.
const LARGE_BUFFER = 64 * 1024;
// So many values of a payload are looked at: that a large one is copied is no reason to walk through all of it.
const MAX_LOOKS = 1000;

/** Bytes of the large buffers in a value that are not in `moved`. */
export function copiedBytes(value, moved) {
  try {
    return count(value, moved);
  } catch {
    return 0; // Code of the value's own threw. It will again when the value is cloned, and then fail its call.
  }
}

function count(value, moved) {
  const seen = new Set(moved);
  const found = [value];
  let bytes = 0;
  for (let next = 0; next < found.length; next++) {
    const each = found[next];
    if (each === null || typeof each !== 'object' || seen.has(each)) continue;
    seen.add(each);
    const buffer = bufferOf(each);
    if (buffer === undefined) {
      for (const inner of valuesIn(each)) {
        if (found.length === MAX_LOOKS) break;
        found.push(inner);
      }
    } else if (buffer !== null && (buffer === each || !seen.has(buffer))) {
      seen.add(buffer);
      if (buffer.byteLength >= LARGE_BUFFER) bytes += buffer.byteLength;
    }
  }
  return bytes;
}

// The buffer that is copied with a value, null for one that is shared instead; undefined for anything else.
function bufferOf(value) {
  if (value instanceof ArrayBuffer) return value;
  const view = typeof ImageData === 'function' && value instanceof ImageData ? value.data : value;
  if (!ArrayBuffer.isView(view)) return undefined;
  return view.buffer instanceof ArrayBuffer ? view.buffer : null;
}

function valuesIn(value) {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  return Object.prototype.toString.call(value) === '[object Object]' ? Object.values(value) : NOTHING;
}
