// What goes wrong in other people's functions, on the console.

/**
 * Writes an error to the console, and never throws: a page may have replaced `console.error` by something that does, as
 * set-ups do that fail a test on console output.
 */
export function report(message, ...details) {
  try {
    console.error(message, ...details);
  } catch {
    // There is nobody left to report it to.
  }
}

/** The same for something that happens again and again: the function it returns reports the first time only. */
export function reporter(message) {
  let reported = false;
  return (...details) => {
    if (reported) return;
    reported = true;
    report(message, ...details);
  };
}
