// The name that somebody who made a mistake probably meant.

// What is as far off as this is another name. Longer ones are not worth the time.
const MAX_LENGTH = 40;

// What other libraries call the same.
const ELSEWHERE = new Map([
  ['url', 'endpoint'],
  ['uri', 'endpoint'],
  ['concurrency', 'poolSize'],
  ['threads', 'poolSize'],
  ['shortcut', 'hotkey'],
  ['position', 'dock'],
  ['container', 'target'],
]);

/** The one of `known` that is most like `name`; `undefined` when none is. */
export function nearest(name, known) {
  if (name === '' || name.length > MAX_LENGTH) return undefined;
  const mistyped = best(known, (each) => distance(name.toLowerCase(), each.toLowerCase()), tolerance(name));
  if (mistyped !== undefined) return mistyped;
  const elsewhere = ELSEWHERE.get(name.toLowerCase());
  if (known.includes(elsewhere)) return elsewhere;
  // `name` for `taskName`, `abortSignal` for `signal`: the fewest words too many or too few.
  const words = wordsOf(name);
  if (words.length === 0) return undefined;
  const differing = (each) => {
    const others = wordsOf(each);
    const [fewer, more] = words.length < others.length ? [words, others] : [others, words];
    return fewer.every((word) => more.includes(word)) ? more.length - fewer.length : Infinity;
  };
  return best(known, differing, MAX_LENGTH);
}

// Slips of the keyboard that a name of this length may have.
function tolerance({ length }) {
  return length < 5 ? 1 : Math.ceil(length / 3);
}

function best(known, measure, most) {
  let found;
  let least = most;
  for (const each of known) {
    const off = measure(each);
    if (off < least || (off === least && found === undefined)) [found, least] = [each, off];
  }
  return found;
}

function wordsOf(name) {
  return name
    .split(/(?=[A-Z])|[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

/** Characters to put in, take out, replace or exchange with their neighbour (optimal string alignment). */
function distance(a, b) {
  let beforeLast = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}
