// Calls a page's own redaction, whatever that does.

const isValue = (value) =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((each) => typeof each === 'string'));

/**
 * Hands attributes (names and values in turn) to a hook as an object, and its answer back in the same form; `undefined`
 * when it throws or answers with something else. What it threw is told to nobody: it may hold what was to be taken out.
 */
export function redact(hook, kind, list) {
  try {
    const attributes = {};
    for (let at = 0; at < list.length; at += 2) attributes[list[at]] = list[at + 1];
    const kept = hook(attributes, kind);
    if (kept === null || typeof kept !== 'object' || Array.isArray(kept) || typeof kept.then === 'function') return undefined;
    const answer = [];
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined || value === null) continue;
      if (!isValue(value)) return undefined;
      answer.push(name, value);
    }
    return answer;
  } catch {
    return undefined;
  }
}
