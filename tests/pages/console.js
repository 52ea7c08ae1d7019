// What the page's console is told.

/** The errors and warnings that are written to the page's console from now on, as texts. */
export function consoleTold() {
  const told = [];
  for (const level of ['error', 'warn']) {
    const write = console[level];
    console[level] = (...what) => {
      told.push(what.map(String).join(' '));
      write.apply(console, what);
    };
  }
  return told;
}
