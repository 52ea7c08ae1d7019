// Calls a page's own redaction, whatever that does.

const isValue = (value) =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((each) => typeof each === 'string'));

/** A hook may call an attribute `__proto__`, or find one of that name: assigning would set the object's prototype. */
function put(object, name, value) {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

function isSame(value, was) {
  if (!Array.isArray(value) || !Array.isArray(was)) return Object.is(value, was);
  return value.length === was.length && value.every((each, at) => each === was[at]);
}

/**
 * Hands attributes (names and values in turn) to a hook as an object. Its answer is a list as well, of each attribute's name,
 * its place among those that were handed out where it is what it was, else -1, and its value; `undefined` when the hook
 * throws or answers with something else. What it threw is told to nobody: it may hold what was to be taken out.
 */
export function redact(hook, kind, list) {
  try {
    const attributes = {};
    for (let at = 0; at < list.length; at += 2) {
      const value = list[at + 1];
      // A copy, since a list can be changed in place.
      put(attributes, list[at], Array.isArray(value) ? [...value] : value);
    }
    const kept = hook(attributes, kind);
    if (kept === null || typeof kept !== 'object' || Array.isArray(kept) || typeof kept.then === 'function') return undefined;
    const left = new Map(Object.entries(kept).filter(([, value]) => value !== undefined && value !== null));
    if (![...left.values()].every(isValue)) return undefined;
    const answer = [];
    // In their order, which an object does not keep where names are numbers.
    for (let at = 0; at < list.length; at += 2) {
      const name = list[at];
      if (!left.has(name)) continue;
      const value = left.get(name);
      left.delete(name);
      answer.push(name, isSame(value, list[at + 1]) ? at / 2 : -1, value);
    }
    for (const [name, value] of left) answer.push(name, -1, value);
    return answer;
  } catch {
    return undefined;
  }
}
