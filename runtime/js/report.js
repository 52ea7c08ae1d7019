// Reports to the console, where nobody else can be told.

/** Writes an error to the console. A console that throws (tests that fail on output make it do so) disturbs nobody. */
export function report(...what) {
  try {
    console.error(...what);
  } catch {
    // Whoever made it throw has heard of it.
  }
}

/** Writes a warning to the console, likewise. */
export function warn(...what) {
  try {
    console.warn(...what);
  } catch {
    // As above.
  }
}
