// Where calls were made, for the errors of those that fail.

/**
 * How many calls of a turn keep where they were made. It costs about a microsecond, which a few calls can pay and thousands
 * in one turn would feel; it is made text only where a call has failed.
 */
const MAX_KEPT = 4;

let kept = 0;

/** Where this call is made; nothing when the turn has enough of them. */
export function caller() {
  if (kept === MAX_KEPT) return undefined;
  kept++;
  return new Error();
}

/** The turn is over. */
export function endOfTurn() {
  kept = 0;
}

/** Puts where its call was made beneath an error's own stack. */
export function addCaller(error, made) {
  const frames = made && framesOf(made);
  if (!frames) return;
  try {
    const own = error.stack ?? `${error.name}: ${error.message}`;
    Object.defineProperty(error, 'stack', { value: `${own}\n${frames}`, configurable: true, writable: true });
  } catch {
    // Frozen, or no object: then it has none.
  }
}

// The lines of the page's own code. V8 writes one frame a line, ours from here to the one after the promise's.
function framesOf({ stack }) {
  if (typeof stack !== 'string') return undefined;
  const lines = stack.split('\n').filter((line) => line.startsWith('    at '));
  const promise = lines.findIndex((line) => line.includes('new Promise'));
  return lines.slice(promise < 0 ? 0 : promise + 3).join('\n');
}
