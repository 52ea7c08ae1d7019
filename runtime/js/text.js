// Texts on their way: well formed, and no longer than somebody would read.

/** How long a text may be, in UTF-16 code units. What is longer is cut, and says so. */
export const MAX_TEXT = 64 * 1024;

/** A text that is not too long. */
export function bounded(text) {
  if (text.length <= MAX_TEXT) return text;
  // As long as the limit with that, so that nobody cuts it once more.
  const note = `… (cut, ${text.length} characters in all)`;
  const end = MAX_TEXT - note.length;
  // Half a surrogate pair is left behind.
  return text.slice(0, /[\ud800-\udbff]/.test(text[end - 1]) ? end - 1 : end) + note;
}

/** A text without halves of surrogate pairs, which no encoding of Unicode can carry: U+FFFD stands for them. */
export function wellFormed(text) {
  return LONE_SURROGATE.test(text) ? text.replace(LONE_SURROGATES, '\ufffd') : text;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
