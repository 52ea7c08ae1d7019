// What the page's console is told.

/** The errors that are written to the page's console from now on, as texts. */
export function consoleErrors() {
  const told = [];
  const { error } = console;
  console.error = (...what) => {
    told.push(what.map(String).join(' '));
    error.apply(console, what);
  };
  return told;
}
