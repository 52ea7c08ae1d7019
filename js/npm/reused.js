// Plain values that change from time to time, and are the same object while they do not.

/**
 * `after`, or `before` if they say the same; what they have in common below is the one of `before`. What is given back is
 * frozen, since several readers have it.
 */
export function reused(before, after) {
  if (!isPlain(after)) return after;
  const keys = Object.keys(after);
  for (const key of keys) after[key] = reused(before?.[key], after[key]);
  if (isPlain(before) && Object.keys(before).length === keys.length && keys.every((key) => isSame(before[key], after[key]))) {
    return before;
  }
  return Object.freeze(after);
}

function isPlain(value) {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

// The error of a crash is made anew each time; what it is beside the rest of the crash tells whether it is another.
function isSame(before, after) {
  if (Object.is(before, after)) return true;
  return after instanceof Error && before instanceof Error && before.name === after.name && before.message === after.message;
}
